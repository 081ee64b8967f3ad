"""Reprocess: jobs go back to pending and run again, as a new attempt (contract G)."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.engine.planning import Planned, Planner, Submitted
from reprompt_mock.engine.submissions import check_known
from reprompt_mock.errors import BatchNotFound, JobsNotFound, NothingToReprocess
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.reprocess import Scope, attributes_for
from reprompt_mock.store import batches, jobs, worlds
from reprompt_mock.store.jobs import ExistingJob, ReprocessedJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.engine.core import Writing


class Wanted(NamedTuple):
    """How jobs are to be reprocessed; `attributes` are the request's, set and explicit ones merged."""

    attributes: tuple[str, ...]
    refresh: bool = False
    use_previous: bool = False


def reprocess_batch(writing: Writing, batch_id: str, scope: Scope, wanted: Wanted) -> int:
    """Reprocess the jobs of a batch that a scope picks; gives how many.

    Raises:
        BatchNotFound: the world has no such batch.
        NothingToReprocess: the scope picks no job (contract G5).
    """
    batch = batches.find(writing.connection, writing.key, batch_id)
    if batch is None:
        raise BatchNotFound(batch_id=batch_id)
    picked = jobs.to_reprocess(writing.connection, batch.pk, scope.statuses)
    if not picked:
        raise NothingToReprocess(scope=scope.word, batch_id=batch_id)
    reprocess(writing, picked, wanted)
    return len(picked)


class ReprocessedPlaces(NamedTuple):
    """Which of the places have a job that runs again, and which have none."""

    found: list[str]
    missing: list[str]


def reprocess_places(writing: Writing, place_ids: Sequence[str], wanted: Wanted) -> ReprocessedPlaces:
    """Reprocess the job of each place that was submitted last (contract G9).

    Raises:
        JobsNotFound: no place has a job.
    """
    newest = {
        place_id: next(iter(jobs.of_place(writing.connection, writing.key, place_id)), None)
        for place_id in dict.fromkeys(place_ids)
    }
    picked = [job for job in newest.values() if job is not None]
    if not picked:
        raise JobsNotFound
    reprocess(writing, picked, wanted)
    missing = [place_id for place_id, job in newest.items() if job is None]
    return ReprocessedPlaces([job.place_id for job in picked], missing)


def reprocess(writing: Writing, picked: Sequence[ExistingJob], wanted: Wanted) -> None:
    """Start new attempts of jobs, as one submission."""
    connection, world, key, now = writing
    check_known(world.settings, wanted.attributes)
    submission = worlds.add_submission(connection, key, now, world.settings)
    planner = Planner(
        writing,
        submission=submission,
        settings=world.settings,
        refresh=wanted.refresh,
    )
    labels = {key: batches.by_key(connection, key).label for key in {job.batch for job in picked}}
    own = _Own(writing)
    submitted = [
        Submitted(
            job.place_id,
            job.attempt + 1,
            attributes_for(wanted.attributes, own.of(job), use_previous=wanted.use_previous),
            job.ran,
            partial(_place, writing, job.pk),
            labels[job.batch],
        )
        for job in picked
    ]
    plans = planner.plan(submitted)
    rows = [
        _row(submission, job, new.attempt, planned, own=_new_own(job, wanted, planned))
        for job, new, planned in zip(picked, submitted, plans, strict=True)
    ]
    jobs.reprocess(connection, rows)
    _count_back(writing, picked)
    world.expect(min((row.due_at for row in rows if row.due_at is not None), default=None))


def _place(writing: Writing, job: int) -> str:
    return jobs.places(writing.connection, [job])[job]


class _Own:
    """Each job's own last attributes, read once per list (contract G3)."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._lists: dict[int, tuple[str, ...]] = {}

    def of(self, job: ExistingJob) -> tuple[str, ...]:
        """Give a job's last attributes, none where it never had any."""
        if job.own is None:
            return ()
        if job.own not in self._lists:
            self._lists[job.own] = tuple(worlds.document(self._writing.connection, job.own))
        return self._lists[job.own]


def _new_own(job: ExistingJob, wanted: Wanted, planned: Planned) -> int | None:
    keeps = not wanted.attributes or (wanted.use_previous and job.own is not None)
    return job.own if keeps else planned.asked


def _row(submission: int, job: ExistingJob, attempt: int, planned: Planned, *, own: int | None) -> ReprocessedJob:
    times = planned.timetable
    return ReprocessedJob(
        submission,
        attempt,
        own,
        planned.asked,
        times.queued_at,
        times.queued_at,
        times.started_at,
        times.finished_at,
        times.outcome,
        times.hold,
        planned.course,
        planned.planned,
        planned.fresh,
        planned.error,
        job.pk,
    )


def _count_back(writing: Writing, picked: Sequence[ExistingJob]) -> None:
    changes: dict[int, list[int]] = defaultdict(lambda: [0] * len(JobStatus))
    for job in picked:
        changes[job.batch][job.status] -= 1
        changes[job.batch][JobStatus.pending] += 1
    batches.move_counts(writing.connection, changes)
