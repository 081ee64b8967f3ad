"""The invented parts of an address come from one real locality, so that they agree."""

from __future__ import annotations

import re
from math import cos, radians
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.localities import POSTCODES, Locality, localities, postcode_of
from reprompt_mock.enrichment.postal.forms import form_of
from tests.enrichment.finding import find, subject_of

CODES = sorted(countries())
AMERICAN_STATES = """
    AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR
    PA RI SC SD TN TX UT VA VT WA WI WV WY
"""


def postcodes_of(code: str | None, locality: Locality) -> set[str]:
    postcodes = (postcode_of(code, locality, number) for number in range(POSTCODES))
    return {postcode for postcode in postcodes if postcode}


def found(code: str | None, place_id: str = "p", **inputs: Any) -> dict[str, Any]:
    return find(subject_of(place_id, {"name": "A", "country_code": code, **inputs}), "address", 0)


@pytest.mark.parametrize("code", CODES)
def test_every_country_has_localities_inside_the_map_with_valid_postcodes(code: str) -> None:
    form = form_of(code)
    for row in localities(code):
        assert row.city
        assert -90 <= row.latitude <= 90
        assert -180 <= row.longitude <= 180
        postcodes = postcodes_of(code, row)
        assert bool(postcodes) is (form.postcode is not None)
        assert all(form.postcode.fullmatch(postcode) for postcode in postcodes if form.postcode)
        if row.state:
            assert all(form.may_lie(postcode, row.state) for postcode in postcodes)


def test_sixty_countries_have_five_localities_at_least_and_every_american_state_has_some() -> None:
    assert sum(len(localities(code)) >= 5 for code in CODES) >= 60
    assert {row.state for row in localities("US")} == set(AMERICAN_STATES.split())


@given(
    code=st.sampled_from(CODES),
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    place_id=st.text("abc", min_size=1, max_size=3),
)
def test_invented_parts_agree(code: str, latitude: float, longitude: float, place_id: str) -> None:
    address = found(code, place_id, latitude=latitude, longitude=longitude)["address"]
    rows = [row for row in localities(code) if (row.city, row.state) == (address["city"], address["state"])]
    assert any(address["postalCode"] in (postcodes_of(code, row) or [None]) for row in rows)
    assert address["street"]
    assert address["house"]


@given(latitude=st.floats(24, 46), longitude=st.floats(123, 146))
def test_a_japanese_prefecture_agrees_with_its_postcode(latitude: float, longitude: float) -> None:
    localized = found("JP", latitude=latitude, longitude=longitude)["address_localized"]
    assert form_of("JP").may_lie(localized["postal_code"], localized["prefecture"])


@given(code=st.sampled_from(CODES), number=st.integers(0, 10), north=st.floats(-0.2, 0.2), east=st.floats(-0.2, 0.2))
def test_the_nearest_locality_is_taken(code: str, number: int, north: float, east: float) -> None:
    rows = localities(code)
    near = rows[number % len(rows)]
    latitude = max(-89.0, min(89.0, near.latitude + north))
    longitude = max(-179.0, min(179.0, near.longitude + east))
    one = subject_of("p", {"latitude": latitude, "longitude": longitude, "country_code": code}).locality
    assert one is not None

    def far(latitude_of: float, longitude_of: float) -> float:
        away = abs(longitude_of - longitude)
        return (latitude_of - latitude) ** 2 + (min(away, 360 - away) * cos(radians(latitude))) ** 2

    assert far(one.latitude, one.longitude) <= min(far(row.latitude, row.longitude) for row in rows) + 1e-9


