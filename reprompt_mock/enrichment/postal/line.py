"""The first part of an address: street and house, building, unit, floor, block and kilometer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reprompt_mock.enrichment.postal.words import (
    BUILDING,
    DETAIL,
    GENERIC_END,
    LEADING,
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
    while len(pieces) > beyond and _take_one(pieces, parts, form, beyond):
        pass


def _take_one(pieces: list[str], parts: dict[str, str], form: Form, beyond: int) -> bool:
    """Take the first piece, unless it belongs to the locality."""
    piece, loose = _without_details(pieces[0], parts, form)
    if not piece:
        pieces.pop(0)
        return True
    pure = PURE_HOUSE.fullmatch(piece)
    if pure and "house" not in parts:
        pieces.pop(0)
        parts["house"] = pure["house"]
        return True
    if "street" in parts:
        if (loose or BUILDING.search(piece)) and "building" not in parts:
            pieces.pop(0)
            parts["building"] = piece
            return True
        return False
    if not has_digit(piece) and not STREET.search(piece) and len(pieces) <= 1 + ends_with_state(pieces, form):
        return False
    if not has_digit(piece) and "building" not in parts and _is_building(pieces, piece, beyond, parts, form):
        pieces.pop(0)
        parts["building"] = piece
        return True
    pieces.pop(0)
    _split_line(piece, parts, form)
    return True


def ends_with_state(pieces: list[str], form: Form) -> bool:
    """Return whether the last piece is a state."""
    return "C" in form.order and len(pieces) > 1 and form.is_state(pieces[-1])


def _without_details(piece: str, parts: dict[str, str], form: Form) -> tuple[str, bool]:
    """Move unit, floor, block and kilometer to the parts; return what is left, and whether there were any."""
    loose = False
    while match := DETAIL.search(piece):
        rest = f"{piece[: match.start()].rstrip(' ,-')} {piece[match.end() :].lstrip(' ,-')}".strip()
        named = {_NAMES.get(name, name): value for name, value in match.groupdict().items() if value}
        if match[0].startswith("#") and _is_house(rest, parts, form):
            break
        if not named.keys().isdisjoint(parts):
            break
        parts.update(named)
        piece, loose = rest, True
    return piece, loose


def _is_house(rest: str, parts: dict[str, str], form: Form) -> bool:
    if form.code in _HASH_IS_HOUSE:
        return True
    return "house" not in parts and not has_digit(rest) and STREET.search(rest) is not None


def _is_building(pieces: list[str], piece: str, beyond: int, parts: dict[str, str], form: Form) -> bool:
    """Return whether a piece without digits, before any street, is the name of a building."""
    if STREET.search(piece) or "house" in parts:
        return False
    following = pieces[1] if len(pieces) > max(1, beyond) else ""
    if PURE_HOUSE.fullmatch(following):
        return False
    # Where streets have a word for it, what has none is a building.
    return has_digit(following) or STREET.search(following) is not None or form.house_first


def _split_line(line: str, parts: dict[str, str], form: Form) -> None:
    leading = None if "house" in parts else LEADING.fullmatch(line)
    trailing = None if "house" in parts else TRAILING.fullmatch(line)
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


def _certain(trailing: re.Match[str] | None, leading: re.Match[str] | None) -> re.Match[str] | None:
    """Return a number at the end, unless the one at the beginning stands before a street of an English kind."""
    if trailing and leading and GENERIC_END.search(trailing["street"]):
        return None
    return trailing
