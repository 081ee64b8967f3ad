"""Queries about held jobs, which wait for a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.lifecycle import Hold, JobStatus
from reprompt_mock.store.statements import STATUS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.store.session import Session

_FIND = f"""
SELECT job.pk, job.place_id, {STATUS}, job.submission, job.attempt, job.outcome, job.course,
  batch.pk, batch.id, batch.name
FROM job JOIN batch ON batch.pk = job.batch
WHERE job.world = :world AND job.hold IS NOT NULL AND job.hold <> :stuck AND batch.world = job.world ORDER BY job.pk
"""
_RELEASE = "UPDATE job SET queued_at = ?, started_at = ?, finished_at = ?, hold = NULL WHERE pk = ?"

_STATUSES = tuple(JobStatus)
"""The statuses by code; indexing is faster than calling the enum."""


class HeldJob(NamedTuple):
    """A held job, with its batch's id and name."""

    pk: int
    place_id: str
    status: JobStatus
    submission: int
    attempt: int
    outcome: JobStatus
    course: int | None
    batch: int
    batch_id: str
    batch_name: str


def find(session: Session, world: int, *, now: int) -> list[HeldJob]:
    """Return a world's held jobs in order of submission, except stuck ones, which cannot be released."""
    values = {"world": world, "now": now, "stuck": Hold.stuck.value}
    rows = session.rows(_FIND, values)
    return [
        HeldJob(pk, place_id, _STATUSES[status], submission, attempt, _STATUSES[outcome], *rest)
        for pk, place_id, status, submission, attempt, outcome, *rest in rows
    ]


def release(session: Session, released: Mapping[int, tuple[int, int, int]]) -> None:
    """Release held jobs, given the times of their three transitions by key."""
    session.many(_RELEASE, [(*times, key) for key, times in released.items()])
