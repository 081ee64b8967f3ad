"""Release: held jobs continue from their current status."""

from __future__ import annotations

from fnmatch import fnmatchcase
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from reprompt_mock.engine import counts
from reprompt_mock.engine.artifacts import preserve
from reprompt_mock.engine.events import Kind
from reprompt_mock.keys import ALONE
from reprompt_mock.lifecycle import Course, resume
from reprompt_mock.store import documents, held_jobs, submissions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.lifecycle import JobStatus
    from reprompt_mock.store.held_jobs import HeldJob
    from reprompt_mock.world_settings import WorldSettings


def release(writing: Writing, *, place_id: str | None, batch: str | None) -> int:
    """Release held jobs whose place id and batch (id or name) match the globs; return their number."""
    held = held_jobs.find(writing.session, writing.key, now=writing.now)
    meant = [job for job in held if _is_meant(job, place_id, batch)]
    settings = {
        submission: submissions.settings_of(writing.session, submission)
        for submission in {job.submission for job in meant}
    }
    preserve(writing, {job.batch for job in meant})
    for submission, together in _grouped(meant, key=attrgetter("submission")).items():
        _release(writing, together, settings[submission])
    if meant:
        writing.note(Kind.batch)
    return len(meant)


def _grouped(held: Iterable[HeldJob], key: Callable[[HeldJob], int]) -> dict[int, list[HeldJob]]:
    groups: dict[int, list[HeldJob]] = {}
    for job in held:
        groups.setdefault(key(job), []).append(job)
    return groups


def _release(writing: Writing, held: Sequence[HeldJob], settings: WorldSettings) -> None:
    """Release jobs that run under the settings of one submission."""
    steps = _resumed(writing, held, settings)
    held_jobs.release(writing.session, {job.pk: times for job, times in zip(held, steps, strict=True)})
    due: dict[int, list[int]] = {}
    for job, times in zip(held, steps, strict=True):
        due.setdefault(job.batch, []).append(times[job.status])
    for batch, next_steps in due.items():
        counts.move(writing, {batch: counts.UNCHANGED}, next_steps)


def _is_meant(job: HeldJob, place_id: str | None, batch: str | None) -> bool:
    if place_id is not None and not fnmatchcase(job.place_id, place_id):
        return False
    if batch is None:
        return True
    # As for rules, a job without a batch matches no batch id or name.
    return job.batch_id != ALONE and any(fnmatchcase(label, batch) for label in (job.batch_id, job.batch_name))


def _resumed(writing: Writing, held: Sequence[HeldJob], settings: WorldSettings) -> list[tuple[int, int, int]]:
    decided = {
        (key, outcome): _course(writing, key, outcome) for key, outcome in {(job.course, job.outcome) for job in held}
    }
    return resume(
        [job.place_id for job in held],
        [job.attempt for job in held],
        [decided[job.course, job.outcome] for job in held],
        [job.status for job in held],
        at=writing.now,
        seed=settings.seed,
        pace=settings.pace,
    )


def _course(writing: Writing, key: int | None, outcome: JobStatus) -> Course:
    """Return what rules had decided, with the outcome that was drawn."""
    if key is None:
        return Course(outcome)
    course: dict[str, Any] = documents.read(writing.session, key)
    return Course(outcome, None, course["seconds"], course["slowness"])
