"""JSON numbers that no 64 bits hold: read and written digit by digit, where a decoder would round them.

Whole numbers of up to 4,300 digits and decimals of any precision are kept. What a double takes for an infinity
(1e400) is no number here either.
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
"""The largest whole number that JavaScript holds exactly."""
_SIGNIFICANT = 17
"""So many digits tell any two doubles apart: a number with more is none that 64 bits hold."""
_SURE_LENGTH = 18
"""Whole numbers of so many characters fit into 64 bits."""
_SUSPECT = re.compile(rb"[0-9][0-9.]{17}|[eE]-[0-9]{3}")
_SMALLEST, _BEYOND = -(2**63), 2**64


class Numeral(float):
    """A number with the digits that it was sent with."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Numeral:
        """Make it from JSON text."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str


def has_suspects(text: bytes | bytearray | memoryview) -> bool:
    """Tell, quickly, whether JSON text may hold a number that must be kept; long digits in strings count too."""
    return _SUSPECT.search(text) is not None


def loads(text: bytes | bytearray | memoryview, keep: Callable[[str], Any] = Numeral) -> Any:
    """Read JSON; what stands for a number that 64 bits do not hold is made by `keep` from its text.

    Raises:
        ValueError: it is no JSON in UTF-8, or has NaN or infinities.
        RecursionError: it is nested too deeply.
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
    """Make of a number's text what `orjson.dumps` writes as it is."""
    return orjson.Fragment(text)


def written(value: Any) -> Any:
    """Let `orjson.dumps` write what is kept: its `default`."""
    if isinstance(value, Numeral):
        return fragment(value.text)
    raise TypeError(type(value).__name__)


def portable(value: int) -> int | str:
    """Write a whole number so that JavaScript keeps it: as text where it is too large."""
    return value if abs(value) <= MOST_SAFE else str(value)


def is_safe(value: Any) -> bool:
    """Tell whether JSON data hold no number that JavaScript would round."""
    if isinstance(value, dict):
        return all(map(is_safe, value.values()))
    if isinstance(value, list):
        return all(map(is_safe, value))
    return not isinstance(value, int | float) or abs(value) <= MOST_SAFE
