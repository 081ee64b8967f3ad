"""What the pages share: the request's world, its parameters, and the engine's doors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from reprompt_mock.dashboard.paths import UI
from reprompt_mock.errors import OrganizationNotFound
from reprompt_mock.mounting import root_of
from reprompt_mock.organizations import is_slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.http.offload import Offload

P = ParamSpec("P")
T = TypeVar("T")

_LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class Looking:
    """Somebody who looks at a page of the dashboard.

    Attributes:
        request: the request for the page or a part of it.
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

    @property
    def root(self) -> str:
        """The prefix under which clients reach the emulator, "" for none."""
        return root_of(self.request.scope)

    @property
    def ui(self) -> str:
        """The path of the dashboard without a slash at its end."""
        return f"{self.root}{UI}"

    @property
    def address(self) -> str:
        """The URL of the emulator as this client knows it."""
        return f"{self.request.url.scheme}://{self.request.headers.get('host', 'localhost')}{self.root}"

    def text(self, name: str) -> str:
        """Return a parameter of the query, "" where it is missing."""
        return self.request.query_params.get(name, "")

    def number(self, name: str, default: int) -> int:
        """Return a parameter that is a whole number of at least 0, the default for anything else."""
        text = self.text(name)
        return min(int(text), _LARGEST) if text.isascii() and text.isdigit() and len(text) < 20 else default

    async def read(self, work: Callable[Concatenate[Reading, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that reads the world, without creating it."""
        return await self.offload.read(self.world, work, *args, **kwargs)

    async def write(self, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that changes the world."""
        return (await self.offload.write(self.world, work, *args, **kwargs)).value
