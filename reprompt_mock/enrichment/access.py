"""How a place's site is reached, and how good it is for visitors."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.site import sentences

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_SIDES = ("north", "east", "south", "west")
_RATINGS = ("excellent", "good", "fair", "good", "poor")
_APPROACH_METRES = 400
_METRES_PER_TURN = 60


def primary_turns(subject: Subject, generation: int) -> dict[str, Any]:
    """Give how many turns it takes from the main road to the place."""
    turns = _turns(subject, generation)
    return {
        "primary_turns_required": turns[0],
        "min_turns": min(turns),
        "primary_turns": turns[0],
        "primary_turns_route_matrix_visualization": _routes(subject, turns),
    }


def traffic_control(subject: Subject, generation: int) -> dict[str, Any]:
    """Give whether lights or signs control the traffic at the access road."""
    return {"traffic_control": bool(subject.luck["traffic_control"] + generation & 1)}


def site_quality(subject: Subject, generation: int) -> dict[str, Any]:
    """Give how good a site is for visitors, with its strengths and weaknesses."""
    turn = subject.luck["site_quality"] + generation
    strengths, concerns, summaries = sentences("strengths"), sentences("concerns"), sentences("access")
    strength, concern = turn >> 8, turn >> 16
    summary = summaries[(turn >> 12) % len(summaries)].replace("{side}", _SIDES[turn >> 20 & 3])
    return {
        "site_quality_score": _RATINGS[turn % 5],
        "accessibility_rating": _RATINGS[(turn >> 4) % 5],
        "accessibility_summary": summary,
        "key_strengths": [strengths[strength % len(strengths)], strengths[(strength + 3) % len(strengths)]],
        "potential_concerns": [concerns[concern % len(concerns)]],
        "route_matrix_visualization": _routes(subject, _turns(subject, generation)),
    }


def _turns(subject: Subject, generation: int) -> tuple[int, int, int, int]:
    """Give how many turns the routes from the four sides take; a generation changes each of them."""
    luck = subject.luck["primary_turns"] + generation
    return (1 + luck % 5, 1 + (luck >> 4) % 5, 1 + (luck >> 8) % 5, 1 + (luck >> 12) % 5)


def _routes(subject: Subject, turns: tuple[int, int, int, int]) -> dict[str, Any]:
    centre = subject.position
    latitude, longitude = centre.latitude, centre.longitude
    to_south, to_west, to_north, to_east = centre.around(_APPROACH_METRES, _APPROACH_METRES)
    north, east, south, west = turns
    return {
        "center": [latitude, longitude],
        "candidate_points": [
            [to_north, longitude],
            [latitude, to_east],
            [to_south, longitude],
            [latitude, to_west],
        ],
        "routes": [_route("north", north), _route("east", east), _route("south", south), _route("west", west)],
    }


@lru_cache
def _route(side: str, turns: int) -> dict[str, Any]:
    return {"from": side, "turns": turns, "distance_meters": _APPROACH_METRES + _METRES_PER_TURN * turns}
