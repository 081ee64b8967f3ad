"""Counts: batches' counts by status, changed in the transaction that moves their jobs (contract E3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.engine.writing import Writing

UNCHANGED = (0,) * len(JobStatus)


class Changes:
    """The changes of batches' counts that one unit of work makes, summed up."""

    def __init__(self) -> None:
        self._by_batch: dict[int, list[int]] = {}

    def add(self, batch: int, status: JobStatus, count: int) -> None:
        """Add to the count of a batch, by its key, in a status; `count` may be below 0."""
        self._by_batch.setdefault(batch, [*UNCHANGED])[status] += count

    def store(self, writing: Writing, due: Iterable[int | None] = ()) -> None:
        """Write the changes, and note when the next of the new transitions is due."""
        move(writing, self._by_batch, due)


def move(writing: Writing, changes: Mapping[int, Sequence[int]], due: Iterable[int | None] = ()) -> None:
    """Add to batches' counts, and note when the next of the new transitions is due.

    Args:
        writing: the world, open for a change.
        changes: by the key of a batch, the change per status.
        due: times of new transitions in microseconds, None for those that do not come by themselves.
    """
    first = soonest(due)
    batches.move_counts(writing.session, changes, due=first)
    writing.expect(first)


def soonest(due: Iterable[int | None]) -> int | None:
    """Give the earliest time, None where there is none."""
    return min((time for time in due if time is not None), default=None)
