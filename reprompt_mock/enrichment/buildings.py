"""The larger building that may contain a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.enrichment.luck import POSITIONS, one_in, pick

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

SHOPPING_CENTER = "shopping_center"
_WITHIN = POSITIONS["located_within"]
_LARGER = (
    (SHOPPING_CENTER, "%s Centre"),
    (SHOPPING_CENTER, "%s Arcade"),
    ("office_building", "%s House"),
    ("office_building", "%s Tower"),
    ("market_hall", "%s Market Hall"),
)


def larger_building(subject: Subject) -> tuple[str, str] | None:
    """Return the type of the building that contains a place, and the pattern of its name; None for most places."""
    luck = subject.luck[_WITHIN]
    return pick(_LARGER, luck, at=8) if one_in(4, luck) else None
