"""Queries about jobs."""

from __future__ import annotations

from collections import defaultdict
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.batch_status import Counts
from reprompt_mock.lifecycle import Hold, JobStatus
from reprompt_mock.store import statements
from reprompt_mock.store.columns import columns, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reprompt_mock.store.columns import NewJobs, Restarts
    from reprompt_mock.store.session import Session

_SLICE = 500
_MANY = 500
_STATUSES = tuple(JobStatus)
"""The statuses by their codes, which is quicker than asking the enum."""


class HeldJob(NamedTuple):
    """A job that waits to be released, with its batch's id and name."""

    pk: int
    place_id: str
    status: JobStatus
    submission: int
    attempt: int
    outcome: JobStatus
    course: int | None
    batch: int
    batch_id: str
    batch_name: str


class ExistingJob(NamedTuple):
    """What a submission must know of a job that it replaces or runs again."""

    pk: int
    place_id: str
    batch: int
    status: JobStatus
    submission: int
    attempt: int
    own: int | None
    ran: int | None


class StoredResult(NamedTuple):
    """What a job's result is derived from: what is its own, then what many jobs have alike.

    `status` is a code, `submission`, `asked`, `ran` and `planned` refer to submissions and documents.
    """

    place_id: str
    place: bytes
    attempt: int
    error: str | None
    last_enriched: int | None
    status: int
    submission: int
    asked: int
    ran: int | None
    planned: int | None


class StoredAttributes(NamedTuple):
    """What a job's `attribute_status` is derived from."""

    place_id: str
    status: JobStatus
    submission: int
    asked: int
    ran: int | None
    planned: int | None


_in_order = attrgetter(*statements.JOB_COLUMNS)


def insert(session: Session, jobs: NewJobs) -> None:
    """Write new jobs."""
    size = len(jobs.pk)
    if size < _MANY:
        session.many(statements.INSERT_JOB, zip(*spread(_in_order(jobs), size), strict=True))
        return
    named = columns(jobs)
    # SQLite takes time for every value that is bound, which outweighs that it does not know the statement yet.
    common = {name: value for name, value in named.items() if value is None or isinstance(value, int)}
    rest = [values for name, values in named.items() if name not in common]
    session.many(statements.insert_jobs(common), zip(*spread(rest, size), strict=True))


def remove(session: Session, keys: Sequence[int]) -> None:
    """Remove jobs, whose batches' counts the caller corrects."""
    session.many("DELETE FROM job WHERE pk = ?", [(key,) for key in keys])


def existing(session: Session, world: int, batch: int, place_ids: Sequence[str], *, now: int) -> dict[str, ExistingJob]:
    """Find the jobs that a batch already has for some places."""
    found: dict[str, ExistingJob] = {}
    for start in range(0, len(place_ids), _SLICE):
        some = place_ids[start : start + _SLICE]
        values = {"world": world, "batch": batch, "now": now, **{f"p{n}": place for n, place in enumerate(some)}}
        rows = session.rows(statements.existing_jobs(len(some)), values)
        found.update((job.place_id, job) for job in map(_existing, rows))
    return found


def of_place(session: Session, world: int, place_id: str, *, now: int) -> list[ExistingJob]:
    """Find a place's jobs in all batches and none, the one that was submitted last first."""
    values = {"world": world, "place_id": place_id, "now": now}
    return list(map(_existing, session.rows(statements.JOBS_OF_PLACE, values)))


def to_reprocess(session: Session, batch: int, statuses: Iterable[JobStatus], *, now: int) -> list[ExistingJob]:
    """Find a batch's jobs in some statuses, in order of submission."""
    query = statements.jobs_to_reprocess(", ".join(str(status.value) for status in statuses))
    return list(map(_existing, session.rows(query, {"batch": batch, "now": now})))


def _existing(row: tuple[Any, ...]) -> ExistingJob:
    pk, place_id, batch, status, *rest = row
    return ExistingJob(pk, place_id, batch, _STATUSES[status], *rest)


def restart(session: Session, jobs: Restarts, *, now: int) -> None:
    """Start new attempts of jobs; what the last one came to by `now` is written down before."""
    values = [getattr(jobs, name) for name in ("pk", *statements.RESTART_COLUMNS)]
    key, *rest = spread(values, len(jobs.pk))
    session.many(statements.RESTART_JOB, zip(key, repeat(now), *rest, strict=False))


