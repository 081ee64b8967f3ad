from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Any

import pytest

from reprompt_mock.enrichment.subject import Subject
from tests.enrichment.finding import find, subject_of


def subject(number: int = 0, **inputs: Any) -> Subject:
    place = {"name": "Blue Door", "latitude": 48.1, "longitude": 11.5, "country_code": "US", **inputs}
    return subject_of(f"place-{number}", place)


def many(**inputs: Any) -> list[Subject]:
    return [subject(number, **inputs) for number in range(120)]


def haversine(one: list[float], other: list[float]) -> float:
    south, north = radians(one[0]), radians(other[0])
    half = sin((north - south) / 2) ** 2
    half += cos(south) * cos(north) * sin(radians(other[1] - one[1]) / 2) ** 2
    return 2 * 6_371_000 * asin(sqrt(half))


def test_coordinates_are_near_and_the_distance_is_true() -> None:
    given = [48.1, 11.5]
    distances = set()
    for one in many(latitude=given[0], longitude=given[1]):
        outputs = find(one, "coordinates", 1)
        assert outputs["coordinates_distance"] == round(haversine(given, outputs["coordinates"]))
        assert (outputs["coordinates_distance"] == 0) is (outputs["coordinates"] == given)
        distances.add(outputs["coordinates_distance"])
    assert 0 in distances
    assert max(distances) < 60


def test_a_place_without_coordinates_gets_some_in_its_country() -> None:
    outputs = find(subject(country_code="IS", latitude=None, longitude=None), "coordinates", 0)
    assert haversine([64.15, -21.85], outputs["coordinates"]) < 20_000
    assert outputs["coordinates_distance"] is None


@pytest.mark.parametrize(("latitude", "longitude"), [(48.1, 11.5), (90.0, 180.0), (-90.0, -180.0)])
def test_a_footprint_is_a_closed_polygon_around_the_place(latitude: float, longitude: float) -> None:
    footprint = find(subject(latitude=latitude, longitude=longitude), "building_footprint", 0)["building_footprint"]
    (ring,) = footprint["coordinates"]
    assert footprint["type"] == "Polygon"
    assert ring[0] == ring[-1]
    longitudes, latitudes = zip(*ring, strict=True)
    assert -180 <= min(longitudes) <= longitude <= max(longitudes) <= 180
    assert -90 <= min(latitudes) <= latitude <= max(latitudes) <= 90


def test_the_parking_spaces_add_up() -> None:
    for one in many():
        outputs = find(one, "parking_spaces", 2)
        parts = ("street", "shared", "dedicated")
        assert outputs["parking_spaces_total"] == sum(outputs[f"parking_spaces_{part}"] for part in parts)


def test_a_sign_has_its_position_twice_and_only_where_it_exists() -> None:
    seen = set()
    for one in many():
        outputs = find(one, "signage", 0)
        for sign in ("pylon", "monument"):
            point = outputs[f"{sign}_coordinates"]
            exists = outputs[f"{sign}_sign_exists"]
            seen.add((sign, exists))
            assert exists is (point is not None)
            assert point in (None, [outputs[f"{sign}_latitude"], outputs[f"{sign}_longitude"]])
        assert len(outputs["sign_locations"]) == outputs["pylon_sign_exists"] + outputs["monument_sign_exists"]
    assert len(seen) == 4
