"""Agreement: what attributes that ran apart say about the same thing is made to agree.

Attributes of one result may come from different submissions and generations, and some of them may find nothing. What
rules fixed stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.attributes import ABSENT, CATALOGUE
from reprompt_mock.enrichment.buildings import SHOPPING_CENTER
from reprompt_mock.enrichment.finders.hours import closing_date
from reprompt_mock.enrichment.search import search_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from reprompt_mock.enrichment.subject import Subject

_STATUS = "open_closed_status"
_OF_PRESENCE = tuple(one for one in CATALOGUE.values() if one.of_presence and _STATUS not in one.outputs)


class Shown(NamedTuple):
    """What a result shows, and the keys of the outputs that rules fixed."""

    outputs: dict[str, Any]
    reasoning: dict[str, str]
    scores: dict[str, str]
    fixed: Collection[str] = ()

    def set(self, key: str, value: Any) -> None:
        """Set an output, unless a rule fixed it."""
        if key not in self.fixed:
            self.outputs[key] = value

    def lose(self, attribute: str) -> None:
        """Find nothing of an attribute, unless a rule fixed one of its outputs."""
        if self.fixed and not set(self.fixed).isdisjoint(CATALOGUE[attribute].outputs):
            return
        search_for(attribute).find_nothing(self.outputs, self.reasoning, self.scores)


def may_disagree(outputs: dict[str, Any]) -> bool:
    """Return whether the outputs of a result can disagree at all; those of most places cannot."""
    if outputs.get(_STATUS, "Open") != "Open" or outputs.get("date_closed") is not None:
        return True
    return _has_two_handles(outputs) or _is_misplaced(outputs)


def _has_two_handles(outputs: dict[str, Any]) -> bool:
    """Return whether attributes show different handles for the same profile."""
    handle = outputs.get("instagram")
    if handle is None:
        return False
    shown = outputs.get("instagram_username"), _username(outputs.get("instagram_profile"))
    return any(one is not None and one != handle for one in shown)


def _username(profile: Any) -> Any:
    """Return the handle of a profile, which a rule may have fixed to anything."""
    return profile.get("username") if isinstance(profile, dict) else None


def _is_misplaced(outputs: dict[str, Any]) -> bool:
    """Return whether a place is in a shopping center by one of two outputs only."""
    location = outputs.get("location_type")
    if location is None or "located_within" not in outputs:
        return False
    return _is_center(outputs["located_within"]) is not (location == SHOPPING_CENTER)


def _is_center(larger: Any) -> bool:
    return isinstance(larger, dict) and larger.get("type") == SHOPPING_CENTER


def agree(subject: Subject, shown: Shown) -> None:
    """Make the outputs of one result agree with each other."""
    outputs = shown.outputs
    if outputs.get(_STATUS) is not None:
        _with_status(subject, shown, outputs[_STATUS])
    if _has_two_handles(outputs):
        _with_handle(shown, outputs["instagram"])
    if _is_misplaced(outputs):
        _with_larger(shown)


def _with_status(subject: Subject, shown: Shown, status: str) -> None:
    outputs = shown.outputs
    if status == "Closed":
        if outputs.get("opening_hours") is not None:
            shown.lose("openingHours")
        if outputs["date_closed"] is None:
            shown.set("date_closed", closing_date(subject))
    elif outputs["date_closed"] is not None:
        shown.set("date_closed", None)
    if status == ABSENT:
        for one in _OF_PRESENCE:
            if any(outputs.get(key) is not None for key in one.outputs):
                shown.lose(one.name)
        if outputs.get("digital_footprint") is not None:
            shown.set("digital_footprint", "NONE")


def _with_handle(shown: Shown, handle: str) -> None:
    """Show one handle in everything about the same profile."""
    if shown.outputs.get("instagram_username") is not None:
        shown.set("instagram_username", handle)
    profile: Any = shown.outputs.get("instagram_profile")
    if _username(profile) is not None:
        shown.set("instagram_profile", {**profile, "username": handle})


def _with_larger(shown: Shown) -> None:
    """Put a place into the shopping center that contains it, or take it out of one that was not found."""
    outputs = shown.outputs
    is_inside = _is_center(outputs["located_within"])
    for key in ("location_type", "location_category"):
        shown.set(key, SHOPPING_CENTER if is_inside else "mixed_use_building")
    shown.set("shopping_center_condition", outputs["building_condition"] if is_inside else None)
    shown.set("shopping_center_condition_score", outputs["building_condition_score"] if is_inside else "none")
