"""A place's site: coordinates, outline, parking, signs, building and entrances."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.buildings import SHOPPING_CENTER, larger_building
from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.luck import below, one_in, pick

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_VISIBILITIES = ("high", "medium", "high", "low")
_PROMINENCE = {"high": "excellent", "medium": "average", "low": "not visible"}
_LOCATIONS = ("standalone_building", "mixed_use_building", "standalone_building")
_MIXED = "mixed_use_building"
_CONDITIONS = ("average", "above_average", "average", "above_average", "average", "below_average")
_CONDITION_RATINGS = {"above_average": "excellent", "average": "good", "below_average": "poor"}
_SIGNS_FOUND = (
    "No free-standing sign was found.",
    "Signs found: pylon.",
    "Signs found: monument.",
    "Signs found: pylon and monument.",
)
# The heading, name and picture URL of each side from which an entrance is seen.
_NORTH, _EAST, _SOUTH, _WEST = (
    (90 * place, side, f"https://imagery.example/street/{side}")
    for place, side in enumerate(("north", "east", "south", "west"))
)
_VIEWS = ((_NORTH, _EAST), (_EAST, _NORTH), (_SOUTH, _WEST), (_WEST, _SOUTH))


@lru_cache
def sentences(which: str) -> tuple[str, ...]:
    """Return the sentences about an aspect of sites, named by a dotted path."""
    found: Any = data("sentences")["site"]
    for step in which.split("."):
        found = found[step]
    return tuple(found)


def coordinates(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the enriched coordinates, and their distance from the input's (null if the input has none)."""
    given = subject.position
    if below(4, luck) == generation % 4:
        found, distance = [given.latitude, given.longitude], 0
    else:
        found = given.moved(below(64, luck, at=2) - 31.5, below(64, (luck >> 8) + 11 * generation) - 31.5)
        distance = given.metres_to(found[0], found[1])
    outputs["coordinates"] = found
    if subject.inputs.get("latitude") is not None:
        outputs["coordinates_distance"] = distance


def building_footprint(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the outline of the building around a place as a GeoJSON polygon."""
    south, west, north, east = subject.position.around(4 + below(16, luck), 4 + below(32, (luck >> 4) + generation))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    outputs["building_footprint"] = {"type": "Polygon", "coordinates": [ring]}


def parking_spaces(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the parking spaces of a place by type, and in total."""
    size = subject.kind.parking
    street, shared = below(2 + size // 4, luck), below(2 + size // 2, luck, at=8)
    dedicated = below(2 + size, luck, at=16) + generation
    outputs["parking_spaces_total"] = street + shared + dedicated
    outputs["parking_spaces_street"] = street
    outputs["parking_spaces_shared"] = shared
    outputs["parking_spaces_dedicated"] = dedicated
    outputs["parking_spaces_image_url"] = f"https://imagery.example/aerial/{luck}.jpg"


def signage(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the free-standing signs of a place: tall pylons and low monuments."""
    turn = luck + generation
    pylon, monument = one_in(4, turn), one_in(4, turn, at=2)
    outputs["signage_summary"] = _SIGNS_FOUND[pylon + 2 * monument]
    outputs["has_brand_signage"] = pylon or monument or not one_in(4, turn, at=4)
    outputs.update(_no_signs(below(4, turn, at=8)))
    outputs["sign_locations"] = locations = []
    if pylon:
        locations.append(_put_up(subject, turn >> 8, "pylon", outputs))
    if monument:
        locations.append(_put_up(subject, turn >> 20, "monument", outputs))


def _put_up(subject: Subject, luck: int, name: str, outputs: dict[str, Any]) -> dict[str, Any]:
    """Write the outputs about a sign, and return its location."""
    point = subject.position.moved(below(64, luck) - 32, below(64, luck, at=6) - 32)
    latitude, longitude = point
    outputs[f"{name}_sign_exists"] = True
    outputs[f"{name}_coordinates"] = point
    outputs[f"{name}_latitude"] = latitude
    outputs[f"{name}_longitude"] = longitude
    outputs[f"{name}_number_of_brands"] = pick(("single", "multiple"), luck)
    outputs[f"{name}_reasoning"] = pick(sentences(name), luck, at=1)
    outputs[f"{name}_includes_brand_sign"] = not one_in(4, luck, at=1)
    return {"type": name, "latitude": latitude, "longitude": longitude}


@lru_cache
def _no_signs(luck: int) -> dict[str, Any]:
    outputs: dict[str, Any] = {}
    for place, name in enumerate(("pylon", "monument")):
        outputs[f"{name}_sign_exists"] = False
        outputs[f"{name}_number_of_brands"] = "none"
        outputs[f"{name}_reasoning"] = pick(sentences("bare"), luck, at=place)
    return outputs


def building_condition(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the condition of a place's building, and of the shopping center that may contain it."""
    larger = larger_building(subject)
    location = pick(_LOCATIONS, luck) if larger is None else larger[0] if larger[0] == SHOPPING_CENTER else _MIXED
    score, text = pick(_conditions(), (luck >> 2) + generation)
    outputs["location_type"] = outputs["location_category"] = location
    outputs["building_condition"] = outputs["building_condition_summary"] = text
    outputs["building_condition_score"] = score
    outputs["building_condition_rating"] = _CONDITION_RATINGS[score]
    if location == SHOPPING_CENTER:
        score, text = pick(_conditions(), luck, at=16)
        outputs["shopping_center_condition"] = text
        outputs["shopping_center_condition_score"] = score
    else:
        outputs["shopping_center_condition_score"] = "none"


@lru_cache
def _conditions() -> list[tuple[str, str]]:
    """Return pairs of a condition and a sentence about it, ordered so that adjacent ones differ."""
    return [(score, pick(sentences(f"condition.{score}"), turn)) for turn in range(2) for score in _CONDITIONS]


def entrances(_subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find how visible the entrance is from the street, with two views of it."""
    turn = luck + generation
    visibility = outputs["visibility_rating"] = pick(_VISIBILITIES, turn)
    outputs["prominence"] = _PROMINENCE[visibility]
    picture = f"/{turn}.jpg"
    outputs["entrance_views"] = [
        {"heading": heading, "direction": side, "image_url": pictures + picture}
        for heading, side, pictures in pick(_VIEWS, turn, at=8)
    ]
