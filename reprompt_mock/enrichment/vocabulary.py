"""Pools of names and streets in a country's language, generated with Faker in advance and chosen from by hash."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.enrichment.facts import country, data

if TYPE_CHECKING:
    from collections.abc import Sequence


class Vocabulary(NamedTuple):
    """The pools of a country."""

    surnames: tuple[str, ...]
    streets: tuple[str, ...]


@lru_cache(maxsize=512)
def vocabulary(code: str | None) -> Vocabulary:
    """Return the pools of a country."""
    facts = country(code)
    pools: dict[str, list[str]] = data("pools")[facts.locale]
    # A locale's pools have the streets of one country; other countries with the locale use only its surnames.
    own = pools if facts.code == facts.locale[-2:] else {}
    return Vocabulary(
        tuple(pools["surnames"]),
        facts.streets or tuple(own.get("streets") or _named_after(pools["surnames"], facts.language)),
    )


def _named_after(surnames: Sequence[str], language: str) -> list[str]:
    forms = data("national")["street_names"]
    patterns = forms.get(language, forms["en"])
    return [patterns[position % len(patterns)] % name for position, name in enumerate(surnames)]
