"""Keeps the rows of running worlds up to date while nobody looks. It decides nothing: reads catch up by themselves."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from anyio import to_thread

if TYPE_CHECKING:
    from reprompt_mock.engine.doors import Engine

_LONGEST_SLEEP = 0.5
_SHORTEST_SLEEP = 0.05


class Ticker:
    """Sleeps until something may be due, then makes it happen.

    Args:
        engine: whose worlds it keeps.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start ticking on the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop, after a tick that is under way."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            if self._engine.has_work():
                await to_thread.run_sync(self._engine.tick)
            await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        if self._engine.has_work():
            return _SHORTEST_SLEEP
        waits = (world.real_seconds_to_next() for world in self._engine.worlds)
        soonest = min((wait for wait in waits if wait is not None), default=_LONGEST_SLEEP)
        return min(max(soonest, _SHORTEST_SLEEP), _LONGEST_SLEEP)
