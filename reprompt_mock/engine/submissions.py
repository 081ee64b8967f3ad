"""Create, append, submit alone: how jobs come into a world (contract D, I2)."""

from __future__ import annotations

from collections import Counter
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from reprompt_mock.draws import digest
from reprompt_mock.engine.planning import Planned, Planner, Submitted
from reprompt_mock.errors import AttributesMissing, TooManyJobs
from reprompt_mock.lifecycle import NEVER, JobStatus
from reprompt_mock.store import batches, jobs, worlds
from reprompt_mock.store.jobs import ExistingJob, NewJob
from reprompt_mock.tables import ALONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.engine.core import Writing
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
    batch_id = request.batch_id or _new_batch_id(writing, request.body)
    places = identified(batch_id, request.places)
    if request.kick_off:
        for place_id, place in places.items():
            if not place.attributes:
                raise AttributesMissing(place_id=place_id)
    batch = batches.find(writing.connection, writing.key, batch_id) or batches.insert(
        writing.connection, writing.key, batch_id, request.batch_name, writing.now
    )
    submit(writing, batch, places, kick_off=request.kick_off)
    return batch


def submit_alone(writing: Writing, place: PlaceToEnrich) -> str:
    """Submit one job that belongs to no batch; gives its place id (contract I2)."""
    places = identified(ALONE, [place])
    submit(writing, alone(writing), places, kick_off=True)
    return next(iter(places))


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
            place_id = _uuid(digest(0, "place", batch_id, place.place, unnamed[place.place]))
            unnamed[place.place] += 1
        named[place_id] = place
    return named


def submit(writing: Writing, batch: StoredBatch, places: Mapping[str, PlaceToEnrich], *, kick_off: bool) -> None:
    """Write the jobs of one submission, those that the batch has already in their old positions."""
    connection, world, key, now = writing
    submission = worlds.add_submission(connection, key, now, world.settings)
    planner = Planner(writing, submission=submission, settings=world.settings)
    replaced = jobs.existing(connection, key, batch.pk, list(places)) if batch.counts.total else {}
    jobs.remove(connection, [job.pk for job in replaced.values()])
    plans: Iterable[Planned | None] = [None] * len(places)
    if kick_off:
        plans = planner.plan(
            [
                Submitted(place_id, 1, place.attributes, None, partial(str, place.place), batch.label)
                for place_id, place in places.items()
            ]
        )
    origin = _Origin(key, batch.pk, submission)
    next_key = jobs.next_key(connection)
    rows = []
    for (place_id, place), planned in zip(places.items(), plans, strict=True):
        before = replaced.get(place_id)
        asked = planner.key_of(place.attributes)
        # A replaced job's last attributes outlive it where the new request has none (contract G3).
        own = asked if place.attributes else before and before.own
        rows.append(_row(origin, before.pk if before else next_key, place_id, planned, asked=asked, own=own))
        next_key += before is None
    stored = ((row.pk, place.place) for row, place in zip(rows, places.values(), strict=True))
    jobs.insert(connection, rows, stored)
    _count_in(writing, batch, rows, replaced.values())


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
