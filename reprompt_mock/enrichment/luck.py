"""The luck of a place: numbers for each attribute, derived from a seed and the place alone."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from itertools import compress
from struct import Struct
from typing import TYPE_CHECKING, TypeVar

from reprompt_mock.attributes import CATALOGUE, CORE

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_A_PAGE = 16

# The first page has what the core attributes need, usually all that is needed. Adding an attribute at the end of the
# catalogue does not change the luck of the others.
_FIRST = ("identity", "voice", *CORE, "postcode")
_FURTHER = ("identifier", "account", *(name for name in CATALOGUE if name not in CORE))
POSITIONS = {name: position for position, name in enumerate(_FIRST)} | {
    name: position for position, name in enumerate(_FURTHER, _A_PAGE)
}
_words_of_core = Struct(f"<{_A_PAGE}I").unpack
_words_of_all = Struct(f"<{_A_PAGE + len(_FURTHER)}I").unpack_from

FATES = 1 << 16
_FATED = tuple(CATALOGUE)
_LAST_BYTE = 63


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


def failing(page: bytes, generation: int, share: int) -> list[str]:
    """Draw the attributes that find nothing in a generation, each with probability `share` / `FATES`."""
    fates = blake2b(page + generation.to_bytes(8, "little")).digest()
    unclear = compress(range(len(_FATED)), fates.translate(_at_most(share >> 8)))
    # A fate has two bytes; the first one usually decides.
    return [_FATED[one] for one in unclear if (fates[one] << 8 | fates[_LAST_BYTE - one]) < share]


@lru_cache(maxsize=257)
def _at_most(highest: int) -> bytes:
    return bytes(byte <= highest for byte in range(256))


def below(bound: int, luck: int, at: int = 0) -> int:
    """Choose an integer from 0 to bound - 1, by the bits of `luck` from bit `at` on."""
    return (luck >> at) % bound


def pick(options: Sequence[T], luck: int, at: int = 0) -> T:
    """Choose one of the options, by the bits of `luck` from bit `at` on."""
    return options[(luck >> at) % len(options)]


def one_in(many: int, luck: int, at: int = 0) -> bool:
    """Return True in one of `many` cases, by the bits of `luck` from bit `at` on."""
    return (luck >> at) % many == 0
