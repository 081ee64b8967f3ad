"""Faults: what happens to requests that match, in place of or after what they ask for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reprompt_mock.draws import draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class When(StrEnum):
    """Whether a request is stopped before it reaches the emulator, or its answer after it was carried out."""

    before = "before"
    after = "after"


class Per(StrEnum):
    """What `skip` and `times` count: every arrival, or requests that differ, so that repeats meet the same again."""

    arrival = "arrival"
    request = "request"


class Abort(StrEnum):
    """How a connection ends: by a TCP reset or a plain close without an answer, or after half of the answer."""

    reset = "reset"
    close = "close"
    truncate = "truncate"


class Cut(StrEnum):
    """What a truncated answer breaks off in: the length that it announced, a chunk, a gzip stream in whole framing."""

    length = "length"
    chunk = "chunk"
    gzip = "gzip"


NO_CONTENT = frozenset({204, 205, 304})
"""Statuses whose answers have no body, and no `Content-Length` either."""


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """Which requests are meant; `path` is a glob, what is None matches everything."""

    method: str | None = None
    path: str | None = None
    operation: str | None = None

    def fits(self, method: str, path: str, operation: str | None) -> bool:
        """Tell whether a request matches."""
        return (
            (self.method is None or self.method.upper() == method)
            and (self.operation is None or self.operation == operation)
            and (self.path is None or fnmatchcase(path, self.path))
        )


@dataclass(frozen=True, slots=True)
class DateIn:
    """A header's value that is a date, so many real seconds after the answer; before it where they are negative."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What a fault does: an answer of its own, a delay, an end of the connection at once or later.

    Seconds are real. `cut` says how an answer is truncated.
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
        """Tell whether the client gets an answer of the fault's own."""
        return self.status is not None or self.body is not None

    @property
    def has_no_answer(self) -> bool:
        """Tell whether the client gets no answer at all."""
        return self.abort in {Abort.reset, Abort.close}

    @property
    def cuts_body(self) -> bool:
        """Tell whether half an answer looks whole to HTTP: a gzip stream that breaks off."""
        return self.abort is Abort.truncate and self.cut is Cut.gzip

    @property
    def ends_connection(self) -> bool:
        """Tell whether it does to the connection what only the emulator's own server can do."""
        return self.stale_after_seconds is not None or (self.abort is not None and not self.cuts_body)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, with what it saw so far.

    `skip` requests are let through first, then each is hit with `probability` until `times` were. Where it counts
    per request, `skipped` and `hit` are the digests of those that it let through or hit: as many as `skip` and
    `times` at most, since all else follows from the draw.
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
        """Count a request that matches; gives the fault afterwards, and whether it hits the request.

        Equal requests have the same `digest`, others another.
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


def choose(faults: Sequence[Fault], method: str, path: str, operation: str | None) -> int | None:
    """Find the newest fault that matches a request, which alone counts; gives its position.

    `faults` are ordered oldest first.
    """
    for position in range(len(faults) - 1, -1, -1):
        if faults[position].match.fits(method, path, operation):
            return position
    return None
