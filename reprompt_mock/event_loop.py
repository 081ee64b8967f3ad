"""An event loop on real time, and waiting on it: neither can be frozen or patched from outside."""

from __future__ import annotations

import asyncio
import selectors

from reprompt_mock.real_time import monotonic_seconds


class RealTimeLoop(asyncio.SelectorEventLoop):
    """A selector loop whose timers follow the real monotonic clock, where asyncio's own asks `time.monotonic`.

    uvloop has such a clock too, but hangs where gevent or eventlet has patched the standard library.

    Args:
        selector: what it waits with; it closes it.
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        try:
            super().__init__(selector)
        except BaseException:
            # Half made it cannot be closed as a whole, and would complain when it is collected.
            selector.close()
            asyncio.BaseEventLoop.close(self)
            raise

    def time(self) -> float:
        """Read the clock of the loop's timers, in seconds."""
        return monotonic_seconds()


def new_loop() -> RealTimeLoop:
    """Make a loop.

    Raises:
        OSError: there are no descriptors left for it.
    """
    return RealTimeLoop(selectors.DefaultSelector())


async def pause(seconds: float) -> None:
    """Wait some real seconds, at least until the loop's next round; `asyncio.sleep` may be a test's mock."""
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