@pytest.mark.parametrize(
    ("code", "inputs", "city", "state", "area"),
    [
        ("US", {"city": "chicago"}, "Chicago", "IL", "312"),
        ("US", {"city": "Portland", "state": "ME"}, "Portland", "ME", "207"),
        ("US", {"city": "Portland", "state": "Oregon"}, "Portland", "OR", "503"),
        ("US", {"state": "TX", "latitude": 29.7, "longitude": -95.4}, "Houston", "TX", "713"),
        ("US", {"full_address": "5 Main St, Denver, CO 80202"}, "Denver", "CO", "303"),
        ("US", {"latitude": 41.9, "longitude": -87.6}, "Chicago", "IL", "312"),
        ("GB", {"postalCode": "M2 3AB"}, "Manchester", None, "161"),
        (
            "DE",
            {"full_address": "Marienplatz 1, 80331 München", "latitude": 0.0, "longitude": 0.0},
            "München",
            None,
            "89",
        ),
        ("JP", {"full_address": "Osaka, Kita-ku, Umeda 3-1-3"}, "大阪市北区", "大阪府", "6"),
        ("JP", {"postalCode": "600-8216"}, "京都市下京区", "京都府", "75"),
        ("GB", {"city": 7, "latitude": 51.5, "longitude": -0.14}, "London", None, "20"),
    ],
)
def test_what_a_place_names_decides_before_its_coordinates(
    code: str, inputs: dict[str, Any], city: str, state: str | None, area: str
) -> None:
    one = subject_of("p", {"country_code": code, **inputs}).locality
    assert one is not None
    assert (one.city, one.state, one.area) == (city, state, area)


def test_a_place_of_no_country_has_no_locality() -> None:
    assert subject_of("p", {"full_address": "Nowhere"}).locality is None


@pytest.mark.parametrize(
    ("code", "pattern"),
    [
        ("GB", r"[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}"),
        ("CA", r"[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d"),
        ("NL", r"[1-9]\d{3} (?!S[ADS])[A-HJ-NPR-Z]{2}"),
        ("US", r"\d{5}"),
        ("IE", r"[A-Z]\d\d [AC-FHKNPRTV-Y\d]{4}"),
    ],
)
def test_postcodes_use_the_letters_of_their_country(code: str, pattern: str) -> None:
    for row in localities(code):
        for postcode in postcodes_of(code, row):
            assert re.fullmatch(pattern, postcode), postcode


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        ("GB", "Buckingham Palace, London, UK", {"building": "Buckingham Palace", "city": "London", "street": None}),
        ("GB", "Abbey Road, London", {"street": "Abbey Road", "city": "London", "house": None}),
        ("JP", "東京都千代田区丸の内", {"state": "東京都", "city": "千代田区", "street": "丸の内"}),
        ("MY", "KM 12, 25000 Kuantan", {"km": "12", "city": "Kuantan", "street": None}),
        (
            "HK",
            "Flat A, 12/F, Block 3, 99 Queen's Road Central, Central",
            {"unit_number": "A", "floor": "12", "block": "3"},
        ),
    ],
)
def test_what_the_text_gives_stays(code: str, text: str, expected: dict[str, str | None]) -> None:
    address = found(code, full_address=text)["address"]
    assert address["full_address"] == text
    assert {part: address[part] for part in expected} == expected


@pytest.mark.parametrize("name", ["Germany", "Deutschland", "GERMANY"])
def test_the_country_has_its_english_name(name: str) -> None:
    assert found("DE", full_address=f"Hauptstraße 5, 10115 Berlin, {name}")["address"]["country"] == "Germany"
    assert found("DE", country=name)["address"]["country"] == "Germany"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        (
            {"full_address": "東京都中央区銀座4-5-6"},
            {"prefecture": "東京都", "municipality": "中央区", "town_area": "銀座"},
        ),
        (
            {"full_address": "1-9-1 Marunouchi, Chiyoda-ku, Tokyo 100-0005, Japan"},
            {
                "prefecture": "東京都",
                "municipality": "Chiyoda-ku",
                "postal_code": "100-0005",
                "street_address": "1-9-1",
            },
        ),
        ({"postalCode": "6008216"}, {"prefecture": "京都府", "postal_code": "600-8216"}),
        ({"state": "Okinawa"}, {"prefecture": "沖縄県", "municipality": "那覇市"}),
    ],
)
def test_a_japanese_address_agrees_with_what_is_given(inputs: dict[str, Any], expected: dict[str, str]) -> None:
    localized = found("JP", **inputs)["address_localized"]
    assert {part: localized[part] for part in expected} == expected
    assert form_of("JP").may_lie(localized["postal_code"], localized["prefecture"])
