"""The kind of a place: recognized from its category or name, otherwise drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reprompt_mock.enrichment.chains import chain_of
from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.memo import Memo

# If a name mentions two kinds, the head of the phrase counts: the last in most languages, the first in these.
_HEAD_FIRST = frozenset(("ca", "es", "fr", "id", "it", "ms", "pt", "ro", "th", "vi"))
# Words after one of these say where a place is, not what it is.
_PREPOSITIONS = frozenset(("am", "an", "at", "bei", "beim", "by", "for", "im", "in", "near", "of", "vid", "zum"))
_LAST = 3
_LONGEST = 3
"""Words of a name that may call a kind together, such as "ice cream shop"."""
_TRANSPORT = "Transportation"
_SHORTEST_PLURAL = 4
_SINGULARS = ("ss", "us", "is")
_IN_IE = frozenset(("movies", "cookies", "brownies", "smoothies"))
_PUNCTUATION = ".,;:!?()[]\"'&/"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of place; `offers` are the probabilities of delivery, takeout, dining in and pickup, in percent."""

    name: str
    labels: tuple[str, ...]
    naics: tuple[str, str]
    mcc: tuple[str, str, str, str]
    hours: tuple[str, ...]
    tiers: tuple[int, ...]
    food: bool
    offers: tuple[int, int, int, int]
    weak: bool
    parking: int
    reviews: int


@lru_cache
def kinds() -> dict[str, Kind]:
    """Return the kinds of place by name."""
    return {name: _kind(name, facts) for name, facts in data("kinds").items()}


def _kind(name: str, facts: dict[str, Any]) -> Kind:
    plain: dict[str, Any] = {key: tuple(fact) if isinstance(fact, list) else fact for key, fact in facts.items()}
    for key in ("weight", "words", "suffixes", "glyphs"):
        del plain[key]
    return Kind(name=name, **plain)


@lru_cache
def drawn_kinds() -> tuple[Kind, ...]:
    """Return the kinds to draw from, repeated in proportion to their frequency."""
    return tuple(kinds()[name] for name, facts in data("kinds").items() for _ in range(facts["weight"]))


@lru_cache
def plain_kinds() -> tuple[Kind, ...]:
    """Return the kinds to draw from for a place whose category is unheard of: neither food nor transport."""
    return tuple(kind for kind in drawn_kinds() if not kind.food and kind.mcc[3] != _TRANSPORT)


@lru_cache
def _words() -> dict[str, Kind]:
    return {word: kinds()[name] for name, facts in data("kinds").items() for word in facts["words"]}


@lru_cache
def _endings() -> dict[str, list[tuple[str, Kind]]]:
    """Return the endings of compound words, grouped by their last letters."""
    endings: dict[str, list[tuple[str, Kind]]] = {}
    for ending, kind in _parts("suffixes"):
        endings.setdefault(ending[-_LAST:], []).append((ending, kind))
    return endings


@lru_cache
def _parts(which: str) -> tuple[tuple[str, Kind], ...]:
    return tuple((part, kinds()[name]) for name, facts in data("kinds").items() for part in facts[which])


def recognised(name: str, language: str) -> Kind | None:
    """Return the kind of place that a name mentions or whose chain it names, None if it does neither."""
    return _recognised[name, language]


def _recognise(said: tuple[str, str]) -> Kind | None:
    name, language = said
    chain = chain_of(name.casefold())
    if chain is None:
        return by_words(name, language)
    kind, rest = chain
    also = by_words(rest, language) if rest else None  # a pharmacy in a supermarket, a restaurant of a furniture store
    return kinds()[kind] if also is None or also.weak else also


_recognised = Memo(_recognise, 4096)


def by_words(text: str, language: str) -> Kind | None:
    """Return the kind that a text mentions by one of its words, None if it does not mention one."""
    words = text.casefold().replace("_", " ").replace("-", " ").split()
    if not _PREPOSITIONS.isdisjoint(words):
        where = next(place for place, word in enumerate(words) if word in _PREPOSITIONS)
        words = words[:where] or words
    known = _by_head_first(words) if language in _HEAD_FIRST else _by_head_last(words)
    return known or _compound(words) or (None if text.isascii() else _by_glyphs(text))


def _by_head_first(words: list[str]) -> Kind | None:
    known, weak = _words(), None
    for word in words:
        kind = known.get(word) if word.isalnum() else known.get(word.strip(_PUNCTUATION))
        if kind is not None:
            if not kind.weak:
                return kind
            weak = weak or kind
    return weak


def _by_head_last(words: list[str]) -> Kind | None:
    """Return the kind of the last strong word or phrase: "beer garden" and such go before "beer" and "garden"."""
    known, ends, weak = _words(), _last_words(), None
    for place in range(len(words) - 1, -1, -1):
        word = words[place] if words[place].isalnum() else words[place].strip(_PUNCTUATION)
        kind = known.get(word)
        if place and word in ends:
            kind = _by_phrase(words[: place + 1]) or kind
        if kind is not None:
            if not kind.weak:
                return kind
            weak = weak or kind
    return weak


def _by_phrase(words: list[str]) -> Kind | None:
    known, said = phrases(), _singulars[words[-1]]
    longest = None
    for word in reversed(words[-_LONGEST:-1]):
        said = f"{_singulars[word]} {said}"
        longest = known.get(said, longest)
    return longest


@lru_cache
def phrases() -> dict[str, Kind]:
    """Return the kinds by how categories are called, in small letters and the singular."""
    return {phrase: kinds()[name] for name, called in data("categories").items() for phrase in called}


@lru_cache
def _last_words() -> frozenset[str]:
    ends = {phrase.rpartition(" ")[2] for phrase in phrases() if " " in phrase}
    return frozenset(ends | {f"{end}s" for end in ends})


def _singular_of_name(word: str) -> str:
    return singular(word.strip(_PUNCTUATION))


_singulars = Memo(_singular_of_name)


def singular(word: str) -> str:
    """Return a word in the English singular, by rules of which only the plurals of categories have to fit."""
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s") or word.endswith(_SINGULARS):
        return word
    if word.endswith("ies"):
        return word[:-1] if word in _IN_IE else word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes")) else word[:-1]


def _compound(words: list[str]) -> Kind | None:
    endings = _endings()
    for word in words:
        for ending, kind in endings.get(word[-_LAST:], ()):
            if word.endswith(ending):
                return kind
    return None


def _by_glyphs(text: str) -> Kind | None:
    if _glyphs().isdisjoint(text):
        return None
    return next((kind for glyphs, kind in _parts("glyphs") if glyphs in text), None)


@lru_cache
def _glyphs() -> frozenset[str]:
    return frozenset("".join(glyphs for glyphs, _ in _parts("glyphs")))
