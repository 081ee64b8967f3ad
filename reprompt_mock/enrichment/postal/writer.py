"""Writes an address in one line by the customs of its country."""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.memo import Memo
from reprompt_mock.enrichment.postal.forms import form_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELDS = {"D": "suburb", "C": "city", "S": "state", "T": "T", "Z": "postalCode"}
_USUAL = "%A\n%C %Z\n%S"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_FIELD = re.compile(r"((?:\b[A-Z]{2}-?)?)%([ADCSTZ])")
"""A part, with the letters before it that are written only with it; `T` is a state of another name than the city."""


def composed(details: Mapping[str, Any], code: str | None) -> str:
    """Return an address that has a street and a city, in one line, with its country at the end."""
    city, state = details["city"], details["state"]
    key = (
        code,
        city.isascii(),
        details["house"] is not None,
        details["suburb"] is not None,
        state is not None,
        state == city,
        details["postalCode"] is not None,
        details["country"] is not None,
    )
    pattern, parts_of = _patterns[key]
    text: str = pattern % parts_of(details)
    return text


def _template(given: tuple[str | None, bool, bool, bool, bool, bool, bool, bool]) -> str:
    """Return the form of the addresses of a country that have certain parts."""
    code, is_latin, has_house, has_suburb, has_state, is_city, has_postcode, has_country = given
    state = "{state}" * has_state
    parts = {
        "street": "{street}",
        "house": "{house}" * has_house,
        "suburb": "{suburb}" * has_suburb,
        "city": "{city}",
        "state": state,
        "T": "" if is_city else state,
        "postalCode": "{postalCode}" * has_postcode,
    }
    if code in _NATIVE and not is_latin:
        line = _native(parts, *_NATIVE[code])
    else:
        street = _street(parts, house_first=form_of(code).house_first)
        line = ", ".join(filter(None, (_line(one, parts, street) for one in _lines(code))))
    return line + ", {country}" * has_country


def _pattern(given: tuple[str | None, bool, bool, bool, bool, bool, bool, bool]) -> tuple[str, itemgetter[Any]]:
    """Return the form of addresses as a pattern for `%`, twice as fast as `format`, and what gets the parts for it."""
    template = _template(given)
    return _PLACEHOLDER.sub("%s", template), itemgetter(*_PLACEHOLDER.findall(template))


_patterns = Memo(_pattern)


def _street(details: Mapping[str, Any], *, house_first: bool) -> str:
    house, street = details["house"], details["street"]
    if not house:
        return str(street)
    return f"{house} {street}" if house_first else f"{street} {house}"


# What stands before and after the postcode, between the parts, and after the house.
_NATIVE = {"CN": ("", " ", "", "号"), "JP": ("〒", " ", "", ""), "KR": ("", " ", " ", ""), "TW": ("", " ", "", "號")}


def _native(details: Mapping[str, Any], before: str, after: str, between: str, behind: str) -> str:
    """Return an address from the largest part to the smallest."""
    house, postcode = details["house"], details["postalCode"]
    if house:
        house += behind
    line = between.join(filter(None, (details["state"], details["city"], details["suburb"], details["street"], house)))
    return f"{before}{postcode}{after}{line}" if postcode else line


@lru_cache(maxsize=512)
def _lines(code: str | None) -> tuple[Sequence[str], ...]:
    """Return the lines of a country's addresses, each as signs and names of parts in turn."""
    facts = data("postal").get(code, {})
    form: str = facts.get("latin") or facts.get("form", _USUAL)
    if "%C" not in form:
        form = form.replace("%S", "%C, %T") if "%S" in form else re.sub(r"\b[A-Z]{4,}\b", "%C", form)
    lines = form.replace("%C\n%Z", "%C %Z").split("\n")
    return tuple(_FIELD.split(line) for line in lines)


def _line(parts: Sequence[str], details: Mapping[str, Any], street: str) -> str:
    """Fill a line: `parts` are signs, then prefix, field and signs by turns."""
    text, written = "", parts[0]
    for at in range(1, len(parts), 3):
        prefix, field, signs = parts[at : at + 3]
        value = street if field == "A" else details[_FIELDS[field]]
        if value:
            text += f"{written}{prefix}{value}"
            written = signs
        elif not text:
            written = ""
    return (text + written).strip(" ,-/") if text else ""
