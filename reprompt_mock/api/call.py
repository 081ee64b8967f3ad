"""One authenticated request: the world that it means, and the way to the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request

from reprompt_mock.api.auth import keys_sent
from reprompt_mock.wire import read_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.api.auth import Gate
    from reprompt_mock.desk import Desk
    from reprompt_mock.engine import Engine
    from reprompt_mock.world import World

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """What a route needs of its request."""

    request: Request
    world: World
    desk: Desk

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
        return await read_body(self.request, self.engine.settings.max_body_bytes)


async def authenticated(request: Request, org_slug: str) -> Call:
    """Let a request in (contract A, I3); its body is not read before."""
    gate: Gate = request.app.state.gate
    desk: Desk = request.app.state.desk
    key = gate.admit(org_slug, keys_sent(request.headers.raw))
    world = desk.engine.worlds.peek(org_slug)
    world.take_token(key)
    return Call(request, world, desk)


Caller = Annotated[Call, Depends(authenticated)]
