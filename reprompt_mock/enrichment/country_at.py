"""The country at a point: that of the time zone there, and of the region where a zone spans more than one."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.enrichment.facts import data, zone_countries

if TYPE_CHECKING:
    from collections.abc import Callable

_ANTARCTIC = -60
"""South of this latitude the Antarctic Treaty applies, whatever zone a claimant has there."""


class Region(NamedTuple):
    """A part of a time zone; `corners` are (longitude, latitude), the first repeated as the last."""

    code: str
    west: float
    south: float
    east: float
    north: float
    corners: tuple[tuple[float, float], ...]

    def contains(self, longitude: float, latitude: float) -> bool:
        """Return whether a point is inside."""
        if not (self.west <= longitude <= self.east and self.south <= latitude <= self.north):
            return False
        return _crossings(self.corners, longitude, latitude) % 2 == 1


def _crossings(corners: tuple[tuple[float, float], ...], longitude: float, latitude: float) -> int:
    """Return how many edges a line from a point to the east crosses."""
    crossings = 0
    for (x, y), (next_x, next_y) in pairwise(corners):
        if (y > latitude) != (next_y > latitude) and longitude < x + (next_x - x) * (latitude - y) / (next_y - y):
            crossings += 1
    return crossings


@lru_cache
def _regions() -> dict[str, tuple[Region, ...]]:
    return {zone: tuple(_region(code, corners) for code, corners in rows) for zone, rows in data("regions").items()}


def _region(code: str, corners: list[tuple[float, float]]) -> Region:
    east, north = map(max, zip(*corners, strict=True))
    west, south = map(min, zip(*corners, strict=True))
    return Region(code, west, south, east, north, tuple((x, y) for x, y in (*corners, corners[0])))


@lru_cache
def _zone_finder() -> Callable[[float, float], str]:
    from tzfpy import get_tz

    found: Callable[[float, float], str] = get_tz
    return found


@lru_cache(maxsize=65536)
def country_at(longitude: float, latitude: float) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of the country at a point in degrees, None at sea (contract C2)."""
    if latitude < _ANTARCTIC:
        return "AQ"
    zone = _zone_finder()(longitude, latitude)
    for region in _regions().get(zone, ()):
        if region.contains(longitude, latitude):
            return region.code
    return zone_countries().get(zone)
