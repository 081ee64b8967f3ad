"""The country that a text names: by name in English or its own languages, or by code (contract C2)."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import combining, normalize

from reprompt_mock.enrichment.facts import countries, data
from reprompt_mock.enrichment.memo import Memo

_DROPPED = re.compile(r"[.'’‘ʻʼ`´\u200c\u200d]")
_SEPARATORS = re.compile(r"[\W_]+")
_IN_ASCII = {code: None if chr(code) in ".'`" else " " for code in range(128) if not chr(code).isalnum()}
_INITIALS = re.compile(r"\b(?:[^\W\d_] )+[^\W\d_]\b")
_DIGIT = re.compile(r"\d")
_PARTS = re.compile(r"[()\[\]/|]")
_ISO_DIGITS = 3
_SAINT = {"st": "saint"}
_HAN_OR_HANGUL = re.compile(r"[\u3400-\u9fff\uac00-\ud7a3]+")


def folded(text: str) -> str:
    """Return a text as it is compared: without case, accents, punctuation and "the"."""
    text = text.replace("&", " and ")
    text = text.lower().translate(_IN_ASCII) if text.isascii() else _SEPARATORS.sub(" ", _plain(text))
    words = [word for word in text.split() if word != "the"]
    if len(words) < 2:  # a code, not a saint
        return words[0] if words else text.strip()
    joined = " ".join([_SAINT.get(word, word) for word in words])
    return _INITIALS.sub(_without_blanks, joined) if min(map(len, words)) == 1 else joined


def _plain(text: str) -> str:
    spelt = normalize("NFKC", _DROPPED.sub("", text)).casefold().translate(_spellings())
    return "".join(letter for letter in normalize("NFKD", spelt) if not combining(letter))


def _without_blanks(initials: re.Match[str]) -> str:
    return initials[0].replace(" ", "")


@lru_cache
def _spellings() -> dict[int, str]:
    return str.maketrans(data("letters"))


@lru_cache
def _names() -> dict[str, str]:
    """Return country codes by folded name."""
    names = {folded(str(facts.name)): code for code, facts in countries().items()}
    return {folded(name): code for code, row in data("names").items() for name in row["names"]} | names


@lru_cache
def names_in_han_or_hangul() -> dict[str, str]:
    """Return country codes by name in Chinese characters or Hangul."""
    rows = ((name, code) for code, row in data("names").items() for name in row["names"])
    return {name: code for name, code in rows if _HAN_OR_HANGUL.fullmatch(name)}


@lru_cache
def inverted_names() -> dict[str, str]:
    """Return country codes by folded name such as "Korea, Republic of", which takes two pieces of an address."""
    return {folded(name): code for code, row in data("names").items() for name in row["names"] if "," in name}


@lru_cache
def _codes() -> dict[str, str]:
    """Return country codes by ISO 3166-1 code in small letters: two letters, three letters or three digits."""
    codes = {code.lower(): code for code in countries()}
    for code, row in data("names").items():
        codes.update((row[kind].lower(), code) for kind in ("alpha3", "numeric") if kind in row)
    return codes


def country_named(text: str) -> str | None:
    """Return the code of the country whose name a text is, possibly twice, as in "Burma (Myanmar)"."""
    return _named[text]


def _find_named(text: str) -> str | None:
    if _DIGIT.search(text):
        return None
    return _names().get(folded(text)) or _by_parts(text)


_named = Memo(_find_named)


def _by_parts(text: str) -> str | None:
    parts = [part for part in _PARTS.split(text) if part.strip(" ,.-")]
    if len(parts) < 2:
        return None
    found = {_by_name_or_code(part) for part in parts}
    return found.pop() if len(found) == 1 else None


def country_meant(text: str) -> str | None:
    """Return the code of the country whose name or ISO 3166-1 code a text is."""
    return _meant[text]


def _find_meant(text: str) -> str | None:
    return _by_name_or_code(text) or country_named(text)


_meant = Memo(_find_meant)


def _by_name_or_code(text: str) -> str | None:
    # A code has no dots: "N.A." is not Namibia.
    code = normalize("NFKC", text).strip().lower()
    return _names().get(folded(text)) or _codes().get(code.zfill(_ISO_DIGITS) if code.isdecimal() else code)
