"""The country of a place, by the first of its inputs that shows one (contract C2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.country_at import country_at
from reprompt_mock.enrichment.country_in_address import country_in_address
from reprompt_mock.enrichment.country_named import country_meant

if TYPE_CHECKING:
    from collections.abc import Mapping


def country_of(inputs: Mapping[str, Any]) -> str | None:
    """Return a place's country code: as given, else by `country`, by coordinates or by address (contract C2)."""
    code: str | None = inputs.get("country_code")
    return code or _by_name(inputs.get("country")) or _by_position(inputs) or _by_address(inputs.get("full_address"))


def _by_name(name: Any) -> str | None:
    return country_meant(name) if isinstance(name, str) else None


def _by_position(inputs: Mapping[str, Any]) -> str | None:
    latitude, longitude = inputs.get("latitude"), inputs.get("longitude")
    if latitude is None or longitude is None:
        return None
    return country_at(float(longitude), float(latitude))


def _by_address(address: Any) -> str | None:
    return country_in_address(address) if isinstance(address, str) else None
