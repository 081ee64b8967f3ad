"""Addresses whose parts are separated by commas, from the street to the country or the other way round."""

from __future__ import annotations

import re

from reprompt_mock.enrichment.country_named import country_named
from reprompt_mock.enrichment.facts import country
from reprompt_mock.enrichment.postal.forms import Form, folded, form_of
from reprompt_mock.enrichment.postal.line import ends_with_state, has_digit, split_line, take_line
from reprompt_mock.enrichment.postal.town import WITHOUT_CITY, Postcode, take_foreign_postcode, take_postcode, take_town
from reprompt_mock.enrichment.postal.words import BUILDING, STREET

LINE_END = re.compile(r"^\D.*\d\w?$")
"""A line that begins with the street and ends with the house."""
_SEPARATOR = re.compile(r"\s*[,;\n،、，]\s*|(?<!\d)\s+[-–]\s+|\s+[-–]\s+(?!\d)")


def read(text: str, code: str | None, city: str | None) -> dict[str, str]:
    """Split an address into its parts; `city` is the known city, if any."""
    pieces = [stripped for piece in _SEPARATOR.split(text.replace("−", "-")) if (stripped := piece.strip())]
    parts: dict[str, str] = {}
    if not pieces:
        return parts
    backwards = _take_country(pieces, parts, code)
    form = form_of(country_named(parts["country"]) if "country" in parts else code)
    postcode = take_postcode(pieces, form) or take_foreign_postcode(pieces, form)
    if postcode:
        parts["postalCode"] = postcode.code
    if "country" not in parts and _is_end(pieces, postcode) and country_named(pieces[-1]) == form.code is not None:
        parts["country"] = pieces.pop()
        if form.is_city(parts["country"]) or (postcode and postcode.beside and form.has("Z", "C")):
            parts["city"] = _spelled(parts["country"], form)
    if len(pieces) > 1 and _is_country_again(pieces[-1], form):
        pieces.pop()
    if postcode and postcode.beside and form.has("Z", "A"):
        postcode = None  # it only began the line
    if backwards or _is_backwards(pieces, form, postcode):
        _take_backwards(pieces, parts, form)
    else:
        _take_forwards(pieces, parts, form, postcode, city=city)
    if "city" not in parts:
        _add_city(parts, form)
    elif "street" not in parts and form.house_first:
        _cut_line(parts, form)
    return parts


def _is_country_again(piece: str, form: Form) -> bool:
    """Return whether a piece is the country in capitals, which some territories write below the city."""
    if form.order in WITHOUT_CITY:
        return country_named(piece) == form.code
    return piece.isupper() and len(piece) > 3 and folded(str(country(form.code).name)).startswith(folded(piece))


def _add_city(parts: dict[str, str], form: Form) -> None:
    """Add the city of an address that does not set it off: it is the country, or ends the line of the street."""
    if form.order in WITHOUT_CITY or form.is_city(parts.get("country", "")):
        parts["city"] = _spelled(parts.get("country", ""), form)
    else:
        _cut_city(parts, form)


def _cut_line(parts: dict[str, str], form: Form) -> None:
    """Cut the line of the street from a city that no comma separates from it: 12 Main St Springfield."""
    words = [match.end() for match in STREET.finditer(parts["city"])]
    line, city = (parts["city"][: words[-1]], parts["city"][words[-1] :].lstrip(" .")) if words else ("", "")
    if city and line[0].isdigit() and not has_digit(city):
        parts["city"] = city
        split_line(line, parts, form)


def _spelled(name: str, form: Form) -> str:
    """Return the name of a city that is also the country, if need be by the name of the country."""
    return str(country(form.code).name) if not name or name.isupper() else name


def _cut_city(parts: dict[str, str], form: Form) -> None:
    words = parts.get("street", "").split()
    for count in range(1, len(words)):
        if form.is_city(" ".join(words[count:])):
            del parts["street"]
            parts["city"] = " ".join(words[count:])
            split_line(" ".join(words[:count]), parts, form)
            return


