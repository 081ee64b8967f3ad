"""Which jobs a reprocess picks, and with which attributes: two decision tables (contract G1 to G3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprompt_mock.attributes import CORE
from reprompt_mock.lifecycle import UNFINISHED, JobStatus

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Scope:
    """The statuses that a reprocess picks, and the word by which the answer calls them."""

    word: str
    statuses: tuple[JobStatus, ...]


_FAILED = Scope("FAILED", (JobStatus.failed,))
_INCOMPLETE = Scope("INCOMPLETE", UNFINISHED)
_BOTH = Scope("FAILED AND INCOMPLETE", (*UNFINISHED, JobStatus.failed))
_ALL = Scope("ALL", tuple(JobStatus))

# (failed_only, incomplete_only); None is "not sent".
_SCOPES = {
    (None, False): _FAILED,
    (True, False): _FAILED,
    (None, True): _INCOMPLETE,
    (False, True): _INCOMPLETE,
    (True, True): _BOTH,
    (False, False): _ALL,
}


def scope_of(failed_only: bool | None, incomplete_only: bool) -> Scope:  # noqa: FBT001 - the service's names
    """Choose which jobs to reprocess (contract G2); `failed_only` is None where it was not sent."""
    return _SCOPES[failed_only, incomplete_only]


def attributes_for(requested: Sequence[str], previous: Sequence[str], *, use_previous: bool) -> tuple[str, ...]:
    """Choose a job's attributes: its own last ones where wanted, else the request's, else core (contract G3)."""
    if use_previous and previous:
        return tuple(previous)
    return tuple(requested) or CORE
