"""The one place that wires everything: settings → engine → the service's app and the control app.

It imports them late: what answers the probes is up long before them.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from threading import Event, Lock
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock import probes
from reprompt_mock.errors import CannotStart, MockError, StillStarting, Stopping
from reprompt_mock.event_loop import pause
from reprompt_mock.mounting import unmounted
from reprompt_mock.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.settings import Settings
    from reprompt_mock.ticker import Ticker

CONTROL = "/_mock"
_PATIENCE_SECONDS = 60.0
"""How long a request waits for the emulator to be ready."""
_RETRY_SECONDS = 1.0
_STOP_SECONDS = 1.0
_logger = logging.getLogger(__name__)


class _Rooms(NamedTuple):
    """What requests go to."""

    engine: Engine
    service: ASGIApp
    control: ASGIApp
    ticker: Ticker


class Emulator:
    """The ASGI app: the control API under /_mock, the service everywhere else.

    Probes are answered at once. Everything else waits until a thread has loaded whatever a request may need, which
    begins with the lifespan or the first request.

    It may be mounted in another app, which hands no lifespan on: time then moves from the first request on. Give that
    app `lifespan=emulator.lifespan`, or await it in its own, for the data to be closed at its end.

    Args:
        settings: the emulator's.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opening = Lock()
        self._rooms: _Rooms | None = None
        self._closed = Event()
        self._readiness = Readiness(self._get_ready)

    @property
    def engine(self) -> Engine:
        """What both apps work on."""
        return self.open().engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe, or pass a request to the app that it is for."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        scope = unmounted(scope, self._settings.root_path or "")
        if probes.is_probe(scope):
            await probes.answer(scope, send, self._obstacle)
        elif self._readiness.is_reached or await self._is_ready_for(scope, send):
            rooms, path = self.open(), scope.get("path", "")
            rooms.ticker.wake()
            is_control = path == CONTROL or path.startswith(f"{CONTROL}/")
            await (rooms.control if is_control else rooms.service)(scope, receive, send)

    # Opening and closing

    def open(self) -> _Rooms:
        """Open the database and make both apps, unless that is done.

        Raises:
            DatabaseInUse: another process has the database file.
            DatabaseUnreadable: the database file cannot be used.
            Stopping: it was closed before.
        """
        if self._rooms is None:
            with self._opening:
                if self._closed.is_set():
                    raise Stopping
                self._rooms = self._rooms or _built(self._settings)
            if self._closed.is_set():  # meanwhile
                self._rooms.engine.close()
        return self._rooms

    def close(self) -> None:
        """Give back what was opened."""
        self._closed.set()
        if self._rooms is not None:
            self._rooms.engine.close()

    # Getting ready

    async def ready(self, seconds: float | None = None) -> None:
        """Wait until every request can be served, for some seconds at most.

        Raises:
            StillStarting: it takes longer.
            CannotStart: something that is needed cannot be loaded.
            MockError: the database cannot be used, as `open` says.
        """
        await self._readiness.wait(seconds)

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

    async def _is_ready_for(self, scope: Scope, send: Send) -> bool:
        """Wait until a request can be served; where it cannot, answer it."""
        try:
            await self.ready(_PATIENCE_SECONDS)
        except MockError as error:
            if scope["type"] != "http":
                raise
            await probes.respond(scope, send, 503, {"detail": str(error)}, {"retry-after": "1"})
            return False
        return True

    def _obstacle(self) -> str | None:
        """Say what keeps it from serving."""
        if not self._readiness.is_reached:
            self._readiness.begin()
            return str(self._readiness.failure or StillStarting())
        try:
            self.engine.store.check()
        except MockError as error:
            return str(error)
        return None

    # The lifespan

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncIterator[None]:
        """Run while the emulator serves, and close it afterwards."""
        keeping_up = asyncio.create_task(self._keep_up())
        try:
            yield
        finally:
            keeping_up.cancel()
            with suppress(asyncio.CancelledError):
                await keeping_up
            await self._readiness.settle(_STOP_SECONDS)
            self.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self.lifespan():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _keep_up(self) -> None:
        """Get ready, again and again where that fails, then let time pass until it is cancelled."""
        while not self._readiness.is_reached:
            try:
                await self.ready()
            except MockError:
                await pause(_RETRY_SECONDS)
        ticker = self.open().ticker
        ticker.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await ticker.stop()


def create_app(settings: Settings) -> Emulator:
    """Make an emulator whose database is open.

    Raises:
        DatabaseInUse: another process has the database file.
        DatabaseUnreadable: the database file cannot be used.
    """
    emulator = Emulator(settings)
    emulator.open()
    return emulator


def _built(settings: Settings) -> _Rooms:
    from reprompt_mock.api.app import create_service_app
    from reprompt_mock.control.app import create_control_app
    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.http.offload import Offload
    from reprompt_mock.ticker import Ticker

    engine = Engine(settings)
    try:
        offload = Offload(engine)
        return _Rooms(engine, create_service_app(offload), create_control_app(offload), Ticker(engine))
    except BaseException:
        engine.close()
        raise
