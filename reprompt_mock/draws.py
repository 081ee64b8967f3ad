"""Seeded draws: the same names give the same numbers, in whatever order they are drawn.

There is no shared random stream: a draw is a hash of a seed and a path of names, so adding a draw in one place
never changes another.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from hashlib import blake2b
from sys import byteorder
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

T = TypeVar("T")

WORDS_A_PATH = 4
WORDS_A_DIGEST = 16
_WORD_BYTES = 8
_FRACTION_BITS = 53
_REFILL_BELOW = 1 << 64


@lru_cache(maxsize=1024)
def _keyed(seed: int) -> blake2b:
    return blake2b(key=str(seed).encode())


def digest(seed: int, *path: str | int) -> bytes:
    """Hash a seed and a path of names to 64 uniform bytes.

    Names must not contain NUL, the separator.
    """
    state = _keyed(seed).copy()
    state.update("\0".join(map(str, path)).encode())
    return state.digest()


def many_words(seed: int, paths: Iterable[str]) -> array[int]:
    """Hash paths of NUL-joined names to four uniform 64-bit words each, in one flat array."""
    return _many("Q", blake2b(key=str(seed).encode(), digest_size=WORDS_A_PATH * _WORD_BYTES), paths)


def many_digests(seed: int, paths: Iterable[str]) -> array[int]:
    """Hash paths of NUL-joined names as `digest` does, to sixteen uniform 32-bit words each, in one flat array."""
    return _many("I", _keyed(seed), paths)


def _many(code: str, keyed: blake2b, paths: Iterable[str]) -> array[int]:
    """Hash each path from the same state; return the digests as an array of words."""
    fresh, hashed = keyed.copy, bytearray()
    for path in paths:
        state = fresh()
        state.update(path.encode())
        hashed += state.digest()
    words = array(code, hashed)
    if byteorder == "big":
        words.byteswap()
    return words


class Draw:
    """A supply of independent choices, all determined by its source."""

    __slots__ = ("_digest", "_supply")

    def __init__(self, source: bytes) -> None:
        self._digest = source
        self._supply = int.from_bytes(source, "little")

    def below(self, bound: int) -> int:
        """Choose an integer from 0 to bound - 1; bound is 1 to 2**32."""
        if self._supply < _REFILL_BELOW:
            self._digest = blake2b(self._digest).digest()
            self._supply = int.from_bytes(self._digest, "little")
        self._supply, choice = divmod(self._supply, bound)
        return choice

    def pick(self, options: Sequence[T]) -> T:
        """Choose one of the options, all equally likely."""
        return options[self.below(len(options))]

    def fraction(self) -> float:
        """Choose a number in [0, 1)."""
        return (self.below(1 << 26) * (1 << 27) + self.below(1 << 27)) / (1 << _FRACTION_BITS)

    def chance(self, rate: float) -> bool:
        """Return True with probability `rate`, 0 to 1: never at 0, always at 1."""
        return self.fraction() < rate


def draw(seed: int, *path: str | int) -> Draw:
    """Return the choices that belong to a seed and a path of names."""
    return Draw(digest(seed, *path))
