"""Release: held jobs continue from their current status."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reprompt_mock.engine import counts
from reprompt_mock.engine.artifacts import preserve
from reprompt_mock.engine.events import Kind
from reprompt_mock.lifecycle import Course, resume
from reprompt_mock.store import documents, jobs, submissions
from reprompt_mock.tables import ALONE

if TYPE_CHECKING:
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.store.jobs import HeldJob
    from reprompt_mock.world_settings import WorldSettings


def release(writing: Writing, *, place_id: str | None, batch: str | None) -> int:
    """Release held jobs whose place id and batch (id or name) match the globs; return their number."""
    held = jobs.held(writing.session, writing.key, now=writing.now)
    meant = [job for job in held if _is_meant(job, place_id, batch)]
    settings = {
        submission: submissions.settings_of(writing.session, submission)
        for submission in {job.submission for job in meant}
    }
    preserve(writing, {job.batch for job in meant})
    for job in meant:
        steps = _resumed(writing, job, settings[job.submission])
        jobs.release(writing.session, job.pk, steps)
        counts.move(writing, {job.batch: counts.UNCHANGED}, [steps[job.status]])
    if meant:
        writing.note(Kind.batch)
    return len(meant)


def _is_meant(job: HeldJob, place_id: str | None, batch: str | None) -> bool:
    if place_id is not None and not fnmatchcase(job.place_id, place_id):
        return False
    if batch is None:
        return True
    # As for rules, a job without a batch matches no batch id or name.
    return job.batch_id != ALONE and any(fnmatchcase(label, batch) for label in (job.batch_id, job.batch_name))


def _resumed(writing: Writing, job: HeldJob, settings: WorldSettings) -> tuple[int, int, int]:
    course = _course(writing, job)
    return resume(job.place_id, job.attempt, course, job.status, at=writing.now, seed=settings.seed, pace=settings.pace)


def _course(writing: Writing, job: HeldJob) -> Course:
    """Return what rules had decided, with the outcome that was drawn."""
    if job.course is None:
        return Course(job.outcome)
    course: dict[str, Any] = documents.read(writing.session, job.course)
    return Course(job.outcome, None, course["seconds"], course["slowness"])
