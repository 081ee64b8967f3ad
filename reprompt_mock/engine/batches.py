"""Batches: create, status, list, rename, mark for refresh, delete (contract D, E, H, I1)."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.batch_status import Counts, status_of
from reprompt_mock.engine import submissions
from reprompt_mock.engine.artifacts import preserve
from reprompt_mock.engine.events import Kind
from reprompt_mock.engine.relief import makes_room
from reprompt_mock.errors import BatchNotFound
from reprompt_mock.history import AttributeStatus, shown
from reprompt_mock.lifecycle import Hold, JobStatus
from reprompt_mock.store import batches, jobs
from reprompt_mock.store.jobs import StoredAttributes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.submissions import BatchToCreate
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.store.batches import StoredBatch


_ALIKE = itemgetter(slice(1, None))
"""What many jobs share of what attribute statuses are derived from."""
_NO_PLACES: Mapping[str, Sequence[str]] = MappingProxyType({status.name: () for status in JobStatus})


class BatchView(NamedTuple):
    """A batch with its status and its place ids, by job status and, per requested attribute, by attribute status.

    `created` are the places that a create brought.
    """

    batch: StoredBatch
    status: JobStatus
    jobs: Mapping[str, Sequence[str]]
    attributes: Mapping[str, Mapping[AttributeStatus, Sequence[str]]] | None = None
    created: Sequence[str] = ()


class BatchPage(NamedTuple):
    """A page of a world's batches, each with its status and the number of its deferred jobs, and how many there are."""

    batches: Sequence[tuple[StoredBatch, JobStatus, int]]
    total: int


class MarkedBatches(NamedTuple):
    """The ids of the batches that were marked, and those that do not exist."""

    updated: list[str]
    missing: list[str]


def find(reading: Reading, batch_id: str) -> StoredBatch:
    """Find a batch of a world.

    Raises:
        BatchNotFound: the world has no batch with this id.
    """
    batch = reading.key and batches.find(reading.session, reading.key, batch_id)
    if not batch:
        raise BatchNotFound(batch_id=batch_id)
    return batch


def kept(world: World, batch_id: str) -> BatchView | None:
    """Return a batch's cached description, or None if it has to be read."""
    present = world.present
    if world.is_due() or present.state.settings.poll_advance:
        return None
    view: BatchView | None = present.views.find(batch_id)
    return view


def create(writing: Writing, request: BatchToCreate) -> BatchView:
    """Create a batch or append to it (contract D).

    Raises:
        TooManyJobs: the request exceeds the limit of jobs (contract D2).
        AttributesMissing: a job to be run has no attributes (contract D5).
        AttributeUnknown: an attribute is unknown and the settings are strict (contract D7).
    """
    created = submissions.create(writing, request)
    writing.note(Kind.batch, created.batch.id)
    if created.batch.counts.total:
        return status(writing.reading, created.batch.id)._replace(created=created.place_ids)
    return new_view(writing, created.batch, created.place_ids)


def new_view(writing: Writing, batch: StoredBatch, place_ids: Sequence[str]) -> BatchView:
    """Describe a batch whose first jobs were just written, without reading them back."""
    by_status = {**_NO_PLACES, JobStatus.pending.name: place_ids}
    counts = Counts(pending=len(place_ids))
    status = status_of(counts, writing.settings.batch_failure_threshold)
    return BatchView(batch._replace(counts=counts), status, by_status, created=place_ids)


def status(reading: Reading, batch_id: str, attributes: Sequence[str] | None = None) -> BatchView:
    """Describe a batch, including the distribution of attribute statuses if attributes are named (contract E).

    Raises:
        BatchNotFound: the world has no batch with this id.
    """
    view = reading.views.find(batch_id) or _viewed(reading, batch_id)
    if attributes is None:
        return view
    reading.weigh(view.batch.counts.total)
    return view._replace(attributes=_distribution(reading, view.batch, attributes))


def _viewed(reading: Reading, batch_id: str) -> BatchView:
    batch = find(reading, batch_id)
    reading.weigh(batch.counts.total)
    by_status = jobs.places_by_status(reading.session, batch.pk, now=reading.now, total=batch.counts.total)
    batch = batch._replace(counts=Counts(*map(len, by_status.values())))
    waiting = deferred(reading, [batch]).get(batch.pk, [])
    view = BatchView(batch, status_now(reading, batch), _apart(by_status, waiting))
    reading.views.keep(batch_id, view, weight=batch.counts.total)
    return view


