"""A memory of what follows from a name or an address: cheaper to ask, and much cheaper to miss, than an `lru_cache`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")

_LARGEST = 65536
"""More than a request has places, so that those that are read in turn again and again are never all forgotten."""


class Memo(dict[K, V]):
    """Makes the value of a key when it is first looked up; when it is full it forgets everything."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[K], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: K) -> V:
        if len(self) >= _LARGEST:
            self.clear()
        value = self[key] = self._make(key)
        return value
