"""The one place that wires everything: settings → engine → the service's app and the control app."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from reprompt_mock.api.app import create_service_app
from reprompt_mock.control.app import create_control_app
from reprompt_mock.engine.doors import Engine
from reprompt_mock.offload import Offload
from reprompt_mock.ticker import Ticker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from reprompt_mock.settings import Settings

CONTROL = "/_mock"


class Emulator:
    """The ASGI app: the control API under /_mock, the service everywhere else.

    Args:
        service: the service's app, which also has the lifespan.
        control: the control app.
        engine: what both work on.
    """

    def __init__(self, service: ASGIApp, control: ASGIApp, engine: Engine) -> None:
        self.engine = engine
        self._service = service
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the app that it is for."""
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
    offload = Offload(engine)
    return Emulator(_service(offload), create_control_app(offload), engine)


def _service(offload: Offload) -> ASGIApp:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ticker = Ticker(offload.engine)
        ticker.start()
        yield
        await ticker.stop()
        offload.engine.close()

    return create_service_app(offload, lifespan)
