"""Queries about jobs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.batch_status import Counts
from reprompt_mock.lifecycle import Hold, JobStatus
from reprompt_mock.store import batches, statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reprompt_mock.store.database import Connection

_SLICE = 500


class NewJob(NamedTuple):
    """A job's row, in the order of `statements.JOB_COLUMNS`."""

    pk: int
    world: int
    batch: int
    place_id: str
    created_in: int
    submission: int
    attempt: int
    own: int | None
    asked: int
    status: int
    due_at: int | None
    queued_at: int | None
    started_at: int | None
    finished_at: int | None
    outcome: int | None
    hold: int | None
    course: int | None
    ran: int | None
    planned: int | None
    fresh: bool
    error: str | None
    last_enriched: int | None


class ReprocessedJob(NamedTuple):
    """What a reprocess writes to a job's row, in the order of `statements.REPROCESS_JOB`."""

    submission: int
    attempt: int
    own: int | None
    asked: int
    due_at: int | None
    queued_at: int | None
    started_at: int | None
    finished_at: int | None
    outcome: int | None
    hold: int | None
    course: int | None
    planned: int
    fresh: bool
    error: str | None
    pk: int


class HeldJob(NamedTuple):
    """A job that waits to be released, with its batch's id and name."""

    pk: int
    place_id: str
    status: JobStatus
    submission: int
    attempt: int
    outcome: JobStatus
    course: int | None
    batch_id: str
    batch_name: str


class ReleasedJob(NamedTuple):
    """What a release writes to a job's row, in the order of `statements.RELEASE_JOB`."""

    due_at: int | None
    queued_at: int | None
    started_at: int | None
    finished_at: int | None
    pk: int


class ExistingJob(NamedTuple):
    """What a submission must know of a job that it replaces or runs again."""

    pk: int
    place_id: str
    batch: int
    status: JobStatus
    attempt: int
    own: int | None
    ran: int | None


class StoredResult(NamedTuple):
    """What a job's result is derived from; the numbers beside times refer to documents and submissions."""

    pk: int
    place_id: str
    status: JobStatus
    submission: int
    attempt: int
    asked: int
    ran: int | None
    planned: int | None
    error: str | None
    last_enriched: int | None
    place: str


class StoredAttributes(NamedTuple):
    """What a job's `attribute_status` is derived from."""

    place_id: str
    status: JobStatus
    asked: int
    ran: int | None
    planned: int | None


def next_key(connection: Connection) -> int:
    """Give the first key of the next jobs."""
    (last,) = connection.execute("SELECT max(pk) FROM job").fetchone()
    return int(last or 0) + 1


def insert(connection: Connection, jobs: Sequence[NewJob], places: Iterable[tuple[int, str]]) -> None:
    """Write new jobs, and their places as JSON by the jobs' keys."""
    connection.executemany(statements.INSERT_JOB, jobs)
    connection.executemany(statements.INSERT_INPUTS, places)


def remove(connection: Connection, keys: Sequence[int]) -> None:
    """Remove jobs, whose batches' counts the caller corrects."""
    rows = [(key,) for key in keys]
    connection.executemany("DELETE FROM inputs WHERE job = ?", rows)
    connection.executemany("DELETE FROM job WHERE pk = ?", rows)


_EXISTING = "SELECT pk, place_id, batch, status, attempt, own, ran FROM job"


def existing(connection: Connection, world: int, batch: int, place_ids: Sequence[str]) -> dict[str, ExistingJob]:
    """Find the jobs that a batch already has for some places."""
    found: dict[str, ExistingJob] = {}
    for start in range(0, len(place_ids), _SLICE):
        some = place_ids[start : start + _SLICE]
        marks = ", ".join("?" * len(some))
        rows = connection.execute(
            f"{_EXISTING} WHERE world = ? AND batch = ? AND place_id IN ({marks})", (world, batch, *some)
        )
        found.update((job.place_id, job) for job in map(_existing, rows))
    return found


def of_place(connection: Connection, world: int, place_id: str) -> list[ExistingJob]:
    """Find a place's jobs in all batches and none, the one that was submitted last first."""
    rows = connection.execute(
        f"{_EXISTING} WHERE world = ? AND place_id = ? ORDER BY created_in DESC", (world, place_id)
    )
    return list(map(_existing, rows))


def to_reprocess(connection: Connection, batch: int, statuses: Sequence[JobStatus]) -> list[ExistingJob]:
    """Find a batch's jobs in some statuses, in order of submission."""
    query = statements.JOBS_TO_REPROCESS.format(marks=", ".join("?" * len(statuses)))
    return list(map(_existing, connection.execute(query, (batch, *statuses))))


def _existing(row: tuple[int, str, int, int, int, int | None, int | None]) -> ExistingJob:
    pk, place_id, batch, status, attempt, own, ran = row
    return ExistingJob(pk, place_id, batch, JobStatus(status), attempt, own, ran)


def reprocess(connection: Connection, jobs: Sequence[ReprocessedJob]) -> None:
    """Start new attempts of jobs."""
    connection.executemany(statements.REPROCESS_JOB, jobs)


