"""Evidence: what is kept of a world's finished requests for the verdict on its client, apart from the journal."""

from __future__ import annotations

from collections import deque
from heapq import merge
from threading import Lock
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from reprompt_mock.conduct.seen import MOST_BYTES, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_EXCHANGES = 100_000
"""How many exchanges a world keeps."""
MOST_TOGETHER = 64 * 2**20
"""How many bytes all worlds keep together."""
_OVERHEAD = 300 - MOST_BYTES
"""What Python adds to an exchange: the object and a reference to it."""
_TOGETHER = 64
"""How many requests are condensed together."""
_MARGIN = 0.9
"""The share that stays when there is too much: dropping a few at a time would look at all worlds each time."""


class Archive:
    """The room that the evidence of all worlds shares; the oldest of any world makes room.

    Args:
        most_bytes: how much is kept.
    """

    def __init__(self, most_bytes: int = MOST_TOGETHER) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._all: WeakSet[Evidence] = WeakSet()
        self._changing = Lock()

    def open(self, most: int | None = None) -> Evidence:
        """Return empty evidence, with the most exchanges that it keeps, by default 100,000."""
        evidence = Evidence(self, MOST_EXCHANGES if most is None else most)
        with self._changing:
            self._all.add(evidence)
        return evidence

    def add(self, size: int) -> None:
        """Count bytes that some evidence has taken, or given back."""
        with self._changing:
            self._bytes += size
        if size > 0 and self._bytes > self._most:
            self._make_room()

    def _make_room(self) -> None:
        with self._changing:
            everything = merge(*(evidence.ages() for evidence in self._all))
        for _, _, evidence in everything:
            if self._bytes <= self._most * _MARGIN:
                break
            evidence.drop()


class Over(Protocol):
    """A request that is over."""

    def evidence(self) -> bytes:
        """Return what is kept for the verdict."""


class Evidence:
    """The latest finished exchanges of one world, each at most 300 bytes.

    Args:
        archive: the room that it shares.
        most: how many exchanges are kept.
    """

    def __init__(self, archive: Archive, most: int) -> None:
        self._archive = archive
        self._kept: deque[bytes] = deque()
        self._fresh: list[Over] = []
        self._most = most
        self.dropped = 0

    def keep(self, request: Over) -> None:
        """Keep what is known of a request that is over."""
        self._fresh.append(request)
        if len(self._fresh) >= _TOGETHER:
            self._condense()

    def _condense(self) -> None:
        """Take over the requests that have come since: together, which takes half the time of one after another."""
        fresh, self._fresh = self._fresh, []
        new = [request.evidence() for request in fresh]
        self._kept += new
        while len(self._kept) > self._most:
            self.drop()
        self._archive.add(sum(map(len, new)) + _OVERHEAD * len(new))

    def drop(self) -> None:
        """Drop the oldest exchange."""
        self._archive.add(-len(self._kept.popleft()) - _OVERHEAD)
        self.dropped += 1

    def clear(self) -> None:
        """Forget everything."""
        kept, self._kept = self._kept, deque()
        self._fresh = []
        self._archive.add(-sum(map(len, kept)) - _OVERHEAD * len(kept))
        self.dropped = 0

    def exchanges(self) -> list[bytes]:
        """Return the exchanges in their compact form, in the order in which they ended."""
        self._condense()
        return list(self._kept)

    def ages(self) -> Iterator[tuple[int, int, Evidence]]:
        """Return when each exchange came, with this evidence and a number that tells it from others."""
        return ((unpacked([one])[0].real_time, id(self), self) for one in list(self._kept))
