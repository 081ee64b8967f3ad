"""One authenticated request: the world that it means, and the way to the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from reprompt_mock.api.auth import keys_sent
from reprompt_mock.api.document import errors
from reprompt_mock.wire import read_body

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from reprompt_mock.api.auth import Gate
    from reprompt_mock.desk import Desk
    from reprompt_mock.engine import Engine
    from reprompt_mock.world import World

T = TypeVar("T")

_PREFIX = "/v1/{org_slug}/place_enrichment"


class Call(Request):
    """A request that was let in (contract A, I3), with what a route needs; its body is not read before.

    Args:
        request: the request as it came.

    Raises:
        KeyMissing, KeyRefused, OrganizationForbidden, OrganizationNotFound: its keys do not open its organization.
        TooManyRequests: it is over the world's `rate_limit`.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request.scope, request.receive)
        gate: Gate = request.app.state.gate
        self.desk: Desk = request.app.state.desk
        org_slug = request.path_params["org_slug"]
        key = gate.admit(org_slug, keys_sent(request.scope["headers"]))
        self.world: World = self.engine.worlds.peek(org_slug)
        self.world.take_token(key)

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.desk.engine

    async def read(self, work: Callable[[], T], *, big: bool = False) -> T:
        """Run work that reads the world."""
        return await self.desk.read(self.world, work, big=big)

    async def write(self, work: Callable[[], T], *, big: bool = False) -> T:
        """Run work that changes the world."""
        return await self.desk.write(work, big=big)

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            BodyTooLarge: it is larger than `max_body_bytes` (contract B4).
        """
        return await read_body(self, self.engine.settings.max_body_bytes)


class CallRoute(APIRoute):
    """A route that is given a `Call`. A dependency would do the same, and make a small request a sixth slower."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Let requests in before anything of them is looked at."""
        handle, endpoint = super().get_route_handler(), self.endpoint
        named = [field.name for field in self.dependant.path_params]

        async def admit(request: Request) -> Response:
            call = Call(request)
            if request.scope["query_string"]:
                return await handle(call)
            # FastAPI has nothing to solve here: what a path names is text, and what a query may say has a default.
            answer: Response = await endpoint(call, **{name: request.path_params[name] for name in named})
            return answer

        return admit


def calls(tag: str, *refused: int) -> APIRouter:
    """Make a router whose routes are given calls; `refused` are the statuses that all of them may answer."""
    return APIRouter(prefix=_PREFIX, tags=[tag], responses=errors(*refused), route_class=CallRoute)
