"""Reprocess: jobs return to pending and run again as a new attempt (contract G)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock import history
from reprompt_mock.engine.artifacts import preserve
from reprompt_mock.engine.batches import find
from reprompt_mock.engine.counts import Changes
from reprompt_mock.engine.events import Kind
from reprompt_mock.engine.planning import Submitted, plan_jobs
from reprompt_mock.engine.requirements import check_known
from reprompt_mock.errors import AllDeferred, JobsNotFound, NothingToReprocess
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.reprocess import Scope, attributes_for
from reprompt_mock.rules import PARTIAL
from reprompt_mock.store import batches, documents, jobs, submissions
from reprompt_mock.store.columns import Restarts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.store.jobs import ExistingJob


class Wanted(NamedTuple):
    """How to reprocess jobs; `attributes` merges the request's attribute set and explicit attributes."""

    attributes: tuple[str, ...]
    refresh: bool = False
    use_previous: bool = False


class Reprocessed(NamedTuple):
    """How many jobs run again, how many were left out since they are deferred, and how many had nothing left to run.

    The last are those that had completed; 0 if attributes may have erred, which a reprocess runs again.
    """

    jobs: int
    deferred: int
    completed: int


def batch(writing: Writing, batch_id: str, scope: Scope, wanted: Wanted) -> Reprocessed:
    """Reprocess the jobs of a batch that the scope selects, except deferred ones (contract L1).

    Raises:
        BatchNotFound: the world has no such batch.
        NothingToReprocess: the scope selects no job (contract G5).
    """
    found = find(writing.reading, batch_id)
    writing.weigh(found.counts.total)
    selected = jobs.to_reprocess(writing.session, found.pk, scope.statuses, now=writing.now)
    picked = [job for job in selected if not job.is_deferred]
    if not picked:
        raise NothingToReprocess(scope=scope.word, batch_id=batch_id)
    _restart(writing, picked, wanted)
    writing.note(Kind.batch, batch_id)
    completed = 0 if _may_have_erred(writing, picked) else [job.status for job in picked].count(JobStatus.completed)
    return Reprocessed(len(picked), len(selected) - len(picked), completed)


def _may_have_erred(writing: Writing, picked: Sequence[ExistingJob]) -> bool:
    """Return whether attributes of completed jobs may be in `ERROR`: by a rate, by a rule, or by a test place id."""
    rules = writing.state.scenario.rules
    if writing.settings.attribute_error_rate or any(named.rule.then.attributes for named in rules):
        return True
    place_ids = [job.place_id for job in picked]
    return PARTIAL in "\0".join(place_ids) and any(place_id.startswith(PARTIAL) for place_id in place_ids)


class ReprocessedPlaces(NamedTuple):
    """The places whose jobs run again, and those that have no job; deferred jobs are in neither."""

    found: list[str]
    missing: list[str]


def places(writing: Writing, place_ids: Sequence[str], wanted: Wanted) -> ReprocessedPlaces:
    """Reprocess the most recently submitted job of each place (contract G9).

    Raises:
        JobsNotFound: no place has a job.
        AllDeferred: there is no job that is not deferred.
    """
    newest = {
        place_id: next(iter(jobs.of_place(writing.session, writing.key, place_id, now=writing.now)), None)
        for place_id in dict.fromkeys(place_ids)
    }
    known = [job for job in newest.values() if job is not None]
    if not known:
        raise JobsNotFound
    picked = [job for job in known if not job.is_deferred]
    if not picked:
        raise AllDeferred
    _restart(writing, picked, wanted)
    writing.note(Kind.batch)
    missing = [place_id for place_id, job in newest.items() if job is None]
    return ReprocessedPlaces([job.place_id for job in picked], missing)


def _restart(writing: Writing, picked: Sequence[ExistingJob], wanted: Wanted) -> None:
    """Start new attempts of jobs as one submission."""
    session, now = writing.session, writing.now
    check_known(writing.settings, [wanted.attributes])
    preserve(writing, {job.batch for job in picked})
    submission, _ = submissions.add(session, writing.keys, now, writing.settings)
    ran = _histories(writing, picked)
    planned = plan_jobs(writing, _submitted(writing, picked, ran, wanted), refresh=wanted.refresh)
    restarts = Restarts(
        pk=[job.pk for job in picked],
        submission=submission,
        attempt=[job.attempt + 1 for job in picked],
        own=_own(picked, planned.asked, wanted),
        asked=planned.asked,
        queued_at=planned.timetables.queued_at,
        started_at=planned.timetables.started_at,
        finished_at=planned.timetables.finished_at,
        outcome=planned.timetables.outcome,
        hold=planned.timetables.hold,
        course=planned.courses,
        ran=ran,
        planned=planned.planned,
        fresh=planned.fresh,
        error=planned.errors,
        lag=planned.lags,
    )
    jobs.restart(session, restarts, now=now)
    changes = Changes()
    changes.leave(picked)
    for batch, count in Counter(job.batch for job in picked).items():
        changes.add(batch, JobStatus.pending, count)
    changes.store(writing, planned.timetables.queued_at)


def _submitted(writing: Writing, picked: Sequence[ExistingJob], ran: Sequence[int | None], wanted: Wanted) -> Submitted:
    session = writing.session
    labels = {batch: batches.by_key(session, batch).label for batch in {job.batch for job in picked}}
    own = _own_lists(writing, picked)
    return Submitted(
        [job.place_id for job in picked],
        [job.attempt + 1 for job in picked],
        [attributes_for(wanted.attributes, own[job.own], use_previous=wanted.use_previous) for job in picked],
        ran,
        lambda position: jobs.place(session, picked[position].pk),
        lambda position: labels[picked[position].batch],
    )


def _own_lists(writing: Writing, picked: Sequence[ExistingJob]) -> dict[int | None, tuple[str, ...]]:
    """Return jobs' own last attributes (contract G3) by key; None is the key of a job that never had any."""
    lists: dict[int | None, tuple[str, ...]] = {None: ()}
    for key in {job.own for job in picked if job.own is not None}:
        lists[key] = tuple(documents.read(writing.session, key))
    return lists


def _histories(writing: Writing, picked: Sequence[ExistingJob]) -> list[int | None]:
    """Return the key of each job's history with explicit submissions, since the jobs move to a new one."""
    keys: dict[tuple[int | None, int], int | None] = {}
    for ran, submission in dict.fromkeys((job.ran, job.submission) for job in picked):
        keys[ran, submission] = None if ran is None else _written_out(writing, ran, submission)
    return [keys[job.ran, job.submission] for job in picked]


def _written_out(writing: Writing, ran: int, submission: int) -> int:
    entries = history.read(documents.read(writing.session, ran), submission, ran)
    return documents.intern(writing.session, writing.keys, history.written(entries))


def _own(picked: Sequence[ExistingJob], asked: Sequence[int], wanted: Wanted) -> list[int | None]:
    """Return the key of each job's own attributes: those that it had, or those that the request names."""
    if not wanted.attributes:
        return [job.own for job in picked]
    if not wanted.use_previous:
        return [*asked]
    return [key if job.own is None else job.own for job, key in zip(picked, asked, strict=True)]
