"""An authenticated request: its world, and the engine's doors for reading and writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from reprompt_mock.api.auth import keys_sent
from reprompt_mock.api.openapi import errors
from reprompt_mock.http.wire import read_body
from reprompt_mock.journal import note_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from reprompt_mock.api.auth import Gate
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.http.offload import Offload
    from reprompt_mock.world_settings import WorldSettings

P = ParamSpec("P")
T = TypeVar("T")

PREFIX = "/v1/{org_slug}/place_enrichment"


class Call(Request):
    """A request that has been admitted (contract A, I3), with what routes need; its body has not been read yet.

    Args:
        request: the request as received.

    Raises:
        KeyMissing, KeyRefused, OrganizationForbidden, OrganizationNotFound: no key opens the organization.
        TooManyRequests: the key exceeds the world's `rate_limit`.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, request.receive)
        gate: Gate = request.app.state.gate
        self._offload: Offload = request.app.state.offload
        org_slug = request.path_params["org_slug"]
        key = gate.admit(org_slug, keys_sent(request.scope["headers"]))
        self.world: World = self._offload.engine.worlds.peek(org_slug)
        self.world.take_token(key)

    @property
    def settings(self) -> WorldSettings:
        """The world's settings."""
        return self.world.settings

    async def read(self, work: Callable[Concatenate[Reading, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that reads the world; if it succeeds, the world is created."""
        value = await self._offload.read(self.world, work, *args, **kwargs)
        self._offload.engine.worlds.keep(self.world)
        return value

    def glance(self, work: Callable[Concatenate[World, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case on the world's in-memory state, which needs no transaction."""
        return work(self.world, *args, **kwargs)

    async def write(self, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that changes the world."""
        written = await self._offload.write(self.world, work, *args, **kwargs)
        note_rules(written.rules)
        return written.value

    async def prepare(self, work: Callable[[bytes], T]) -> T:
        """Parse the body with `work`, in a thread if the body is large."""
        return await self._offload.prepare(work, await self.body())

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            BodyTooLarge: the body is larger than `max_body_bytes` (contract B4).
        """
        return await read_body(self, self._offload.engine.settings.max_body_bytes)


class CallRoute(APIRoute):
    """A route whose endpoint receives a `Call`; with a dependency instead, small requests would be a sixth slower."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that admits requests before FastAPI parses anything."""
        handle, endpoint = super().get_route_handler(), self.endpoint
        named = [field.name for field in self.dependant.path_params]

        async def admit(request: Request) -> Response:
            call = Call(request)
            if request.scope["query_string"]:
                return await handle(call)
            # FastAPI has nothing to parse: path parameters are strings, and query parameters have defaults.
            answer: Response = await endpoint(call, **{name: request.path_params[name] for name in named})
            return answer

        return admit


def call_router(tag: str, *refused: int) -> APIRouter:
    """Make a router whose routes are given calls; `refused` are the statuses that all of them may answer."""
    return APIRouter(prefix=PREFIX, tags=[tag], responses=errors(*refused), route_class=CallRoute)
