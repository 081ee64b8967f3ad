"""The location of a WKT geometry (contract C1): a point itself, or the center of another shape's bounding box."""

from __future__ import annotations

from itertools import accumulate

_UNREADABLE = "cannot be parsed: use a form such as POINT(longitude latitude)"


class GeometryError(ValueError):
    """The text is not a WKT geometry on the earth."""


def point_of(wkt: str) -> tuple[float, float]:
    """Return the longitude and latitude of a WKT geometry, whose coordinates are longitude first.

    Raises:
        GeometryError: the geometry cannot be parsed, is empty, or is not on the earth.
    """
    from pygeoif import from_wkt

    if not _is_enclosed(wkt.strip()):
        raise GeometryError(_UNREADABLE)
    try:
        bounds: tuple[float, ...] = getattr(from_wkt(wkt), "bounds", ())
        west, south, east, north = bounds
    except Exception as error:  # the parser raises IndexError, ValueError, TypeError and others
        raise GeometryError(_UNREADABLE) from error
    longitude, latitude = (west + east) / 2, (south + north) / 2
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise GeometryError("lies off the earth: longitude comes first, -180 to 180, then latitude, -90 to 90")
    return float(longitude), float(latitude)


def _is_enclosed(wkt: str) -> bool:
    # pygeoif ignores text after the last parenthesis, and takes minutes to parse thousands of open ones.
    start = wkt.find("(")
    depths = list(accumulate((letter == "(") - (letter == ")") for letter in wkt[start:]))
    return start > 0 and depths[-1] == 0 and 0 not in depths[:-1]
