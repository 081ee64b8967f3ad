"""Results: in pages, by day, or for one place (contract F)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock.batch_status import Counts
from reprompt_mock.clock import SECOND, day_bounds
from reprompt_mock.engine.batches import BatchPage, find, status_now
from reprompt_mock.errors import JobNotFound
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store import batches, jobs, worlds
from reprompt_mock.store.batches import StoredBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.store.jobs import StoredResult

JOBS_A_RESULT = 5
"""Building one result takes as long as handling this many jobs in other use cases."""
_TOGETHER = 32
"""The number of results serialized at once: one at a time is slower, and all at once burdens the garbage collector."""


class ResultPage(NamedTuple):
    """A page of results as chunks of comma-separated JSON objects, their total number, and the counts of the page.

    `unfinished` is how many jobs of the whole batch have yet to finish, None if no batch was asked for.
    """

    jobs: Sequence[bytes]
    total: int
    counts: Counts = Counts()
    unfinished: int | None = None


class ResultQuery(NamedTuple):
    """A selection of results: a batch's, the whole world's or those without a batch, optionally of one UTC day."""

    batch_id: str | None = None
    alone: bool = False
    day: date | None = None


def page(reading: Reading, query: ResultQuery, *, limit: int, offset: int) -> ResultPage:
    """Return a page of results in order of submission (contract F1, F2).

    Raises:
        BatchNotFound: the world does not have the batch that the query names.
    """
    selection = _selected(reading, query)
    if selection is None:
        return ResultPage([], 0)
    batch = None if selection.batch is None else batches.by_key(reading.session, selection.batch).counts
    total = _total(reading, selection, batch)
    reading.weigh(JOBS_A_RESULT * min(limit, max(0, total - offset)))
    stored = jobs.results(reading.session, selection, limit=limit, offset=offset, total=total)
    by_status = [0] * len(JobStatus)
    written = list(_written(_built(reading, stored, by_status)))
    return ResultPage(written, total, Counts(*by_status), batch.unfinished if batch and query.batch_id else None)


def _built(reading: Reading, stored: Iterable[StoredResult], by_status: list[int]) -> Iterator[dict[str, Any]]:
    """Build results while counting them by status."""
    every, session, result = _shows_every_status(reading), reading.session, reading.decoded.result
    for job in stored:
        by_status[job.status] += 1
        yield result(session, job, every_status=every)


def _written(results: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Serialize results in chunks, without the enclosing brackets."""
    while some := list(islice(results, _TOGETHER)):
        yield orjson.dumps(some)[1:-1]


def days(reading: Reading, query: ResultQuery, *, limit: int, offset: int) -> BatchPage:
    """Return a page of synthetic batches, one per UTC day, newest first (contract F2).

    Raises:
        BatchNotFound: the world does not have the batch that the query names.
    """
    selection = _selected(reading, query)
    if selection is None:
        return BatchPage([], 0)
    counted = jobs.counts_by_day(reading.session, selection)
    named = [_day_batch(day, counts) for day, counts in list(counted.items())[offset : offset + limit]]
    return BatchPage([(batch, status_now(reading, batch), 0) for batch in named], len(counted))


def _day_batch(day: int, counts: Counts) -> StoredBatch:
    start = date(1970, 1, 1) + timedelta(days=day)
    name = start.isoformat()
    return StoredBatch(0, name, name, day_bounds(start)[0], refresh=False, counts=counts)


def _selected(reading: Reading, query: ResultQuery) -> jobs.Selection | None:
    """Return what a query selects, or None if that is nothing."""
    batch = None if query.batch_id is None else find(reading, query.batch_id)
    if query.alone:
        # No job both belongs to a batch and has none: the two conditions together select nothing.
        batch = None if batch or reading.key is None else batches.find_alone(reading.session, reading.key)
    if reading.key is None or (query.alone and batch is None):
        return None
    day = None if query.day is None else day_bounds(query.day)
    return jobs.Selection(reading.key, reading.now, batch and batch.pk, day, _lag(reading))


def _lag(reading: Reading) -> int:
    """Return for how many microseconds results show jobs as they were."""
    return int(reading.state.settings.results_lag_seconds * SECOND)


def _total(reading: Reading, selection: jobs.Selection, batch: Counts | None) -> int:
    if selection.day is not None:
        return jobs.count(reading.session, selection)
    if batch is not None:
        return batch.total
    return worlds.counts(reading.session, selection.world)[1].total


def of_place(reading: Reading, place_id: str) -> dict[str, Any]:
    """Return the result of a place's most recently submitted job (contract F8).

    Raises:
        JobNotFound: the world has no job for this place.
    """
    job = reading.key and jobs.result_of_place(
        reading.session, reading.key, place_id, now=reading.now, lag=_lag(reading)
    )
    if not job:
        raise JobNotFound(place_id=place_id)
    return reading.decoded.result(reading.session, job, every_status=_shows_every_status(reading))


def _shows_every_status(reading: Reading) -> bool:
    return reading.state.settings.attribute_status == "all"
