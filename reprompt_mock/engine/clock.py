"""Clock: moving a world's time, by a given amount or until its jobs are finished."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.clock import LATEST, SECOND, iso
from reprompt_mock.engine import batches as engine_batches
from reprompt_mock.errors import TimeGoesBack
from reprompt_mock.store import batches, exports, jobs, worlds

if TYPE_CHECKING:
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.writing import Writing


_LAST_FINISHES = (batches.last_finish, exports.last_finish)


class ClockView(NamedTuple):
    """A world's time in microseconds, whether it runs, and its speed in virtual seconds per real second."""

    now: int
    running: bool
    speed: float


class Settled(NamedTuple):
    """The result of settling: the time, the microseconds it advanced, and the number of unfinished jobs."""

    now: int
    advanced: int
    unfinished: int


def show(reading: Reading) -> ClockView:
    """Return a world's clock."""
    clock = reading.state.clock
    return ClockView(reading.now, clock.running, clock.speed)


def _weigh(writing: Writing) -> None:
    """Declare that all jobs of a world may become due."""
    if writing.most_jobs < inf:
        writing.weigh(jobs.count_up_to(writing.session, writing.key, int(writing.most_jobs) + 1))


def poll(writing: Writing, batch_id: str) -> None:
    """Advance the clock by `poll_advance` if the polled batch exists.

    Raises:
        BatchNotFound: the world has no such batch.
    """
    engine_batches.find(writing.reading, batch_id)
    _weigh(writing)
    step = int(writing.settings.poll_advance * SECOND)
    writing.advance(min(step, LATEST - writing.now))


def _has_a_history(writing: Writing) -> bool:
    """Return whether a world has what happened at a time."""
    session, world = writing.session, writing.key
    return bool(worlds.counts(session, world)[1].total) or exports.has_any(session, world)


def change(
    writing: Writing, *, now: int | None = None, running: bool | None = None, speed: float | None = None
) -> ClockView:
    """Set a world's time, pause or resume it, or change its speed; return the resulting clock.

    Raises:
        TimeGoesBack: `now` is before the world's time, and the world has jobs or exports.
        TimeOutOfRange: `now` is before 1970 or after the year 9999.
    """
    before = writing.now
    writing.set_rate(speed=speed, running=running)
    if now is not None:  # after pausing, so that the time is exact
        if now < before and _has_a_history(writing):
            raise TimeGoesBack(requested=iso(now), now=iso(before))
        writing.set_time(now)
    return show(writing.reading)


def advance(writing: Writing, microseconds: int) -> ClockView:
    """Advance a world's clock, apply what has become due, and return the resulting clock.

    Raises:
        TimeOutOfRange: the new time would be after the year 9999.
    """
    _weigh(writing)
    writing.advance(microseconds)
    return show(writing.reading)


def settle(writing: Writing, batch_id: str | None = None) -> Settled:
    """Advance just far enough for every job and export of a world or batch to finish, except held and uploaded jobs.

    Raises:
        BatchNotFound: the world has no such batch.
    """
    _weigh(writing)
    batch = None if batch_id is None else engine_batches.find(writing.reading, batch_id)
    finishes = [last(writing.session, writing.key, batch and batch.pk) for last in _LAST_FINISHES]
    finish = max((one for one in finishes if one is not None), default=None)
    before = writing.now
    if finish is not None and finish > before:
        writing.advance(finish - before)
    counts = (
        batches.by_key(writing.session, batch.pk).counts if batch else worlds.counts(writing.session, writing.key)[1]
    )
    return Settled(writing.now, max(0, (finish or before) - before), counts.unfinished)
