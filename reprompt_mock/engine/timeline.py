"""The timeline: how many jobs have each status at any time, past and future, from their timetables alone."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.clock import LATEST
from reprompt_mock.engine.batches import find
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store import timetables, worlds
from reprompt_mock.store.timetables import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.engine.decoded import Drawn
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.store.batches import StoredBatch
    from reprompt_mock.store.session import Session
    from reprompt_mock.store.timetables import Bounds, Steps

_MOST = 2**62
"""Products of a grid stay below it, so that the database can compute them."""


class Timeline(NamedTuple):
    """Times in microseconds, and how many jobs have each status then; `now` is the world's time."""

    now: int
    times: Sequence[int]
    counts: Mapping[str, Sequence[int]]


def show(reading: Reading, batch_id: str | None = None, *, points: int) -> Timeline:
    """Return the timeline of a world or a batch at `points` times (at least 2), none if it has no jobs.

    It extends from the first submission to the last finish. A job counts from the submission of its latest attempt on,
    since the times of earlier attempts are not kept.

    Raises:
        BatchNotFound: the world has no such batch.
    """
    return of(reading, None if batch_id is None else find(reading, batch_id), points=points)


def of(reading: Reading, batch: StoredBatch | None, *, points: int) -> Timeline:
    """Return the timeline of a batch, or of the world for None; see `show`."""
    if reading.key is None:
        return Timeline(reading.now, [], _summed([], 0))
    session, scope = reading.session, (reading.key, batch and batch.pk)
    total = (batch.counts if batch else worlds.counts(session, reading.key)[1]).total
    if not total:
        return Timeline(reading.now, [], _summed([], 0))
    drawn = (*scope, points, total, *timetables.mark(session, reading.key))

    def draw() -> Drawn:
        reading.weigh(total)
        return _drawn(session, points, *scope)

    return Timeline(reading.now, *reading.decoded.timeline(drawn, draw))


def _drawn(session: Session, points: int, world: int, batch: int | None) -> Drawn:
    bounds = timetables.bounds(session, world, batch)
    if bounds is None:
        return [], _summed([], 0)
    grid = grid_of(bounds, points)
    return grid.times, _summed(timetables.steps(session, grid, world, batch), points)


def grid_of(bounds: Bounds, points: int) -> Grid:
    """Return a grid of `points` times (at least 2); rounded up to a few microseconds if it spans centuries."""
    last = min(bounds.last_step if bounds.last_finish is None else bounds.last_finish, LATEST)
    whole = max(last - bounds.first, 1)
    unit = whole * points // _MOST + 1
    return Grid(bounds.first, unit, -(-whole // unit), points - 1)


def _summed(all_steps: Iterable[Steps], points: int) -> dict[str, list[int]]:
    """Return how many jobs have each status at each point."""
    changes = {status: [0] * (points + 1) for status in JobStatus}
    for steps in all_steps:
        path = (JobStatus.pending, JobStatus.queued, JobStatus.in_progress, JobStatus(steps.outcome))
        before = None
        for status, position in zip(path, steps[:4], strict=True):
            changes[status][position] += steps.jobs
            if before is not None:
                changes[before][position] -= steps.jobs
            before = status
    return {status.name: list(accumulate(change[:points])) for status, change in changes.items()}
