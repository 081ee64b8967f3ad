"""The address of a place: the given one, split into parts, with missing parts added."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import country as country_of_code
from reprompt_mock.enrichment.finders.national import NATIONAL_FORMS, PARTS, localized
from reprompt_mock.enrichment.localities import NOWHERE, postcodes_of
from reprompt_mock.enrichment.luck import POSITIONS, below, one_in, pick
from reprompt_mock.enrichment.memo import Memo
from reprompt_mock.enrichment.postal.forms import country_named
from reprompt_mock.enrichment.postal.reader import parsed
from reprompt_mock.enrichment.postal.writer import composed
from reprompt_mock.enrichment.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.enrichment.subject import Subject

_POSTCODE = POSITIONS["postcode"]
_EMPTY = dict.fromkeys(PARTS)
_GIVEN = frozenset(PARTS) - {"full_address"}


def address(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the address of a place and its national form, if its country has one."""
    country, inputs = subject.country, subject.inputs
    details = outputs["address"] = _blank(country.name).copy()
    text = (inputs.get("full_address") or "").strip()
    if text:
        city = inputs.get("city")
        details.update(_parsed[text, country.code, city.strip() if isinstance(city, str) else None])
    for part in inputs.keys() & _GIVEN:
        value = inputs[part]
        if isinstance(value, str) and (value := value.strip()):
            details[part] = value if part != "country" else _english(value)
    if not text or not (details["street"] or details["building"] or details["km"]):
        _complete(details, subject, luck)
        text = composed(details, country.code)
    details["full_address"] = text
    if not one_in(2, luck + generation) and not details["neighborhood"]:
        details["neighborhood"] = pick(vocabulary(subject.country_code).surnames, luck, at=9)
    if country.code in NATIONAL_FORMS:
        outputs["address_localized"] = localized(subject, luck, details)


@lru_cache(maxsize=512)
def _blank(country: str | None) -> dict[str, Any]:
    return {**_EMPTY, "country": country}


def _english(name: str) -> str:
    """Return a country's English short name, or the text itself if it names none."""
    return country_of_code(country_named(name)).name or name


def _parts(given: tuple[str, str | None, str | None]) -> Mapping[str, str]:
    parts = parsed[given]
    return {**parts, "country": _english(parts["country"])} if "country" in parts else parts


_parsed = Memo(_parts)


def _complete(details: dict[str, Any], subject: Subject, luck: int) -> None:
    if not details["street"]:
        details["street"] = pick(vocabulary(subject.country_code).streets, luck)
        if not details["house"]:
            details["house"] = str(1 + below(180, luck, at=8))
    locality = subject.locality or NOWHERE
    if not details["city"]:
        details["city"] = locality.city
    if not details["state"]:
        details["state"] = locality.state
    if not details["postalCode"]:
        postcodes = postcodes_of(subject.country_code, locality)
        details["postalCode"] = pick(postcodes, subject.luck[_POSTCODE]) if postcodes else None
