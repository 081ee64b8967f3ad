"""Faults: what happens to matching requests, instead of or after being carried out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.draws import draw
from reprompt_mock.globs import Globs, matcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class When(StrEnum):
    """When a fault hits: before the request is carried out, or afterwards, so that only its answer is affected."""

    before = "before"
    after = "after"


class Per(StrEnum):
    """What `skip` and `times` count: every arrival, or distinct requests, whose repeats meet the same fate."""

    arrival = "arrival"
    request = "request"


class Abort(StrEnum):
    """How a connection ends: with a TCP reset or a close before any answer, or halfway through the answer."""

    reset = "reset"
    close = "close"
    truncate = "truncate"


class Cut(StrEnum):
    """Where a truncated answer ends: short of its Content-Length, within a chunk, or within its gzip stream only."""

    length = "length"
    chunk = "chunk"
    gzip = "gzip"


_KEPT = 16
"""The number of indexes kept, each for one list of faults."""
NO_CONTENT = frozenset({204, 205, 304})
"""Statuses whose answers have neither a body nor a `Content-Length`."""


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """Which requests a fault applies to; `path` is a glob, and None matches everything."""

    method: str | None = None
    path: str | None = None
    operation: str | None = None

    def fits(self, method: str, path: str, operation: str | None) -> bool:
        """Return whether a request matches."""
        return (
            (self.method is None or self.method.upper() == method)
            and (self.operation is None or self.operation == operation)
            and (self.path is None or matcher(self.path)(path) is not None)
        )


@dataclass(frozen=True, slots=True)
class DateIn:
    """A header value that is a date: `seconds` of real time after the answer, or before it if negative."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault does: replaces the answer, delays it, or ends the connection at once or later.

    Seconds are real. `cut` says where an answer is truncated.
    """

    status: int | None = None
    body: Any = None
    headers: Mapping[str, str | DateIn] = field(default_factory=dict)
    delay_seconds: float = 0.0
    abort: Abort | None = None
    cut: Cut = Cut.length
    stale_after_seconds: float | None = None

    @property
    def replaces_answer(self) -> bool:
        """Whether the fault supplies the answer."""
        return self.status is not None or self.body is not None

    @property
    def has_no_answer(self) -> bool:
        """Whether the client gets no answer at all."""
        return self.abort in {Abort.reset, Abort.close}

    @property
    def cuts_body(self) -> bool:
        """Whether it cuts a gzip stream within complete HTTP framing."""
        return self.abort is Abort.truncate and self.cut is Cut.gzip

    @property
    def ends_connection(self) -> bool:
        """Whether it ends the connection in a way that requires the emulator's own server."""
        return self.stale_after_seconds is not None or (self.abort is not None and not self.cuts_body)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and what it has seen so far.

    The first `skip` requests are let through, then each is hit with `probability` until `times` have been. A fault
    that counts per request keeps the digests of those that it let through and hit in `skipped` and `hit`: at most
    `skip` and `times` of them, since the draw decides the rest.
    """

    match: RequestMatch
    then: Effect
    skip: int = 0
    times: int | None = None
    probability: float = 1.0
    when: When = When.before
    id: str = ""
    seen: int = 0
    served: int = 0
    per: Per = Per.arrival
    skipped: tuple[str, ...] = ()
    hit: tuple[str, ...] = ()

    def meet(self, seed: int, digest: str = "") -> tuple[Fault, bool]:
        """Count a matching request; return the updated fault and whether it hits the request.

        Equal requests have equal digests.
        """
        seen = replace(self, seen=self.seen + 1)
        fault, hits = seen._arrival(seed) if self.per is Per.arrival else seen._request(seed, digest)
        return replace(fault, served=self.served + hits), hits

    def _arrival(self, seed: int) -> tuple[Fault, bool]:
        hits = (
            self.seen > self.skip
            and draw(seed, "fault", self.id, self.seen).chance(self.probability)
            and (self.times is None or self.served < self.times)
        )
        return self, hits

    def _request(self, seed: int, digest: str) -> tuple[Fault, bool]:
        if digest in self.skipped or digest in self.hit:
            return self, digest in self.hit
        if len(self.skipped) < self.skip:
            return replace(self, skipped=(*self.skipped, digest)), False
        if not draw(seed, "fault", self.id, digest).chance(self.probability):
            return self, False
        if self.times is None:
            return self, True
        if len(self.hit) == self.times:
            return self, False
        return replace(self, hit=(*self.hit, digest)), True


class FaultIndex:
    """An index of faults, by method, operation and path.

    Args:
        matches: what the faults match, oldest first.
    """

    def __init__(self, matches: Iterable[RequestMatch]) -> None:
        grouped: defaultdict[tuple[str | None, str | None], list[tuple[int, str]]] = defaultdict(list)
        for position, match in enumerate(matches):
            method = None if match.method is None else match.method.upper()
            grouped[method, match.operation].append((position, "*" if match.path is None else match.path))
        self._paths = {key: Globs(globs) for key, globs in grouped.items()}

    def newest(self, method: str, path: str, operation: str | None) -> int | None:
        """Return the position of the newest fault that matches a request, the only one that counts, or None."""
        found: list[int] = []
        for key in {(None, None), (method, None), (None, operation), (method, operation)} & self._paths.keys():
            found += self._paths[key].matching([path]).get(path, ())
        return max(found, default=None)


@lru_cache(maxsize=_KEPT)
def index_of_faults(matches: tuple[RequestMatch, ...]) -> FaultIndex:
    """Return the index of faults, the same one after they have counted a request."""
    return FaultIndex(matches)
