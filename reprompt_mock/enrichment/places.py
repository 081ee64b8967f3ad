"""What follows from a place's inputs: its country, and whether it has an address (contract C1, C2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from reprompt_mock import numerals
from reprompt_mock.enrichment.country_at import country_at
from reprompt_mock.enrichment.facts import country_names

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESS_PARTS = (
    "street",
    "house",
    "building",
    "unit_number",
    "floor",
    "block",
    "km",
    "suburb",
    "city",
    "state",
    "postalCode",
    "country",
)
# States and regions whose last word is a country.
_NO_COUNTRY = ("new mexico", "new jersey", "new england", "south georgia")
_LONGEST_NAME = 6
_COORDINATES = ("latitude", "longitude")
_WITH_NUMERALS = b" "
"""The prefix of a stored place that has numbers which do not fit into 64 bits; JSON ignores the space."""


def written_place(inputs: dict[str, Any]) -> bytes:
    """Return a place's inputs in stored form; numbers that do not fit into 64 bits keep their digits."""
    for name in _COORDINATES:
        if isinstance(inputs.get(name), numerals.Numeral):
            inputs[name] = float(inputs[name])
    has_numerals = False

    def written(value: Any) -> Any:
        nonlocal has_numerals
        has_numerals = True
        return numerals.written(value)

    text = orjson.dumps(inputs, default=written)
    return _WITH_NUMERALS + text if has_numerals else text


def inputs_of(place: bytes | bytearray) -> dict[str, Any]:
    """Decode a stored place for an answer; numbers that do not fit into 64 bits are written verbatim."""
    inputs: dict[str, Any] = (
        numerals.loads(place, numerals.fragment) if place.startswith(_WITH_NUMERALS) else orjson.loads(place)
    )
    return inputs


def country_of(inputs: Mapping[str, Any]) -> str | None:
    """Return a place's country code: as given, else by name, by coordinates or by address (contract C2)."""
    code: str | None = inputs.get("country_code")
    return code or _inferred(inputs)


def _inferred(inputs: Mapping[str, Any]) -> str | None:
    return _by_name(inputs.get("country")) or _by_position(inputs) or _by_address(inputs.get("full_address"))


def _by_name(name: Any) -> str | None:
    if not isinstance(name, str):
        return None
    # Codes are not recognized: CA means California as often as Canada.
    return country_names().get(name.strip().casefold())


def _by_position(inputs: Mapping[str, Any]) -> str | None:
    latitude, longitude = inputs.get("latitude"), inputs.get("longitude")
    if latitude is None or longitude is None:
        return None
    return country_at(float(longitude), float(latitude))


def _by_address(address: Any) -> str | None:
    if not isinstance(address, str):
        return None
    end = address.rsplit(",", 1)[-1].strip(" .").casefold()
    return country_names().get(end) or _by_last_words(end)


def _by_last_words(text: str) -> str | None:
    if text.endswith(_NO_COUNTRY):
        return None
    words = text.split()[-_LONGEST_NAME:]
    names = (country_names().get(" ".join(words[first:])) for first in range(len(words)))
    return next((code for code in names if code), None)


def has_address(place: object) -> bool:
    """Return whether a place (an object with the inputs as attributes) has any part of an address (contract C1)."""
    return any(_is_text(getattr(place, part, None)) for part in ("full_address", *ADDRESS_PARTS))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
