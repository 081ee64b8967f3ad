"""Queries about jobs."""

from __future__ import annotations

from collections import defaultdict
from itertools import starmap
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from reprompt_mock.batch_status import Counts
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store import runs, statements
from reprompt_mock.store.columns import columns, spread
from reprompt_mock.store.session import is_storable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from reprompt_mock.store.batches import StoredBatch
    from reprompt_mock.store.columns import NewJobs, Restarts
    from reprompt_mock.store.session import Row, Session

_SLICE = 500
_MANY = 500
"""From how many jobs on the ways that are made for many are faster: reading a whole batch, runs, columns."""
_FEWER = 4
"""How many jobs are read in the time in which one is found by its place id."""


class ExistingJob(msgspec.Struct, frozen=True, gc=False):
    """What a submission needs to know about a job that it replaces or runs again.

    `status` is a code, `is_deferred` 0 or 1. `gc=False` spares the garbage collector a walk over many thousands of
    them; they cannot form cycles.
    """

    pk: int
    place_id: str
    batch: int
    status: int
    submission: int
    attempt: int
    own: int | None
    ran: int | None
    is_deferred: int


class StoredResult(NamedTuple):
    """What a job's result is derived from: its own values first, then those that many jobs share.

    `status` is a code, `is_deferred` 0 or 1; `submission`, `asked`, `ran` and `planned` are keys of submissions and
    documents.
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
    is_deferred: int


class StoredAttributes(NamedTuple):
    """What a job's `attribute_status` is derived from; many jobs share one, and `status` is a code."""

    status: int
    submission: int
    asked: int
    ran: int | None
    planned: int | None


_IDENTITY = ("pk", "world", "batch", "place_id")
"""What a job has in common with the one that it replaces."""
_in_order = attrgetter(*statements.JOB_COLUMNS)
_in_order_of_restart = attrgetter(*statements.RESTART_COLUMNS)


def count_up_to(session: Session, world: int, most: int) -> int:
    """Return how many jobs a world has, or `most` if it has more; the cost is bounded by that."""
    count: int = session.value("SELECT count(*) FROM (SELECT 1 FROM job WHERE world = ? LIMIT ?)", (world, most))
    return count


def insert(session: Session, jobs: NewJobs, replaced: Sequence[int] = ()) -> None:
    """Write new jobs; some may replace others of the same key, batch and place, whose keys are `replaced`."""
    size = len(jobs.pk)
    if size >= _MANY:
        session.fill("job", columns(jobs), size, kept=_IDENTITY if replaced else ())
        return
    remove(session, replaced)
    if size == 1:
        (row,) = zip(*spread(_in_order(jobs), size), strict=True)
        session.later(statements.INSERT_JOB, row)
    else:
        session.many(statements.INSERT_JOB, zip(*spread(_in_order(jobs), size), strict=True))


def remove(session: Session, keys: Sequence[int]) -> None:
    """Remove jobs; the caller corrects their batches' counts."""
    session.many("DELETE FROM job WHERE pk BETWEEN ? AND ?", runs.of_keys(keys))


def existing(
    session: Session, world: int, batch: StoredBatch, place_ids: Collection[str], *, now: int
) -> dict[str, ExistingJob]:
    """Return the jobs that a batch already has for some places, by place id."""
    values = {"world": world, "batch": batch.pk, "now": now}
    if not batch.counts.total:
        return {}
    if _MANY <= len(place_ids) >= batch.counts.total / _FEWER:  # reading all of them is faster
        rows = session.rows(statements.jobs_of_batch(), values)
        return {job.place_id: job for job in starmap(ExistingJob, rows) if job.place_id in place_ids}
    return {job.place_id: job for job in _of_places(session, statements.existing_jobs, place_ids, values)}


def elsewhere(session: Session, world: int, batch: int, place_ids: Sequence[str], *, now: int) -> list[ExistingJob]:
    """Return the jobs that other batches than `batch` have for some places."""
    values = {"world": world, "batch": batch, "now": now}
    return list(_of_places(session, statements.jobs_elsewhere, place_ids, values))


def _of_places(
    session: Session, query: Callable[[int], str], place_ids: Iterable[str], values: Mapping[str, int]
) -> Iterator[ExistingJob]:
    """Run a query for jobs of some places, as many at a time as a statement may name."""
    place_ids = list(place_ids)
    for start in range(0, len(place_ids), _SLICE):
        some = place_ids[start : start + _SLICE]
        named = {f"p{number}": place_id for number, place_id in enumerate(some)}
        yield from starmap(ExistingJob, session.rows(query(len(some)), {**values, **named}))


def of_place(session: Session, world: int, place_id: str, *, now: int) -> list[ExistingJob]:
    """Return a place's jobs with and without a batch, the most recently submitted first."""
    if not is_storable(place_id):
        return []
    values = {"world": world, "place_id": place_id, "now": now}
    return list(starmap(ExistingJob, session.rows(statements.JOBS_OF_PLACE, values)))


def to_reprocess(session: Session, batch: int, statuses: Iterable[JobStatus], *, now: int) -> list[ExistingJob]:
    """Return a batch's jobs in some statuses, in order of submission."""
    query = statements.jobs_to_reprocess(", ".join(str(status.value) for status in statuses))
    return list(starmap(ExistingJob, session.rows(query, {"batch": batch, "now": now})))