def held(session: Session, world: int, *, now: int) -> list[HeldJob]:
    """Find a world's jobs that wait to be released, in order of submission; stuck ones cannot be."""
    values = {"world": world, "now": now, "stuck": Hold.stuck.value}
    rows = session.rows(statements.HELD_JOBS, values)
    return [
        HeldJob(pk, place_id, _STATUSES[status], submission, attempt, _STATUSES[outcome], *rest)
        for pk, place_id, status, submission, attempt, outcome, *rest in rows
    ]


def release(session: Session, job: int, times: tuple[int, int, int]) -> None:
    """Let a held job go on, by the times of its three transitions."""
    session.run(statements.RELEASE_JOB, (*times, job))


def place(session: Session, job: int) -> bytes:
    """Read a job's place as JSON."""
    return bytes(session.value("SELECT place FROM job WHERE pk = ?", (job,)))


def places_by_status(session: Session, batch: int, *, now: int) -> dict[str, list[str]]:
    """List a batch's place ids by status, all five keys, in order of submission."""
    lists: dict[str, list[str]] = {status.name: [] for status in JobStatus}
    add = [places.append for places in lists.values()]
    for status, place_id in session.rows(statements.PLACES_BY_STATUS, {"batch": batch, "now": now}):
        add[status](place_id)
    return lists


def attributes(session: Session, batch: int, *, now: int) -> Iterable[StoredAttributes]:
    """Read what the attribute statuses of a batch's jobs are derived from, in order of submission."""
    rows = session.rows(statements.ATTRIBUTES_BY_JOB, {"batch": batch, "now": now})
    for place_id, status, *rest in rows:
        yield StoredAttributes(place_id, _STATUSES[status], *rest)


class Selection(NamedTuple):
    """Which results, as they are at a moment: a world's, a batch's, those of a day (its first and last moment)."""

    world: int
    now: int
    batch: int | None = None
    day: tuple[int, int] | None = None

    @property
    def scope(self) -> str:
        """The column that narrows it most."""
        return "world" if self.batch is None else "batch"

    @property
    def values(self) -> dict[str, int | None]:
        """What the statements' marks stand for."""
        first, last = self.day or (None, None)
        return {"world": self.world, "batch": self.batch, "now": self.now, "first": first, "last": last}


def results(session: Session, selection: Selection, *, limit: int, offset: int, total: int) -> Iterator[StoredResult]:
    """Read what a page of results is derived from, in order of submission; `total` is how many there are on all."""
    query = statements.results(selection.scope, of_day=selection.day is not None)
    start, left = _start(session, selection, offset, total)
    values = {**selection.values, "start": start, "limit": limit, "offset": left}
    return map(StoredResult._make, session.rows(query, values))


def _start(session: Session, selection: Selection, offset: int, total: int) -> tuple[int, int]:
    """Find the key at which a page starts, and how many jobs are still to be skipped from there.

    Where no key is missing it can be reckoned, which is quicker than to skip many jobs.
    """
    if offset < _MANY or selection.day is not None:
        return 0, offset
    runs = list(session.rows(statements.runs(selection.scope), selection.values))
    if sum(last - first + 1 for first, last in runs) != total:
        return 0, offset
    beyond = 0
    for first, last in runs:
        if offset <= last - first:
            return first + offset, 0
        offset -= last - first + 1
        beyond = last + 1
    return beyond, 0


def count(session: Session, selection: Selection) -> int:
    """Count what `results` selects on a day."""
    return int(session.value(statements.count_of_day(selection.scope), selection.values))


def counts_by_day(session: Session, selection: Selection) -> dict[int, Counts]:
    """Count what `results` selects by status for each UTC day, as days since 1970, newest first."""
    query = statements.count_by_day(selection.scope, of_day=selection.day is not None)
    days: dict[int, list[int]] = defaultdict(lambda: [0] * len(JobStatus))
    for day, status, count_ in session.rows(query, selection.values):
        days[day][status] = count_
    return {day: Counts(*days[day]) for day in sorted(days, reverse=True)}


def result_of_place(session: Session, world: int, place_id: str, *, now: int) -> StoredResult | None:
    """Read what the result of a place's last submitted job is derived from."""
    values = {"world": world, "place_id": place_id, "now": now}
    row = session.one(statements.RESULTS_OF_PLACE, values)
    return StoredResult._make(row) if row else None
