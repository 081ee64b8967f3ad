"""The kind of a place: recognized from its category or name, otherwise drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.memo import Memo

# If a name mentions two kinds, the head of the phrase counts: the last in most languages, the first in these.
_HEAD_FIRST = frozenset(("ca", "es", "fr", "id", "it", "ms", "pt", "ro", "th", "vi"))
# Words after one of these say where a place is, not what it is.
_PREPOSITIONS = frozenset(("am", "an", "at", "bei", "beim", "by", "for", "im", "in", "near", "of", "vid", "zum"))
_LAST = 3
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
    services: tuple[str, ...]
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


def recognised(text: str, language: str) -> Kind | None:
    """Return the kind that a name or category mentions, None if it does not mention one."""
    return _recognised[text, language]


def _recognise(said: tuple[str, str]) -> Kind | None:
    text, language = said
    known = _words()
    words = text.casefold().replace("_", " ").replace("-", " ").split()
    if not _PREPOSITIONS.isdisjoint(words):
        where = next(place for place, word in enumerate(words) if word in _PREPOSITIONS)
        words = words[:where] or words
    weak = None
    for word in words if language in _HEAD_FIRST else reversed(words):
        kind = known.get(word) if word.isalnum() else known.get(word.strip(_PUNCTUATION))
        if kind is not None:
            if not kind.weak:
                return kind
            weak = weak or kind
    return weak or _compound(words) or (None if text.isascii() else _by_glyphs(text))


_recognised = Memo(_recognise)


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
