"""What clients read: batch status, results, lists."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock.batch_status import Counts, status_of
from reprompt_mock.clock import day_bounds
from reprompt_mock.errors import BatchNotFound, JobNotFound
from reprompt_mock.history import AttributeStatus, shown
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store import batches, jobs, worlds
from reprompt_mock.store.batches import StoredBatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprompt_mock.engine.core import Reading
    from reprompt_mock.engine.recall import Recall

_TOGETHER = 32
"""How many results are written at once: one by one takes longer, and all would busy the garbage collector."""


class BatchView(NamedTuple):
    """A batch with its status, its place ids by status, and those per wanted attribute by its status."""

    batch: StoredBatch
    status: JobStatus
    jobs: Mapping[str, Sequence[str]]
    attributes: Mapping[str, Mapping[AttributeStatus, Sequence[str]]] | None = None


class BatchPage(NamedTuple):
    """A page of a world's batches, each with its status, and how many there are."""

    batches: Sequence[tuple[StoredBatch, JobStatus]]
    total: int


class ResultPage(NamedTuple):
    """A page of results in the service's form, some at a time written as JSON, with commas; and how many there are."""

    jobs: Sequence[bytes]
    total: int


class ResultQuery(NamedTuple):
    """Which results: a batch's, all of a world, those without a batch, of one UTC day."""

    batch_id: str | None = None
    alone: bool = False
    day: date | None = None


def find_batch(reading: Reading, batch_id: str) -> StoredBatch:
    """Find a batch of a world.

    Raises:
        BatchNotFound: the world has no batch of this id.
    """
    batch = reading.key and batches.find(reading.connection, reading.key, batch_id)
    if not batch:
        raise BatchNotFound(batch_id=batch_id)
    return batch


def batch_status(reading: Reading, recall: Recall, batch_id: str, attributes: Sequence[str] | None = None) -> BatchView:
    """Describe a batch, with the distribution of attribute statuses where attributes are named (contract E).

    Raises:
        BatchNotFound: the world has no batch of this id.
    """
    batch = find_batch(reading, batch_id)
    by_status = jobs.places_by_status(reading.connection, batch.pk, now=reading.now)
    batch = batch._replace(counts=Counts(*map(len, by_status.values())))
    return BatchView(
        batch,
        _status(reading, batch),
        by_status,
        None if attributes is None else _distribution(reading, recall, batch, attributes),
    )


def new_batch(batch: StoredBatch, place_ids: Sequence[str]) -> BatchView:
    """Describe a batch whose first jobs have just come, without reading them again."""
    by_status: dict[str, Sequence[str]] = {status.name: [] for status in JobStatus}
    by_status[JobStatus.pending.name] = place_ids
    return BatchView(batch._replace(counts=Counts(pending=len(place_ids))), JobStatus.pending, by_status)


def _status(reading: Reading, batch: StoredBatch) -> JobStatus:
    return status_of(batch.counts, reading.world.settings.batch_failure_threshold)


def _distribution(
    reading: Reading, recall: Recall, batch: StoredBatch, names: Sequence[str]
) -> dict[str, dict[AttributeStatus, list[str]]]:
    spread: dict[str, dict[AttributeStatus, list[str]]] = {
        name: {status: [] for status in AttributeStatus} for name in names
    }
    statuses: dict[tuple[Any, ...], Mapping[str, AttributeStatus]] = {}
    for job in jobs.attributes(reading.connection, batch.pk, now=reading.now):
        alike = job[1:]
        if alike not in statuses:
            statuses[alike] = shown(
                job.status,
                recall.asked(reading.connection, job.asked),
                recall.history(reading.connection, job.ran, job.submission),
                recall.history(reading.connection, job.planned, job.submission),
            )
        for name, by_status in spread.items():
            by_status[statuses[alike].get(name, AttributeStatus.NOT_RUN)].append(job.place_id)
    return spread


def batch_page(reading: Reading, query: str, *, limit: int, offset: int) -> BatchPage:
    """List a world's batches, newest first, those whose name contains `query` (contract H)."""
    if reading.key is None:
        return BatchPage([], 0)
    found, total = batches.page(reading.connection, reading.key, query.casefold(), limit=limit, offset=offset)
    return BatchPage([(batch, _status(reading, batch)) for batch in found], total)


def result_page(reading: Reading, recall: Recall, query: ResultQuery, *, limit: int, offset: int) -> ResultPage:
    """Give a page of results, in order of submission (contract F1, F2).

    Raises:
        BatchNotFound: the query names a batch that the world has not.
    """
    selection = _selected(reading, query)
    if selection is None:
        return ResultPage([], 0)
    total = _total(reading, selection)
    stored = jobs.results(reading.connection, selection, limit=limit, offset=offset, total=total)
    results = (recall.result(reading.connection, job) for job in stored)
    return ResultPage(list(_written(results)), total)


def _written(results: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """Write results as JSON, some at a time, without the brackets around them."""
    while some := list(islice(results, _TOGETHER)):
        yield orjson.dumps(some)[1:-1]


def day_page(reading: Reading, query: ResultQuery, *, limit: int, offset: int) -> BatchPage:
    """Give a page of synthetic batches, one per UTC day, newest first (contract F2).

    Raises:
        BatchNotFound: the query names a batch that the world has not.
    """
    selection = _selected(reading, query)
    if selection is None:
        return BatchPage([], 0)
    days = jobs.counts_by_day(reading.connection, selection)
    named = [_day_batch(day, counts) for day, counts in list(days.items())[offset : offset + limit]]
    return BatchPage([(batch, _status(reading, batch)) for batch in named], len(days))


def _day_batch(day: int, counts: Counts) -> StoredBatch:
    start = date(1970, 1, 1) + timedelta(days=day)
    name = start.isoformat()
    return StoredBatch(0, name, name, day_bounds(start)[0], refresh=False, counts=counts)


def _selected(reading: Reading, query: ResultQuery) -> jobs.Selection | None:
    """Find out what a query selects; None is nothing."""
    batch = None if query.batch_id is None else find_batch(reading, query.batch_id)
    if query.alone:
        # A job of a batch is never one without a batch: both conditions together select nothing.
        batch = None if batch or reading.key is None else batches.find_alone(reading.connection, reading.key)
    if reading.key is None or (query.alone and batch is None):
        return None
    day = None if query.day is None else day_bounds(query.day)
    return jobs.Selection(reading.key, reading.now, batch and batch.pk, day)


def _total(reading: Reading, selection: jobs.Selection) -> int:
    if selection.day is not None:
        return jobs.count(reading.connection, selection)
    if selection.batch is not None:
        return batches.by_key(reading.connection, selection.batch).counts.total
    return worlds.counts(reading.connection, selection.world)[1].total


def result_of_place(reading: Reading, recall: Recall, place_id: str) -> dict[str, Any]:
    """Give the result of a place's last submitted job (contract F8).

    Raises:
        JobNotFound: the world has no job of this place.
    """
    job = reading.key and jobs.result_of_place(reading.connection, reading.key, place_id, now=reading.now)
    if not job:
        raise JobNotFound(place_id=place_id)
    return recall.result(reading.connection, job)
