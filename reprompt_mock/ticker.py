"""Keeps the rows of running worlds up to date in the background; no result depends on it, since reads catch up."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from reprompt_mock.errors import OutcomeUnknown, Stopping, StorageFailed, StoreSilent
from reprompt_mock.event_loop import pause

if TYPE_CHECKING:
    from reprompt_mock.engine.doors import Engine

_logger = logging.getLogger(__name__)

_LONGEST_SLEEP = 0.5
_SHORTEST_SLEEP = 0.05


class Ticker:
    """Sleeps until something may be due, then applies it; what cannot be stored is retried.

    Args:
        engine: the engine whose worlds are kept up to date.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._task: asyncio.Task[None] | None = None
        self._is_over = False
        self._failed = False

    def wake(self) -> None:
        """Tick on the running event loop, unless it ticks already on one that is not closed."""
        task = self._task
        is_awake = task is not None and not task.done() and not task.get_loop().is_closed()
        if is_awake or self._is_over:
            return
        with suppress(RuntimeError):  # not on an asyncio loop: reads catch up all the same
            self._task = asyncio.get_running_loop().create_task(self._run())

    def end(self) -> None:
        """Wake no more."""
        self._is_over = True

    async def leave(self) -> None:
        """Stop, after any tick in progress, if it ticks on the running event loop."""
        task = self._task
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while not self._is_over:
            if self._engine.has_work():
                # An anyio thread would keep the process alive if a loop ends without cancelling its tasks.
                await asyncio.get_running_loop().run_in_executor(None, self._tick)
            await pause(self._wait())

    def _tick(self) -> None:
        try:
            self._engine.tick()
        except (StorageFailed, StoreSilent, OutcomeUnknown) as failure:
            if not self._failed:
                _logger.warning("%s", failure)
            self._failed = True
        except Stopping:
            return  # closed in the meantime
        else:
            self._failed = False

    def _wait(self) -> float:
        if self._failed or self._engine.store.is_shared:
            return _LONGEST_SLEEP
        if self._engine.has_work():
            return _SHORTEST_SLEEP
        waits = (world.real_seconds_to_next() for world in self._engine.worlds)
        soonest = min((wait for wait in waits if wait is not None), default=_LONGEST_SLEEP)
        return min(max(soonest, _SHORTEST_SLEEP), _LONGEST_SLEEP)
