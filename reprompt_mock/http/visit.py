"""A request of the emulator's own surfaces: the world that it means, and the engine's two doors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from reprompt_mock.conduct.seen import REPLACED
from reprompt_mock.engine import clock, snapshot, worlds
from reprompt_mock.errors import OrganizationNotFound
from reprompt_mock.organizations import is_slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.http.offload import Offload

_TIME_PASSES = frozenset({clock.change, clock.advance, clock.settle})
"""What only moves the clock: a client meets that in the service too."""
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request of a test or a person, not of the client that is judged.

    Attributes:
        request: the request.
        org_slug: the slug in its path, "" for none.
    """

    request: Request
    org_slug: str = ""

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
            OrganizationNotFound: the slug is not valid.
        """
        if not is_slug(self.org_slug):
            raise OrganizationNotFound(org_slug=self.org_slug)
        return self.engine.worlds.peek(self.org_slug)

    async def arrive(self) -> None:
        """Learn what others have made of the world that the path names."""
        if self.offload.is_shared:
            await self.offload.arrive(self.org_slug)

    async def read(self, work: Callable[Concatenate[Reading, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that reads the world, without creating it."""
        return await self.offload.read(self.world, work, *args, **kwargs)

    async def write(self, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that changes the world, which may excuse what its client does next."""
        value = (await self.offload.write(self.world, work, *args, **kwargs)).value
        weight = REPLACED if work is snapshot.restore else int(work not in _TIME_PASSES)
        if not self.engine.store.is_shared:
            self.world.interventions += weight
        elif weight:
            await self.offload.write(self.world, worlds.intervene, weight)
        return value
