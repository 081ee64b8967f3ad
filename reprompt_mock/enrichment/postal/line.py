"""The first part of an address: street and house, building, unit, floor, block and kilometer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reprompt_mock.enrichment.postal.words import (
    BUILDING,
    DETAIL,
    GENERIC_END,
    LEADING,
    LETTER,
    PURE_HOUSE,
    STREET,
    TRAILING,
)

if TYPE_CHECKING:
    from reprompt_mock.enrichment.postal.forms import Form

_NAMES = {"level": "floor", "door": "unit_number", "story": "floor"}
_HASH_IS_HOUSE = frozenset({"CO", "VE", "EC", "MX", "GT", "HN", "CR", "PA", "DO", "CU", "PR", "BO"})
_UNIT_BEFORE_HOUSE = frozenset({"AU", "NZ"})
_DIGIT = re.compile(r"\d")


def has_digit(text: str) -> bool:
    """Return whether a text has a digit."""
    return _DIGIT.search(text) is not None


def take_line(pieces: list[str], parts: dict[str, str], form: Form, *, beyond: int) -> None:
    """Move what belongs to the street from the front of the pieces to the parts; `beyond` pieces are left over."""
    while (len(pieces) > beyond or (pieces and DETAIL.fullmatch(pieces[0]))) and _take_one(pieces, parts, form, beyond):
        pass


def _take_one(pieces: list[str], parts: dict[str, str], form: Form, beyond: int) -> bool:
    """Take the first piece, unless it belongs to the locality."""
    piece, loose = _without_details(pieces[0], parts, form)
    if piece:
        part = _part_of(piece, pieces, parts, form, beyond=beyond, loose=loose)
        if part is None:
            return False
        _PARTS[part](piece, pieces[1:], parts, form, beyond)
    pieces.pop(0)
    return True


def _part_of(
    piece: str, pieces: list[str], parts: dict[str, str], form: Form, *, beyond: int, loose: bool
) -> str | None:
    """Return what the first piece is, None if it belongs to the locality."""
    if "house" not in parts and PURE_HOUSE.fullmatch(piece):
        return "house"
    if "street" in parts:
        return "building" if "building" not in parts and (loose or BUILDING.search(piece)) else None
    if has_digit(piece) or STREET.search(piece):
        return "street"
    if len(pieces) <= 1 + ends_with_state(pieces, form):
        return "building" if BUILDING.search(piece) and "building" not in parts else None
    return "building" if "building" not in parts and _is_building(pieces, beyond, parts, form) else "street"


def _take_house(piece: str, _rest: list[str], parts: dict[str, str], _form: Form, _beyond: int) -> None:
    match = PURE_HOUSE.fullmatch(piece)
    parts["house"] = match["house"] if match else piece


def _take_building(piece: str, _rest: list[str], parts: dict[str, str], _form: Form, _beyond: int) -> None:
    parts["building"] = piece


def _take_street(piece: str, rest: list[str], parts: dict[str, str], form: Form, beyond: int) -> None:
    is_whole = "house" not in parts and not form.house_first and len(rest) > beyond and PURE_HOUSE.fullmatch(rest[0])
    if is_whole:
        parts["street"] = piece
    else:
        split_line(piece, parts, form)


_PARTS = {"house": _take_house, "building": _take_building, "street": _take_street}


def ends_with_state(pieces: list[str], form: Form) -> bool:
    """Return whether the last piece is a state."""
    if "C" not in form.order or len(pieces) < 2:
        return False
    return form.is_state(pieces[-1]) or (form.needs_state and not form.states)


def _without_details(piece: str, parts: dict[str, str], form: Form) -> tuple[str, bool]:
    """Move unit, floor, block and kilometer to the parts; return what is left, and whether there were any."""
    loose = False
    while match := DETAIL.search(piece):
        rest = f"{piece[: match.start()].rstrip(' ,-')} {piece[match.end() :].lstrip(' ,-')}".strip()
        if match["level"] and match.start() and not has_digit(piece[match.end() :]):
            _take_name_behind(piece[match.end() :].strip(" ,-"), parts)
            rest = piece[: match.start()].rstrip(" ,-")
        named = {_NAMES.get(name, name): value for name, value in match.groupdict().items() if value}
        if match[0].startswith("#") and _is_house(rest, parts, form):
            break
        if not named.keys().isdisjoint(parts):
            break
        parts.update(named)
        piece, loose = rest, True
    return piece, loose


def _take_name_behind(name: str, parts: dict[str, str]) -> None:
    """Take what follows floor and unit as the name of the building, as is usual in Singapore."""
    if name:
        parts.setdefault("building", name)


def _is_house(rest: str, parts: dict[str, str], form: Form) -> bool:
    if form.code in _HASH_IS_HOUSE:
        return True
    return "house" not in parts and not has_digit(rest) and STREET.search(rest) is not None


def _is_building(pieces: list[str], beyond: int, parts: dict[str, str], form: Form) -> bool:
    """Return whether a piece without digits, before any street, is the name of a building."""
    if "house" in parts:
        return False
    following = pieces[1] if len(pieces) > max(1, beyond) else ""
    if PURE_HOUSE.fullmatch(following):
        return False
    # Where streets have a word for it, what has none is a building.
    return has_digit(following) or STREET.search(following) is not None or form.house_first


def split_line(line: str, parts: dict[str, str], form: Form) -> None:
    """Split the line of a street into street and house."""
    leading = None if "house" in parts else _numbered(LEADING.fullmatch(line))
    trailing = None if "house" in parts else _numbered(TRAILING.fullmatch(line))
    if trailing and GENERIC_END.search(trailing["street"]) and (form.house_first or " " not in trailing["street"]):
        trailing = None
    match = (leading or trailing) if form.house_first else (_certain(trailing, leading) or leading)
    if match is None:
        parts["street"] = line
        return
    house = match["house"]
    if form.code in _UNIT_BEFORE_HOUSE and house.count("/") == 1 and match is leading and "unit_number" not in parts:
        parts["unit_number"], house = house.split("/")
    parts["house"], parts["street"] = house, match["street"].rstrip(" ,")


def _numbered(match: re.Match[str] | None) -> re.Match[str] | None:
    """Return the match of a line whose street has a letter."""
    return match if match and LETTER.search(match["street"]) else None


def _certain(trailing: re.Match[str] | None, leading: re.Match[str] | None) -> re.Match[str] | None:
    """Return a number at the end, unless it belongs to the name of a street that a number precedes."""
    if trailing and leading and leading["house"].isdigit() and GENERIC_END.search(trailing["street"]):
        return None
    return trailing
