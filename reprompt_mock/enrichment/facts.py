"""The data files, read once: countries, names, kinds of place, cuisines, sentences, phone numbers and others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from io import FileIO
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("data")
FILES = (
    "categories",
    "chains",
    "countries",
    "cuisines",
    "endings",
    "hours",
    "kinds",
    "letters",
    "localities",
    "names",
    "national",
    "phones",
    "pools",
    "postal",
    "regions",
    "sentences",
)


@lru_cache
def data(name: str) -> Any:
    """Return the contents of a data file, by its name without extension.

    A test's patched `open` or fake file system does not affect the reading, since a wrong result would be cached.

    Raises:
        OSError: the file cannot be read.
    """
    with FileIO(_DATA / f"{name}.json") as file:
        return json.loads(file.readall())


@dataclass(frozen=True, slots=True)
class Country:
    """Facts about a country.

    `meal` is the price of a simple meal in its currency, `radius` how many meters to the north, south, west and east of
    its `centre` all points are inside the country.
    """

    code: str | None
    name: str | None
    currency: str
    meal: int
    language: str
    locale: str
    form: str
    centre: tuple[float, float]
    zones: tuple[str, ...]
    streets: tuple[str, ...]
    radius: int = 8000


_NOWHERE = Country(None, None, "USD", 15, "en", "en_US", "gb", (0.0, 0.0), (), ())


@lru_cache
def countries() -> dict[str, Country]:
    """Return the countries by ISO 3166-1 alpha-2 code."""
    return {code: _country(code, facts) for code, facts in data("countries").items()}


def _country(code: str, facts: dict[str, Any]) -> Country:
    lists = ("centre", "zones")
    return Country(code=code, streets=tuple(facts.get("streets", ())), **_tuples(facts, lists))


def _tuples(facts: dict[str, Any], lists: tuple[str, ...]) -> dict[str, Any]:
    return {name: tuple(fact) if name in lists else fact for name, fact in facts.items() if name != "streets"}


@lru_cache(maxsize=1024)
def country(code: str | None) -> Country:
    """Return the facts about a country, or generic ones if the code is unknown."""
    return countries().get(code or "", _NOWHERE)


@lru_cache
def zone_countries() -> dict[str, str]:
    """Return country codes by time zone."""
    return {zone: code for code, known in countries().items() for zone in known.zones}
