"""Pools of names and places in a country's language, generated with Faker in advance and chosen from by hash."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.draws import draw
from reprompt_mock.enrichment.facts import country, data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.enrichment.facts import Country

_POSTCODES = 128
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


class Vocabulary(NamedTuple):
    """The pools of a country; states and postcodes are empty if its addresses do not have them."""

    surnames: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[str, ...]
    states: tuple[str, ...]
    postcodes: tuple[str, ...]


@lru_cache(maxsize=512)
def vocabulary(code: str | None) -> Vocabulary:
    """Return the pools of a country."""
    facts = country(code)
    pools: dict[str, list[str]] = data("pools")[facts.locale]
    # A locale's pools have the places of one country; other countries with the locale use only its surnames.
    own = pools if facts.code == facts.locale[-2:] else {}
    return Vocabulary(
        tuple(pools["surnames"]),
        facts.streets or tuple(own.get("streets") or _named_after(pools["surnames"], facts.language)),
        tuple(own.get("cities", facts.cities)),
        tuple(own.get("states", ())),
        _postcodes(facts),
    )


def _named_after(surnames: Sequence[str], language: str) -> list[str]:
    forms = data("national")["street_names"]
    patterns = forms.get(language, forms["en"])
    return [patterns[position % len(patterns)] % name for position, name in enumerate(surnames)]


def _postcodes(facts: Country) -> tuple[str, ...]:
    if facts.postcode is None:
        return ()
    luck = draw(0, "postcodes", str(facts.code))
    symbols = {"#": "0123456789", "@": _LETTERS}
    return tuple(
        "".join(luck.pick(symbols[sign]) if sign in symbols else sign for sign in facts.postcode)
        for _ in range(_POSTCODES)
    )
