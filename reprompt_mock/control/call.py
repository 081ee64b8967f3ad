"""What the control routes share: the path's world, body parsing, and the engine's two doors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel

from reprompt_mock.conduct.seen import REPLACED
from reprompt_mock.engine import clock, snapshot
from reprompt_mock.engine.world import World
from reprompt_mock.errors import OrganizationNotFound
from reprompt_mock.http.offload import Offload
from reprompt_mock.http.wire import loaded, parse, read_body, validated
from reprompt_mock.organizations import is_slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.writing import Writing

_TIME_PASSES = frozenset({clock.change, clock.advance, clock.settle})
"""What only moves the clock: a client meets that in the service too."""
P = ParamSpec("P")
T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Control:
    """What a route needs from its request."""

    request: Request

    @property
    def offload(self) -> Offload:
        """The offload through which use cases run."""
        offload: Offload = self.request.app.state.offload
        return offload

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.offload.engine

    @property
    def world(self) -> World:
        """The world that the path names; looking at it does not create it.

        Raises:
            OrganizationNotFound: the path's slug is not valid.
        """
        org_slug = self.request.path_params["org_slug"]
        if not is_slug(org_slug):
            raise OrganizationNotFound(org_slug=org_slug)
        return self.engine.worlds.peek(org_slug)

    async def raw_body(self) -> bytes:
        """Read the body."""
        return await read_body(self.request, self.engine.settings.max_body_bytes)

    async def body(self, model: type[Model]) -> Model:
        """Read the body and validate it with a model."""
        return parse(model, await self.raw_body())

    async def read(self, work: Callable[Concatenate[Reading, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that reads the world, without creating it."""
        return await self.offload.read(self.world, work, *args, **kwargs)

    async def write(self, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that changes the world."""
        value = (await self.offload.write(self.world, work, *args, **kwargs)).value
        self.world.interventions += REPLACED if work is snapshot.restore else work not in _TIME_PASSES
        return value


async def one_or_more(control: Control, model: type[Model]) -> list[Model]:
    """Read the body as one value of a model or a list of them."""
    value = loaded(await control.raw_body())
    if isinstance(value, list):
        return [validated(model, one, at=[position]) for position, one in enumerate(value)]
    return [validated(model, value)]


async def _control(request: Request) -> Control:
    return Control(request)


Controlled = Annotated[Control, Depends(_control)]
