"""The luck of a place: numbers for each attribute, derived from a seed and the place alone."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from struct import Struct
from typing import TYPE_CHECKING, TypeVar

from reprompt_mock.attributes import CATALOGUE, CORE

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_A_PAGE = 16

# The first page has what the core attributes need, usually all that is needed. Adding an attribute at the end of the
# catalogue does not change the luck of the others.
_FIRST = ("identity", "voice", *CORE, "postcode", "presence", "locality")
_FURTHER = ("identifier", "account", *(name for name in CATALOGUE if name not in CORE))
POSITIONS = {name: position for position, name in enumerate(_FIRST)} | {
    name: position for position, name in enumerate(_FURTHER, _A_PAGE)
}
_words_of_core = Struct(f"<{_A_PAGE}I").unpack
_words_of_all = Struct(f"<{_A_PAGE + len(_FURTHER)}I").unpack_from

_FATED = {name: position for position, name in enumerate(CATALOGUE)}
_FATE_BYTES = 64


def first_page(seed: int, place_id: str) -> bytes:
    """Return the digest from which all of a place's luck is derived."""
    state = _keyed(seed).copy()
    state.update(place_id.encode())
    return state.digest()


@lru_cache(maxsize=1024)
def _keyed(seed: int) -> blake2b:
    return blake2b(key=str(seed).encode(), person=b"luck")


def luck_of(page: bytes, *, beyond_core: bool) -> tuple[int, ...]:
    """Return the luck of a place: 32 bits for each of the `POSITIONS`, core attributes first."""
    if not beyond_core:
        return _words_of_core(page)
    second = blake2b(page).digest()
    return _words_of_all(page + second + blake2b(second).digest())


def fates_of(page: bytes, generation: int) -> bytes:
    """Return the digest that has a place's `fate` for every attribute in a generation."""
    return blake2b(page + generation.to_bytes(8, "little")).digest()


def place_of_fate(attribute: str) -> tuple[int, int]:
    """Return the places of the two bytes of an attribute's fate in the digest, the higher byte first."""
    position = _FATED[attribute]
    return position, _FATE_BYTES - 1 - position


def below(bound: int, luck: int, at: int = 0) -> int:
    """Choose an integer from 0 to bound - 1, by the bits of `luck` from bit `at` on."""
    return (luck >> at) % bound


def pick(options: Sequence[T], luck: int, at: int = 0) -> T:
    """Choose one of the options, by the bits of `luck` from bit `at` on."""
    return options[(luck >> at) % len(options)]


def one_in(many: int, luck: int, at: int = 0) -> bool:
    """Return True in one of `many` cases, by the bits of `luck` from bit `at` on."""
    return (luck >> at) % many == 0
