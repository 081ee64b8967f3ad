"""A cache for values derived from names and addresses, with cheaper hits and much cheaper misses than `lru_cache`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")

_LARGEST = 65536
"""More than the places in a request, so that reading them repeatedly in the same order still hits the cache."""


class Memo(dict[K, V]):
    """Computes the value of a key on first lookup; when full, it is cleared.

    Args:
        make: computes a value.
        most: how many values are kept.
    """

    __slots__ = ("_make", "_most")

    def __init__(self, make: Callable[[K], V], most: int = _LARGEST) -> None:
        super().__init__()
        self._make = make
        self._most = most

    def __missing__(self, key: K) -> V:
        if len(self) >= self._most:
            self.clear()
        value = self[key] = self._make(key)
        return value
