"""Points on the earth: the position of a place, and points around it."""

from __future__ import annotations

from math import cos, hypot, pi, radians

from reprompt_mock.enrichment.luck import below

# Positions are integers in millionths of a degree: exact, and faster than rounding.
_MICRO = 1_000_000
_PER_METRE = _MICRO / 111_320.0
_METRES_A_DEGREE = radians(6_371_000)
_HALF_A_DEGREE = pi / 360
# Near the poles a degree of longitude is almost nothing; below this, points would wrap around the earth.
_LEAST_COSINE = 0.01


class Position:
    """A point, with the length of a meter to the east there."""

    __slots__ = ("_east", "_inland", "_latitude", "_longitude", "latitude", "longitude")

    def __init__(self, latitude: float, longitude: float) -> None:
        self.latitude = latitude
        self.longitude = longitude
        self._latitude = round(latitude * _MICRO)
        self._longitude = round(longitude * _MICRO)
        self._east = _PER_METRE / max(_LEAST_COSINE, cos(radians(latitude)))
        # Far enough from the edges of the map that no nearby point is beyond them.
        self._inland = -89 < latitude < 89 and -179 < longitude < 179

    def moved(self, north: float, east: float) -> list[float]:
        """Return [latitude, longitude] of the point moved by meters, to six decimals, clamped to the map."""
        latitude = (self._latitude + int(north * _PER_METRE)) / _MICRO
        longitude = (self._longitude + int(east * self._east)) / _MICRO
        if self._inland:
            return [latitude, longitude]
        return [min(90.0, max(-90.0, latitude)), min(180.0, max(-180.0, longitude))]

    def around(self, north: float, east: float) -> tuple[float, float, float, float]:
        """Return the south, west, north and east edges of a box that extends the given meters each way."""
        high, wide = int(north * _PER_METRE), int(east * self._east)
        south, west = (self._latitude - high) / _MICRO, (self._longitude - wide) / _MICRO
        north, east = (self._latitude + high) / _MICRO, (self._longitude + wide) / _MICRO
        if self._inland:
            return south, west, north, east
        return max(-90.0, south), max(-180.0, west), min(90.0, north), min(180.0, east)

    def near(self, luck: int, radius: int) -> Position:
        """Return a drawn point at most `radius` meters away to the north or south, and to the east or west."""
        latitude, longitude = self.moved(below(2 * radius, luck) - radius, below(2 * radius, luck, at=14) - radius)
        return Position(latitude, longitude)

    def metres_to(self, latitude: float, longitude: float) -> int:
        """Return the distance to a nearby point in whole meters, treating the earth as flat."""
        east = (longitude - self.longitude) * cos((self.latitude + latitude) * _HALF_A_DEGREE)
        return round(hypot(latitude - self.latitude, east) * _METRES_A_DEGREE)
