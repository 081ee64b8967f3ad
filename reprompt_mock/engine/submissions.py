"""Create, append, submit alone: how jobs come into a world (contract D, I2)."""

from __future__ import annotations

from collections import Counter
from functools import partial
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import orjson

from reprompt_mock.attributes import CATALOGUE, CORE, nearest
from reprompt_mock.draws import digest
from reprompt_mock.engine.planning import Planned, Planner, Submitted
from reprompt_mock.enrichment.results import echoed
from reprompt_mock.errors import AttributesMissing, AttributeUnknown, EnrichmentNotFound, JobNotFound, TooManyJobs
from reprompt_mock.lifecycle import NEVER, JobStatus, Timetable
from reprompt_mock.store import batches, jobs, worlds
from reprompt_mock.store.jobs import ExistingJob, NewJob
from reprompt_mock.tables import ALONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.engine.core import Writing
    from reprompt_mock.settings import WorldSettings
    from reprompt_mock.store.batches import StoredBatch


class PlaceToEnrich(NamedTuple):
    """One job of a request: the client's id or None, its inputs as JSON, its and the batch's attributes."""

    place_id: str | None
    place: str
    attributes: tuple[str, ...]


class BatchToCreate(NamedTuple):
    """A create or an append; `body` is what a generated batch id is made from."""

    batch_id: str | None
    batch_name: str
    places: Sequence[PlaceToEnrich]
    kick_off: bool
    body: bytes


def create(writing: Writing, request: BatchToCreate) -> StoredBatch:
    """Create a batch or append to it; gives the batch's key with the counts of before.

    Raises:
        TooManyJobs: the request has more jobs than a request may (contract D2).
        AttributesMissing: a job that is to run has no attributes (contract D5).
    """
    check_size(len(request.places), writing.world.settings.max_jobs_per_request)
    check_known(writing.world.settings, *{place.attributes for place in request.places})
    batch_id = request.batch_id or _new_batch_id(writing, request.body)
    if request.kick_off:
        _check_attributes(request.places)
    places = identified(batch_id, request.places)
    batch = batches.find(writing.connection, writing.key, batch_id) or batches.insert(
        writing.connection, writing.key, batch_id, request.batch_name, writing.now
    )
    submit(writing, batch, places, kick_off=request.kick_off)
    return batch


def submit_alone(writing: Writing, place: PlaceToEnrich) -> str:
    """Submit one job that belongs to no batch, for core attributes where it names none; gives its place id."""
    return _submit_alone(writing, place, at_once=False)


def enrich(writing: Writing, place: PlaceToEnrich) -> str:
    """Submit one job that belongs to no batch and finishes at once; gives its place id (contract I3).

    Raises:
        EnrichmentNotFound: it fails.
    """
    return _submit_alone(writing, place, at_once=True)


def _submit_alone(writing: Writing, place: PlaceToEnrich, *, at_once: bool) -> str:
    check_known(writing.world.settings, place.attributes)
    places = identified(ALONE, [place])
    submit(writing, alone(writing), places, kick_off=True, at_once=at_once)
    return next(iter(places))


def delete_jobs(writing: Writing, place_id: str) -> int:
    """Delete all jobs of a place, in every batch and none; gives how many (contract F8).

    Raises:
        JobNotFound: the world has no job of this place.
    """
    found = jobs.of_place(writing.connection, writing.key, place_id)
    if not found:
        raise JobNotFound(place_id=place_id)
    jobs.remove(writing.connection, [job.pk for job in found])
    for job in found:
        change = [0] * len(JobStatus)
        change[job.status] = -1
        batches.move_counts(writing.connection, {job.batch: change})
    return len(found)


def alone(writing: Writing) -> StoredBatch:
    """Find or make the batch without a name that holds a world's jobs without a batch."""
    found = batches.find_alone(writing.connection, writing.key)
    return found or batches.insert(writing.connection, writing.key, ALONE, ALONE, writing.now)


def check_size(count: int, limit: int) -> None:
    """Refuse a request of too many jobs.

    Raises:
        TooManyJobs: it has more than `limit` (contract D2).
    """
    if count > limit:
        raise TooManyJobs(count=count, limit=limit)


def check_known(settings: WorldSettings, *lists: Sequence[str]) -> None:
    """Refuse attributes that the emulator does not know, where the settings are strict (contract D7).

    Raises:
        AttributeUnknown: one is unknown; it names the nearest known one.
    """
    if settings.strict_attributes:
        for name in chain.from_iterable(lists):
            if name not in CATALOGUE:
                close = nearest(name)
                raise AttributeUnknown(name=name, hint=f"; the nearest known one is {close!r}" if close else "")


def _check_attributes(places: Iterable[PlaceToEnrich]) -> None:
    for position, place in enumerate(places):
        if not place.attributes:
            raise AttributesMissing(position=position, place_id=place.place_id)


def _uuid(source: bytes) -> str:
    return str(UUID(bytes=source[:16], version=4))


