"""The address of a place: the given one, split into parts, with missing parts added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.finders.national import NATIONAL_FORMS, localized
from reprompt_mock.enrichment.localities import NOWHERE, postcode_of
from reprompt_mock.enrichment.luck import POSITIONS, below, one_in, pick
from reprompt_mock.enrichment.postal.parts import PARTS
from reprompt_mock.enrichment.postal.writer import composed
from reprompt_mock.enrichment.vocabulary import vocabulary

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_POSTCODE = POSITIONS["postcode"]
_EMPTY = dict.fromkeys(PARTS)


def address(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the address of a place and its national form, if its country has one."""
    code, given = subject.country.code, subject.given.address
    details: dict[str, Any] = {**_EMPTY, **given.parts}
    outputs["address"] = details
    if not given.is_whole:
        _complete(details, subject, luck)
        details["full_address"] = composed(details, code)
    if not one_in(2, luck + generation) and not details["neighborhood"]:
        details["neighborhood"] = pick(vocabulary(subject.country_code).surnames, luck, at=9)
    if code in NATIONAL_FORMS:
        outputs["address_localized"] = localized(subject, luck, details)


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
