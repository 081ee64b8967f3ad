"""The one place that wires everything together: settings → engine → the service's app, control app and dashboard.

The apps are imported late, so that probes are answered long before they have loaded.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from reprompt_mock import probes
from reprompt_mock.dashboard.paths import is_for_dashboard
from reprompt_mock.errors import MockError, StillStarting
from reprompt_mock.event_loop import pause
from reprompt_mock.lifetime import Lifetime, Rooms
from reprompt_mock.mounting import unmounted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.settings import Settings

CONTROL = "/_mock"
_PATIENCE_SECONDS = 60.0
"""How long a request waits for the emulator to become ready."""
_RETRY_SECONDS = 1.0
_STOP_SECONDS = 1.0
_WAKE_SECONDS = 1.0


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
        self._counting = Lock()
        self._lifetime = Lifetime(self._built)

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
        elif (lifetime := self._lifetime).readiness.is_reached or await _is_ready_for(lifetime, scope, send):
            rooms, path = lifetime.open(), scope.get("path", "")
            rooms.ticker.wake()
            is_control = path == CONTROL or path.startswith(f"{CONTROL}/")
            other = rooms.control if is_control else rooms.service
            await (rooms.dashboard if is_for_dashboard(scope) else other)(scope, receive, send)

    # Opening and closing

    def _built(self) -> Rooms:
        return _built(self._settings)

    def open(self) -> Rooms:
        """Open the database and create both apps, unless that has been done already.

        Raises:
            DatabaseInUse: another process has the database file open.
            DatabaseUnreadable: the database file cannot be used.
            Stopping: the emulator has been closed.
        """
        return self._lifetime.open()

    def end_waits(self) -> None:
        """End all waits and event streams, since the emulator is about to stop."""
        self._lifetime.end_waits()

    def close(self) -> None:
        """Release whatever was opened."""
        self._lifetime.close()

    # Getting ready

    async def ready(self, seconds: float | None = None) -> None:
        """Wait until every request can be served, at most `seconds` (None: without a limit).

        Raises:
            StillStarting: the time is up.
            CannotStart: a required module or file cannot be loaded.
            MockError: the database cannot be used; see `open`.
        """
        await self._lifetime.readiness.wait(seconds)

    async def _obstacle(self) -> str | None:
        """Return why the emulator cannot serve requests, None if it can."""
        lifetime = self._lifetime
        if not lifetime.readiness.is_reached:
            lifetime.readiness.begin()
            return str(lifetime.readiness.failure or StillStarting())
        try:
            store = lifetime.open().engine.store
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
        lifetime = self._entered()
        keeping_up = asyncio.create_task(_keep_up(lifetime))
        try:
            yield
        finally:
            is_last = self._left(lifetime)
            keeping_up.cancel()
            with suppress(asyncio.CancelledError):
                await keeping_up
            if is_last:
                await lifetime.readiness.settle(_STOP_SECONDS)
                lifetime.close()

    def _entered(self) -> Lifetime:
        """Count a lifespan; the first after the last one of a lifetime begins another."""
        with self._counting:
            if self._lifetime.is_over:
                self._lifetime = Lifetime(self._built, before=self._lifetime)
            self._lifetime.lifespans += 1
            return self._lifetime

    def _left(self, lifetime: Lifetime) -> bool:
        """Count a lifespan that has ended; return whether it was the last of its lifetime."""
        with self._counting:
            lifetime.lifespans -= 1
            is_last = not lifetime.lifespans
            if is_last:
                lifetime.finish()
            return is_last

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self.lifespan():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _keep_up(lifetime: Lifetime) -> None:
    """Get ready, retrying on failure, then see to it that time moves until cancelled."""
    while not lifetime.readiness.is_reached:
        try:
            await lifetime.readiness.wait()
        except MockError:
            await pause(_RETRY_SECONDS)
    ticker = lifetime.open().ticker
    try:
        while True:
            ticker.wake()  # again if it ticked on the event loop of a lifespan that has ended
            await pause(_WAKE_SECONDS)
    finally:
        await ticker.leave()


async def _is_ready_for(lifetime: Lifetime, scope: Scope, send: Send) -> bool:
    """Wait until a request can be served; if it cannot be, answer it with 503 and return False."""
    try:
        await lifetime.readiness.wait(_PATIENCE_SECONDS)
    except MockError as error:
        if scope["type"] != "http":
            raise
        await probes.respond(scope, send, 503, {"detail": str(error)}, {"retry-after": "1"})
        return False
    return True


def create_app(settings: Settings) -> Emulator:
    """Create an emulator and open its database.

    Raises:
        DatabaseInUse: another process has the database file open.
        DatabaseUnreadable: the database file cannot be used.
    """
    emulator = Emulator(settings)
    emulator.open()
    return emulator


def _built(settings: Settings) -> Rooms:
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
        return Rooms(engine, *surfaces, Ticker(engine))
    except BaseException:
        engine.close()
        raise
