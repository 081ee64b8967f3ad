"""Wait: what clients wait for in a world, and what is seen of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.engine.batches import status_now
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store import batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reprompt_mock.batch_status import Counts
    from reprompt_mock.engine.reading import Reading

_ENDS = (JobStatus.completed, JobStatus.failed)


class Awaited(NamedTuple):
    """What is waited for: a batch with one of some statuses, a number of requests, or whichever comes first."""

    batch_id: str | None = None
    statuses: tuple[JobStatus, ...] = _ENDS
    operation: str | None = None
    times: int = 1


class SeenBatch(NamedTuple):
    """A batch's status and the counts of its jobs."""

    status: JobStatus
    counts: Counts


class Seen(NamedTuple):
    """What was seen: the batch (None while there is none), the requests that came, whether the world is forgotten."""

    batch: SeenBatch | None
    requests: int
    forgotten: bool


def look(reading: Reading, batch_ids: Iterable[str]) -> Mapping[str, SeenBatch | None]:
    """Return the batches with some ids, None for those that the world does not have."""
    return {batch_id: _seen(reading, batch_id) for batch_id in batch_ids}


def _seen(reading: Reading, batch_id: str) -> SeenBatch | None:
    batch = batches.find(reading.session, reading.key, batch_id) if reading.key is not None else None
    return None if batch is None else SeenBatch(status_now(reading, batch), batch.counts)


def is_met(awaited: Awaited, seen: Seen) -> bool:
    """Return whether what is waited for has been seen."""
    if seen.batch is not None and seen.batch.status in awaited.statuses:
        return True
    return awaited.operation is not None and seen.requests >= awaited.times
