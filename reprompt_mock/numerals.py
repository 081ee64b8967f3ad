"""JSON numbers that do not fit into 64 bits, kept digit by digit where a decoder would round them.

Integers of up to 4,300 digits and decimals of any precision are kept. A number that overflows a double (1e400) is
refused.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SAFE = 2**53 - 1
"""The largest integer that JavaScript represents exactly."""
_SIGNIFICANT = 17
"""This many digits identify any double; a number with more does not fit into 64 bits."""
_SURE_LENGTH = 18
"""Integers of up to this many characters fit into 64 bits."""
_SUSPECT = re.compile(rb"[0-9][0-9.]{17}|[eE]-[0-9]{3}")
_SMALLEST, _BEYOND = -(2**63), 2**64


class Numeral(float):
    """A number that keeps the digits with which it was sent."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Numeral:
        """Create a number from its JSON text."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str


def has_suspects(text: bytes | bytearray | memoryview) -> bool:
    """Return whether JSON text may contain a number to keep; a fast check that digits in strings can fool."""
    return _SUSPECT.search(text) is not None


def loads(text: bytes | bytearray | memoryview, keep: Callable[[str], Any] = Numeral) -> Any:
    """Decode JSON; `keep` creates the value of each number that does not fit into 64 bits from its text.

    Raises:
        ValueError: `text` is not JSON in UTF-8, or contains NaN or infinities.
        RecursionError: `text` is nested too deeply.
    """
    return json.loads(
        str(text, "utf-8"),
        parse_int=lambda digits: _whole(digits, keep),
        parse_float=lambda digits: _decimal(digits, keep),
        parse_constant=_refuse,
    )


def _refuse(name: str) -> None:
    raise ValueError(name)


def _whole(text: str, keep: Callable[[str], Any]) -> Any:
    value = int(text)
    return value if len(text) <= _SURE_LENGTH or _SMALLEST <= value < _BEYOND else keep(text)


def _decimal(text: str, keep: Callable[[str], Any]) -> Any:
    value = float(text)
    if math.isinf(value):
        raise ValueError(text)
    digits = text.lower().partition("e")[0].replace(".", "").lstrip("-0")
    return keep(text) if len(digits) > _SIGNIFICANT or (digits and not value) else value


def fragment(text: str) -> orjson.Fragment:
    """Wrap a number's text so that `orjson.dumps` writes it verbatim."""
    return orjson.Fragment(text)


def written(value: Any) -> Any:
    """Serialize kept numbers, as the `default` of `orjson.dumps`."""
    if isinstance(value, Numeral):
        return fragment(value.text)
    raise TypeError(type(value).__name__)


def portable(value: int) -> int | str:
    """Return an integer that JavaScript reads exactly, as text if it is too large."""
    return value if abs(value) <= MOST_SAFE else str(value)


def is_safe(value: Any) -> bool:
    """Return whether JavaScript would read every number in JSON data without rounding."""
    if isinstance(value, dict):
        return all(map(is_safe, value.values()))
    if isinstance(value, list):
        return all(map(is_safe, value))
    return not isinstance(value, int | float) or abs(value) <= MOST_SAFE
