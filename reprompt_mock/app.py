"""The one place that wires everything: settings → engine → the service's app and the control app."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from reprompt_mock.api.app import create_service_app
from reprompt_mock.control.app import create_control_app
from reprompt_mock.desk import Desk
from reprompt_mock.engine import Engine
from reprompt_mock.mounting import unmounted
from reprompt_mock.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from reprompt_mock.settings import Settings

CONTROL = "/_mock"


class Emulator:
    """The ASGI app: the control API under /_mock, the service everywhere else.

    It may be mounted in another app, which hands no lifespan on: time then moves from the first request on. Give that
    app `lifespan=emulator.lifespan`, or await it in its own, for the data to be closed at its end.

    Args:
        service: the service's app, which also has the lifespan.
        control: the control app.
        engine: what both work on.
        ticker: what moves time while nobody looks.
    """

    def __init__(self, service: ASGIApp, control: ASGIApp, engine: Engine, ticker: Ticker) -> None:
        self.engine = engine
        self._service = service
        self._control = control
        self._ticker = ticker

    @asynccontextmanager
    async def lifespan(self, _: object = None) -> AsyncIterator[None]:
        """Run while the emulator serves, and close it afterwards."""
        self._ticker.start()
        yield
        await self._ticker.stop()
        self.engine.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the app that it is for."""
        if scope["type"] != "lifespan":
            self._ticker.wake()
        scope = unmounted(scope, self.engine.settings.root_path or "")
        path = scope.get("path", "")
        is_control = path == CONTROL or path.startswith(f"{CONTROL}/")
        await (self._control if is_control else self._service)(scope, receive, send)


def create_app(settings: Settings) -> Emulator:
    """Make an emulator.

    Raises:
        DatabaseInUse: another process has the database file.
        DatabaseUnreadable: the database file cannot be used.
    """
    engine = Engine(settings)
    desk = Desk(engine)

    def lifespan(app: FastAPI) -> AbstractAsyncContextManager[None]:
        return emulator.lifespan(app)

    service = create_service_app(desk, lifespan)
    emulator = Emulator(service, create_control_app(desk), engine, Ticker(engine))
    return emulator
