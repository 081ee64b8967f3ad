"""The last part of an address: postcode, suburb, city and state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.enrichment.postal.line import has_digit
from reprompt_mock.enrichment.postal.words import STREET

if TYPE_CHECKING:
    from reprompt_mock.enrichment.postal.forms import Form

_LONGEST_STATE = 5
_FOREIGN = re.compile(r"(?=.*[A-Z])[A-Z\d]{2,4}[ -]?[A-Z\d]{3,4}|[A-Z]{0,2}-?\d{2,3}[ -]?\d{2,5}")
WITHOUT_CITY = frozenset({"A", "AZ"})
"""The orders of countries that are a city, whose addresses do not name it."""
_ABBREVIATED = re.compile(r"(?P<city>.*\S)\s+(?P<state>[A-Z]{2,3})")
_JOINED = re.compile(r"(?P<city>.*[^\s/(-])\s*(?:/|-|\()\s*(?P<state>[^/()]+?)\)?")
_SIGNS = " -/,()."


class Postcode(NamedTuple):
    """A postcode: where it stood among the pieces, and whether there was something beside it, which is still there."""

    code: str
    at: int
    beside: bool


def take_postcode(pieces: list[str], form: Form) -> Postcode | None:
    """Cut the country's last postcode out of the pieces."""
    if form.postcode is not None:
        for position in range(len(pieces) - 1, -1, -1):
            found = list(form.postcode.finditer(pieces[position]))
            if found and _may_be(pieces, position, found[-1], form):
                return _cut(pieces, position, found[-1], form)
    return None


def _cut(pieces: list[str], position: int, match: re.Match[str], form: Form) -> Postcode:
    piece = pieces[position]
    rest = [piece[: match.start()].rstrip(_SIGNS), piece[match.end() :].lstrip(_SIGNS)]
    if not (all(rest) and "S" in form.order):  # between two names it separates city and state
        rest = [" ".join(rest).strip()]
    pieces[position : position + 1] = filter(None, rest)
    return Postcode(match["code"], position, any(rest))


def _may_be(pieces: list[str], position: int, match: re.Match[str], form: Form) -> bool:
    """Return whether a match is a postcode, and not the number of a house."""
    piece = pieces[position]
    if match[0] == piece:
        in_line = position == 1 and len(pieces) > 2 and len(piece) < 4 and not has_digit(pieces[0])
        return not in_line
    if position:
        return not (match.start() == 0 and STREET.search(piece) and not form.has("Z", "C"))
    if match.start():
        return len(pieces) == 1 or not has_digit(piece[: match.start()])
    if form.has("Z", "A"):
        return True
    return (
        (form.has("Z", "C") or form.has("Z", "S")) and not has_digit(piece[match.end() :]) and not STREET.search(piece)
    )


def take_foreign_postcode(pieces: list[str], form: Form) -> Postcode | None:
    """Cut a postcode of another form out of the last piece: its words that have digits."""
    if not pieces or (form.code is not None and form.postcode is None):
        return None
    words = pieces[-1].split()
    code = " ".join(word for word in words if has_digit(word))
    if not _FOREIGN.fullmatch(code) or (len(pieces) == 1 and has_digit(words[0]) and len(words) > 1):
        return None
    rest = " ".join(word for word in words if not has_digit(word))
    pieces[-1:] = [rest] if rest else []
    return Postcode(code, len(pieces) - bool(rest), bool(rest))


def take_town(pieces: list[str], parts: dict[str, str], form: Form, *, beside: int, near_postcode: bool) -> None:
    """Move suburb, city and state to the parts; the pieces are only those of the locality.

    `beside` counts the pieces from the city on, where the postcode stood before it, else is 0.
    """
    if not pieces:
        return
    if form.order in WITHOUT_CITY:
        parts["suburb"] = pieces.pop()
    elif "C" not in form.order and "S" in form.order:
        _take_area(pieces, parts, form)
    elif beside and len(pieces) >= beside:
        _take_behind(pieces, parts, form, beside)
    else:
        _take_state(pieces, parts, form, near_postcode=near_postcode)
    if pieces and "city" not in parts and form.order not in WITHOUT_CITY:
        parts["city"] = pieces.pop()
    if pieces and "suburb" not in parts:
        parts["suburb"] = pieces.pop()


def _take_behind(pieces: list[str], parts: dict[str, str], form: Form, beside: int) -> None:
    """Take the city that stood beside the postcode, and the state behind it."""
    behind = pieces[len(pieces) - beside :]
    del pieces[len(pieces) - beside :]
    split = _split(behind[0], form, near_postcode=True)
    parts["city"] = behind[0]
    if len(behind) > 1:
        parts["state"] = behind[-1]
    elif split:
        parts["city"], parts["state"] = split


def _take_area(pieces: list[str], parts: dict[str, str], form: Form) -> None:
    """Take the state of a country whose addresses have one in the place of a city, or beside it."""
    if not form.is_state(pieces[-1]):
        if len(pieces) > 1 and form.needs_state and not form.states:
            parts["state"] = pieces.pop()
        return
    parts["state"] = pieces[-1]
    if len(pieces) == 1 or not (form.code == "JP" or form.is_city(pieces[-2])):
        parts["city"] = pieces[-1]
    pieces.pop()


def _take_state(pieces: list[str], parts: dict[str, str], form: Form, *, near_postcode: bool) -> None:
    if len(pieces) > 1:
        for position in (-1, -2) if form.has("S", "C") or not form.is_state(pieces[-1]) else (-1,):
            if form.is_state(pieces[position]):
                parts["state"] = pieces.pop(position)
                return
        if form.needs_state and not form.states:
            parts["state"] = pieces.pop(-2 if form.has("S", "C") else -1)
            return
    split = _split(pieces[-1], form, near_postcode=near_postcode)
    if split:
        pieces[-1], parts["state"] = split
    elif "S" in form.order and len(pieces) > 1 and _is_code(pieces[-1]):
        parts["state"] = pieces.pop()


def _split(piece: str, form: Form, *, near_postcode: bool) -> tuple[str, str] | None:
    """Split a piece into city and state, None if it has no state."""
    if form.needs_state and not form.states:
        words = piece.split()
        cuts = ((" ".join(words[:count]), " ".join(words[count:])) for count in range(len(words) - 1, 0, -1))
        return next((cut for cut in cuts if form.is_city(cut[0])), None) or _ended(piece, form, near_postcode=True)
    return _joined(piece, form) or _ended(piece, form, near_postcode=near_postcode)


def _is_code(piece: str) -> bool:
    return piece.isupper() and len(piece) < 4


def _joined(piece: str, form: Form) -> tuple[str, str] | None:
    match = _JOINED.fullmatch(piece)
    if match and (form.is_state(match["state"]) or _is_turkish(match, form)):
        return match["city"], match["state"]
    return None


def _is_turkish(match: re.Match[str], form: Form) -> bool:
    return form.code == "TR" and "/" in match[0]


def _ended(piece: str, form: Form, *, near_postcode: bool) -> tuple[str, str] | None:
    """Split a piece whose last words are a state."""
    words = piece.split()
    for count in range(min(_LONGEST_STATE, len(words) - 1), 0, -1):
        state = " ".join(words[-count:])
        if form.is_state(state) and (near_postcode or _is_code(state)):
            return " ".join(words[:-count]), state
    match = _ABBREVIATED.fullmatch(piece)
    return (match["city"], match["state"]) if match and "S" in form.order else None
