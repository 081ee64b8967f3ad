"""When a job moves and how it ends: drawn once, at submission, as a pure function.

A job's timetable depends on the seed, its place and attempt, and the jobs that share its simulated workers, never
on when it is read (contract G6). Times are whole microseconds of virtual time.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from enum import IntEnum
from heapq import heapreplace
from operator import add
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.clock import SECOND
from reprompt_mock.draws import WORDS_A_PATH, many_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FRACTIONS = 1 << 53
_WORDS = 1 << 64
_LAST = 2**62  # Later than any clock can show, but still within a database integer.


class JobStatus(IntEnum):
    """A job's status, in lifecycle order (contract E1)."""

    pending = 0
    queued = 1
    in_progress = 2
    completed = 3
    failed = 4


_COMPLETED, _FAILED = JobStatus.completed.value, JobStatus.failed.value
UNFINISHED = (JobStatus.pending, JobStatus.queued, JobStatus.in_progress)


class Hold(IntEnum):
    """The status in which a job waits until it is released; `stuck` means in progress, and cannot be released.

    A job in `queued_deferred` counts as queued, and a reprocess passes it over (contract L1).
    """

    pending = 0
    queued = 1
    in_progress = 2
    stuck = 3
    queued_deferred = 4


_BEFORE_START = frozenset((Hold.pending, Hold.queued, Hold.queued_deferred))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast jobs move and how many fail; times are means in seconds, drawn per job within ±50 %."""

    pending_seconds: float
    queued_seconds: float
    processing_seconds: float
    workers: int
    failure_rate: float


@dataclass(frozen=True, slots=True)
class Course:
    """What rules have decided about a job's timetable; None leaves a decision to the draw."""

    outcome: JobStatus | None = None
    hold: Hold | None = None
    seconds: float | None = None
    slowness: float = 1.0


class Timetables(NamedTuple):
    """The jobs' complete timetables, column by column: when each is queued, started and finished, and its outcome.

    Outcomes and holds are enum values. Times after a hold are None: they do not come without a release.
    """

    queued_at: list[int | None]
    started_at: list[int | None]
    finished_at: list[int | None]
    outcome: list[int | None]
    hold: list[int | None]


def never(count: int) -> Timetables:
    """Return the timetables of `count` uploaded jobs that have not been started."""
    return Timetables([None] * count, [None] * count, [None] * count, [None] * count, [None] * count)


class _Fates(NamedTuple):
    """What is drawn for each job on its own, before workers are assigned: three durations and an outcome."""

    pending: list[int]
    queued: list[int]
    processing: list[int]
    outcome: list[int]


