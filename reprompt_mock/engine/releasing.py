"""Release: held jobs go on from where they stand."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reprompt_mock.lifecycle import Course, Entrant, JobStatus, resume
from reprompt_mock.store import jobs, worlds
from reprompt_mock.store.jobs import HeldJob, ReleasedJob

if TYPE_CHECKING:
    from reprompt_mock.engine.core import Writing
    from reprompt_mock.settings import WorldSettings


def release(writing: Writing, *, place_id: str | None, batch: str | None) -> int:
    """Let held jobs go on, those whose place id and batch (id or name) match the globs; gives how many."""
    settings: dict[int, WorldSettings] = {}
    released = []
    for job in jobs.held(writing.connection, writing.key):
        if _is_meant(job, place_id, batch):
            if job.submission not in settings:
                settings[job.submission] = worlds.submission_settings(writing.connection, job.submission)
            released.append(_released(writing, job, settings[job.submission]))
    jobs.release(writing.connection, released)
    writing.world.expect(min((job.due_at for job in released if job.due_at is not None), default=None))
    return len(released)


def _is_meant(job: HeldJob, place_id: str | None, batch: str | None) -> bool:
    if place_id is not None and not fnmatchcase(job.place_id, place_id):
        return False
    return batch is None or fnmatchcase(job.batch_id, batch) or fnmatchcase(job.batch_name, batch)


def _released(writing: Writing, job: HeldJob, settings: WorldSettings) -> ReleasedJob:
    entrant = Entrant(job.place_id, job.attempt, _course(writing, job))
    times = resume(entrant, job.status, at=writing.now, seed=settings.seed, pace=settings.pace)
    steps = (times.queued_at, times.started_at, times.finished_at)
    return ReleasedJob(steps[job.status], *steps, job.pk)


def _course(writing: Writing, job: HeldJob) -> Course | None:
    if job.course is None:
        return None
    course: dict[str, Any] = worlds.document(writing.connection, job.course)
    return Course(JobStatus(job.outcome), None, course["seconds"], course["slowness"])
