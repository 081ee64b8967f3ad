"""The address of a place: the given one, split into parts, with missing parts added."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.country_named import country_meant
from reprompt_mock.enrichment.facts import country
from reprompt_mock.enrichment.finders.national import NATIONAL_FORMS, PARTS, localized
from reprompt_mock.enrichment.localities import NOWHERE, postcode_of
from reprompt_mock.enrichment.luck import POSITIONS, below, one_in, pick
from reprompt_mock.enrichment.postal.reader import parsed
from reprompt_mock.enrichment.postal.writer import composed
from reprompt_mock.enrichment.vocabulary import vocabulary

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_POSTCODE = POSITIONS["postcode"]
_EMPTY = dict.fromkeys(PARTS)
_LINE = ("house", "building", "block", "km", "unit_number", "floor")
"""The parts of which a text has one, or a street, unless it is only a city."""
_GIVEN = frozenset(PARTS) - {"full_address"}


def address(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the address of a place and its national form, if its country has one."""
    facts, inputs = subject.country, subject.inputs
    details = outputs["address"] = _blank(facts.name).copy()
    text = (inputs.get("full_address") or "").strip()
    if text:
        city = inputs.get("city")
        details.update(parsed[text, facts.code, city.strip() if isinstance(city, str) else None])
    for part in inputs.keys() & _GIVEN:
        value = inputs[part]
        if isinstance(value, str) and (value := value.strip()):
            details[part] = value
    details["country"] = _in_english(details["country"], facts.name)
    if not text or not (details["street"] or any(map(details.__getitem__, _LINE))):
        _complete(details, subject, luck)
        text = composed(details, facts.code)
    details["full_address"] = text
    if not one_in(2, luck + generation) and not details["neighborhood"]:
        details["neighborhood"] = pick(vocabulary(subject.country_code).surnames, luck, at=9)
    if facts.code in NATIONAL_FORMS:
        outputs["address_localized"] = localized(subject, luck, details)


@lru_cache(maxsize=512)
def _blank(country: str | None) -> dict[str, Any]:
    return {**_EMPTY, "country": country}


@lru_cache(maxsize=1024)
def _in_english(given: str | None, known: str | None) -> str | None:
    """Return the short English name of the given country, else the known one."""
    return country(country_meant(given or "")).name or known or given


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
        details["postalCode"] = postcode_of(subject.country_code, locality, subject.luck[_POSTCODE])
