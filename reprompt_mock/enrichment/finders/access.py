"""How visitors reach a place's site, and how suitable the site is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.finders.site import sentences
from reprompt_mock.enrichment.luck import POSITIONS, below, one_in, pick

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_TURNS = POSITIONS["primary_turns"]
_SIDES = ("north", "east", "south", "west")
_RATINGS = ("excellent", "good", "fair", "good", "poor")
_APPROACH_METRES = 400
_METRES_PER_TURN = 60
_MOST_TURNS = 5
_ROUTES: int = _MOST_TURNS ** len(_SIDES)


def primary_turns(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the number of turns from the main road to the place."""
    _, primary, least = _routes(below(_ROUTES, luck + generation))
    outputs["primary_turns_required"] = outputs["primary_turns"] = primary
    outputs["min_turns"] = least
    outputs["primary_turns_route_matrix_visualization"] = _map(subject, generation)


def traffic_control(_subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find whether lights or signs control traffic at the access road."""
    outputs["traffic_control"] = not one_in(2, luck + generation)


def site_quality(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find how suitable a site is for visitors, with its strengths and weaknesses."""
    turn = luck + generation
    outputs["site_quality_score"] = pick(_RATINGS, turn)
    outputs["accessibility_rating"] = pick(_RATINGS, turn, at=4)
    summaries, strengths, concerns = _notes()
    outputs["accessibility_summary"] = pick(summaries, turn, at=8)
    outputs["key_strengths"] = pick(strengths, turn, at=12)
    outputs["potential_concerns"] = pick(concerns, turn, at=16)
    outputs["route_matrix_visualization"] = _map(subject, generation)


@lru_cache
def _notes() -> tuple[list[str], list[list[str]], list[list[str]]]:
    """Return the summaries, the pairs of strengths, and the concerns."""
    strengths = sentences("strengths")
    return (
        [summary.replace("{side}", side) for summary in sentences("access") for side in _SIDES],
        [[one, strengths[(place + 3) % len(strengths)]] for place, one in enumerate(strengths)],
        [[concern] for concern in sentences("concerns")],
    )


@lru_cache(maxsize=_ROUTES)
def _routes(luck: int) -> tuple[list[dict[str, Any]], int, int]:
    """Return routes from all four sides, the number of turns on the first, and the fewest turns."""
    turns = [1 + luck // _MOST_TURNS**place % _MOST_TURNS for place in range(len(_SIDES))]
    return [_route(side, many) for side, many in zip(_SIDES, turns, strict=True)], turns[0], min(turns)


def _route(side: str, turns: int) -> dict[str, Any]:
    return {"from": side, "turns": turns, "distance_meters": _APPROACH_METRES + _METRES_PER_TURN * turns}


def _map(subject: Subject, generation: int) -> dict[str, Any]:
    """Return the map of routes to a place, built once for all attributes that show it."""
    drawn: dict[str, Any] | None = subject.known.get(("map", generation))
    if drawn is None:
        centre = subject.position
        latitude, longitude = centre.latitude, centre.longitude
        south, west, north, east = centre.around(_APPROACH_METRES, _APPROACH_METRES)
        routes, _, _ = _routes(below(_ROUTES, subject.luck[_TURNS] + generation))
        drawn = subject.known["map", generation] = {
            "center": [latitude, longitude],
            "candidate_points": [[north, longitude], [latitude, east], [south, longitude], [latitude, west]],
            "routes": routes,
        }
    return drawn
