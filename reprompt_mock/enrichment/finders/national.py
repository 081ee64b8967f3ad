"""National address forms, for the countries for which the service has one (contract F5)."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.luck import below, pick
from reprompt_mock.enrichment.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprompt_mock.enrichment.subject import Subject

_POSTCODE_DIGITS = 7
_PREFECTURE_ENDINGS = frozenset("都道府県")
PARTS = (
    "full_address",
    "unit_number",
    "floor",
    "building",
    "block",
    "km",
    "house",
    "street",
    "neighborhood",
    "suburb",
    "city",
    "state",
    "country",
    "postalCode",
)
"""The keys of the published address in its order."""
_DETAILS = tuple(part for part in PARTS if part != "country")


def localized(subject: Subject, luck: int, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the national form of an address in a country that has one."""
    code = subject.country.code
    return NATIONAL_FORMS[code](subject, luck, details, data("national")[code])


@lru_cache
def _pairs(code: str, table: str) -> tuple[tuple[str, Any], ...]:
    return tuple(data("national")[code][table].items())


def _found(subject: Subject, luck: int, details: Mapping[str, Any], table: str) -> tuple[str, Any]:
    """Return the row of a national table that the address names, or else a drawn one."""
    known = data("national")[subject.country.code][table]
    for part in ("city", "state", "suburb"):
        if details[part] in known:
            return details[part], known[details[part]]
    return pick(_pairs(str(subject.country.code), table), luck)


def _japan(subject: Subject, luck: int, details: Mapping[str, Any], _facts: Any) -> dict[str, Any]:
    _, prefecture = _found(subject, luck, details, "prefectures")
    text = details["full_address"]
    if not _PREFECTURE_ENDINGS.isdisjoint(text):
        prefecture = next((name for _, name in _pairs("JP", "prefectures") if name in text), prefecture)
    words = vocabulary(subject.country_code)
    return {
        "country": "日本",
        "country_code": "JP",
        "postal_code": _japanese_postcode(details["postalCode"]) or pick(words.postcodes, luck),
        "prefecture": prefecture,
        "municipality": _japanese(details["city"]) or pick(words.cities, luck, at=16),
        "town_area": _japanese(details["street"]) or pick(words.streets, luck),
        "street_address": details["house"],
    }


def _japanese(text: str | None) -> str | None:
    return text if text and not text.isascii() else None


def _japanese_postcode(text: str | None) -> str | None:
    digits = (text or "").replace("-", "").lstrip("〒")
    usable = len(digits) == _POSTCODE_DIGITS and digits.isascii() and digits.isdigit()
    return f"{digits[:3]}-{digits[3:]}" if usable else None


def _indonesia(subject: Subject, luck: int, details: Mapping[str, Any], facts: Any) -> dict[str, Any]:
    province, regency = _found(subject, luck, details, "provinces")[1]
    return {
        "country": "Indonesia",
        "country_code": "ID",
        "administrative_area_level1": province,
        "administrative_area_level2": regency,
        "administrative_area_level3": pick(facts["districts"], luck, at=8),
        "administrative_area_level4": pick(facts["villages"], luck, at=12),
        "rt_rw": f"RT.{1 + below(12, luck, at=16)}/RW.{1 + below(9, luck, at=20)}",
        "street": details["street"],
        "gang": None,
        "building": details["building"],
        "km": details["km"],
        "block": details["block"],
        "house_no": f"No.{details['house']}" if details["house"] else None,
        "kav": None,
        "postcode": details["postalCode"],
        "floor": details["floor"],
        "unit": details["unit_number"],
    }


def _singapore(_subject: Subject, luck: int, details: Mapping[str, Any], _facts: Any) -> dict[str, Any]:
    region, districts = pick(_pairs("SG", "regions"), luck)
    district = pick(districts, luck, at=8)
    return {
        "country": "Singapore",
        "country_code": "SG",
        "full_address": details["full_address"],
        "postcode": details["postalCode"],
        "administrative_area_level1": region,
        "administrative_area_level2": district,
        "administrative_area_level3": f"{district} Central",
        "street": details["street"],
        "house": details["house"],
        "building": details["building"],
        "floor": details["floor"],
        "unit": details["unit_number"],
        "block": details["block"],
    }


def _malaysia(subject: Subject, luck: int, details: Mapping[str, Any], facts: Any) -> dict[str, Any]:
    city, state = _found(subject, luck, details, "states")
    return {
        **{part: details[part] for part in _DETAILS},
        "country": "Malaysia",
        "country_code": "MY",
        "administrative_area_level1": state,
        "administrative_area_level2": state,
        "administrative_area_level3": details["city"] or city,
        "administrative_area_level4": pick(facts["subdistricts"], luck, at=8),
        "nearby_street": None,
        "lot": None,
        "sub_lot": None,
    }


def _hong_kong(subject: Subject, luck: int, details: Mapping[str, Any], _facts: Any) -> dict[str, Any]:
    district, area = _found(subject, luck, details, "areas")
    return {
        **{part: details[part] for part in _DETAILS},
        "country": "Hong Kong",
        "country_code": "HK",
        "district": district,
        "area": area,
    }


def _emirates(subject: Subject, luck: int, details: Mapping[str, Any], facts: Any) -> dict[str, Any]:
    city, emirate = _found(subject, luck, details, "emirates")
    return {
        "country": details["country"],
        "country_code": "AE",
        "full_address": details["full_address"],
        "emirate": emirate,
        "city": details["city"] or city,
        "district": details["suburb"] or pick(facts["districts"], luck, at=8),
        "street": details["street"],
        "house": details["house"],
        "building": details["building"],
        "unit_number": details["unit_number"],
    }


NATIONAL_FORMS: Mapping[str | None, Callable[[Subject, int, Mapping[str, Any], Any], dict[str, Any]]] = (
    MappingProxyType(
        {
            "JP": _japan,
            "ID": _indonesia,
            "SG": _singapore,
            "MY": _malaysia,
            "HK": _hong_kong,
            "AE": _emirates,
        }
    )
)
