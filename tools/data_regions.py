"""Generates `regions.json`: where a time zone spans more than one country, and islands without a zone of their own.

    npm install --prefix build/regions world-atlas@2.0.2
    python -m tools.data_regions build/regions/node_modules/world-atlas/countries-10m.json

Needs shapely 2.1. The outline of Kosovo is Natural Earth's, simplified to about 500 meters and widened on the sides
that have other time zones. The line through Laos and the boxes around islands are this project's own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from shapely.geometry import Polygon
from shapely.ops import unary_union

DATA = Path(__file__).parents[1] / "reprompt_mock" / "enrichment" / "data"
_TOLERANCE = 0.005
_MARGIN = 0.08
"""Degrees by which an outline is widened into its other neighbors, whose time zones differ."""

# Laos, with a zone of its own, lies between Thailand and the north of Vietnam: any line through it separates them.
_NORTHERN_VIETNAM = [
    [102.0, 23.6],
    [102.0, 19.6],
    [104.6, 18.6],
    [105.5, 17.0],
    [106.0, 15.9],
    [108.8, 15.9],
    [108.8, 23.6],
]
_BOXES = {
    "Etc/GMT": [("BV", 3.1, -54.6, 3.6, -54.3)],
    "Etc/GMT-5": [("HM", 72.3, -53.4, 74.1, -52.8)],
    "Etc/GMT-8": [("AU", 122.7, -12.7, 123.9, -11.9)],
    "Etc/GMT+6": [("CR", -87.2, 5.4, -86.9, 5.7)],
    "Etc/GMT+7": [("FR", -109.4, 10.2, -109.0, 10.4)],
    "Etc/GMT+11": [("UM", -162.6, 5.7, -161.9, 6.5), ("UM", -160.1, -0.5, -159.9, -0.3)],
    "Etc/GMT+12": [("UM", -176.8, 0.1, -176.3, 0.9)],
}
"""Bouvet, Heard and McDonald, Ashmore and Cartier, Cocos, Clipperton, Kingman and Palmyra, Jarvis, Howland, Baker."""


def atlas(file: Path) -> dict[str, Any]:
    """Return the shapes of a TopoJSON atlas of countries by name."""
    topology = json.loads(file.read_text(encoding="utf-8"))
    arcs = [_absolute(arc, topology["transform"]) for arc in topology["arcs"]]
    countries = (one for one in topology["objects"]["countries"]["geometries"] if one["type"])
    return {one["properties"]["name"]: _shape(one, arcs) for one in countries}


def _absolute(arc: list[list[int]], transform: dict[str, list[float]]) -> list[tuple[float, float]]:
    (wide, high), (west, south) = transform["scale"], transform["translate"]
    points, x, y = [], 0, 0
    for right, up in arc:
        x, y = x + right, y + up
        points.append((x * wide + west, y * high + south))
    return points


def _shape(country: dict[str, Any], arcs: list[list[tuple[float, float]]]) -> Any:
    polygons = [country["arcs"]] if country["type"] == "Polygon" else country["arcs"]
    rings = (_ring(polygon[0], arcs) for polygon in polygons)
    return unary_union([Polygon(ring).buffer(0) for ring in rings if len(ring) > 3])


def _ring(indices: list[int], arcs: list[list[tuple[float, float]]]) -> list[tuple[float, float]]:
    ring: list[tuple[float, float]] = []
    for index in indices:
        points = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring += points[1:] if ring else points
    return ring


def outline(shape: Any, neighbor: Any) -> list[list[float]]:
    """Return the corners of a shape, exact towards one neighbor and widened towards all others."""
    wide = shape.union(shape.buffer(_MARGIN).difference(neighbor)).simplify(_TOLERANCE)
    whole = max(getattr(wide, "geoms", [wide]), key=lambda part: part.area)
    return [[round(x, 3), round(y, 3)] for x, y in whole.exterior.coords[:-1]]


def regions(shapes: dict[str, Any]) -> dict[str, list[list[Any]]]:
    """Return [country code, corners] by time zone."""
    boxes = {zone: [[code, _corners(*box)] for code, *box in islands] for zone, islands in _BOXES.items()}
    return {
        "Asia/Bangkok": [["VN", _NORTHERN_VIETNAM]],
        "Europe/Belgrade": [["XK", outline(shapes["Kosovo"], shapes["Serbia"])]],
        **boxes,
    }


def _corners(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [west, north], [east, north], [east, south]]


if __name__ == "__main__":
    rows = regions(atlas(Path(sys.argv[1]))).items()
    lines = (f"{json.dumps(zone)}: {json.dumps(row, separators=(',', ':'))}" for zone, row in rows)
    (DATA / "regions.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
