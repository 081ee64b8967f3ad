"""Changes of one world wait for each other here, and those that wait are made together: a commit serves them all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from reprompt_mock.engine.together import Outcome
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Work

    Place: TypeAlias = tuple[asyncio.AbstractEventLoop, World]
    """Where changes wait for each other."""

MOST_TOGETHER = 16
"""How many changes share a transaction."""


class Waiting(NamedTuple):
    """A change that waits: what it does, whether that takes long, and its future outcome."""

    work: Work[Any]
    is_long: bool
    outcome: asyncio.Future[Any]


class Turns:
    """Makes the changes of each world in the order in which they were asked for; an event loop has turns of its own.

    Args:
        make: makes some changes of a world, and gives the outcome of each.
    """

    def __init__(self, make: Callable[[World, Sequence[Work[Any]]], Awaitable[Sequence[Outcome]]]) -> None:
        self._make = make
        self._waiting: dict[Place, list[Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, world: World, work: Work[Any], *, is_long: bool) -> Any:
        """Make a change, a long one by itself; return what it gave, or raise why it failed.

        One that was given up before its turn is not made.
        """
        place = asyncio.get_running_loop(), world
        mine = Waiting(work, is_long, place[0].create_future())
        waiting = self._waiting.get(place)
        if waiting is None:
            self._waiting[place] = [mine]
            task = asyncio.create_task(self._serve(place))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            waiting.append(mine)
        return await mine.outcome

    async def _serve(self, place: Place) -> None:
        """Make changes as long as there are some that wait."""
        chosen: list[Waiting] = []
        try:
            while chosen := self._next(place):
                report(chosen, await self._made(place[1], chosen))
        finally:  # some wait only where the loop ends
            for one in [*chosen, *self._waiting.pop(place)]:
                one.outcome.cancel()

    async def _made(self, world: World, chosen: Sequence[Waiting]) -> Sequence[Outcome]:
        try:
            return await self._make(world, [one.work for one in chosen])
        except Exception as error:  # noqa: BLE001 - each request handles it as its own
            return [error] * len(chosen)

    def _next(self, place: Place) -> list[Waiting]:
        """Take those that are made next: a long one, or all up to one."""
        waiting = [one for one in self._waiting[place] if not one.outcome.done()]
        size = next((number for number, one in enumerate(waiting) if one.is_long), len(waiting))
        size = min(max(size, 1), MOST_TOGETHER)
        self._waiting[place] = waiting[size:]
        return waiting[:size]


def report(waiting: Sequence[Waiting], outcomes: Sequence[Outcome | None]) -> None:
    """Report the outcomes of changes to the requests that wait for them, unless they were given up meanwhile."""
    for one, outcome in zip(waiting, outcomes, strict=True):
        if one.outcome.done():
            continue
        if isinstance(outcome, Exception):
            one.outcome.set_exception(outcome)
        else:
            one.outcome.set_result(outcome)