def _fates(place_ids: Sequence[str], attempts: Sequence[int], seed: int, pace: Pace) -> _Fates:
    words = many_words(
        seed, [f"{place_id}\0{attempt}\0fate" for place_id, attempt in zip(place_ids, attempts, strict=True)]
    )
    unlucky = int(pace.failure_rate * _FRACTIONS) * (_WORDS // _FRACTIONS)
    return _Fates(
        _durations(pace.pending_seconds, words[0::WORDS_A_PATH]),
        _durations(pace.queued_seconds, words[1::WORDS_A_PATH]),
        _durations(pace.processing_seconds, words[2::WORDS_A_PATH]),
        [_FAILED if word < unlucky else _COMPLETED for word in words[3::WORDS_A_PATH]],
    )


def _durations(mean_seconds: float, words: Sequence[int]) -> list[int]:
    mean = mean_seconds * SECOND
    shortest, spread = mean / 2, mean / _WORDS
    return [int(shortest + spread * word) for word in words]


def _decide(fates: _Fates, position: int, course: Course) -> None:
    """Replace what was drawn for a job by what rules have decided."""
    for durations in (fates.pending, fates.queued, fates.processing):
        durations[position] = int(durations[position] * course.slowness)
    if course.seconds is not None:
        fates.processing[position] = int(course.seconds * SECOND)
    if course.outcome is not None:
        fates.outcome[position] = course.outcome.value


def plan(
    place_ids: Sequence[str],
    attempts: Sequence[int],
    courses: Mapping[int, Course] = MappingProxyType({}),
    *,
    at: int,
    seed: int,
    pace: Pace,
) -> Timetables:
    """Draw the timetables of one submission's jobs.

    Simulated workers serve the jobs in the order in which they are queued, ties in the order of the submission.
    Held and stuck jobs never take a worker, even after their release.

    Args:
        place_ids: the jobs' place ids, in the order of the submission.
        attempts: each job's attempt number, from 1.
        courses: what rules have decided, by position.
        at: when the jobs were submitted, in microseconds of virtual time.
        seed: the world's seed.
        pace: the settings in force.
    """
    fates = _fates(place_ids, attempts, seed, pace)
    holds: list[int | None] = [None] * len(place_ids)
    for position, course in courses.items():
        _decide(fates, position, course)
        holds[position] = None if course.hold is None else course.hold.value
    queued_at = [at + pending for pending in fates.pending]
    started_at = _starts(queued_at, fates, holds, workers=pace.workers)
    finished_at = [start + processing for start, processing in zip(started_at, fates.processing, strict=True)]
    if max(finished_at, default=0) > _LAST:
        started_at, finished_at = ([min(time, _LAST) for time in times] for times in (started_at, finished_at))
    tables = Timetables([*queued_at], [*started_at], [*finished_at], [*fates.outcome], holds)
    for position, course in courses.items():
        if course.hold is not None:
            _hold(tables, position, course.hold)
    return tables


def _starts(queued_at: list[int], fates: _Fates, holds: list[int | None], *, workers: int) -> list[int]:
    """Return when each job gets a free worker."""
    if workers >= len(queued_at):  # none has to wait
        return list(map(add, queued_at, fates.queued))
    # Arrays, since the loop accesses them at random and a list's items are scattered in memory.
    order = array("q", sorted(range(len(queued_at)), key=queued_at.__getitem__))
    ready_at, processing = array("q", map(add, queued_at, fates.queued)), array("q", fates.processing)
    started_at = [0] * len(order)
    free = [0] * max(1, min(workers, len(order)))
    for position in order:
        start = ready_at[position]
        if holds[position] is None:
            if free[0] > start:  # noqa: PLR1730 - max() would cost a tenth of the loop's time
                start = free[0]
            heapreplace(free, start + processing[position])
        started_at[position] = start
    return started_at


def _hold(tables: Timetables, position: int, hold: Hold) -> None:
    """Clear the times that a held job does not reach without a release."""
    tables.finished_at[position] = None
    if hold in _BEFORE_START:
        tables.started_at[position] = None
    if hold is Hold.pending:
        tables.queued_at[position] = None


def resume(
    place_ids: Sequence[str],
    attempts: Sequence[int],
    courses: Sequence[Course],
    statuses: Sequence[JobStatus],
    *,
    at: int,
    seed: int,
    pace: Pace,
) -> list[tuple[int, int, int]]:
    """Draw the remaining steps of jobs that are released at `at`, each from its status.

    Returns:
        For each job the times at which it is queued, started and finished; those already passed are set to `at`.
    """
    fates = _fates(place_ids, attempts, seed, pace)
    for position, course in enumerate(courses):
        _decide(fates, position, course)
    steps = zip(fates.pending, fates.queued, fates.processing, statuses, strict=True)
    return [_steps(at, *drawn) for drawn in steps]


def _steps(at: int, pending: int, queued: int, processing: int, status: JobStatus) -> tuple[int, int, int]:
    queued_at = at + (pending if status < JobStatus.queued else 0)
    started_at = queued_at + (queued if status < JobStatus.in_progress else 0)
    return queued_at, started_at, started_at + processing
