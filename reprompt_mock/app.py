"""The one place that wires everything together: settings → engine → the service's app, control app and dashboard.

The apps are imported late, so that probes are answered long before they have loaded.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from threading import Event, Lock
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock import probes
from reprompt_mock.dashboard.paths import is_for_dashboard
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
"""How long a request waits for the emulator to become ready."""
_RETRY_SECONDS = 1.0
_STOP_SECONDS = 1.0
_logger = logging.getLogger(__name__)


class _Rooms(NamedTuple):
    """The engine and everything built on it."""

    engine: Engine
    service: ASGIApp
    control: ASGIApp
    dashboard: ASGIApp
    ticker: Ticker


class Emulator:
    """The ASGI app: the dashboard under /_mock/ui, the control API under /_mock, the service everywhere else.

    Probes are answered at once. Everything else waits until a thread has loaded whatever a request may need; the
    lifespan or the first request starts it.

    It may be mounted in another app. Mounts do not receive lifespan events, so time then starts with the first
    request. Pass `lifespan=emulator.lifespan` to that app, or enter it in the app's own lifespan, so that the
    database is closed at the end.

    Args:
        settings: the emulator's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opening = Lock()
        self._lives = 0
        self._begin()

    def _begin(self) -> None:
        self._rooms: _Rooms | None = None
        self._closed = Event()
        self._readiness = Readiness(self._get_ready)

    @property
    def engine(self) -> Engine:
        """The engine that both apps share."""
        return self.open().engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe, or pass the request to the app that serves its path."""
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
            other = rooms.control if is_control else rooms.service
            await (rooms.dashboard if is_for_dashboard(scope) else other)(scope, receive, send)

    # Opening and closing

    def open(self) -> _Rooms:
        """Open the database and create both apps, unless that has been done already.

        Raises:
            DatabaseInUse: another process has the database file open.
            DatabaseUnreadable: the database file cannot be used.
            Stopping: the emulator has been closed.
        """
        if self._rooms is None:
            with self._opening:
                if self._closed.is_set():
                    raise Stopping
                self._rooms = self._rooms or _built(self._settings)
            if self._closed.is_set():  # by another thread in the meantime
                self._rooms.engine.close()
        return self._rooms

    def end_waits(self) -> None:
        """End all waits and event streams, since the emulator is about to stop."""
        if self._rooms is not None:
            self._rooms.engine.signals.close()

    def close(self) -> None:
        """Release whatever was opened."""
        self._closed.set()
        if self._rooms is not None:
            self._rooms.ticker.end()
            self._rooms.engine.close()

    # Getting ready

    async def ready(self, seconds: float | None = None) -> None:
        """Wait until every request can be served, at most `seconds` (None: without a limit).

        Raises:
            StillStarting: the time is up.
            CannotStart: a required module or file cannot be loaded.
            MockError: the database cannot be used; see `open`.
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
        """Wait until a request can be served; if it cannot be, answer it with 503 and return False."""
        try:
            await self.ready(_PATIENCE_SECONDS)
        except MockError as error:
            if scope["type"] != "http":
                raise
            await probes.respond(scope, send, 503, {"detail": str(error)}, {"retry-after": "1"})
            return False
        return True

    async def _obstacle(self) -> str | None:
        """Return why the emulator cannot serve requests, None if it can."""
        if not self._readiness.is_reached:
            self._readiness.begin()
            return str(self._readiness.failure or StillStarting())
        try:
            store = self.engine.store
            if store.is_shared:
                await asyncio.to_thread(store.check)
            else:
                store.check()
        except MockError as error:
            return str(error)
        return None

    # The lifespan

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncIterator[None]:
        """Keep the emulator running inside the context, and close it after the last of those that overlap.

        One that begins afterwards opens the database again, a temporary one empty.
        """
        self._enter()
        keeping_up = asyncio.create_task(self._keep_up())
        try:
            yield
        finally:
            is_last = self._leave()
            keeping_up.cancel()
            with suppress(asyncio.CancelledError):
                await keeping_up
            if is_last:
                await self._readiness.settle(_STOP_SECONDS)
                self.close()

    def _enter(self) -> None:
        with self._opening:
            self._lives += 1
            if self._lives == 1 and self._closed.is_set():
                self._begin()

    def _leave(self) -> bool:
        """Return whether this was the last life; nothing ticks from then on."""
        with self._opening:
            self._lives -= 1
            if not self._lives and self._rooms is not None:
                self._rooms.ticker.end()
            return not self._lives

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self.lifespan():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _keep_up(self) -> None:
        """Get ready, retrying on failure, then run the ticker until cancelled."""
        while not self._readiness.is_reached:
            try:
                await self.ready()
            except MockError:
                await pause(_RETRY_SECONDS)
        ticker = self.open().ticker
        ticker.wake()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await ticker.leave()


def create_app(settings: Settings) -> Emulator:
    """Create an emulator and open its database.

    Raises:
        DatabaseInUse: another process has the database file open.
        DatabaseUnreadable: the database file cannot be used.
    """
    emulator = Emulator(settings)
    emulator.open()
    return emulator


def _built(settings: Settings) -> _Rooms:
    from reprompt_mock.api.app import create_service_app
    from reprompt_mock.control.app import create_control_app
    from reprompt_mock.dashboard.app import Dashboard
    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.http.offload import Offload
    from reprompt_mock.ticker import Ticker

    engine = Engine(settings)
    try:
        offload = Offload(engine)
        surfaces = create_service_app(offload), create_control_app(offload), Dashboard(offload)
        return _Rooms(engine, *surfaces, Ticker(engine))
    except BaseException:
        engine.close()
        raise
