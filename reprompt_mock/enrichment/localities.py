"""Real localities: the one a place lies in, from which its invented city, state, postcode and telephone area come."""

from __future__ import annotations

from functools import lru_cache
from math import cos, radians
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.draws import draw
from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.memo import Memo
from reprompt_mock.enrichment.postal.forms import bare, folded, form_of
from reprompt_mock.enrichment.postal.reader import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reprompt_mock.enrichment.postal.forms import Form

_DIGITS, _LETTERS = "0123456789", "ABCDEFGHJKLMNPRSTUVWXYZ"
POSTCODES = 64
"""How many different postcodes a locality has at most."""
_LEAST_BEGINNING = 2
"""How many signs a postcode has in common with those of the locality that it names."""
_HALF_A_DEGREE = 0.5
# More than the way from the middle of a cell of one degree to its corner and back.
_ACROSS_A_CELL = 1.5


class Locality(NamedTuple):
    """A real city; None stands for no state, no postcodes or no telephone area (which has no trunk prefix).

    In postcodes `#` is any digit and `@` any letter of the country's alphabet; `|` separates alternatives.
    """

    city: str
    state: str | None
    postcodes: str | None
    latitude: float
    longitude: float
    area: str | None


NOWHERE = Locality("Springfield", None, None, 0.0, 0.0, None)
"""The locality of a place whose country is unknown."""


@lru_cache(maxsize=512)
def localities(code: str | None) -> tuple[Locality, ...]:
    """Return the localities of a country, none if it is unknown."""
    known = data("localities")
    return tuple(Locality(*row) for row in known[code]) if code in known else ()


class _Index(NamedTuple):
    """The localities of a country by folded name of the city, usual name of the state, and beginning of a postcode."""

    by_city: Mapping[str, tuple[Locality, ...]]
    by_state: Mapping[str, tuple[Locality, ...]]
    by_postcode: Mapping[str, tuple[Locality, ...]]


@lru_cache(maxsize=512)
def _index(code: str | None) -> _Index:
    form, rows = form_of(code), localities(code)
    return _Index(
        _grouped((folded(row.city), row) for row in rows),
        _grouped((_usual(form, row.state), row) for row in rows if row.state),
        _grouped((beginning, row) for row in rows for beginning in _beginnings(row.postcodes or "")),
    )


def _grouped(pairs: Iterable[tuple[str, Locality]]) -> dict[str, tuple[Locality, ...]]:
    groups: dict[str, dict[Locality, None]] = {}
    for key, row in pairs:
        groups.setdefault(key, {})[row] = None
    return {key: tuple(rows) for key, rows in groups.items()}


def _beginnings(patterns: str) -> Iterator[str]:
    """Yield what postcodes begin with, from two signs on: all beginnings of what comes before the first variable."""
    for pattern in patterns.split("|"):
        fixed = min((place for sign in "#@" if (place := pattern.find(sign)) >= 0), default=len(pattern))
        yield from (pattern[:end] for end in range(_LEAST_BEGINNING, fixed + 1))


def located(inputs: Mapping[str, Any], code: str | None) -> Sequence[Locality]:
    """Return the locality that a place names, else the one nearest to it, else those of its country to draw from.

    Args:
        inputs: the place's, as echoed.
        code: its country code.
    """
    city = _text(inputs.get("city"))
    if len(rows := _of_city(code, city)) == 1:
        return rows
    text, latitude, longitude = inputs.get("full_address"), inputs.get("latitude"), inputs.get("longitude")
    rows = _selected(code, *_names(code, text, city, _text(inputs.get("state")), _text(inputs.get("postalCode"))))
    if latitude is None or longitude is None:
        return rows or localities(code)
    nearest = _nearest(rows, latitude, longitude) if rows else _find_nearest(code, latitude, longitude)
    return (nearest,) if nearest else ()


def _names(
    code: str | None, text: Any, city: str | None, state: str | None, postcode: str | None
) -> tuple[str | None, str | None, str | None]:
    """Return the city, state and postcode that a place gives by itself or in its address."""
    if not text:
        return city, state, postcode
    parts = parsed[text.strip(), code, city]
    return city or parts.get("city"), state or parts.get("state"), postcode or parts.get("postalCode")


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _selected(code: str | None, city: str | None, state: str | None, postcode: str | None) -> tuple[Locality, ...]:
    """Return the localities of a country that have a city's and state's name, a state's, or a postcode's beginning."""
    if len(rows := _of_city(code, city)) == 1:
        return rows
    known, form = _index(code), form_of(code)
    state = _usual(form, state) if state else form.state_of(postcode or "")
    of_state = known.by_state.get(state, ()) if state else ()
    return tuple(row for row in rows if row in of_state) or rows or of_state or _with_postcode(known, postcode or "")


def _of_city(code: str | None, city: str | None) -> tuple[Locality, ...]:
    return _index(code).by_city.get(folded(city), ()) if city else ()


def _usual(form: Form, state: str) -> str:
    return form.states.get(bare(state), state)


def _with_postcode(known: _Index, postcode: str) -> tuple[Locality, ...]:
    """Return the localities that have most of a postcode's beginning in common with it, at least two signs."""
    beginnings = (postcode[:end] for end in range(len(postcode), _LEAST_BEGINNING - 1, -1))
    return next((known.by_postcode[one] for one in beginnings if one in known.by_postcode), ())


def _candidates(cell: tuple[str | None, float, float]) -> tuple[Locality, ...]:
    """Return the localities that may be the nearest one to a point in a cell of one degree."""
    code, south, west = cell
    latitude, longitude = south + _HALF_A_DEGREE, west + _HALF_A_DEGREE
    far = [(_distance(row, latitude, longitude) ** 0.5, row) for row in localities(code)]
    least = min((distance for distance, _ in far), default=0.0)
    return tuple(row for distance, row in far if distance <= least + _ACROSS_A_CELL)


_near = Memo(_candidates)


def _find_nearest(code: str | None, latitude: float, longitude: float) -> Locality | None:
    return _nearest(_near[code, latitude // 1, longitude // 1], latitude, longitude)


def _nearest(rows: Sequence[Locality], latitude: float, longitude: float) -> Locality | None:
    if len(rows) > 1:
        return min(rows, key=lambda row: _distance(row, latitude, longitude))
    return rows[0] if rows else None


def _distance(row: Locality, latitude: float, longitude: float) -> float:
    """Return the square of the distance in degrees of latitude, across the date line too."""
    east = abs(row.longitude - longitude)
    east = min(east, 360 - east) * cos(radians(latitude))
    return (row.latitude - latitude) ** 2 + east * east


def postcode_of(code: str | None, locality: Locality, luck: int) -> str | None:
    """Return one of the postcodes of a locality, by the bits of `luck`; None if its country has none."""
    return _filled[code, locality.postcodes, luck % POSTCODES] if locality.postcodes else None


def _fill(chosen: tuple[str | None, str, int]) -> str:
    code, patterns, number = chosen
    luck = draw(0, "postcodes", str(code), patterns, number)
    symbols = {"#": _DIGITS, "@": data("localities")["letters"].get(code, _LETTERS)}
    return "".join(luck.pick(symbols.get(sign, sign)) for sign in luck.pick(patterns.split("|")))


_filled = Memo(_fill)
