"""Where a WKT geometry lies (contract C1): a point exactly, other shapes by the centre of their bounding box."""

from __future__ import annotations


class GeometryError(ValueError):
    """A text that is no WKT geometry on the earth."""


def point_of(wkt: str) -> tuple[float, float]:
    """Give the longitude and latitude of a WKT geometry, whose coordinates stand longitude first.

    Raises:
        GeometryError: it cannot be parsed, is empty, or lies off the earth.
    """
    from pygeoif import from_wkt

    try:
        bounds: tuple[float, ...] = getattr(from_wkt(wkt), "bounds", ())
        west, south, east, north = bounds
    except Exception as error:
        raise GeometryError("cannot be parsed: use a form such as POINT(longitude latitude)") from error
    longitude, latitude = (west + east) / 2, (south + north) / 2
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise GeometryError("lies off the earth: longitude comes first, -180 to 180, then latitude, -90 to 90")
    return float(longitude), float(latitude)
