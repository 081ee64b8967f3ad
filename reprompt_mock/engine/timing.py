"""Time: how a world's clock is moved, and how far it must move for its jobs to finish."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.clock import LATEST, SECOND, iso
from reprompt_mock.engine import views
from reprompt_mock.errors import TimeGoesBack
from reprompt_mock.store import batches, worlds

if TYPE_CHECKING:
    from reprompt_mock.engine.core import Core, Writing


class Settled(NamedTuple):
    """What settling came to: the time, by how many microseconds it moved, how many jobs are unfinished."""

    now: int
    advanced: int
    unfinished: int


def poll(core: Core, writing: Writing, batch_id: str) -> None:
    """Move the clock by `poll_advance`, where the batch that is polled exists.

    Raises:
        BatchNotFound: the world has no such batch.
    """
    views.find_batch(writing.reading, batch_id)
    step = int(writing.world.settings.poll_advance * SECOND)
    writing.world.advance(min(step, LATEST - writing.now))
    core.move_time(writing)


def change_clock(core: Core, writing: Writing, *, now: int | None, running: bool | None, speed: float | None) -> None:
    """Set a world's time, pause or resume it, change its speed.

    Raises:
        TimeGoesBack: `now` lies before the world's time, and the world has jobs.
    """
    writing.world.set_rate(speed=speed, running=running)
    if now is not None:  # after a pause, so that it is exact
        if now < writing.now and worlds.counts(writing.connection, writing.key)[1].total:
            raise TimeGoesBack(requested=iso(now), now=iso(writing.now))
        writing.world.set_time(now)
    core.move_time(writing)


def settle(core: Core, writing: Writing, batch_id: str | None) -> Settled:
    """Advance just far enough for every job of a world or batch that moves by itself to finish.

    Raises:
        BatchNotFound: the world has no such batch.
    """
    batch = None if batch_id is None else views.find_batch(writing.reading, batch_id)
    finish = batches.last_finish(writing.connection, writing.key, batch and batch.pk)
    now = writing.now
    if finish is not None and finish > now:
        writing.world.advance(finish - now)
        core.move_time(writing)
    counts = (
        views.find_batch(writing.reading, batch.id).counts
        if batch
        else worlds.counts(writing.connection, writing.key)[1]
    )
    return Settled(writing.world.now(), max(0, (finish or now) - now), counts.unfinished)
