"""Where a place's site lies, and what can be seen of it: outline, parking, signs, the building."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_SIDES = ("north", "east", "south", "west")
_VISIBILITIES = ("high", "medium", "high", "low")
_PROMINENCE = {"high": "excellent", "medium": "average", "low": "not visible"}
_LOCATIONS = ("standalone_building", "mixed_use_building", "shopping_center", "standalone_building")
_CONDITIONS = ("average", "above_average", "average", "above_average", "average", "below_average")
_CONDITION_RATINGS = {"above_average": "excellent", "average": "good", "below_average": "poor"}
_SIGNS_FOUND = (
    "No free-standing sign was found.",
    "Signs found: pylon.",
    "Signs found: monument.",
    "Signs found: pylon and monument.",
)
_AERIAL = "https://imagery.example/aerial/"
_STREET = "https://imagery.example/street/"


@lru_cache
def sentences(which: str) -> tuple[str, ...]:
    """Give the sentences about a side of sites."""
    found: Any = data("sentences")["site"]
    for step in which.split("."):
        found = found[step]
    return tuple(found)


def _pick(which: str, luck: int) -> str:
    options = sentences(which)
    return options[luck % len(options)]


def coordinates(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the enriched coordinates, and how far from the input they are; null where the input has none."""
    luck, given = subject.luck["coordinates"], subject.position
    known = subject.place.latitude is not None
    if luck & 3 == generation & 3:
        return {
            "coordinates": [given.latitude, given.longitude],
            "coordinates_distance": 0 if known else None,
        }
    found = given.moved((luck >> 2 & 63) - 31.5, ((luck >> 8) + 11 * generation & 63) - 31.5)
    return {"coordinates": found, "coordinates_distance": given.metres_to(*found) if known else None}


def building_footprint(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the outline of the building around a place as a GeoJSON polygon."""
    luck, centre = subject.luck["building_footprint"], subject.position
    depth, width = 4 + (luck & 15), 4 + ((luck >> 4) + generation & 31)
    south, west, north, east = centre.around(depth, width)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"building_footprint": {"type": "Polygon", "coordinates": [ring]}}


def parking_spaces(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the parking spaces of a place by sort, and their sum."""
    luck, size = subject.luck["parking_spaces"], subject.kind.parking
    street, shared = luck % (2 + size // 4), (luck >> 12) % (2 + size // 2)
    dedicated = (luck >> 24) % (2 + size) + generation
    return {
        "parking_spaces_total": street + shared + dedicated,
        "parking_spaces_street": street,
        "parking_spaces_shared": shared,
        "parking_spaces_dedicated": dedicated,
        "parking_spaces_image_url": f"{_AERIAL}{luck & 0xFFFFFFFF}.jpg",
    }


def signage(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the free-standing signs of a place, tall and low ones."""
    luck = subject.luck["signage"] + generation
    pylon, monument = luck & 3 == 0, luck & 12 == 0
    outputs = {
        "signage_summary": _SIGNS_FOUND[pylon + 2 * monument],
        "has_brand_signage": pylon or monument or luck & 0x30 != 0,
    }
    locations: list[dict[str, Any]] = []
    for name, exists in (("pylon", pylon), ("monument", monument)):
        if exists:
            sign = _sign(subject, luck >> (8 if pylon else 20), name)
            locations.append({"type": name, "latitude": sign["latitude"], "longitude": sign["longitude"]})
            outputs |= {f"{name}_{part}": value for part, value in sign.items()}
        else:
            outputs |= _no_sign(name, luck >> 8 & 1)
    outputs["sign_locations"] = locations
    return outputs


def _sign(subject: Subject, luck: int, name: str) -> dict[str, Any]:
    point = subject.position.moved((luck & 63) - 32, (luck >> 6 & 63) - 32)
    return {
        "sign_exists": True,
        "coordinates": point,
        "latitude": point[0],
        "longitude": point[1],
        "number_of_brands": ("single", "multiple")[luck & 1],
        "reasoning": _pick(name, luck >> 1),
        "includes_brand_sign": luck & 6 != 0,
    }


@lru_cache
def _no_sign(name: str, luck: int) -> dict[str, Any]:
    parts = ("coordinates", "latitude", "longitude", "includes_brand_sign")
    return {
        f"{name}_sign_exists": False,
        f"{name}_number_of_brands": "none",
        f"{name}_reasoning": _pick("bare", luck),
        **{f"{name}_{part}": None for part in parts},
    }


def building_condition(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the state of repair of a place's building, and of the shopping center that it may be in."""
    luck = subject.luck["building_condition"]
    location = _LOCATIONS[luck & 3]
    score = _CONDITIONS[((luck >> 2) + generation) % 6]
    text = _pick(f"condition.{score}", (luck >> 8) + generation)
    center = location == "shopping_center"
    center_score = _CONDITIONS[(luck >> 16) % 6]
    return {
        "location_type": location,
        "location_category": location,
        "building_condition": text,
        "building_condition_score": score,
        "building_condition_summary": text,
        "building_condition_rating": _CONDITION_RATINGS[score],
        "shopping_center_condition": _pick(f"condition.{center_score}", luck >> 24) if center else None,
        "shopping_center_condition_score": center_score if center else "none",
    }


def entrances(subject: Subject, generation: int) -> dict[str, Any]:
    """Give how well the entrance can be seen from the street, with two views that show it."""
    turn = subject.luck["entrances"] + generation
    visibility, first = _VISIBILITIES[turn & 3], turn >> 8 & 3
    return {
        "visibility_rating": visibility,
        "prominence": _PROMINENCE[visibility],
        "entrance_views": [_view(turn, first), _view(turn, first ^ 1)],
    }


def _view(luck: int, side: int) -> dict[str, Any]:
    url = f"{_STREET}{_SIDES[side]}/{luck & 0xFFFFFFFF}.jpg"
    return {"heading": 90 * side, "direction": _SIDES[side], "image_url": url}
