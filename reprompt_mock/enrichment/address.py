"""The address of a place: what was given about it, taken apart, and completed where parts are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import country_names
from reprompt_mock.enrichment.national import localized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.enrichment.subject import Subject

# The keys of the published address in its order.
_EMPTY = dict.fromkeys(
    (
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
)
_PARTS = frozenset(_EMPTY) - {"full_address"}
_DIGITS = frozenset("0123456789０１２３４５６７８９")


def address(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the address of a place and, in the countries that have one, its national form."""
    details = _details(subject)
    if not details["neighborhood"] and (subject.luck["address"] + generation) & 1:
        details["neighborhood"] = _pick(subject.vocabulary.surnames, subject.luck["address"] >> 36)
    return {"address": details, "address_localized": localized(subject, details)}


def _details(subject: Subject) -> dict[str, Any]:
    given, text = subject.place.inputs, subject.place.full_address
    known = _given(given)
    parts = parsed(text, known.get("city")) if text and not text.isspace() else {}
    parts.update(known)
    read = bool(text) and "street" in parts
    if not read:
        _complete(parts, subject)
    details: dict[str, Any] = {**_EMPTY, "country": subject.country.name, **parts}
    details["full_address"] = text.strip() if read and text else _composed(details, subject.country.form)
    return details


def _given(inputs: Mapping[str, Any]) -> dict[str, str]:
    return {
        part: value.strip()
        for part, value in inputs.items()
        if part in _PARTS and isinstance(value, str) and value and not value.isspace()
    }


def _complete(parts: dict[str, str], subject: Subject) -> None:
    luck, words = subject.luck["address"], subject.vocabulary
    if "street" not in parts:
        parts["street"] = _pick(words.streets, luck)
        parts.setdefault("house", str(1 + (luck >> 8) % 180))
    if "city" not in parts:
        parts["city"] = _pick(words.cities, luck >> 16)
        if words.states:
            parts.setdefault("state", _pick(words.states, luck >> 24))
    if words.postcodes:
        parts.setdefault("postalCode", _pick(words.postcodes, luck >> 28))


def _pick(options: tuple[str, ...], luck: int) -> str:
    return options[luck % len(options)]


def parsed(text: str, city: str | None = None) -> dict[str, str]:
    """Take an address in one line apart, as far as its commas and digits tell; `city` is known from elsewhere."""
    pieces = [piece for piece in map(str.strip, text.split(",")) if piece]
    parts: dict[str, str] = {}
    if len(pieces) > 1 and pieces[-1].casefold() in country_names():
        parts["country"] = pieces.pop()
    # Without any digit no street is named: it is a city, perhaps with its state.
    if pieces and pieces[0] != city and not _DIGITS.isdisjoint(text):
        _take_street(pieces, parts)
    if pieces:
        _take_locality(pieces, parts)
    return parts


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


def _composed(details: Mapping[str, str | None], form: str) -> str:
    country, state, postcode = details["country"], details["state"] or "", details["postalCode"] or ""
    house, street, city = details["house"] or "", details["street"] or "", details["city"] or ""
    if form == "cjk":
        return _joined(f"{city}{street}{house}", country)
    if form == "kr":
        return _joined(f"{city} {street} {house}".strip(), country)
    line = f"{street} {house}" if form == "eu" else f"{house} {street}"
    if form == "us":
        return _joined(line.strip(), city, f"{state} {postcode}".strip(), country)
    if state:
        city = f"{city}, {state}"
    town = f"{city} {postcode}" if form == "gb" else f"{postcode} {city}"
    return _joined(line.strip(), town.strip(), country)


def _joined(*pieces: str | None) -> str:
    return ", ".join([piece for piece in pieces if piece])
