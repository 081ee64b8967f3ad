"""Create, append, submit without a batch: how jobs enter a world (contract D, I2)."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from reprompt_mock.attributes import CORE
from reprompt_mock.engine import counts, requirements
from reprompt_mock.engine.artifacts import preserve
from reprompt_mock.engine.identifiers import identified, new_batch_id
from reprompt_mock.engine.planning import Planned, Submitted, plan_jobs, plan_uploads
from reprompt_mock.errors import EnrichmentNotFound
from reprompt_mock.keys import ALONE
from reprompt_mock.lifecycle import JobStatus, Timetables
from reprompt_mock.store import batches, jobs, submissions
from reprompt_mock.store.columns import NewJobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.engine.deciding import Deciding
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.store.batches import StoredBatch
    from reprompt_mock.store.jobs import ExistingJob


class PlaceToEnrich(msgspec.Struct, frozen=True, gc=False):
    """One job of a request: the client's id or None, its inputs as JSON, and its attributes merged with the batch's.

    `gc=False` spares the garbage collector a walk over many thousands of them; they cannot form cycles. A `bytearray`
    takes a third less time to store, since sqlite3 looks for an adapter for every `bytes` object.
    """

    place_id: str | None
    place: bytes | bytearray
    attributes: tuple[str, ...]


class BatchToCreate(NamedTuple):
    """A create or an append; a generated batch id is derived from `fingerprint`. `unknown_fields` are ignored."""

    batch_id: str | None
    batch_name: str
    places: Sequence[PlaceToEnrich]
    kick_off: bool
    fingerprint: str = ""
    unknown_fields: Sequence[str] = ()


class Submission(NamedTuple):
    """The keys of a submission, its world and its batch, and the number of the attempt that its jobs begin with."""

    key: int
    world: int
    batch: int
    attempt: int


class Created(NamedTuple):
    """A batch with its counts from before the new jobs, and the place ids of these jobs."""

    batch: StoredBatch
    place_ids: Sequence[str]


def create(writing: Writing, request: BatchToCreate) -> Created:
    """Create a batch or append to it.

    Raises:
        TooManyJobs: the request exceeds the limit of jobs (contract D2).
        AttributesMissing: a job to be run has no attributes (contract D5).
    """
    requirements.check(writing.settings, request)
    batch = _batch(writing, request)
    places = identified(batch.id, request.places)
    if writing.settings.places_move:
        _leave_other_batches(writing, batch, list(places))
    return Created(submit(writing, batch, places, kick_off=request.kick_off), list(places))


def _leave_other_batches(writing: Writing, batch: StoredBatch, place_ids: Sequence[str]) -> None:
    """Delete the jobs that other batches have for some places; jobs without a batch stay (contract L2)."""
    left = jobs.elsewhere(writing.session, writing.key, batch.pk, place_ids, now=writing.now)
    preserve(writing, {job.batch for job in left})
    jobs.remove(writing.session, [job.pk for job in left])
    changes = counts.Changes()
    changes.leave(left)
    changes.store(writing)
    writing.purges |= bool(left)


def submit_alone(writing: Writing, place: PlaceToEnrich) -> str:
    """Submit a job without a batch, for core attributes if it names none; return its place id."""
    return _submit_alone(writing, place, at_once=False)


def enrich(writing: Writing, place: PlaceToEnrich) -> str:
    """Submit a job without a batch that finishes immediately; return its place id (contract I3).

    Raises:
        EnrichmentNotFound: the job fails.
    """
    return _submit_alone(writing, place, at_once=True)


def _submit_alone(writing: Writing, place: PlaceToEnrich, *, at_once: bool) -> str:
    requirements.check_known(writing.settings, [place.attributes])
    submit(writing, alone(writing), places := identified(ALONE, [place]), kick_off=True, at_once=at_once)
    return next(iter(places))


def alone(writing: Writing) -> StoredBatch:
    """Return the unnamed internal batch that contains a world's jobs without a batch."""
    return batches.find_alone(writing.session, writing.key) or batches.new(ALONE, ALONE, writing.now)


def _batch(writing: Writing, request: BatchToCreate) -> StoredBatch:
    """Return the batch that a request names, or a new one."""
    if request.batch_id is None:
        return batches.new(new_batch_id(writing, request.fingerprint), request.batch_name, writing.now)
    found = batches.find(writing.session, writing.key, request.batch_id)
    return found or batches.new(request.batch_id, request.batch_name, writing.now)


