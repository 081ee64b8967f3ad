"""The service's app: its routes, its errors, its document."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import orjson
from fastapi import FastAPI, Response
from starlette.middleware.cors import CORSMiddleware

from reprompt_mock import __version__
from reprompt_mock.api import attributes, batches, jobs
from reprompt_mock.api.auth import Gate
from reprompt_mock.api.document import build_document
from reprompt_mock.api.gateway import Gateway
from reprompt_mock.errors import OrganizationNotFound
from reprompt_mock.operations import Operations
from reprompt_mock.organizations import is_slug
from reprompt_mock.problems import install

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from starlette.types import Receive, Scope, Send

    from reprompt_mock.offload import Offload

_ROUTERS = (batches.router, jobs.router, attributes.router)


def create_service_app(offload: Offload, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> Gateway:
    """Make the service's app of an engine, with journal and faults; `lifespan` runs around it."""
    # As routers of their own every request would be matched with each router first, then with its routes.
    routes = [route for router in _ROUTERS for route in router.routes]
    app = FastAPI(
        title="Reprompt Place Enrichment API, emulated",
        description="The published surface of the service, served by a local emulator.",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        routes=routes,
    )
    app.state.offload = offload
    app.state.gate = Gate(offload.engine.settings.api_keys, offload.engine.settings.revoked_api_keys)
    operations = Operations(routes)
    install(app, operations.methods_of)
    _serve_document(app)
    if offload.engine.settings.cors_origins:
        app.add_middleware(
            _ServiceCors,
            allow_origins=offload.engine.settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
        )
    return Gateway(app, offload, operations)


class _ServiceCors(CORSMiddleware):
    """CORS for the service's paths, and for no other."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_service = scope["type"] == "http" and scope["path"].startswith("/v1/")
        await (super().__call__ if is_service else self.app)(scope, receive, send)


def _serve_document(app: FastAPI) -> None:
    @cache
    def written() -> bytes:
        return orjson.dumps(build_document(app))

    async def document() -> Response:
        return Response(written(), media_type="application/json")

    async def document_of_organization(org_slug: str) -> Response:
        if not is_slug(org_slug):
            raise OrganizationNotFound(org_slug=org_slug)
        return Response(written(), media_type="application/json")

    app.add_api_route("/openapi.json", document, include_in_schema=False)
    app.add_api_route("/v1/{org_slug}/openapi.json", document_of_organization, include_in_schema=False)
