"""Results: in pages, by day, of one place (contract F)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock.batch_status import Counts
from reprompt_mock.clock import day_bounds
from reprompt_mock.engine.batches import BatchPage, find, status_now
from reprompt_mock.errors import JobNotFound
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store import batches, jobs, worlds
from reprompt_mock.store.batches import StoredBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.store.jobs import StoredResult

_TOGETHER = 32
"""How many results are written at once: one by one takes longer, and all would busy the garbage collector."""


class ResultPage(NamedTuple):
    """A page of results in the service's form, some at a time written as JSON, with commas; how many there are on all.

    `counts` are those of the page, by status.
    """

    jobs: Sequence[bytes]
    total: int
    counts: Counts = Counts()


class ResultQuery(NamedTuple):
    """Which results: a batch's, all of a world, those without a batch, of one UTC day."""

    batch_id: str | None = None
    alone: bool = False
    day: date | None = None


def page(reading: Reading, query: ResultQuery, *, limit: int, offset: int) -> ResultPage:
    """Give a page of results, in order of submission (contract F1, F2).

    Raises:
        BatchNotFound: the query names a batch that the world has not.
    """
    selection = _selected(reading, query)
    if selection is None:
        return ResultPage([], 0)
    total = _total(reading, selection)
    stored = jobs.results(reading.session, selection, limit=limit, offset=offset, total=total)
    by_status = [0] * len(JobStatus)
    written = list(_written(_built(reading, stored, by_status)))
    return ResultPage(written, total, Counts(*by_status))


def _built(reading: Reading, stored: Iterable[StoredResult], by_status: list[int]) -> Iterator[dict[str, Any]]:
    """Build results, and count them by status meanwhile."""
    for job in stored:
        by_status[job.status] += 1
        yield reading.decoded.result(reading.session, job)


def _written(results: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Write results as JSON, some at a time, without the brackets around them."""
    while some := list(islice(results, _TOGETHER)):
        yield orjson.dumps(some)[1:-1]


def days(reading: Reading, query: ResultQuery, *, limit: int, offset: int) -> BatchPage:
    """Give a page of synthetic batches, one per UTC day, newest first (contract F2).

    Raises:
        BatchNotFound: the query names a batch that the world has not.
    """
    selection = _selected(reading, query)
    if selection is None:
        return BatchPage([], 0)
    counted = jobs.counts_by_day(reading.session, selection)
    named = [_day_batch(day, counts) for day, counts in list(counted.items())[offset : offset + limit]]
    return BatchPage([(batch, status_now(reading, batch)) for batch in named], len(counted))


def _day_batch(day: int, counts: Counts) -> StoredBatch:
    start = date(1970, 1, 1) + timedelta(days=day)
    name = start.isoformat()
    return StoredBatch(0, name, name, day_bounds(start)[0], refresh=False, counts=counts)


def _selected(reading: Reading, query: ResultQuery) -> jobs.Selection | None:
    """Find out what a query selects; None is nothing."""
    batch = None if query.batch_id is None else find(reading, query.batch_id)
    if query.alone:
        # A job of a batch is never one without a batch: both conditions together select nothing.
        batch = None if batch or reading.key is None else batches.find_alone(reading.session, reading.key)
    if reading.key is None or (query.alone and batch is None):
        return None
    day = None if query.day is None else day_bounds(query.day)
    return jobs.Selection(reading.key, reading.now, batch and batch.pk, day)


def _total(reading: Reading, selection: jobs.Selection) -> int:
    if selection.day is not None:
        return jobs.count(reading.session, selection)
    if selection.batch is not None:
        return batches.by_key(reading.session, selection.batch).counts.total
    return worlds.counts(reading.session, selection.world)[1].total


def of_place(reading: Reading, place_id: str) -> dict[str, Any]:
    """Give the result of a place's last submitted job (contract F8).

    Raises:
        JobNotFound: the world has no job of this place.
    """
    job = reading.key and jobs.result_of_place(reading.session, reading.key, place_id, now=reading.now)
    if not job:
        raise JobNotFound(place_id=place_id)
    return reading.decoded.result(reading.session, job)
