"""How many threads may work at a time, for each event loop: one cannot wake what waits on another."""

from __future__ import annotations

import asyncio
from typing import NamedTuple
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, Semaphore


class _OfLoop(NamedTuple):
    readers: CapacityLimiter
    writers: CapacityLimiter
    slices: Semaphore


class Lanes:
    """Limits for work in threads.

    Args:
        readers: how many threads may read at a time.
        writers: how many threads may write at a time.
    """

    def __init__(self, *, readers: int, writers: int) -> None:
        self._sizes = readers, writers
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _OfLoop] = WeakKeyDictionary()

    @property
    def readers(self) -> CapacityLimiter:
        """The limit for reads."""
        return self._here().readers

    @property
    def writers(self) -> CapacityLimiter:
        """The limit for writes."""
        return self._here().writers

    @property
    def slices(self) -> Semaphore:
        """Held while a big create writes a slice."""
        return self._here().slices

    def _here(self) -> _OfLoop:
        loop = asyncio.get_running_loop()
        found = self._by_loop.get(loop)
        if found is None:
            readers, writers = map(CapacityLimiter, self._sizes)
            found = self._by_loop[loop] = _OfLoop(readers, writers, Semaphore(1))
        return found