def submit(
    writing: Writing,
    batch: StoredBatch,
    places: Mapping[str, PlaceToEnrich],
    *,
    kick_off: bool,
    at_once: bool = False,
) -> StoredBatch:
    """Write the jobs of one submission; jobs that the batch already has keep their positions.

    Args:
        writing: the world, open for a change.
        batch: the batch before the submission; it is written if it is new.
        places: the places by id.
        kick_off: whether the jobs run; if not, they stay pending (contract D5).
        at_once: whether they finish immediately (contract I3).

    Raises:
        EnrichmentNotFound: `at_once` is set, and a job fails.
    """
    session, key, now = writing.session, writing.key, writing.now
    replaced = jobs.existing(session, key, batch, places.keys(), now=now)
    preserve(writing, {job.batch for job in replaced.values()})
    planned = decide(writing, batch, places, kick_off=kick_off)
    if at_once:
        planned = _finished(now, places, planned)
    batch = _counted(writing, batch, len(places), replaced, planned.timetables.queued_at)
    submission, first = submissions.add(
        session, writing.keys, now, writing.settings, batch=batch.pk, jobs=len(places) - len(replaced)
    )
    written = Submission(submission, key, batch.pk, attempt=1 if kick_off else 0)
    new = new_jobs(written, _keys(first, places, replaced), places, replaced, planned)
    jobs.insert(session, new, replaced=[job.pk for job in replaced.values()])
    return batch


def decide(deciding: Deciding, batch: StoredBatch, places: Mapping[str, PlaceToEnrich], *, kick_off: bool) -> Planned:
    """Decide about all jobs of a submission; `submit` says what the arguments are."""
    return _run(deciding, batch, places) if kick_off else _uploaded(deciding, places)


def _counted(
    writing: Writing,
    batch: StoredBatch,
    size: int,
    replaced: Mapping[str, ExistingJob],
    due: Iterable[int | None],
) -> StoredBatch:
    """Insert a new batch with its counts, or add to those of an existing one."""
    if batch.pk == batches.NEW:
        soonest = counts.soonest(due)
        writing.expect(soonest)
        return batches.insert(writing.session, writing.keys, batch, pending=size, due=soonest)
    changes = counts.Changes()
    changes.add(batch.pk, JobStatus.pending, size)
    changes.leave(replaced.values())
    changes.store(writing, due)
    return batch


def new_jobs(
    submission: Submission,
    keys: Sequence[int],
    places: Mapping[str, PlaceToEnrich],
    replaced: Mapping[str, ExistingJob],
    planned: Planned,
) -> NewJobs:
    """Write down a submission's jobs, column by column."""
    times = planned.timetables
    return NewJobs(
        pk=keys,
        world=submission.world,
        batch=submission.batch,
        place_id=list(places),
        created_in=submission.key,
        submission=submission.key,
        attempt=submission.attempt,
        own=_own(places, replaced, planned.asked),
        asked=planned.asked,
        queued_at=times.queued_at,
        started_at=times.started_at,
        finished_at=times.finished_at,
        outcome=times.outcome,
        hold=times.hold,
        course=planned.courses,
        planned=planned.planned,
        fresh=planned.fresh,
        error=planned.errors,
        lag=planned.lags,
        place=[place.place for place in places.values()],
    )


def _keys(first: int, places: Mapping[str, PlaceToEnrich], replaced: Mapping[str, ExistingJob]) -> Sequence[int]:
    """Return each job's key: that of the job it replaces, or the next of those reserved for new jobs."""
    if not replaced:
        return range(first, first + len(places))
    new = count(first)
    return [replaced[place_id].pk if place_id in replaced else next(new) for place_id in places]


def _own(
    places: Mapping[str, PlaceToEnrich], replaced: Mapping[str, ExistingJob], asked: Sequence[int]
) -> list[int | None]:
    """Return the key of each job's own attributes; a replaced job's remain if the request has none (contract G3)."""
    return [
        key if place.attributes else replaced[place_id].own if place_id in replaced else None
        for (place_id, place), key in zip(places.items(), asked, strict=True)
    ]


def _run(deciding: Deciding, batch: StoredBatch, places: Mapping[str, PlaceToEnrich]) -> Planned:
    """Plan jobs that run; those without attributes get the core attributes."""
    entered = list(places.values())
    return plan_jobs(
        deciding,
        Submitted(
            list(places),
            [1] * len(entered),
            [place.attributes or CORE for place in entered],
            [None] * len(entered),
            lambda position: entered[position].place,
            lambda _: batch.label,
        ),
    )


def _uploaded(deciding: Deciding, places: Mapping[str, PlaceToEnrich]) -> Planned:
    return plan_uploads(deciding, [place.attributes for place in places.values()])


def _finished(now: int, places: Iterable[str], planned: Planned) -> Planned:
    """Finish jobs immediately, whatever holds, durations and lags say (contract I3)."""
    outcomes = planned.timetables.outcome
    for place_id, outcome, error in zip(places, outcomes, planned.errors, strict=True):
        if outcome == JobStatus.failed:
            raise EnrichmentNotFound(place_id=place_id, reason=error or "the simulated enrichment failed")
    at_once: list[int | None] = [now] * len(outcomes)
    timetables = Timetables(at_once, at_once, at_once, outcomes, [None] * len(outcomes))
    return planned._replace(timetables=timetables, lags=[0] * len(outcomes))
