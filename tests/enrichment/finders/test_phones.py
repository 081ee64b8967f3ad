"""Telephone numbers: valid, of their area, fictional where a country has such numbers."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
import pytest

from bench.accuracy import phones as accuracy
from reprompt_mock.enrichment.facts import countries, data
from reprompt_mock.enrichment.finders.phones import number, numbers_at, numbers_of
from reprompt_mock.enrichment.localities import localities
from tests.enrichment.finding import find, subject_of
from tools import data_phones

PLANNED = sorted(code for code in countries() if accuracy.has_plan(code))
_LUCK = range(0, 1 << 32, 67_108_859)
FICTION = {
    "US": r"\+1\d{3}55501\d\d",
    "CA": r"\+1\d{3}55501\d\d",
    "DO": r"\+18[024]955501\d\d",
    "PR": r"\+1(787|939)55501\d\d",
    "GB": r"\+44(11[34678]4960|1[2-6]14960|2079460|1914980|2896496|2920180|3069990)\d{3}",
    "AU": r"\+61[2378](5550|7010)\d{4}",
    "FR": r"\+33(19900|26191|35301|46571|53649)\d{4}",
    "DE": r"\+49(3023125|4066969|6990009|2214710|8999998)\d{3}|\+49(17139200|176040690)\d\d",
    "SE": r"\+46(8465004|3139006|4062804|9803192)\d\d|\+467017406[1-9]\d",
}


def phone(**inputs: Any) -> str | None:
    value: str | None = find(subject_of("p", {"name": "Blue Door", **inputs}), "phoneNumbers", 0)["phone"]
    return value


@pytest.mark.parametrize("target", accuracy.TARGETS)
def test_what_is_measured_meets_its_target(target: str) -> None:
    row = accuracy.TARGETS[target]()
    assert row[3], row


@pytest.mark.parametrize("code", PLANNED)
def test_every_number_of_a_country_is_valid_there(code: str) -> None:
    for locality in (None, *localities(code)):
        of = numbers_at(code, locality)
        assert of is not None
        for luck in _LUCK:
            for step in (0, 1):
                assert accuracy.is_valid(number(of, luck, step), code)


def test_countries_without_a_plan_have_no_numbers() -> None:
    assert len(PLANNED) > 240
    assert data("phones").keys() == set(PLANNED)
    for code in countries().keys() - set(PLANNED):
        assert numbers_of(code) is None
        assert phone(country_code=code) is None


@pytest.mark.parametrize("code", FICTION)
def test_numbers_are_those_kept_for_fiction(code: str) -> None:
    assert data("phones")[code]["source"]
    for locality in (None, *localities(code)):
        of = numbers_at(code, locality)
        assert of is not None
        for luck in _LUCK:
            assert re.fullmatch(FICTION[code], number(of, luck, 3))


@pytest.mark.parametrize(
    ("inputs", "start"),
    [
        ({"country_code": "US", "city": "Chicago", "state": "IL"}, r"\+1(312|773|872)555"),
        ({"country_code": "US", "full_address": "1 Main Street, Seattle, WA 98101, USA"}, r"\+1(206|564)555"),
        ({"country_code": "US", "latitude": 25.77, "longitude": -80.19}, r"\+1(305|786|645)555"),
        ({"country_code": "CA", "city": "Toronto", "state": "ON"}, r"\+1(416|437|647|942)555"),
        ({"country_code": "GB", "city": "London"}, r"\+442079460"),
        ({"country_code": "GB", "city": "Leeds"}, r"\+441134960"),
        ({"country_code": "GB", "latitude": 52.2, "longitude": 0.12}, r"\+44"),
        ({"country_code": "AU", "city": "Melbourne", "state": "VIC"}, r"\+613"),
        ({"country_code": "AU", "city": "Gold Coast", "state": "QLD"}, r"\+617"),
        ({"country_code": "FR", "city": "Paris"}, r"\+3319900"),
        ({"country_code": "FR", "city": "Strasbourg"}, r"\+3335301"),
        ({"country_code": "DE", "city": "Berlin"}, r"\+493023125"),
        ({"country_code": "DE", "city": "Stuttgart"}, r"\+49(17139200|176040690)"),
        ({"country_code": "JP", "latitude": 43.06, "longitude": 141.35}, r"\+8111"),
        ({"country_code": "IT", "city": "Roma"}, r"\+3906"),
        ({"country_code": "BR", "city": "Salvador"}, r"\+5571"),
        ({"country_code": "IN", "city": "Mumbai"}, r"\+9122"),
        ({"country_code": "ZW", "city": "Bulawayo"}, r"\+26329"),
        ({"country_code": "SH"}, r"\+290"),
        ({"country_code": "SG"}, r"\+656"),
    ],
)
def test_a_number_is_of_the_area_of_its_place(inputs: dict[str, Any], start: str) -> None:
    assert re.match(start, phone(**inputs) or "")


@pytest.mark.parametrize(
    "inputs", [{}, {"city": "Atlantis"}, {"latitude": 0.0, "longitude": -30.0}, {"country_code": "ZZ"}]
)
def test_a_place_in_no_known_country_has_a_fictional_number(inputs: dict[str, Any]) -> None:
    found = phone(**inputs) or ""
    assert re.fullmatch(FICTION["US"], found)
    assert accuracy.is_valid(found, "US")


def test_a_number_of_an_area_that_the_plan_lacks_is_one_from_elsewhere() -> None:
    assert numbers_of("DE", "711") == numbers_of("DE")
    assert numbers_of("JP", "3") != numbers_of("JP")
    assert numbers_of("JP", "0") == numbers_of("JP", None) == numbers_of("JP")


@pytest.mark.parametrize("code", ["AU", "BB", "GB", "IE", "IN", "JP", "NU", "SH", "US", "ZW"])
def test_the_numbers_are_what_their_script_finds(code: str) -> None:
    assert data_phones.ranges(code) == data("phones")[code]


def test_the_newest_plans_that_tests_install_know_no_other_country() -> None:
    assert set(PLANNED) == countries().keys() & phonenumbers.SUPPORTED_REGIONS


@pytest.mark.parametrize("code", ["US", "JP", "IT", "BR", "NG", "AU"])
def test_what_is_invented_for_a_place_without_a_location_is_of_one_locality(code: str) -> None:
    seen = set()
    for place_number in range(200):
        place = subject_of(f"p{place_number}", {"name": "Blue Door", "country_code": code})
        locality = place.locality
        assert locality is not None
        assert locality in localities(code)
        details = find(place, "address", 0)["address"]
        assert (details["city"], details["state"]) == (locality.city, locality.state)
        of = numbers_at(code, locality)
        assert of is not None
        assert find(place, "phoneNumbers", 0)["phone"].startswith(of[0])
        seen.add(locality)
    assert len(seen) > len(localities(code)) / 4


def test_places_of_which_only_the_country_is_known_seldom_have_the_same_number() -> None:
    assert len({accuracy.phone_of(f"p{number}", {"country_code": "US"}) for number in range(20_000)}) >= 10_000
