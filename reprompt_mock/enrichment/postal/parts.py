"""The parts of an address: their names, and those that a place's inputs give."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.enrichment.country_named import country_meant
from reprompt_mock.enrichment.facts import country
from reprompt_mock.enrichment.postal.reader import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.enrichment.facts import Country

PARTS = (
    "full_address",
    "unit_number",
    "floor",
    "building",
    "block",
    "km",
    "house",
    "street",
    "neighborhood",
    "suburb",
    "city",
    "state",
    "country",
    "postalCode",
)
"""The keys of the published address in its order."""
_LINE = frozenset(("street", "house", "building", "block", "km", "unit_number", "floor"))
"""The parts of which a text has one unless it is only a city."""
_GIVEN = frozenset(PARTS) - {"full_address"}


class GivenAddress(NamedTuple):
    """The parts that a place's inputs give, and whether its text has more than a city."""

    parts: Mapping[str, str | None]
    is_whole: bool


def given_address(inputs: Mapping[str, Any], facts: Country) -> GivenAddress:
    """Return the address that inputs give: their text, split into parts, over which single parts prevail.

    Args:
        inputs: a place's, as echoed.
        facts: the place's country.
    """
    parts: dict[str, Any] = {"country": facts.name}
    text = (inputs.get("full_address") or "").strip()
    if text:
        city = inputs.get("city")
        parts.update(parsed[text, facts.code, city.strip() if isinstance(city, str) else None])
    for part in inputs.keys() & _GIVEN:
        value = inputs[part]
        if isinstance(value, str) and (value := value.strip()):
            parts[part] = value
    parts["country"] = _in_english(parts["country"], facts.name)
    parts["full_address"] = text
    return GivenAddress(parts, bool(text) and not _LINE.isdisjoint(parts))


@lru_cache(maxsize=1024)
def _in_english(given: str | None, known: str | None) -> str | None:
    """Return the short English name of the given country, else the known one."""
    return country(country_meant(given or "")).name or known or given
