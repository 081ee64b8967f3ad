"""What the control routes share: a visit of the path's world, and body parsing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from reprompt_mock.control.openapi import errors
from reprompt_mock.http.shortcut import DirectRoute, parameters
from reprompt_mock.http.visit import Visit
from reprompt_mock.http.wire import loaded, parse, read_body, validated

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Control(Visit):
    """What a route needs from its request."""

    async def raw_body(self) -> bytes:
        """Read the body."""
        return await read_body(self.request, self.engine.settings.max_body_bytes)

    async def body(self, model: type[Model]) -> Model:
        """Read the body and validate it with a model."""
        return parse(model, await self.raw_body())


async def one_or_more(control: Control, model: type[Model]) -> list[Model]:
    """Read the body as one value of a model or a list of them."""
    value = loaded(await control.raw_body())
    if isinstance(value, list):
        return [validated(model, one, at=[position]) for position, one in enumerate(value)]
    return [validated(model, value)]


class ControlRoute(DirectRoute):
    """A route whose endpoint receives its `control`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler."""
        dependant, endpoint = self.dependant, self.endpoint

        async def handle(request: Request) -> Response:
            control = await _control(request)
            answer: Response = await endpoint(control=control, **parameters(dependant, request))
            return answer

        return handle


class ControlRouter(APIRouter):
    """Routes of the control API.

    Args:
        prefix: what their paths begin with.
    """

    def __init__(self, prefix: str = "/_mock/orgs/{org_slug}") -> None:
        super().__init__(prefix=prefix, responses=errors(401, 403, 404, 422, 503), route_class=ControlRoute)


async def _control(request: Request) -> Control:
    control = Control(request, request.path_params.get("org_slug", ""))
    await control.arrive()
    return control


Controlled = Annotated[Control, Depends(_control)]
