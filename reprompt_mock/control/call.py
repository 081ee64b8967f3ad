"""What the control routes share: the world of the path, the body by a model, the way to the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel

from reprompt_mock.desk import Desk
from reprompt_mock.errors import OrganizationNotFound
from reprompt_mock.wire import parse, read_body
from reprompt_mock.world import World, is_slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.engine import Engine

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Control:
    """What a route needs of its request."""

    request: Request

    @property
    def desk(self) -> Desk:
        """The way to the engine."""
        desk: Desk = self.request.app.state.desk
        return desk

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.desk.engine

    @property
    def world(self) -> World:
        """The world that the path names, not made by being looked at.

        Raises:
            OrganizationNotFound: the path names no possible slug.
        """
        org_slug = self.request.path_params["org_slug"]
        if not is_slug(org_slug):
            raise OrganizationNotFound(org_slug=org_slug)
        return self.engine.worlds.peek(org_slug)

    async def raw_body(self) -> bytes:
        """Read the body."""
        return await read_body(self.request, self.engine.settings.max_body_bytes)

    async def body(self, model: type[Model]) -> Model:
        """Read the body by a model."""
        return parse(model, await self.raw_body())

    async def change(self, work: Callable[[], T]) -> T:
        """Run work that changes a world, in a thread: it may move many jobs."""
        return await self.desk.write(work, big=True)


async def _control(request: Request) -> Control:
    return Control(request)


Controlled = Annotated[Control, Depends(_control)]
