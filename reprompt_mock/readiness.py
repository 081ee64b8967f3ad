"""Getting ready: work that is done once, in a thread, while whoever needs it waits."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

from reprompt_mock.errors import StillStarting

if TYPE_CHECKING:
    from collections.abc import Callable


class Readiness:
    """Runs work in a thread until it succeeds once; a failure is not kept, whoever asks next tries again.

    Args:
        work: what to do.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._lock = Lock()
        self._attempt: Future[None] | None = None
        self.is_reached = False
        self.failure: Exception | None = None
        """Why the last attempt that ended failed."""

    def begin(self) -> Future[None]:
        """Begin, unless it is under way or done."""
        with self._lock:
            if self._attempt is None or (self._attempt.done() and not self.is_reached):
                self._attempt = Future()
                self._attempt.set_running_or_notify_cancel()  # who waits for it no more does not end it
                Thread(target=self._run, args=(self._attempt,), name="reprompt-mock-warm", daemon=True).start()
            return self._attempt

    def _run(self, attempt: Future[None]) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            self.failure = error
            attempt.set_exception(error)
        else:
            self.is_reached, self.failure = True, None
            attempt.set_result(None)

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until the work is done, for some seconds at most; on any event loop.

        Raises:
            StillStarting: it takes longer.
            Exception: what the work raised.
        """
        if not self.is_reached:
            await _ended(self.begin(), seconds)

    async def settle(self, seconds: float) -> None:
        """Wait while the work is under way, for some seconds at most, however it ends."""
        if self._attempt is not None:
            with suppress(Exception):
                await _ended(self._attempt, seconds)


async def _ended(attempt: Future[None], seconds: float | None) -> None:
    waiting = asyncio.wrap_future(attempt)
    try:
        done, _ = await asyncio.wait((waiting,), timeout=seconds)
    finally:
        waiting.cancel()
    if not done:
        raise StillStarting
    if (error := attempt.exception(timeout=0)) is not None:
        raise error
