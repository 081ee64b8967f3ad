"""The country that a one-line address shows by its end, or by its beginning in East Asia (contract C2)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from unicodedata import normalize

from reprompt_mock.enrichment.country_named import country_named, folded, inverted_names, names_in_han_or_hangul
from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.memo import Memo

if TYPE_CHECKING:
    from collections.abc import Iterator

_BETWEEN_PIECES = re.compile(r"[,;،、\n]|\s[-\u2013\u2014]\s")
_LETTER_HYPHEN_DIGIT = re.compile(r"(?<=[^\W\d])-(?=\d)")
_ZIP = re.compile(r"(?P<before>.*\D)(?P<postcode>\d{5})(?:[ -]?\d{4})?")
_CANADIAN = re.compile(r"(?P<before>.*[\W_])(?P<postcode>[a-z]\d[a-z] ?\d[a-z]\d)")
_JAPANESE = re.compile(r"(?P<before>.*\D)\d{3}[- ]?\d{4}")
_PREFECTURE = re.compile(r"[- ]?(?:to|fu|ken|prefecture)$")
_BRITISH = re.compile(r"\d[a-z]{2}$|bfpo ?\d+$")
_LONGEST_STATE = 32
_STATE_WORDS = 4
_LAST_PIECES = 4
_LONGEST_END = 60
_NAME_WORDS = 8
_LONGEST_POSTCODE = 12
_POSTCODE_FIRST = r"(?:[\d-]{3,8}[\s,]*)?"
_STREET = "[东東西南北中]?(?:路|街|大道|道)"
_DIGITS = re.compile(r"\d")
_INVERTED = ("of", "the", "The", "China")
_LEAST_DIGITS_ALONE = 5
"""The length of a postcode in a piece of its own; shorter ones follow towns of the same names as well."""
_GEORGIA = "georgia"
_GEORGIAN_POSTCODE = re.compile(r"\b\d{4}$")
_GEORGIAN_LETTERS = re.compile("[\u10a0-\u10ff]")


def country_in_address(address: str) -> str | None:
    """Return the code of the country that an address shows, None if none is certain."""
    return _shown[address]


def _find_shown(address: str) -> str | None:
    text = address if address.isascii() else normalize("NFKC", address)
    pieces = pieces_of(text)
    if not pieces:
        return None
    return country_at_end(pieces) or _by_region(pieces) or (None if text.isascii() else _by_east_asian(text))


_shown = Memo(_find_shown)


def pieces_of(address: str) -> list[str]:
    """Split an address at its commas, line ends and spaced dashes."""
    return [piece for piece in map(_stripped, _BETWEEN_PIECES.split(address)) if piece]


def _stripped(piece: str) -> str:
    return piece.strip(" \t\r.。")


def country_at_end(pieces: list[str]) -> str | None:
    """Return the code of the country that the last piece of an address names, alone or with a postcode."""
    last = pieces[-1]
    code = _from_two(pieces) or country_named(last)
    if code == "GE" and len(pieces) > 1 and folded(last) == _GEORGIA:
        return code if _is_georgian(pieces[:-1]) else "US"
    return code or _with_postcode(last)


def _is_georgian(before: list[str]) -> bool:
    """Return whether the pieces before "Georgia" are in the country, not the state."""
    if _GEORGIAN_LETTERS.search("".join(before)) or _GEORGIAN_POSTCODE.search(before[-1]):
        return True
    return any(folded(_DIGITS.sub("", piece)) in _georgian_cities() for piece in before)


@lru_cache
def _georgian_cities() -> frozenset[str]:
    return frozenset(data("endings")["georgian"])


def _from_two(pieces: list[str]) -> str | None:
    """Return the country of two last pieces: its name and a postcode, or a name such as "Korea, Republic of"."""
    if len(pieces) < 2:
        return None
    name, last = pieces[-2:]
    if not _DIGITS.search(last):
        return inverted_names().get(folded(f"{name} {last}")) if last.endswith(_INVERTED) else None
    code = country_named(name) if len(last) >= _LEAST_DIGITS_ALONE else None
    return code if code and _fits(code, last) else None


def _with_postcode(piece: str) -> str | None:
    """Return the country of a name and a postcode; the first word of a postcode may have no digit."""
    words = _LETTER_HYPHEN_DIGIT.sub(" ", piece).split()
    first = next((place for place, word in enumerate(words) if _DIGITS.search(word)), 0)
    for place in (first, first - 1):
        code = country_named(" ".join(words[:place])) if 0 < place <= _NAME_WORDS else None
        if code:
            return code if _fits(code, " ".join(words[place:])) else None
    return None


def _fits(code: str, postcode: str) -> bool:
    pattern = _postcode(code)
    return pattern is not None and pattern.fullmatch(postcode.strip("()")) is not None


@lru_cache(maxsize=512)
def _postcode(code: str) -> re.Pattern[str] | None:
    pattern = data("endings")["postcodes"].get(code)
    return re.compile(pattern, re.IGNORECASE) if pattern else None


def _by_region(pieces: list[str]) -> str | None:
    """Return the country of a state, province or prefecture with its postcode, or of a British postcode."""
    end = ", ".join(pieces[-_LAST_PIECES:])[-_LONGEST_END:].casefold()
    if not _DIGITS.search(end[-_LONGEST_POSTCODE:]):
        return "JP" if _is_prefecture(folded(pieces[-1])) else None
    return (
        _by_state("US", _ZIP.fullmatch(end))
        or _by_state("CA", _CANADIAN.fullmatch(end))
        or _by_british_postcode(end)
        or _by_prefecture(_JAPANESE.fullmatch(end))
    )


def _by_state(code: str, match: re.Match[str] | None) -> str | None:
    """Return the country of the state before a postcode, if the postcode is one of that state."""
    if match is None:
        return None
    states = _states(code)
    country, postcodes = next((states[name] for name in _last_words(match["before"]) if name in states), (None, None))
    return country if postcodes and postcodes.match(match["postcode"]) else None


def _last_words(text: str) -> Iterator[str]:
    words = folded(text[-_LONGEST_STATE:]).split()[-_STATE_WORDS:]
    return (" ".join(words[first:]) for first in range(len(words)))


@lru_cache
def _states(code: str) -> dict[str, tuple[str, re.Pattern[str]]]:
    """Return the country and the beginning of postcodes by folded names of states or provinces."""
    rows = data("endings")["states"][code]
    return {
        folded(name): (country, re.compile(beginnings, re.IGNORECASE))
        for country, beginnings, *names in rows
        for name in names
    }


def _by_british_postcode(end: str) -> str | None:
    match = _british_postcode().search(end[-_LONGEST_POSTCODE:]) if _BRITISH.search(end) else None
    return match.lastgroup if match else None


@lru_cache
def _british_postcode() -> re.Pattern[str]:
    forms = (f"(?P<{code}>{data('endings')['postcodes'][code]})" for code in data("endings")["british"])
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})$", re.IGNORECASE)


def _by_prefecture(match: re.Match[str] | None) -> str | None:
    return "JP" if match and any(map(_is_prefecture, _last_words(match["before"]))) else None


def _is_prefecture(name: str) -> bool:
    return _PREFECTURE.sub("", name) in _prefectures()


@lru_cache
def _prefectures() -> frozenset[str]:
    return frozenset(folded(name) for name in data("national")["JP"]["prefectures"])


def _by_east_asian(text: str) -> str | None:
    if "〒" in text:
        return "JP"
    match = _east_asian().match(text) or _east_asian_end().search(text.rstrip())
    if match is None:
        return None
    return names_in_han_or_hangul().get(match["country"]) if match["country"] else "JP"


@lru_cache
def _east_asian() -> re.Pattern[str]:
    """Return the beginning of an address: a country that is not part of a street's name, or a Japanese prefecture."""
    prefectures = "|".join(data("national")["JP"]["prefectures"].values())
    return re.compile(rf"\s*{_POSTCODE_FIRST}(?:(?P<country>{_han()})(?!{_STREET})|(?:{prefectures}))")


@lru_cache
def _east_asian_end() -> re.Pattern[str]:
    return re.compile(rf"(?:^|\s)(?P<country>{_han()})$")


def _han() -> str:
    return "|".join(sorted(names_in_han_or_hangul(), key=len, reverse=True))
