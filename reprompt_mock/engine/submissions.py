"""Create, append, submit alone: how jobs come into a world (contract D, I2)."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from itertools import chain, count
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec
import orjson

from reprompt_mock.attributes import CATALOGUE, CORE, nearest
from reprompt_mock.draws import digest
from reprompt_mock.engine.planning import Planned, Planner, Submitted
from reprompt_mock.enrichment.results import echoed
from reprompt_mock.errors import AttributesMissing, AttributeUnknown, EnrichmentNotFound, JobNotFound, TooManyJobs
from reprompt_mock.lifecycle import JobStatus, Timetables, never
from reprompt_mock.store import batches, jobs, worlds
from reprompt_mock.tables import ALONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.engine.core import Writing
    from reprompt_mock.settings import WorldSettings
    from reprompt_mock.store.batches import StoredBatch
    from reprompt_mock.store.jobs import ExistingJob


class PlaceToEnrich(msgspec.Struct, frozen=True, gc=False):
    """One job of a request: the client's id or None, its inputs as JSON, its and the batch's attributes.

    There may be very many, over which the garbage collector need not go: they cannot refer to each other. As a
    bytearray a place is stored in two thirds of the time, since of bytes the driver asks whether they adapt.
    """

    place_id: str | None
    place: bytes | bytearray
    attributes: tuple[str, ...]


class BatchToCreate(NamedTuple):
    """A create or an append; `body` is what a generated batch id is made from."""

    batch_id: str | None
    batch_name: str
    places: Sequence[PlaceToEnrich]
    kick_off: bool
    body: bytes


class Created(NamedTuple):
    """A batch with the counts of before the jobs came, and the places of these."""

    batch: StoredBatch
    place_ids: Sequence[str]


def create(writing: Writing, request: BatchToCreate) -> Created:
    """Create a batch or append to it.

    Raises:
        TooManyJobs: the request has more jobs than a request may (contract D2).
        AttributesMissing: a job that is to run has no attributes (contract D5).
    """
    check_size(len(request.places), writing.world.settings.max_jobs_per_request)
    check_known(writing.world.settings, (place.attributes for place in request.places))
    batch = _batch(writing, request)
    if request.kick_off:
        _check_attributes(request.places)
    places = identified(batch.id, request.places)
    return Created(submit(writing, batch, places, kick_off=request.kick_off), list(places))


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
    check_known(writing.world.settings, [place.attributes])
    places = identified(ALONE, [place])
    submit(writing, alone(writing), places, kick_off=True, at_once=at_once)
    return next(iter(places))


def delete_jobs(writing: Writing, place_id: str) -> int:
    """Delete all jobs of a place, in every batch and none; gives how many (contract F8).

    Raises:
        JobNotFound: the world has no job of this place.
    """
    found = jobs.of_place(writing.connection, writing.key, place_id, now=writing.now)
    if not found:
        raise JobNotFound(place_id=place_id)
    jobs.remove(writing.connection, [job.pk for job in found])
    for job in found:
        change = [0] * len(JobStatus)
        change[job.status] = -1
        move_counts(writing, {job.batch: change}, [])
    return len(found)


def alone(writing: Writing) -> StoredBatch:
    """Give the batch without a name that holds a world's jobs without a batch."""
    return batches.find_alone(writing.connection, writing.key) or batches.new(ALONE, ALONE, writing.now)


def check_size(count: int, limit: int) -> None:
    """Refuse a request of too many jobs.

    Raises:
        TooManyJobs: it has more than `limit` (contract D2).
    """
    if count > limit:
        raise TooManyJobs(count=count, limit=limit)


def check_known(settings: WorldSettings, lists: Iterable[Sequence[str]]) -> None:
    """Refuse attributes that the emulator does not know, where the settings are strict (contract D7).

    Raises:
        AttributeUnknown: one is unknown; it names the nearest known one.
    """
    if settings.strict_attributes:
        for name in dict.fromkeys(chain.from_iterable(lists)):
            if name not in CATALOGUE:
                close = nearest(name)
                raise AttributeUnknown(name=name, hint=f"; the nearest known one is {close!r}" if close else "")


def _check_attributes(places: Iterable[PlaceToEnrich]) -> None:
    for position, place in enumerate(places):
        if not place.attributes:
            raise AttributesMissing(position=position, place_id=place.place_id)


def _uuid(source: bytes) -> str:
    return str(UUID(bytes=source[:16], version=4))


def _batch(writing: Writing, request: BatchToCreate) -> StoredBatch:
    """Give the batch that a request names, or a new one."""
    if request.batch_id is None:
        return batches.new(_new_batch_id(writing, request.body), request.batch_name, writing.now)
    found = batches.find(writing.connection, writing.key, request.batch_id)
    return found or batches.new(request.batch_id, request.batch_name, writing.now)


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


def _canonical(place: bytes | bytearray) -> str:
    # Clients space and order the same inputs differently.
    return orjson.dumps(echoed(place), option=orjson.OPT_SORT_KEYS).decode()