def deferred(reading: Reading, among: Iterable[StoredBatch]) -> Mapping[int, Sequence[str]]:
    """Return the place ids of deferred jobs, by the key of their batch; they count as queued (contract L1)."""
    if reading.key is None or not any(batch.counts.queued for batch in among):
        return {}
    return jobs.deferred(reading.session, reading.key, now=reading.now)


def _apart(by_status: Mapping[str, Sequence[str]], waiting: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """List deferred places apart from the queued ones, under a sixth key if there are any."""
    if not waiting:
        return by_status
    out, queued = set(waiting), JobStatus.queued.name
    others = [place_id for place_id in by_status[queued] if place_id not in out]
    return {**by_status, queued: others, Hold.queued_deferred.name: waiting}


def status_now(reading: Reading, batch: StoredBatch) -> JobStatus:
    """Return a batch's aggregate status, using the current failure threshold (contract E3)."""
    return status_of(batch.counts, reading.state.settings.batch_failure_threshold)


def _distribution(
    reading: Reading, batch: StoredBatch, names: Sequence[str]
) -> dict[str, dict[AttributeStatus, list[str]]]:
    spread: dict[str, dict[AttributeStatus, list[str]]] = {
        name: {status: [] for status in AttributeStatus} for name in names
    }
    extends: dict[tuple[Any, ...], list[Callable[[Iterable[str]], None]]] = {}
    found = jobs.attributes(reading.session, batch.pk, now=reading.now, total=batch.counts.total)
    for alike, rows in groupby(found, _ALIKE):
        listed = extends.get(alike)
        if listed is None:
            statuses = _shown(reading, StoredAttributes(*alike))
            lists = (by_status[statuses.get(name, AttributeStatus.NOT_RUN)] for name, by_status in spread.items())
            listed = extends[alike] = [places.extend for places in lists]
        place_ids = [row[0] for row in rows]
        for extend in listed:
            extend(place_ids)
    return spread


def _shown(reading: Reading, job: StoredAttributes) -> Mapping[str, AttributeStatus]:
    session, decoded = reading.session, reading.decoded
    return shown(
        JobStatus(job.status),
        decoded.asked(session, job.asked),
        decoded.history(session, job.ran, job.submission),
        decoded.history(session, job.planned, job.submission),
    )


def page(reading: Reading, query: str, *, limit: int, offset: int) -> BatchPage:
    """List the batches whose name contains `query`, newest first (contract H)."""
    if reading.key is None:
        return BatchPage([], 0)
    found, total = batches.page(reading.session, reading.key, query.casefold(), limit=limit, offset=offset)
    waiting = deferred(reading, found)
    return BatchPage([(one, status_now(reading, one), len(waiting.get(one.pk, ()))) for one in found], total)


@makes_room
def delete(writing: Writing, batch_id: str) -> None:
    """Delete a batch and its jobs (contract I1); later ticks remove the jobs' rows.

    Raises:
        BatchNotFound: the world has no batch with this id.
    """
    batch = find(writing.reading, batch_id)
    preserve(writing, {batch.pk})
    batches.delete(writing.session, batch.pk)
    writing.purges = True
    writing.note(Kind.batch, batch_id)


def update(writing: Writing, batch_id: str, *, name: str | None, refresh: bool | None) -> None:
    """Rename a batch or mark it for refresh; None leaves a field unchanged (contract I1).

    Raises:
        BatchNotFound: the world has no batch with this id.
    """
    batch = find(writing.reading, batch_id)
    if name not in {None, batch.name}:
        preserve(writing, {batch.pk})
    batches.update(writing.session, batch.pk, name=name, refresh=refresh)
    writing.note(Kind.batch, batch_id)


def mark(writing: Writing, batch_ids: Sequence[str], *, refresh: bool) -> MarkedBatches:
    """Set or clear the refresh mark of batches (contract I1)."""
    marked = MarkedBatches([], [])
    for batch_id in dict.fromkeys(batch_ids):
        batch = batches.find(writing.session, writing.key, batch_id)
        if batch is not None:
            batches.update(writing.session, batch.pk, name=None, refresh=refresh)
            writing.note(Kind.batch, batch_id)
        (marked.updated if batch else marked.missing).append(batch_id)
    return marked
