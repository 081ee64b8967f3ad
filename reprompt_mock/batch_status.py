"""A batch's status and metadata: pure functions of its jobs' counts (contract E2, E3)."""

from __future__ import annotations

from typing import NamedTuple

from reprompt_mock.lifecycle import Hold, JobStatus


class Counts(NamedTuple):
    """How many jobs are in each status."""

    pending: int = 0
    queued: int = 0
    in_progress: int = 0
    completed: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """All jobs."""
        return sum(self)

    @property
    def finished(self) -> int:
        """Jobs that have completed or failed."""
        return self.completed + self.failed

    @property
    def unfinished(self) -> int:
        """Jobs that have yet to finish."""
        return self.pending + self.queued + self.in_progress

    def as_dict(self, deferred: int = 0) -> dict[str, int]:
        """Return the counts by status, always all five keys.

        Deferred jobs, which are among the queued ones, are counted apart under a sixth key if there are any.
        """
        pending, queued, in_progress, completed, failed = self
        counts = {
            "pending": pending,
            "queued": queued - deferred,
            "in_progress": in_progress,
            "completed": completed,
            "failed": failed,
        }
        return {**counts, Hold.queued_deferred.name: deferred} if deferred else counts


def status_of(counts: Counts, failure_threshold: float) -> JobStatus:
    """Aggregate a batch's status from its jobs' counts; a batch without jobs is completed (contract E3)."""
    pending, queued, in_progress, completed, failed = counts
    if in_progress or ((pending or queued) and (completed or failed)):
        return JobStatus.in_progress
    if completed or failed:
        return JobStatus.failed if failed / (completed + failed) > failure_threshold else JobStatus.completed
    if queued:
        return JobStatus.queued
    return JobStatus.pending if pending else JobStatus.completed


def success_rate(counts: Counts) -> float | None:
    """Return completed jobs as a share of finished ones, None while none has finished (contract E2)."""
    return counts.completed / counts.finished if counts.finished else None


def metadata_of(counts: Counts, deferred: int = 0) -> dict[str, object]:
    """Summarize a batch's progress as the service's `metadata` (contract E2, L1)."""
    return {
        "total_jobs": counts.total,
        "completed_jobs": counts.completed,
        "status_counts": counts.as_dict(deferred),
        "success_rate": success_rate(counts),
    }