def submit(
    writing: Writing,
    batch: StoredBatch,
    places: Mapping[str, PlaceToEnrich],
    *,
    kick_off: bool,
    at_once: bool = False,
) -> StoredBatch:
    """Write the jobs of one submission, those that the batch has already in their old positions.

    Args:
        writing: the world, open for a change.
        batch: the batch as it was before, written where it is new.
        places: the places by id.
        kick_off: whether the jobs run; if not, they stay pending (contract D5).
        at_once: whether they finish without any time passing (contract I3).

    Raises:
        EnrichmentNotFound: one fails that was to finish at once.
    """
    connection, world, key, now = writing
    replaced = jobs.existing(connection, key, batch.pk, list(places), now=now) if batch.counts.total else {}
    planner = Planner(writing, settings=world.settings)
    planned = _run(planner, batch, places) if kick_off else _uploaded(planner, places)
    if at_once:
        planned = _finished(now, places, planned)
    batch = _counted(writing, batch, len(places), replaced, planned.timetables.queued_at)
    size = len(places)
    submission, first = worlds.add_submission(
        connection, key, now, world.settings, batch=batch.pk, jobs=size - len(replaced)
    )
    jobs.remove(connection, [job.pk for job in replaced.values()])
    columns: list[Sequence[Any]] = [
        _keys(first, places, replaced), [key] * size, [batch.pk] * size, list(places), [submission] * size,
        [submission] * size, [int(kick_off)] * size, _own(places, replaced, planned.asked), planned.asked,
        *planned.timetables, planned.courses, [None] * size, planned.planned, planned.fresh, planned.errors,
        [None] * size, [place.place for place in places.values()],
    ]  # fmt: skip
    jobs.insert(connection, columns)
    return batch


def _counted(
    writing: Writing,
    batch: StoredBatch,
    size: int,
    replaced: Mapping[str, ExistingJob],
    due: Iterable[int | None],
) -> StoredBatch:
    """Write a new batch with what comes to it, or count that to one that there is."""
    if batch.pk == batches.NEW:
        soonest = _soonest(due)
        writing.world.expect(soonest)
        return batches.insert(writing.connection, writing.key, batch, pending=size, due=soonest)
    change = [0] * len(JobStatus)
    change[JobStatus.pending] = size
    for job in replaced.values():
        change[job.status] -= 1
    move_counts(writing, {batch.pk: change}, due)
    return batch


def _keys(first: int, places: Mapping[str, PlaceToEnrich], replaced: Mapping[str, ExistingJob]) -> Sequence[int]:
    """Give each job its key: a replaced one's, else the next of those that were kept for new ones."""
    if not replaced:
        return range(first, first + len(places))
    new = count(first)
    return [replaced[place_id].pk if place_id in replaced else next(new) for place_id in places]


def _own(
    places: Mapping[str, PlaceToEnrich], replaced: Mapping[str, ExistingJob], asked: Sequence[int]
) -> list[int | None]:
    """Give each job's own last attributes: a replaced job's outlive it where the new request has none (contract G3)."""
    return [
        key if place.attributes else replaced[place_id].own if place_id in replaced else None
        for (place_id, place), key in zip(places.items(), asked, strict=True)
    ]


def _run(planner: Planner, batch: StoredBatch, places: Mapping[str, PlaceToEnrich]) -> Planned:
    """Plan jobs that run; those without attributes are enriched for core."""
    entered = list(places.values())
    return planner.plan(
        Submitted(
            list(places),
            [1] * len(entered),
            [place.attributes or CORE for place in entered],
            [None] * len(entered),
            lambda position: entered[position].place,
            lambda _: batch.label,
        )
    )


def _uploaded(planner: Planner, places: Mapping[str, PlaceToEnrich]) -> Planned:
    """Plan nothing: the jobs stay pending until they are reprocessed (contract D5)."""
    size = len(places)
    asked = planner.keys_of([place.attributes for place in places.values()])
    return Planned(never(size), asked, [None] * size, [True] * size, [None] * size, [None] * size)


def _finished(now: int, places: Iterable[str], planned: Planned) -> Planned:
    """Let jobs finish at once: neither holds nor durations play a part (contract I3)."""
    outcomes = planned.timetables.outcome
    for place_id, outcome, error in zip(places, outcomes, planned.errors, strict=True):
        if outcome == JobStatus.failed:
            raise EnrichmentNotFound(place_id=place_id, reason=error or "the simulated enrichment failed")
    at_once: list[int | None] = [now] * len(outcomes)
    return planned._replace(timetables=Timetables(at_once, at_once, at_once, outcomes, [None] * len(outcomes)))


def move_counts(writing: Writing, changes: Mapping[int, Sequence[int]], due: Iterable[int | None]) -> None:
    """Add to batches' counts, and note when the next of the new transitions is due."""
    soonest = _soonest(due)
    batches.move_counts(writing.connection, changes, due=soonest)
    writing.world.expect(soonest)


def _soonest(due: Iterable[int | None]) -> int | None:
    return min((time for time in due if time is not None), default=None)
