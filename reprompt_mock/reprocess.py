"""Which jobs a reprocess selects, and with which attributes: two decision tables (contract G1 to G3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprompt_mock.attributes import CORE
from reprompt_mock.lifecycle import UNFINISHED, JobStatus

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Scope:
    """The statuses that a reprocess selects, and the word for them in the answer."""

    word: str
    statuses: tuple[JobStatus, ...]


_FAILED = Scope("FAILED", (JobStatus.failed,))
_INCOMPLETE = Scope("INCOMPLETE", UNFINISHED)
_BOTH = Scope("FAILED AND INCOMPLETE", (*UNFINISHED, JobStatus.failed))
_ALL = Scope("ALL", tuple(JobStatus))

# (failed_only, incomplete_only); None means "not sent".
_SCOPES = {
    (None, False): _FAILED,
    (True, False): _FAILED,
    (None, True): _INCOMPLETE,
    (False, True): _INCOMPLETE,
    (True, True): _BOTH,
    (False, False): _ALL,
}


def scope_of(failed_only: bool | None, incomplete_only: bool) -> Scope:  # noqa: FBT001 - the service's names
    """Return which jobs to reprocess (contract G2); `failed_only` is None if it was not sent."""
    return _SCOPES[failed_only, incomplete_only]


def attributes_for(requested: Sequence[str], previous: Sequence[str], *, use_previous: bool) -> tuple[str, ...]:
    """Return a job's attributes: its previous ones if requested, else the request's, else core (contract G3)."""
    if use_previous and previous:
        return tuple(previous)
    return tuple(requested) or CORE
