"""A lifetime of the emulator: from the opening of its database until that is free again."""

from __future__ import annotations

import logging
from threading import Event, Lock
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.errors import CannotStart, MockError, Stopping
from reprompt_mock.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.ticker import Ticker

_PATIENCE_SECONDS = 60.0
"""How long a lifetime waits for the end of the one before."""
_logger = logging.getLogger(__name__)


class Rooms(NamedTuple):
    """The engine and everything built on it."""

    engine: Engine
    service: ASGIApp
    control: ASGIApp
    dashboard: ASGIApp
    ticker: Ticker


class Lifetime:
    """What is opened once and closed once, by any thread; lifespans of several event loops may share it.

    Args:
        build: opens the database and builds the apps.
        before: the lifetime that has the database until its end, if any.

    Attributes:
        lifespans: how many lifespans it has at present.
        is_over: whether it takes no further lifespan.
        readiness: whether every request can be served.
    """

    def __init__(self, build: Callable[[], Rooms], before: Lifetime | None = None) -> None:
        self._build, self._before = build, before
        self._opening = Lock()
        self._rooms: Rooms | None = None
        self._closed, self._freed = Event(), Event()
        self.lifespans = 0
        self.is_over = False
        self.readiness = Readiness(self._get_ready)

    def open(self) -> Rooms:
        """Open the database and build the apps, unless that has been done already; `Emulator.open` has the errors."""
        if self._rooms is not None:
            return self._rooms
        if self._before is not None:
            self._before._freed.wait(_PATIENCE_SECONDS)
            self._before = None
        try:
            with self._opening:
                if self._closed.is_set():
                    raise Stopping
                self._rooms = self._rooms or self._build()
                return self._rooms
        finally:
            if self._closed.is_set():  # by another thread in the meantime
                self._free()

    def end_waits(self) -> None:
        """End all waits and event streams, since the emulator is about to stop."""
        if self._rooms is not None:
            self._rooms.engine.signals.close()

    def finish(self) -> None:
        """Take no further lifespan, and tick no more."""
        self.is_over = True
        if self._rooms is not None:
            self._rooms.ticker.end()

    def close(self) -> None:
        """Release whatever was opened; what is being opened is released by the thread that opens it."""
        self.finish()
        self._closed.set()
        if self._opening.acquire(blocking=False):
            try:
                self._free()
            finally:
                self._opening.release()

    def _free(self) -> None:
        if self._rooms is not None:
            self._rooms.engine.close()
        self._freed.set()

    def _get_ready(self) -> None:
        try:
            rooms = self.open()
            from reprompt_mock.warm import warm

            warm(rooms.engine)
        except MockError:
            raise
        except Exception as error:
            _logger.debug("cannot start", exc_info=error)
            raise CannotStart(reason=f"{type(error).__name__}: {error}".splitlines()[0]) from error
