"""Counts: batches' counts by status, changed in the transaction that moves their jobs (contract E3)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.store.jobs import ExistingJob

UNCHANGED = (0,) * len(JobStatus)


class Changes:
    """The sum of the changes that one unit of work makes to batches' counts."""

    def __init__(self) -> None:
        self._by_batch: dict[int, list[int]] = {}

    def add(self, batch: int, status: int, count: int) -> None:
        """Add `count`, which may be negative, to the count of a status; `batch` is a key."""
        self._by_batch.setdefault(batch, [*UNCHANGED])[status] += count

    def leave(self, jobs: Iterable[ExistingJob]) -> None:
        """Take jobs from the counts of the statuses that they had."""
        for (batch, status), count in Counter((job.batch, job.status) for job in jobs).items():
            self.add(batch, status, -count)

    def store(self, writing: Writing, due: Iterable[int | None] = ()) -> None:
        """Write the changes, and note when the earliest new transition is due."""
        move(writing, self._by_batch, due)


def move(writing: Writing, changes: Mapping[int, Sequence[int]], due: Iterable[int | None] = ()) -> None:
    """Add to batches' counts, and note when the earliest new transition is due.

    Args:
        writing: the world, open for a change.
        changes: the change per status, by batch key.
        due: times of new transitions in microseconds; None for those without a time.
    """
    first = soonest(due)
    batches.move_counts(writing.session, changes, due=first)
    writing.expect(first)


def soonest(due: Iterable[int | None]) -> int | None:
    """Return the earliest time, or None if there is none."""
    return min((time for time in due if time is not None), default=None)
