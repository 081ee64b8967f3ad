"""Faults: what happens to requests that match, in place of or after what they ask for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reprompt_mock.draws import draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


OPERATION_IDS = (
    "create_batch", "get_batch", "list_batches", "get_jobs", "reprocess_batch", "delete_batch", "update_batch",
    "refresh_batches", "create_job", "get_job", "delete_job", "reprocess_jobs", "enrich", "get_attributes",
)  # fmt: skip
"""The service's operations, as faults name them."""


class When(StrEnum):
    """Whether a request is stopped before it reaches the emulator, or its answer after it was carried out."""

    before = "before"
    after = "after"


class Abort(StrEnum):
    """How a connection ends: without an answer, or after half of the real one."""

    reset = "reset"
    truncate = "truncate"


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
class Effect:
    """What a fault does: an answer of its own, a delay in real seconds, an abort."""

    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    abort: Abort | None = None

    @property
    def replaces_answer(self) -> bool:
        """Tell whether the client gets an answer of the fault's own."""
        return self.status is not None or self.body is not None


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, with what it saw so far.

    `skip` requests are let through first, then each is hit with `probability` until `times` were.
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

    def meet(self, seed: int) -> tuple[Fault, bool]:
        """Count a request that matches; gives the fault afterwards, and whether it hits the request."""
        seen = self.seen + 1
        hits = (
            seen > self.skip
            and draw(seed, "fault", self.id, seen).chance(self.probability)
            and (self.times is None or self.served < self.times)
        )
        return replace(self, seen=seen, served=self.served + hits), hits


def choose(faults: Sequence[Fault], method: str, path: str, operation: str | None) -> int | None:
    """Find the newest fault that matches a request, which alone counts; gives its position.

    `faults` are ordered oldest first.
    """
    for position in range(len(faults) - 1, -1, -1):
        if faults[position].match.fits(method, path, operation):
            return position
    return None
