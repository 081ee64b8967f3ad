from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from reprompt_mock.enrichment.places import has_address
from tests.enrichment.finding import subject_of


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
