"""The address of a place: the given one, split into parts, with missing parts added."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.country_in_address import country_at_end
from reprompt_mock.enrichment.country_named import country_meant, country_named
from reprompt_mock.enrichment.facts import country
from reprompt_mock.enrichment.finders.national import NATIONAL_FORMS, PARTS, localized
from reprompt_mock.enrichment.luck import POSITIONS, below, one_in, pick
from reprompt_mock.enrichment.memo import Memo
from reprompt_mock.enrichment.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.enrichment.subject import Subject

_POSTCODE = POSITIONS["postcode"]
_EMPTY = dict.fromkeys(PARTS)
_GIVEN = frozenset(PARTS) - {"full_address"}
_DIGITS = frozenset("0123456789０１２３４５６７８９")


def address(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the address of a place and its national form, if its country has one."""
    facts, inputs = subject.country, subject.inputs
    details = outputs["address"] = _blank(facts.name).copy()
    text = (inputs.get("full_address") or "").strip()
    if text:
        city = inputs.get("city")
        details.update(_parsed[text, city.strip() if isinstance(city, str) else None])
    for part in inputs.keys() & _GIVEN:
        value = inputs[part]
        if isinstance(value, str) and (value := value.strip()):
            details[part] = value
    details["country"] = _in_english(details["country"], facts.name)
    if not (text and details["street"]):
        _complete(details, subject, luck)
        text = _composed(details, facts.form)
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
    words = vocabulary(subject.country_code)
    if not details["street"]:
        details["street"] = pick(words.streets, luck)
        if not details["house"]:
            details["house"] = str(1 + below(180, luck, at=8))
    if not details["city"]:
        details["city"] = pick(words.cities, luck, at=16)
        if words.states and not details["state"]:
            details["state"] = pick(words.states, luck, at=24)
    if words.postcodes and not details["postalCode"]:
        details["postalCode"] = pick(words.postcodes, subject.luck[_POSTCODE])


def _parse(given: tuple[str, str | None]) -> dict[str, str]:
    """Split a one-line address into parts by its commas and digits; `given` is the text and the known city."""
    text, city = given
    pieces = [piece for piece in map(str.strip, text.split(",")) if piece]
    parts: dict[str, str] = {}
    if len(pieces) > 1 and (code := country_named(pieces[-1])) and code == country_at_end(pieces):
        parts["country"] = pieces.pop()
    # An address without digits has no street, only a city and perhaps a state.
    if pieces and pieces[0] != city and not _DIGITS.isdisjoint(text):
        _take_street(pieces, parts)
    if pieces:
        _take_locality(pieces, parts)
    return parts


_parsed = Memo(_parse)


def _take_street(pieces: list[str], parts: dict[str, str]) -> None:
    if len(pieces) > 2 and _DIGITS.isdisjoint(pieces[0]) and not _DIGITS.isdisjoint(pieces[1]):
        parts["building"] = pieces.pop(0)
    line = pieces.pop(0)
    first, _, rest = line.partition(" ")
    if rest and first[0] in _DIGITS:
        parts["house"], parts["street"] = first, rest
        return
    rest, _, last = line.rpartition(" ")
    if rest and last[0] in _DIGITS:
        parts["street"], parts["house"] = rest, last
    else:
        parts["street"] = line
        if pieces and pieces[0][0] in _DIGITS and len(pieces) > 1 and pieces[0].isalnum():
            parts["house"] = pieces.pop(0)


def _take_locality(pieces: list[str], parts: dict[str, str]) -> None:
    postcode, words = [], []
    for word in pieces.pop().split():
        if not _DIGITS.isdisjoint(word):
            postcode.append(word)
        elif word.isupper() and len(word) < 4 and pieces:
            parts["state"] = word
        else:
            words.append(word)
    if postcode:
        parts["postalCode"] = " ".join(postcode)
    if words and pieces and not postcode:
        parts["state"] = " ".join(words)
    elif words:
        parts["city"] = " ".join(words)
    if pieces:
        parts["suburb" if "city" in parts else "city"] = pieces[-1]


def _composed(details: Mapping[str, Any], form: str) -> str:
    """Format an address with a street and a city in one line, as is usual in its country."""
    house, street, country = details["house"] or "", details["street"], details["country"]
    if form == "cjk":
        line = f"{details['city']}{street}{house}"
    elif form == "kr":
        line = f"{details['city']} {street} {house}".rstrip()
    elif form == "eu":
        line = f"{street} {house}, {_town(details, form)}" if house else f"{street}, {_town(details, form)}"
    else:
        line = f"{house} {street}, {_town(details, form)}" if house else f"{street}, {_town(details, form)}"
    return f"{line}, {country}" if country else line


def _town(details: Mapping[str, str], form: str) -> str:
    city, state, postcode = details["city"], details["state"], details["postalCode"]
    if form == "us":
        region = f"{state or ''} {postcode or ''}".strip()
        return f"{city}, {region}" if region else city
    if state:
        city = f"{city}, {state}"
    if not postcode:
        return city
    return f"{city} {postcode}" if form == "gb" else f"{postcode} {city}"
