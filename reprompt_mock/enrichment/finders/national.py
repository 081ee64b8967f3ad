"""National address forms, for the countries for which the service has one (contract F5)."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.localities import NOWHERE, localities, postcode_of
from reprompt_mock.enrichment.luck import POSITIONS, below, pick
from reprompt_mock.enrichment.postal.forms import bare, form_of
from reprompt_mock.enrichment.postal.parts import PARTS
from reprompt_mock.enrichment.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprompt_mock.enrichment.subject import Subject

_POSTCODE_DIGITS = 7
_POSTCODE = POSITIONS["postcode"]
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


def _named(subject: Subject, details: Mapping[str, Any], table: str) -> str | None:
    """Return what a national table says of the address's city, state or suburb, else the address's state."""
    known = data("national")[subject.country.code][table]
    found: str | None = next(
        (known[details[part]] for part in ("city", "state", "suburb") if details[part] in known), None
    )
    return found or details["state"]


def _japan(subject: Subject, luck: int, details: Mapping[str, Any], _facts: Any) -> dict[str, Any]:
    form, postcode = form_of("JP"), _japanese_postcode(details["postalCode"])
    locality = subject.locality or NOWHERE
    state = details["state"] or (postcode and form.state_of(postcode)) or locality.state
    prefecture = form.states.get(bare(state), state)
    if prefecture != locality.state:
        locality = next((one for one in localities("JP") if one.state == prefecture), locality)
    words = vocabulary(subject.country_code)
    return {
        "country": "日本",
        "country_code": "JP",
        "postal_code": postcode or postcode_of("JP", locality, subject.luck[_POSTCODE]),
        "prefecture": prefecture,
        "municipality": details["city"] or locality.city,
        "town_area": details["street"] or pick(words.streets, luck),
        "street_address": details["house"],
    }


def _japanese_postcode(text: str | None) -> str | None:
    digits = (text or "").replace("-", "").lstrip("〒")
    usable = len(digits) == _POSTCODE_DIGITS and digits.isascii() and digits.isdigit()
    return f"{digits[:3]}-{digits[3:]}" if usable else None


def _indonesia(subject: Subject, luck: int, details: Mapping[str, Any], facts: Any) -> dict[str, Any]:
    province, regency = _found(subject, luck, details, "provinces")[1]
    if details["city"] and details["city"] not in facts["provinces"]:
        province, regency = details["state"] or province, details["city"]
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
    city, drawn = _found(subject, luck, details, "states")
    state = _named(subject, details, "states") or drawn
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
    district, drawn = _found(subject, luck, details, "areas")
    area = _named(subject, details, "areas") or drawn
    return {
        **{part: details[part] for part in _DETAILS},
        "country": "Hong Kong",
        "country_code": "HK",
        "district": details["city"] or district,
        "area": area,
    }


def _emirates(subject: Subject, luck: int, details: Mapping[str, Any], facts: Any) -> dict[str, Any]:
    city, drawn = _found(subject, luck, details, "emirates")
    emirate = _named(subject, details, "emirates") or drawn
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