def restart(session: Session, jobs: Restarts, *, now: int) -> None:
    """Start new attempts of jobs, storing first what the last attempts had done by `now`."""
    size = len(jobs.pk)
    if size >= _MANY:
        done = {"last_enriched": statements.LAST_ENRICHED.replace(":now", str(now))}
        session.revise("job", columns(jobs), derived=done)
    else:
        rows = zip(*spread((now, *_in_order_of_restart(jobs)), size), strict=True)
        session.many(statements.RESTART_JOB, rows)


def place(session: Session, job: int) -> bytes:
    """Read a job's place as JSON."""
    return bytes(session.value("SELECT place FROM job WHERE pk = ?", (job,)))


def places_by_status(session: Session, batch: int, *, now: int, total: int) -> dict[str, list[str]]:
    """Return a batch's place ids in order of submission, by status; all five statuses are keys; it has `total` jobs."""
    lists: dict[str, list[str]] = {status.name: [] for status in JobStatus}
    add = [places.append for places in lists.values()]
    values = {"batch": batch, "now": now}
    for status, place_id in _of_batch(
        session, statements.PLACES_BY_STATUS, statements.PLACES_OF_RUN, values, total=total
    ):
        add[status](place_id)
    return lists


def _of_batch(session: Session, query: str, of_run: str, values: Mapping[str, int], *, total: int) -> Iterable[Row]:
    """Read something of a batch's jobs in order of submission: run by run, by another query, if there are few runs."""
    few = runs.few(session, "batch", values) if total >= _MANY else None
    return session.rows(query, values) if few is None else runs.rows(session, of_run, few, values)


def deferred(session: Session, world: int, *, now: int) -> dict[int, list[str]]:
    """Return the place ids of a world's deferred jobs in order of submission, by the key of their batch."""
    by_batch: dict[int, list[str]] = {}
    for batch, place_id in session.rows(statements.DEFERRED_PLACES, {"world": world, "now": now}):
        by_batch.setdefault(batch, []).append(place_id)
    return by_batch


def attributes(session: Session, batch: int, *, now: int, total: int) -> Iterable[Row]:
    """Read what the attribute statuses of a batch's jobs are derived from, in order of submission; it has `total` jobs.

    Each row is a place id and the fields of `StoredAttributes`, in which `status` is a code.
    """
    values = {"batch": batch, "now": now}
    return _of_batch(session, statements.ATTRIBUTES_BY_JOB, statements.ATTRIBUTES_OF_RUN, values, total=total)


class Selection(NamedTuple):
    """A selection of a world's results at the time `now`, optionally of one batch or one day.

    `day` is the first and the last microsecond of the day. Results show jobs as they were `lag` microseconds ago, but
    for those with a lag of their own.
    """

    world: int
    now: int
    batch: int | None = None
    day: tuple[int, int] | None = None
    lag: int = 0

    @property
    def scope(self) -> str:
        """The most selective column."""
        return "world" if self.batch is None else "batch"

    @property
    def values(self) -> dict[str, int | None]:
        """The values of the statements' parameters."""
        first, last = self.day or (None, None)
        times = {"now": self.now, "lag": self.lag, "first": first, "last": last}
        return {"world": self.world, "batch": self.batch, **times}


def results(session: Session, selection: Selection, *, limit: int, offset: int, total: int) -> Iterator[StoredResult]:
    """Read what a page of results is derived from, in order of submission; `total` counts all pages."""
    if total >= _MANY and selection.day is None:
        few = runs.few(session, selection.scope, selection.values)
        if few is not None and sum(run.size for run in few) == total:
            page = list(runs.part(few, offset, limit))
            return map(StoredResult._make, runs.rows(session, statements.RESULTS_OF_RUN, page, selection.values))
    query = statements.results(selection.scope, of_day=selection.day is not None)
    start, left = _start(session, selection, offset, total)
    values = {**selection.values, "start": start, "limit": limit, "offset": left}
    return map(StoredResult._make, session.rows(query, values))


def _start(session: Session, selection: Selection, offset: int, total: int) -> tuple[int, int]:
    """Return the key from which to read a page, and how many jobs to skip from there.

    If no key is missing the start can be computed, which is faster than skipping many jobs.
    """
    if offset < _MANY or selection.day is not None:
        return 0, offset
    every = runs.every(session, selection.scope, selection.values)
    if sum(run.size for run in every) != total:
        return 0, offset
    rest = next(runs.part(every, offset, total), None)
    beyond = every[-1].last + 1 if every else 0
    return (rest.first if rest else beyond), 0


def count(session: Session, selection: Selection) -> int:
    """Count the results of a selection that has a day."""
    return int(session.value(statements.count_of_day(selection.scope), selection.values))


def counts_by_day(session: Session, selection: Selection) -> dict[int, Counts]:
    """Count the results of a selection by UTC day (in days since 1970, newest first) and status."""
    query = statements.count_by_day(selection.scope, of_day=selection.day is not None)
    days: dict[int, list[int]] = defaultdict(lambda: [0] * len(JobStatus))
    for day, status, count_ in session.rows(query, selection.values):
        days[day][status] = count_
    return {day: Counts(*days[day]) for day in sorted(days, reverse=True)}


def result_of_place(session: Session, world: int, place_id: str, *, now: int, lag: int) -> StoredResult | None:
    """Read what the result of a place's most recently submitted job is derived from."""
    if not is_storable(place_id):
        return None
    values = {"world": world, "place_id": place_id, "now": now, "lag": lag}
    row = session.one(statements.RESULTS_OF_PLACE, values)
    return StoredResult._make(row) if row else None
