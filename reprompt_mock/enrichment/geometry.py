"""Where a WKT geometry lies (contract C1): a point exactly, other shapes by the centre of their bounding box."""

from __future__ import annotations

from itertools import accumulate

_UNREADABLE = "cannot be parsed: use a form such as POINT(longitude latitude)"


class GeometryError(ValueError):
    """A text that is no WKT geometry on the earth."""


def point_of(wkt: str) -> tuple[float, float]:
    """Give the longitude and latitude of a WKT geometry, whose coordinates stand longitude first.

    Raises:
        GeometryError: it cannot be parsed, is empty, or lies off the earth.
    """
    from pygeoif import from_wkt

    if not _is_enclosed(wkt.strip()):
        raise GeometryError(_UNREADABLE)
    try:
        bounds: tuple[float, ...] = getattr(from_wkt(wkt), "bounds", ())
        west, south, east, north = bounds
    except Exception as error:  # the parser lets IndexError, ValueError, TypeError and others out
        raise GeometryError(_UNREADABLE) from error
    longitude, latitude = (west + east) / 2, (south + north) / 2
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise GeometryError("lies off the earth: longitude comes first, -180 to 180, then latitude, -90 to 90")
    return float(longitude), float(latitude)


def _is_enclosed(wkt: str) -> bool:
    # pygeoif reads past what follows the last parenthesis, and ponders for minutes over thousands of open ones.
    start = wkt.find("(")
    depths = list(accumulate((letter == "(") - (letter == ")") for letter in wkt[start:]))
    return start > 0 and depths[-1] == 0 and 0 not in depths[:-1]
