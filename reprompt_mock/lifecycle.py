"""When a job moves and how it ends: drawn once, at submission, as a pure function.

A job's timetable depends on the seed, its place and its attempt, and on the jobs that share its simulated
workers; never on when somebody looks (contract G6; times are whole microseconds of virtual time).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from heapq import heapreplace
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.draws import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

SECOND = 1_000_000
_TO_FRACTION = 2.0**-53
_LAST = 2**62  # No clock comes so far, and a database can still store it.


class JobStatus(IntEnum):
    """Where a job stands, in the order in which it moves (contract E1)."""

    pending = 0
    queued = 1
    in_progress = 2
    completed = 3
    failed = 4


UNFINISHED = (JobStatus.pending, JobStatus.queued, JobStatus.in_progress)
FINISHED = (JobStatus.completed, JobStatus.failed)


class Hold(IntEnum):
    """The status in which a job waits until it is released; `stuck` is in progress and cannot be released."""

    pending = 0
    queued = 1
    in_progress = 2
    stuck = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast jobs move and how many fail; times are mean seconds, drawn per job within ±50 %."""

    pending_seconds: float
    queued_seconds: float
    processing_seconds: float
    workers: int
    failure_rate: float


@dataclass(frozen=True, slots=True)
class Course:
    """What rules have decided about a job's timetable; None leaves it to the draw."""

    outcome: JobStatus | None = None
    hold: Hold | None = None
    seconds: float | None = None
    slowness: float = 1.0


class Entrant(NamedTuple):
    """A job about to be given its timetable; `attempt` counts from 1."""

    place_id: str
    attempt: int
    course: Course | None = None


class Timetable(NamedTuple):
    """A job's whole future: when it is queued, started and finished, and how it ends.

    A time that will not come by itself is None: those beyond a hold, and all of an upload that nobody started.
    """

    queued_at: int | None
    started_at: int | None
    finished_at: int | None
    outcome: JobStatus | None
    hold: Hold | None


NEVER = Timetable(None, None, None, None, None)
"""The timetable of an upload that nobody started."""


class _Fate(NamedTuple):
    """What is drawn for a job alone, before it meets the others: three durations and an outcome."""

    pending: int
    queued: int
    processing: int
    outcome: JobStatus


_FREE = Course()
_WORDS = Struct("<4Q").unpack


def _fate(seed: int, entrant: Entrant, pace: Pace) -> _Fate:
    drawn = digest(seed, entrant.place_id, entrant.attempt, "fate")
    pending, queued, processing, luck = ((word >> 11) * _TO_FRACTION for word in _WORDS(drawn[:32]))
    course = entrant.course or _FREE
    scale = course.slowness * SECOND
    if course.outcome is not None:
        outcome = course.outcome
    else:
        outcome = JobStatus.failed if luck < pace.failure_rate else JobStatus.completed
    return _Fate(
        int(pace.pending_seconds * scale * (0.5 + pending)),
        int(pace.queued_seconds * scale * (0.5 + queued)),
        int(
            pace.processing_seconds * scale * (0.5 + processing) if course.seconds is None else course.seconds * SECOND
        ),
        outcome,
    )


def _held(table: Timetable) -> Timetable:
    hold = table.hold
    if hold is Hold.pending:
        return table._replace(queued_at=None, started_at=None, finished_at=None)
    if hold is Hold.queued:
        return table._replace(started_at=None, finished_at=None)
    return table._replace(finished_at=None)


def plan(entrants: Sequence[Entrant], *, at: int, seed: int, pace: Pace) -> list[Timetable]:
    """Draw the timetables of one submission's jobs, in their order.

    `workers` simulated workers serve the jobs first come, first served: the earlier queued first, then the
    earlier in the submission. Held and stuck jobs take no worker, before or after they are released.

    Args:
        entrants: the jobs, in the order of the submission.
        at: when they were submitted, in microseconds.
        seed: the world's seed.
        pace: the settings in force.
    """
    fates = [_fate(seed, entrant, pace) for entrant in entrants]
    tables: dict[int, Timetable] = {}
    free = [at] * max(1, min(pace.workers, len(fates)))
    for index in sorted(range(len(fates)), key=lambda index: fates[index].pending):
        fate, course = fates[index], entrants[index].course
        queued_at = at + fate.pending
        started_at = queued_at + fate.queued
        hold = course.hold if course else None
        if hold is None:
            started_at = max(started_at, free[0])
            heapreplace(free, min(started_at + fate.processing, _LAST))
        finished_at = min(started_at + fate.processing, _LAST)
        table = Timetable(queued_at, started_at, finished_at, fate.outcome, hold)
        tables[index] = table if hold is None else _held(table)
    return [tables[index] for index in range(len(fates))]


def resume(entrant: Entrant, status: JobStatus, *, at: int, seed: int, pace: Pace) -> Timetable:
    """Draw the steps that are left to a job that is released at `at` from where it stands.

    It keeps its outcome; times that lie behind it are set to `at`.
    """
    fate = _fate(seed, entrant, pace)
    queued_at = at + (fate.pending if status < JobStatus.queued else 0)
    started_at = queued_at + (fate.queued if status < JobStatus.in_progress else 0)
    return Timetable(queued_at, started_at, started_at + fate.processing, fate.outcome, None)
