"""An event loop that runs on real time, a sleep and a bell on it; tests can neither freeze nor patch them."""

from __future__ import annotations

import asyncio
import selectors
from contextlib import suppress

from reprompt_mock.real_time import monotonic_seconds


class RealTimeLoop(asyncio.SelectorEventLoop):
    """A selector loop whose timers use the real monotonic clock, where asyncio's own calls `time.monotonic`.

    uvloop has such a clock too, but hangs when gevent or eventlet has patched the standard library.

    Args:
        selector: what the loop waits with; the loop closes it.
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        try:
            super().__init__(selector)
        except BaseException:
            # A half-initialized loop cannot be closed normally, and would warn when garbage-collected.
            selector.close()
            asyncio.BaseEventLoop.close(self)
            raise

    def time(self) -> float:
        """Return the time that the loop's timers use, in seconds."""
        return monotonic_seconds()


def new_loop() -> RealTimeLoop:
    """Create a loop.

    Raises:
        OSError: no descriptors are left.
    """
    return RealTimeLoop(selectors.DefaultSelector())


async def pause(seconds: float) -> None:
    """Sleep for real seconds, at least until the loop's next iteration; `asyncio.sleep` may be a test's mock."""
    loop = asyncio.get_running_loop()
    waiter = loop.create_future()
    timer = loop.call_later(seconds, _wake, waiter)
    try:
        await waiter
    finally:
        timer.cancel()


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Bell:
    """Wakes a coroutine of the running loop, from any thread; rings that come before it listens again wake it once."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_rung = False
        self._waiter: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Wake the coroutine that listens, now or the next time."""
        if not self._is_rung:
            self._is_rung = True
            with suppress(RuntimeError):  # the loop was closed meanwhile
                self._loop.call_soon_threadsafe(self._answer)

    def _answer(self) -> None:
        if self._waiter is not None:
            _wake(self._waiter)

    async def heard(self, seconds: float | None = None) -> bool:
        """Wait until it rings, at most real seconds (None: without a limit); return whether it rang."""
        if not self._is_rung:
            self._waiter = waiter = self._loop.create_future()
            timer = None if seconds is None else self._loop.call_later(seconds, _wake, waiter)
            try:
                await waiter
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
        rang, self._is_rung = self._is_rung, False
        return rang
