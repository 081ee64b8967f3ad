from __future__ import annotations

import pytest

from reprompt_mock.enrichment.country_at import country_at
from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.given import Given
from reprompt_mock.enrichment.subject import Subject

PLACES = 40


@pytest.mark.parametrize("code", countries())
def test_a_place_without_coordinates_is_put_inside_its_country(code: str) -> None:
    """Contract C2: its country follows from the coordinates that it gets, too."""
    said = Given({"name": "x", "country_code": code})
    positions = [Subject(f"p{number}", said, seed=0).position for number in range(PLACES)]

    assert {country_at(point.longitude, point.latitude) for point in positions} == {code}
    assert len({(point.longitude, point.latitude) for point in positions}) == PLACES
