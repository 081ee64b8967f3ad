"""The service's app: its routes, error handlers and OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from starlette.middleware.cors import CORSMiddleware

from reprompt_mock.api import attributes, batches, exports, jobs
from reprompt_mock.api.auth import Gate
from reprompt_mock.api.gateway import Gateway
from reprompt_mock.api.openapi import build_document
from reprompt_mock.api.recorder import Recorder
from reprompt_mock.errors import OrganizationNotFound, VersionNotEmulated
from reprompt_mock.head import HeadAsGet
from reprompt_mock.http.openapi import UNTRACED
from reprompt_mock.http.openapi import served as document_of
from reprompt_mock.http.problems import Refusals
from reprompt_mock.http.shortcut import Shortcut
from reprompt_mock.operations import OPERATIONS, SERVICE, Operations
from reprompt_mock.organizations import is_slug
from reprompt_mock.version import __version__

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from reprompt_mock.http.offload import Offload

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_ROUTERS = (batches.router, jobs.router, attributes.router, exports.links, exports.router)


def create_service_app(offload: Offload) -> Recorder:
    """Create the service's app, with its journal and faults."""
    app = _app()
    app.state.offload = offload
    app.state.gate = Gate(offload.engine.settings.api_keys, offload.engine.settings.revoked_api_keys)
    operations = Operations(OPERATIONS)
    refusals = Refusals(operations.methods_of)
    refusals.install(app)
    _serve_document(app)
    _explain_v2(app)
    served: ASGIApp = Shortcut(app, refusals)
    if offload.engine.settings.cors_origins:
        app.add_middleware(
            _ServiceCors,
            allow_origins=offload.engine.settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
        )
        served = app
    return Recorder(Gateway(HeadAsGet(served), offload), offload, operations)


def _app() -> FastAPI:
    # Flattened: with included routers, each request would be matched against routers first, then against routes.
    routes = [route for router in _ROUTERS for route in router.routes]
    return FastAPI(
        title="Reprompt Place Enrichment API, emulated",
        description="The published surface of the service, served by a local emulator.",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=UNTRACED,
        routes=routes,
    )


def service_document() -> dict[str, Any]:
    """Build the service's OpenAPI document without an emulator."""
    return build_document(_app())


class _ServiceCors(CORSMiddleware):
    """CORS for the service's paths only."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_service = scope["type"] == "http" and scope["path"].startswith("/v1/")
        await (super().__call__ if is_service else self.app)(scope, receive, send)


def _explain_v2(app: FastAPI) -> None:
    """Name V1 where V2 is called (contract L5)."""

    async def explain(_: Request) -> Response:
        raise VersionNotEmulated(path=SERVICE.format(org_slug="ORG"))

    for path in ("/v2", "/v2/{rest:any_text}"):
        app.add_route(path, explain, _METHODS, include_in_schema=False)


def _serve_document(app: FastAPI) -> None:
    written = document_of(lambda: build_document(app))

    async def document(request: Request) -> Response:
        return written(request)

    async def document_of_organization(request: Request, org_slug: str) -> Response:
        if not is_slug(org_slug):
            raise OrganizationNotFound(org_slug=org_slug)
        return written(request)

    app.add_api_route("/openapi.json", document, include_in_schema=False)
    app.add_api_route("/v1/{org_slug}/openapi.json", document_of_organization, include_in_schema=False)