def _new_batch_id(writing: Writing, body: bytes) -> str:
    fingerprint = blake2b(body, digest_size=16).hexdigest()
    while True:
        count = worlds.count_body(writing.connection, writing.key, fingerprint)
        batch_id = _uuid(digest(writing.world.settings.seed, "batch", fingerprint, count))
        if batches.find(writing.connection, writing.key, batch_id) is None:
            return batch_id


def identified(batch_id: str, places: Iterable[PlaceToEnrich]) -> dict[str, PlaceToEnrich]:
    """Give every place its id, in order of first mention; of several with one id the last wins (contract D4).

    A generated id depends on the batch's id, the inputs, and how many equal inputs came before (contract D1).
    """
    named: dict[str, PlaceToEnrich] = {}
    unnamed: Counter[str] = Counter()
    for place in places:
        place_id = place.place_id
        if place_id is None:
            inputs = _canonical(place.place)
            place_id = _uuid(digest(0, "place", batch_id, inputs, unnamed[inputs]))
            unnamed[inputs] += 1
        named[place_id] = place
    return named


def _canonical(place: str) -> str:
    # Clients space and order the same inputs differently.
    return orjson.dumps(echoed(place), option=orjson.OPT_SORT_KEYS).decode()


def submit(
    writing: Writing,
    batch: StoredBatch,
    places: Mapping[str, PlaceToEnrich],
    *,
    kick_off: bool,
    at_once: bool = False,
) -> None:
    """Write the jobs of one submission, those that the batch has already in their old positions.

    Args:
        writing: the world, open for a change.
        batch: the batch as it was before.
        places: the places by id.
        kick_off: whether the jobs run; if not, they stay pending (contract D5).
        at_once: whether they finish without any time passing (contract I3).

    Raises:
        EnrichmentNotFound: one fails that was to finish at once.
    """
    connection, world, key, now = writing
    submission = worlds.add_submission(connection, key, now, world.settings)
    planner = Planner(writing, submission=submission, settings=world.settings)
    replaced = jobs.existing(connection, key, batch.pk, list(places)) if batch.counts.total else {}
    next_key = jobs.next_key(connection)  # before the last key may be removed, which is used again
    jobs.remove(connection, [job.pk for job in replaced.values()])
    plans: Iterable[Planned | None] = [None] * len(places)
    if kick_off:
        entered = [
            Submitted(place_id, 1, place.attributes or CORE, None, partial(str, place.place), batch.label)
            for place_id, place in places.items()
        ]
        planned_jobs = planner.plan(entered)
        plans = [_finished(now, *pair) for pair in zip(entered, planned_jobs, strict=True)] if at_once else planned_jobs
    origin = _Origin(key, batch.pk, submission)
    rows = []
    for (place_id, place), planned in zip(places.items(), plans, strict=True):
        before = replaced.get(place_id)
        asked = planned.asked if planned else planner.key_of(place.attributes)
        # A replaced job's last attributes outlive it where the new request has none (contract G3).
        own = asked if place.attributes else before and before.own
        rows.append(_row(origin, before.pk if before else next_key, place_id, planned, asked=asked, own=own))
        next_key += before is None
    stored = ((row.pk, place.place) for row, place in zip(rows, places.values(), strict=True))
    jobs.insert(connection, rows, stored)
    _count_in(writing, batch, rows, replaced.values())


def _finished(now: int, job: Submitted, planned: Planned) -> Planned:
    """Let a job finish at once: neither holds nor durations play a part (contract I3)."""
    if planned.timetable.outcome is JobStatus.failed:
        reason = planned.error or "the simulated enrichment failed"
        raise EnrichmentNotFound(place_id=job.place_id, reason=reason)
    return planned._replace(timetable=Timetable(now, now, now, planned.timetable.outcome, None))


class _Origin(NamedTuple):
    world: int
    batch: int
    submission: int


def _row(origin: _Origin, pk: int, place_id: str, planned: Planned | None, *, asked: int, own: int | None) -> NewJob:
    times = planned.timetable if planned else NEVER
    return NewJob(
        pk,
        origin.world,
        origin.batch,
        place_id,
        created_in=origin.submission,
        submission=origin.submission,
        attempt=1 if planned else 0,
        own=own,
        asked=asked,
        status=JobStatus.pending,
        due_at=times.queued_at,
        queued_at=times.queued_at,
        started_at=times.started_at,
        finished_at=times.finished_at,
        outcome=times.outcome,
        hold=times.hold,
        course=planned and planned.course,
        ran=None,
        planned=planned and planned.planned,
        fresh=planned.fresh if planned else True,
        error=planned and planned.error,
        last_enriched=None,
    )


def _count_in(writing: Writing, batch: StoredBatch, rows: Sequence[NewJob], replaced: Iterable[ExistingJob]) -> None:
    change = [0] * len(JobStatus)
    change[JobStatus.pending] = len(rows)
    for job in replaced:
        change[job.status] -= 1
    batches.move_counts(writing.connection, {batch.pk: change})
    due = [row.due_at for row in rows if row.due_at is not None]
    writing.world.expect(min(due, default=None))
