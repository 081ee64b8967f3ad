"""Getting ready: work that is done once, in a thread, while those who need it wait."""

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
    """Runs work in a thread until it succeeds once; a failure is not cached, and the next caller retries.

    Args:
        work: the work to do.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._lock = Lock()
        self._attempt: Future[None] | None = None
        self.is_reached = False
        self.failure: Exception | None = None
        """Why the last finished attempt failed."""

    def begin(self) -> Future[None]:
        """Start the work unless it is running or done, and return its latest attempt."""
        with self._lock:
            if self._attempt is None or (self._attempt.done() and not self.is_reached):
                self._attempt = Future()
                self._attempt.set_running_or_notify_cancel()  # so that a waiter that gives up does not cancel it
                Thread(target=self._run, args=(self._attempt,), name="reprompt-mock-warm", daemon=True).start()
            return self._attempt

    def _run(self, attempt: Future[None]) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - raised to those who wait
            self.failure = error
            attempt.set_exception(error)
        else:
            self.is_reached, self.failure = True, None
            attempt.set_result(None)

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until the work is done, at most `seconds` (None: without a limit); works on any event loop.

        Raises:
            StillStarting: the time is up.
            Exception: what the work raised.
        """
        if not self.is_reached:
            await _ended(self.begin(), seconds)

    async def settle(self, seconds: float) -> None:
        """Wait until running work ends in any way, at most `seconds`."""
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
