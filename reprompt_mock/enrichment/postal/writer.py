"""Writes an address in one line by the customs of its country."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.postal.forms import form_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELDS = {"D": "suburb", "C": "city", "S": "state", "Z": "postalCode"}
_USUAL = "%A\n%C %Z\n%S"
_FIELD = re.compile(r"((?:\b[A-Z]{2}-?)?)%([ADCSTZ])")


def composed(details: Mapping[str, Any], code: str | None) -> str:
    """Return an address that has a street and a city, in one line, with its country at the end."""
    if code in _NATIVE and not details["city"].isascii():
        line = _native(details, *_NATIVE[code])
    else:
        street = _street(details, house_first=form_of(code).house_first)
        line = ", ".join(filter(None, (_line(parts, details, street) for parts in _lines(code))))
    return f"{line}, {details['country']}" if details["country"] else line


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
    if house and not house.endswith(behind):
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


def _value(details: Mapping[str, Any], field: str) -> str | None:
    """Return the part of a field; `T` is a state that is written only if it has not the name of the city."""
    if field == "T":
        return None if details["state"] == details["city"] else details["state"]
    value: str | None = details[_FIELDS[field]]
    return value


def _line(parts: Sequence[str], details: Mapping[str, Any], street: str) -> str:
    """Fill a line: `parts` are signs, then prefix, field and signs by turns."""
    text, written = "", parts[0]
    for at in range(1, len(parts), 3):
        prefix, field, signs = parts[at : at + 3]
        value = street if field == "A" else _value(details, field)
        if value:
            text += f"{written}{prefix}{value}"
            written = signs
        elif not text:
            written = ""
    return (text + written).strip(" ,-/") if text else ""