def held(connection: Connection, world: int) -> list[HeldJob]:
    """Find a world's jobs that wait to be released, in order of submission; stuck ones cannot be."""
    rows = connection.execute(statements.HELD_JOBS, (world, Hold.stuck))
    return [
        HeldJob(pk, place_id, JobStatus(status), submission, attempt, JobStatus(outcome), *rest)
        for pk, place_id, status, submission, attempt, outcome, *rest in rows
    ]


def release(connection: Connection, jobs: Sequence[ReleasedJob]) -> None:
    """Let held jobs go on."""
    connection.executemany(statements.RELEASE_JOB, jobs)


def places(connection: Connection, keys: Sequence[int]) -> dict[int, str]:
    """Read jobs' places as JSON."""
    found: dict[int, str] = {}
    for start in range(0, len(keys), _SLICE):
        some = keys[start : start + _SLICE]
        marks = ", ".join("?" * len(some))
        found.update(connection.execute(f"SELECT job, place FROM inputs WHERE job IN ({marks})", some))
    return found


def apply_due(connection: Connection, world: int, now: int) -> int | None:
    """Make every transition of a world that is due happen, with its batches' counts; gives the next due time."""
    moment = {"world": world, "now": now}
    changes: dict[int, list[int]] = defaultdict(lambda: [0] * len(JobStatus))
    for batch, status, next_status, count in connection.execute(statements.COUNT_DUE, moment):
        changes[batch][status] -= count
        changes[batch][next_status] += count
    if changes:
        connection.execute(statements.APPLY_DUE, moment)
        batches.move_counts(connection, changes)
    return next_due(connection, world)


def next_due(connection: Connection, world: int) -> int | None:
    """Tell when a world's next transition is due, None where it waits for nobody."""
    (due,) = connection.execute(statements.NEXT_DUE, (world,)).fetchone()
    return due  # type: ignore[no-any-return] # an integer column


def last_finish(connection: Connection, world: int, batch: int | None = None) -> int | None:
    """Tell when the last job of a world or batch that moves by itself will have finished."""
    query, value = (statements.LAST_FINISH, world) if batch is None else (statements.LAST_FINISH_OF_BATCH, batch)
    (finish,) = connection.execute(query, (value,)).fetchone()
    return finish  # type: ignore[no-any-return] # an integer column


def places_by_status(connection: Connection, batch: int) -> dict[str, list[str]]:
    """List a batch's place ids by status, all five keys, in order of submission."""
    lists: list[list[str]] = [[] for _ in JobStatus]
    for status, place_id in connection.execute(statements.PLACES_BY_STATUS, (batch,)):
        lists[status].append(place_id)
    return {status.name: lists[status] for status in JobStatus}


def attributes(connection: Connection, batch: int) -> Iterable[StoredAttributes]:
    """Read what the attribute statuses of a batch's jobs are derived from, in order of submission."""
    for place_id, status, asked, ran, planned in connection.execute(statements.ATTRIBUTES_BY_JOB, (batch,)):
        yield StoredAttributes(place_id, JobStatus(status), asked, ran, planned)


class Selection(NamedTuple):
    """Which results: those of a world, of one of its batches, of one day (its bounds in microseconds)."""

    world: int
    batch: int | None = None
    day: tuple[int, int] | None = None

    @property
    def scope(self) -> str:
        """The column that narrows it most."""
        return "world" if self.batch is None else "batch"

    @property
    def values(self) -> tuple[int, ...]:
        """What the statements' marks stand for."""
        narrowed = self.world if self.batch is None else self.batch
        return (narrowed, self.world, *self.day) if self.day else (narrowed,)


def results(connection: Connection, selection: Selection, *, limit: int, offset: int) -> list[StoredResult]:
    """Read what a page of results is derived from, in order of submission."""
    query = statements.results(selection.scope, of_day=selection.day is not None)
    return [_result(row) for row in connection.execute(query, (*selection.values, limit, offset))]


def count(connection: Connection, selection: Selection) -> int:
    """Count what `results` selects on a day."""
    (total,) = connection.execute(statements.count_of_day(selection.scope), selection.values).fetchone()
    return int(total)


def counts_by_day(connection: Connection, selection: Selection) -> dict[int, Counts]:
    """Count what `results` selects by status for each UTC day, as days since 1970, newest first."""
    query = statements.count_by_day(selection.scope, of_day=selection.day is not None)
    days: dict[int, list[int]] = defaultdict(lambda: [0] * len(JobStatus))
    for day, status, count_ in connection.execute(query, selection.values):
        days[day][status] = count_
    return {day: Counts(*days[day]) for day in sorted(days, reverse=True)}


def result_of_place(connection: Connection, world: int, place_id: str) -> StoredResult | None:
    """Read what the result of a place's last submitted job is derived from."""
    row = connection.execute(statements.RESULTS_OF_PLACE, (world, place_id)).fetchone()
    return row and _result(row)


def _result(row: tuple[Any, ...]) -> StoredResult:
    pk, place_id, status, *rest = row
    return StoredResult(pk, place_id, JobStatus(status), *rest)
