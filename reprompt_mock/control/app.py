"""The control app: its routes, errors and document. It is a separate app, so that nothing in the service affects it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute

from reprompt_mock.control import (
    batches,
    clock,
    conduct,
    events,
    faults,
    journal,
    release,
    rules,
    settings,
    snapshot,
    timeline,
    wait,
    worlds,
)
from reprompt_mock.control.openapi import build_document
from reprompt_mock.control.watch import Watches
from reprompt_mock.head import HeadAsGet
from reprompt_mock.http.guard import Guard
from reprompt_mock.http.openapi import UNTRACED, served
from reprompt_mock.http.problems import Refusals
from reprompt_mock.http.shortcut import Shortcut
from reprompt_mock.operations import Operation, Operations
from reprompt_mock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprompt_mock.http.offload import Offload

_ROOMS = (worlds, batches, settings, clock, rules, release, faults, conduct, journal, wait, events, timeline, snapshot)
_ROUTERS = tuple(room.router for room in _ROOMS)


def create_control_app(offload: Offload) -> Guard:
    """Create the control app of an engine, behind its guard."""
    # Flattened, so that the shortcut finds them.
    routes = [route for router in _ROUTERS for route in router.routes]
    app = FastAPI(
        title="reprompt-mock control API",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=UNTRACED,
        routes=routes,
    )
    app.state.offload = offload
    app.state.watches = Watches(offload)
    refusals = Refusals(Operations(_operations()).methods_of)
    refusals.install(app)
    _serve_document(app)
    emulator = offload.engine.settings
    return Guard(HeadAsGet(Shortcut(app, refusals)), allowed_hosts=emulator.allowed_hosts, token=emulator.control_token)


def _operations() -> Iterator[Operation]:
    for router in _ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute):
                for method in route.methods or ():
                    yield Operation(route.name, method, route.path)


def _serve_document(app: FastAPI) -> None:
    written = served(lambda: build_document(app))

    async def document(request: Request) -> Response:
        return written(request)

    app.add_api_route("/_mock/openapi.json", document, include_in_schema=False)
