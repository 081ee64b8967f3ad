"""Requests of one world that arrive together: one look at its row on the server serves them all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reprompt_mock.engine.world import World

    Waiting = list[asyncio.Future[World]]


class Arrivals:
    """Looks at worlds for requests; who comes while a look is under way waits for the next, which begins later.

    So nobody sees less than what was stored when he came.

    Args:
        look: returns a world as it is on the server.
    """

    def __init__(self, look: Callable[[str], Awaitable[World]]) -> None:
        self._look = look
        self._waiting: dict[str, Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def of(self, slug: str) -> World:
        """Return a world as it was on the server at some time since now.

        Raises:
            StoreSilent: the server does not answer.
        """
        mine: asyncio.Future[World] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(slug)
        if waiting is None:
            self._waiting[slug] = [mine]
            # A task of its own, so that it outlasts the request that happened to start it.
            task = asyncio.create_task(self._serve(slug))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            waiting.append(mine)
        return await mine

    async def _serve(self, slug: str) -> None:
        """Look as long as there are requests that wait."""
        served: Waiting = []
        try:
            while served := self._waiting[slug]:
                self._waiting[slug] = []
                await self._answer(slug, served)
        finally:  # there are some only where the loop ends
            for future in _open([*served, *self._waiting.pop(slug)]):
                future.cancel()

    async def _answer(self, slug: str, served: Waiting) -> None:
        try:
            world = await self._look(slug)
        except Exception as error:  # noqa: BLE001 - each request handles it as its own
            for future in _open(served):
                future.set_exception(error)
        else:
            for future in _open(served):
                future.set_result(world)


def _open(futures: Waiting) -> Waiting:
    """Return those whose requests have not been given up."""
    return [future for future in futures if not future.done()]
