"""Phone numbers: reserved for fiction where a country reserves any, else valid ones that may be somebody's."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.localities import localities

if TYPE_CHECKING:
    from reprompt_mock.enrichment.localities import Locality
    from reprompt_mock.enrichment.subject import Subject

Range = tuple[tuple[str, ...], int]
"""The numbers to choose from: what they begin with, and how many begin with each."""

_FICTIONAL = "US"
"""The country whose fictional numbers go to places in no known country."""


def numbers_for(subject: Subject) -> Range | None:
    """Return the numbers of a place's locality, or of its country where all localities have the same."""
    code = subject.country.code
    return numbers_at(code, subject.locality) if code in _with_areas() else numbers_of(code)


@lru_cache
def _with_areas() -> frozenset[str]:
    return frozenset(code for code, known in data("phones").items() if known["areas"])


@lru_cache(maxsize=4096)
def numbers_at(code: str | None, locality: Locality | None) -> Range | None:
    """Return the numbers of a locality, or of its whole country; None if the country has none."""
    return numbers_of(code, _area_of(code, locality) if locality else None)


def _area_of(code: str | None, locality: Locality) -> str | None:
    """Return a locality's telephone area, or that of the nearest one in its state."""
    if locality.area or not locality.state:
        return locality.area
    near = [one for one in localities(code) if one.area and one.state == locality.state]
    return min(near, key=lambda one: _apart(one, locality)).area if near else None


def _apart(one: Locality, other: Locality) -> float:
    return abs(one.latitude - other.latitude) + abs(one.longitude - other.longitude)


@lru_cache(maxsize=4096)
def numbers_of(code: str | None, area: str | None = None) -> Range | None:
    """Return the numbers of an area of a country, or of the whole country; None if the country has none.

    An area is written without the trunk prefix. No country has the fictional numbers of North America.
    """
    known = data("phones").get(code or _FICTIONAL)
    if known is None:
        return None
    areas: dict[str, list[Any]] = {one: starts for group, starts in known["areas"].items() for one in group.split()}
    part_of = max((one for one in areas if area and area.startswith(one)), key=len, default=None)
    if part_of:
        served = known.get("together", {}).get(part_of, [part_of])
    elif known["elsewhere"]:
        areas, served = {"": known["elsewhere"]}, [""]
    else:
        served = list(areas)
    free = areas[served[0]][0]  # the areas of one answer have as many digits free
    return tuple(known["prefix"] + one + start for one in served for start in areas[one][1:]), 10**free


def number(of: Range, luck: int, step: int) -> str:
    """Return a number in E.164 form; adjacent steps give different numbers."""
    prefixes, size = of
    # Adding a leading digit and cutting it off is faster than formatting with leading zeros.
    return prefixes[luck % len(prefixes)] + str(size + ((luck >> 12) + step * 7) % size)[1:]
