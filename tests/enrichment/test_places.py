from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from reprompt_mock.enrichment.places import country_of, has_address
from tests.enrichment.finding import subject_of

PARIS = {"latitude": 48.85, "longitude": 2.35}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"country_code": "DE", "country": "France", **PARIS}, "DE"),
        ({"country_code": None, "country": "United States", **PARIS}, "US"),
        ({"country": "USA"}, "US"),
        ({"country": "uk"}, "GB"),
        ({"country": "  Deutschland "}, "DE"),
        ({"country": "türkiye"}, "TR"),
        ({"country": "Turkey"}, "TR"),
        ({"country": "Côte d'Ivoire"}, "CI"),
        ({"country": "Ivory Coast"}, "CI"),
        ({"country": "Holland"}, "NL"),
        ({"country": "日本"}, "JP"),
        ({"country": "Atlantis", **PARIS}, "FR"),
        ({"country": 7, **PARIS}, "FR"),
        (PARIS, "FR"),
        ({"latitude": 22.28, "longitude": 114.16}, "HK"),
        ({"latitude": 1.29, "longitude": 103.85}, "SG"),
        ({"latitude": 18.46, "longitude": -66.1, "full_address": "San Juan, Spain"}, "PR"),
        ({"latitude": 0.0, "longitude": -30.0}, None),
        ({"latitude": 90, "longitude": 180}, None),
        ({"full_address": "1 Rue de la Paix, Paris, France"}, "FR"),
        ({"full_address": "Bahnhofstrasse 1, 8001 Zürich Switzerland."}, "CH"),
        ({"full_address": "7 Carmine St, New York, NY 10014, USA"}, "US"),
        ({"full_address": "7 Carmine St, New York, NY 10014"}, None),
        ({"full_address": "Port Moresby, Papua New Guinea"}, "PG"),
        ({"full_address": "1 Plaza, Santa Fe, New Mexico"}, None),
        ({"full_address": "Nouméa New Caledonia"}, "NC"),
        ({"full_address": ""}, None),
        ({"full_address": None}, None),
        ({}, None),
    ],
)
def test_the_country_is_as_given_else_by_name_else_by_coordinates_else_by_address(
    inputs: dict[str, Any], expected: str | None
) -> None:
    """Contract C2."""
    assert country_of(inputs) == expected
    assert subject_of("p", {"name": "x", **inputs}).country_code == expected


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"full_address": "1 High Street"}, True),
        ({"km": "12"}, True),
        ({"country": "Peru"}, True),
        ({"full_address": "  ", "street": "", "city": None}, False),
        ({"house": 12}, False),
        ({"name": "x", "latitude": 1.0, "longitude": 2.0}, False),
    ],
)
def test_an_address_is_any_part_that_is_not_blank(inputs: dict[str, Any], *, expected: bool) -> None:
    """Contract C1."""
    assert has_address(SimpleNamespace(**inputs)) is expected


def test_a_place_keeps_its_inputs() -> None:
    inputs = {"name": "Café", "full_address": "1 High Street", "latitude": 51.5, "longitude": -0.1, "extra": [1]}
    place = subject_of("a/b", inputs)
    assert place.inputs == inputs
    assert (place.name, place.position.latitude, place.position.longitude) == ("Café", 51.5, -0.1)
    assert place.country_code == "GB"
