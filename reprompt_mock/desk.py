"""Carries work from the event loop to the engine: at once where it is short, in a thread where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from anyio import CapacityLimiter, to_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.engine import Engine
    from reprompt_mock.world import World

T = TypeVar("T")

_WRITERS = 2
"""Threads that write: one that does, one that prepares; the others wait their turn on the event loop."""


class Desk:
    """Runs an engine's work so that the event loop never waits for the write lock or for long work."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writers = CapacityLimiter(_WRITERS)

    async def read(self, world: World, work: Callable[[], T], *, big: bool = False) -> T:
        """Run work that reads a world; what is due in it makes it long."""
        if big or world.is_due():
            return await to_thread.run_sync(work)
        return work()

    async def write(self, work: Callable[[], T], *, big: bool = False) -> T:
        """Run work that writes: at once where nobody else writes and it is short."""
        if not big:
            with self.engine.core.database.try_lock() as free:
                if free:
                    return work()
        return await to_thread.run_sync(work, limiter=self._writers)