def _is_end(pieces: list[str], postcode: Postcode | None) -> bool:
    """Return whether the last piece has, or had, the postcode."""
    return len(pieces) > 1 and postcode is not None and postcode.at >= len(pieces) - 1


def _take_country(pieces: list[str], parts: dict[str, str], code: str | None) -> bool:
    """Take the country; return whether it stands first, so that the street stands last."""
    for position in (-1, -2, 0):
        if len(pieces) > 1 and _is_country(pieces, position, code):
            parts["country"] = pieces.pop(position)
            return position == 0
    return False


def _is_country(pieces: list[str], position: int, code: str | None) -> bool:
    if position == -2 and (len(pieces) < 3 or not pieces[-1][0].isdigit() or len(pieces[-1]) < 4):
        return False
    if position == 0 and not has_digit(pieces[-1]):
        return False
    named, form = country_named(pieces[position]), form_of(code)
    if named is None or named == code:
        return named is not None
    return position != -2 and not form.is_state(pieces[position]) and not form.is_city(pieces[position])


def _is_backwards(pieces: list[str], form: Form, postcode: Postcode | None) -> bool:
    """Return whether an address goes from the city to the street."""
    if len(pieces) < 2 or has_digit(pieces[0]) or STREET.search(pieces[0]):
        return False
    if postcode and postcode.at == 0:
        return has_digit(pieces[-1]) or STREET.search(pieces[-1]) is not None
    is_last = postcode is None or postcode.at >= len(pieces)
    ends_in_line = has_digit(pieces[-1]) and not (is_last and len(pieces) == 2 and not form.has("C", "A"))
    return (
        ends_in_line
        and is_last
        and (form.has("C", "A") or form.is_state(pieces[0]) or STREET.search(pieces[-1]) is not None)
    )


def _take_forwards(
    pieces: list[str], parts: dict[str, str], form: Form, postcode: Postcode | None, *, city: str | None
) -> None:
    behind = len(pieces) - postcode.at if postcode else 0
    if pieces and pieces[0] != city and _has_line(pieces, form, postcode):
        take_line(pieces, parts, form, beyond=max(behind, int(len(pieces) > 1 and not _is_whole(parts, form))))
    beside = behind if postcode and postcode.beside and form.has("Z", "C") else 0
    take_town(pieces, parts, form, beside=beside, near_postcode=postcode is not None)


def _is_whole(parts: dict[str, str], form: Form) -> bool:
    """Return whether the city is not written, since it is the country."""
    return "country" in parts and (form.order in WITHOUT_CITY or "city" in parts)


def _has_line(pieces: list[str], form: Form, postcode: Postcode | None) -> bool:
    """Return whether an address begins with a street or a building, and not with its city."""
    if (postcode and postcode.at == 0) or form.is_city(pieces[0]) or (postcode and len(pieces) == 1):
        return bool(postcode and postcode.at) and has_digit(pieces[0])
    if has_digit(pieces[0]) or STREET.search(pieces[0]) or BUILDING.search(pieces[0]):
        return True
    return len(pieces) - ends_with_state(pieces, form) > 1


def _is_town(piece: str, form: Form, *, after: str) -> bool:
    """Return whether a piece after one that may be a state or a city is the city."""
    if has_digit(piece) or STREET.search(piece):
        return False
    return form.is_city(piece) or not form.is_city(after)


def _take_backwards(pieces: list[str], parts: dict[str, str], form: Form) -> None:
    if len(pieces) > 2 and form.is_state(pieces[0]) and _is_town(pieces[1], form, after=pieces[0]):
        parts["state"] = pieces.pop(0)
    if pieces and not has_digit(pieces[0]):
        parts["city"] = pieces.pop(0)
    if len(pieces) > 1 and not has_digit(pieces[0]) and not STREET.search(pieces[0]) and LINE_END.search(pieces[1]):
        parts["suburb"] = pieces.pop(0)
    take_line(pieces, parts, form, beyond=0)
