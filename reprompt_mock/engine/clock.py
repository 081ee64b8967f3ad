"""Clock: how a world's time is moved, and how far it must move for its jobs to finish."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.clock import LATEST, SECOND, iso
from reprompt_mock.engine import batches as engine_batches
from reprompt_mock.errors import TimeGoesBack
from reprompt_mock.store import batches, exports, worlds

if TYPE_CHECKING:
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.writing import Writing


_LAST_FINISHES = (batches.last_finish, exports.last_finish)


class ClockView(NamedTuple):
    """A world's time in microseconds, whether it passes by itself, and virtual seconds per real second."""

    now: int
    running: bool
    speed: float


class Settled(NamedTuple):
    """What settling came to: the time, by how many microseconds it moved, how many jobs are unfinished."""

    now: int
    advanced: int
    unfinished: int


def show(reading: Reading) -> ClockView:
    """Show a world's clock."""
    clock = reading.state.clock
    return ClockView(reading.now, clock.running, clock.speed)


def poll(writing: Writing, batch_id: str) -> None:
    """Move the clock by `poll_advance`, where the batch that is polled exists.

    Raises:
        BatchNotFound: the world has no such batch.
    """
    engine_batches.find(writing.reading, batch_id)
    step = int(writing.settings.poll_advance * SECOND)
    writing.advance(min(step, LATEST - writing.now))


def change(
    writing: Writing, *, now: int | None = None, running: bool | None = None, speed: float | None = None
) -> ClockView:
    """Set a world's time, pause or resume it, change its speed; give the clock as it is then.

    Raises:
        TimeGoesBack: `now` lies before the world's time, and the world has jobs.
        TimeOutOfRange: `now` lies beyond the year 9999 or before 1970.
    """
    before = writing.now
    writing.set_rate(speed=speed, running=running)
    if now is not None:  # after a pause, so that it is exact
        if now < before and worlds.counts(writing.session, writing.key)[1].total:
            raise TimeGoesBack(requested=iso(now), now=iso(before))
        writing.set_time(now)
    return show(writing.reading)


def advance(writing: Writing, microseconds: int) -> ClockView:
    """Move a world's clock forward; what is due by then has happened. Give the clock as it is then.

    Raises:
        TimeOutOfRange: it would lie beyond the year 9999.
    """
    writing.advance(microseconds)
    return show(writing.reading)


def settle(writing: Writing, batch_id: str | None = None) -> Settled:
    """Advance just far enough for every job and export of a world or batch that moves by itself to finish.

    Raises:
        BatchNotFound: the world has no such batch.
    """
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
