"""Places of realistic size: those of fixtures/places, numbered, each with a street and a postal code."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import orjson

_SOURCE = Path(__file__).parent.parent / "fixtures" / "places" / "places.json"
_STREETS = ("Station Road", "Rue de la Gare", "Via Roma", "Main Street", "Hauptstraße", "Calle Mayor", "High Street")
NUMBER = "000000000"
"""A template's placeholder for a number with the same number of digits."""


@cache
def _source() -> list[dict[str, Any]]:
    places: list[dict[str, Any]] = json.loads(_SOURCE.read_text(encoding="utf-8"))
    return places


def job(number: int) -> dict[str, Any]:
    """Return a job of a create; equal numbers return equal jobs."""
    source = _source()[number % len(_source())]
    inputs = {
        **source["inputs"],
        "name": f"{source['inputs']['name']} {number}",
        "street": f"{number % 997} {_STREETS[number % len(_STREETS)]}",
        "postalCode": f"{number * 7919 % 100_000:05}",
    }
    return {"place_id": f"{source['place_id']}-{number}", "inputs": inputs}


@cache
def body(
    count: int, *, batch_id: str | None = None, attributes: tuple[str, ...] | None = None, first: int = 0
) -> bytes:
    """Return the body of a create of `count` places, numbered from `first`."""
    named = {} if batch_id is None else {"batch_id": batch_id}
    jobs = [job(number) for number in range(first, first + count)]
    wanted = {"attribute_set": "core"} if attributes is None else {"attributes": attributes}
    return orjson.dumps({**named, "batch_name": f"{count} places", **wanted, "jobs": jobs})


def template() -> bytes:
    """Return the body of a create of one place, with `NUMBER` in place of its number."""
    one = job(0)
    one["place_id"] = f"place-{NUMBER}"
    return orjson.dumps({"batch_name": "One place", "attribute_set": "core", "jobs": [one]})
