"""Real localities: the one a place lies in, from which its invented city, state, postcode and telephone area come."""

from __future__ import annotations

from functools import lru_cache
from math import cos, radians
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from reprompt_mock.draws import draw
from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.luck import POSITIONS, pick
from reprompt_mock.enrichment.memo import Memo
from reprompt_mock.enrichment.postal.forms import bare, folded, form_of
from reprompt_mock.enrichment.postal.reader import parsed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprompt_mock.enrichment.postal.forms import Form

_DIGITS, _LETTERS = "0123456789", "ABCDEFGHJKLMNPRSTUVWXYZ"
POSTCODES = 64
"""How many different postcodes a locality has at most."""
_HALF_A_DEGREE = 0.5
# More than the way from the middle of a cell of one degree to its corner and back.
_ACROSS_A_CELL = 1.5


_LOCALITY = POSITIONS["locality"]


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


class Place(Protocol):
    """What of a subject matters here."""

    inputs: Mapping[str, Any]
    country_code: str | None
    luck: tuple[int, ...]


@lru_cache(maxsize=512)
def localities(code: str | None) -> tuple[Locality, ...]:
    """Return the localities of a country, none if it is unknown."""
    known = data("localities")
    return tuple(Locality(*row) for row in known[code]) if code in known else ()


def locality_of(place: Place) -> Locality | None:
    """Return the locality that a place names, else the one nearest to it, else a drawn one; None in no country."""
    given = place.inputs.get
    key = (
        place.country_code,
        given("full_address"),
        given("city"),
        given("state"),
        given("postalCode"),
        given("latitude"),
        given("longitude"),
    )
    try:
        known = _located[key]
    except TypeError:  # a part that is a list or an object
        known = _locate(key)
    if len(known) > 1:
        return pick(known, place.luck[_LOCALITY])
    return known[0] if known else None


_Given = tuple[str | None, Any, Any, Any, Any, Any, Any]


def _locate(key: _Given) -> tuple[Locality, ...]:
    """Return the locality of a place, or those to draw from, by its country, address, parts of it and coordinates."""
    code, text, city, state, postcode, latitude, longitude = key
    names = _names(code, text, _text(city), _text(state), _text(postcode))
    rows = _named[code, *names] if any(names) else ()
    if latitude is None or longitude is None:
        return rows or localities(code)
    nearest = _nearest(rows, latitude, longitude) if rows else _nearest_of[code, latitude, longitude]
    return (nearest,) if nearest else ()


_located = Memo(_locate)


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


def _select(names: tuple[str | None, str | None, str | None, str | None]) -> tuple[Locality, ...]:
    """Return the localities of a country that have a city's and state's name, a state's, or a postcode's beginning."""
    code, city, state, postcode = names
    known, form = localities(code), form_of(code)
    state = form.states.get(bare(state), state) if state else form.state_of(postcode or "")
    rows = tuple(row for row in known if city and folded(row.city) == folded(city))
    of_state = tuple(row for row in rows or known if state and row.state and _usual(form, row.state) == state)
    return of_state or rows or _with_postcode(known, postcode or "")


def _usual(form: Form, state: str) -> str:
    return form.states.get(bare(state), state)


def _with_postcode(known: tuple[Locality, ...], postcode: str) -> tuple[Locality, ...]:
    """Return the localities that have most of a postcode's beginning in common with it, at least two signs."""
    alike = [(_common(row.postcodes, postcode), row) for row in known]
    longest = max((length for length, _ in alike), default=0)
    return tuple(row for length, row in alike if length == longest) if longest > 1 else ()


def _common(patterns: str | None, postcode: str) -> int:
    return max(_alike(pattern, postcode) for pattern in patterns.split("|")) if patterns else 0


def _alike(pattern: str, postcode: str) -> int:
    """Return how many signs a postcode and a pattern have in common from the beginning."""
    pairs = enumerate(zip(pattern, postcode, strict=False))
    return next((at for at, (sign, given) in pairs if sign != given), min(len(pattern), len(postcode)))


_named = Memo(_select)


def _candidates(cell: tuple[str | None, float, float]) -> tuple[Locality, ...]:
    """Return the localities that may be the nearest one to a point in a cell of one degree."""
    code, south, west = cell
    latitude, longitude = south + _HALF_A_DEGREE, west + _HALF_A_DEGREE
    far = [(_distance(row, latitude, longitude) ** 0.5, row) for row in localities(code)]
    least = min((distance for distance, _ in far), default=0.0)
    return tuple(row for distance, row in far if distance <= least + _ACROSS_A_CELL)


_near = Memo(_candidates)


def _find_nearest(point: tuple[str | None, float, float]) -> Locality | None:
    code, latitude, longitude = point
    return _nearest(_near[code, latitude // 1, longitude // 1], latitude, longitude)


_nearest_of = Memo(_find_nearest)


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
