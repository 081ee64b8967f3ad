"""Writes an address in one line by the customs of its country."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import country, data
from reprompt_mock.enrichment.postal.forms import form_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELDS = {"D": "suburb", "C": "city", "S": "state", "Z": "postalCode"}
_USUAL = "%A\n%Z %C\n%S"
_FIELD = re.compile(r"((?:\b[A-Z]{2}-?)?)%([ADCSZ])")


def composed(details: Mapping[str, Any], code: str | None) -> str:
    """Return an address that has a street and a city, in one line, with its country at the end."""
    form = country(code).form
    if form in _NATIVE:
        line = _NATIVE[form](details)
    else:
        street = _street(details, house_first=form_of(code).house_first)
        line = ", ".join(filter(None, (_line(parts, details, street) for parts in _lines(code))))
    return f"{line}, {details['country']}" if details["country"] else line


def _street(details: Mapping[str, Any], *, house_first: bool) -> str:
    house, street = details["house"], details["street"]
    if not house:
        return str(street)
    return f"{house} {street}" if house_first else f"{street} {house}"


def _chinese(details: Mapping[str, Any]) -> str:
    return f"{details['state'] or ''}{details['city']}{details['street']}{details['house'] or ''}"


def _korean(details: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (details["state"], details["city"], details["street"], details["house"])))


_NATIVE = {"cjk": _chinese, "kr": _korean}


@lru_cache(maxsize=512)
def _lines(code: str | None) -> tuple[Sequence[str], ...]:
    """Return the lines of a country's addresses, each as signs and names of parts in turn."""
    facts = data("postal").get(code, {})
    form: str = facts.get("latin") or facts.get("form", _USUAL)
    if "%C" not in form:
        form = form.replace("%S", "%C, %S") if "%S" in form else re.sub(r"\b[A-Z]{4,}\b", "%C", form)
    if "%S" not in form and code is None:
        form = _USUAL
    lines = form.replace("%C\n%Z", "%C %Z").split("\n")
    return tuple(_FIELD.split(line) for line in lines)


def _line(parts: Sequence[str], details: Mapping[str, Any], street: str) -> str:
    """Fill a line: `parts` are signs, then prefix, field and signs by turns."""
    text, written = "", parts[0]
    for at in range(1, len(parts), 3):
        prefix, field, signs = parts[at : at + 3]
        value = street if field == "A" else details[_FIELDS[field]]
        if value and not (field == "S" and value == details["city"] and "," in written):
            text += f"{written}{prefix}{value}"
            written = signs
        elif not text:
            written = ""
    return (text + written).strip(" ,-/") if text else ""
