"""What asks for one thing at a time waits for its turn here; what waits together may be served together."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

    from reprompt_mock.engine.writing import Work

    Outcome: TypeAlias = Any
    """What came of something; an exception is raised where it was asked for."""
    Place: TypeAlias = tuple[asyncio.AbstractEventLoop, "Key"]

Key = TypeVar("Key", bound="Hashable")
Item = TypeVar("Item")

MOST_TOGETHER = 16
"""How many changes share a transaction."""


class Change(NamedTuple):
    """A change of a world: what it does, and whether that takes long."""

    work: Work[Any]
    is_long: bool = False


class Waiting(NamedTuple, Generic[Item]):
    """What waits, and its future outcome."""

    item: Item
    outcome: asyncio.Future[Any]


class _Queue(Generic[Item]):
    """What waits under one key on one event loop, and what is being served."""

    def __init__(self) -> None:
        self.waiting: list[Waiting[Item]] = []
        self.served: list[Waiting[Item]] = []

    def begin(self, choose: Callable[[Sequence[Item]], int]) -> list[Waiting[Item]]:
        """Take those that are served next, without those that were given up."""
        waiting = [one for one in self.waiting if not one.outcome.done()]
        size = choose([one.item for one in waiting])
        self.served, self.waiting = waiting[:size], waiting[size:]
        return self.served


class Turns(Generic[Key, Item]):
    """Serves what waits under a key in its order; who comes while some are served waits for a later turn.

    So what is served began after all who share it had come. An event loop has turns of its own.

    Args:
        serve: serves some that wait under a key, and gives the outcome of each.
        choose: how many of those that wait come next, at least one; by default all.
    """

    def __init__(
        self,
        serve: Callable[[Key, Sequence[Item]], Awaitable[Sequence[Outcome]]],
        choose: Callable[[Sequence[Item]], int] = len,
    ) -> None:
        self._serve, self._choose = serve, choose
        self._queues: dict[Place[Key], _Queue[Item]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, key: Key, item: Item) -> Any:
        """Wait for a turn; return what came of it, or raise why it failed.

        What is given up before its turn is not served.
        """
        place = loop, _ = asyncio.get_running_loop(), key
        mine = Waiting(item, loop.create_future())
        queue = self._queues.get(place)
        if queue is None:
            queue = self._queues[place] = _Queue()
            # A task of its own, so that it outlasts the request that happened to start it.
            task = loop.create_task(self._run(place, queue))
            self._tasks.add(task)
            task.add_done_callback(partial(self._end, place, queue))
        queue.waiting.append(mine)
        return await mine.outcome

    async def _run(self, place: Place[Key], queue: _Queue[Item]) -> None:
        """Serve as long as there are some that wait."""
        while chosen := queue.begin(self._choose):
            report(chosen, await self._served(place[1], [one.item for one in chosen]))
        del self._queues[place]

    async def _served(self, key: Key, items: Sequence[Item]) -> Sequence[Outcome]:
        try:
            return await self._serve(key, items)
        except Exception as error:  # noqa: BLE001 - each request handles it as its own
            return [error] * len(items)

    def _end(self, place: Place[Key], queue: _Queue[Item], task: asyncio.Task[None]) -> None:
        """Leave nobody waiting for a task that was cancelled, perhaps before it began."""
        self._tasks.discard(task)
        if self._queues.get(place) is queue:
            del self._queues[place]
            for one in (*queue.served, *queue.waiting):
                one.outcome.cancel()


def next_changes(changes: Sequence[Change]) -> int:
    """Return how many changes are made next: a long one by itself, or all up to one."""
    size = next((number for number, change in enumerate(changes) if change.is_long), len(changes))
    return min(max(size, 1), MOST_TOGETHER)


def report(waiting: Sequence[Waiting[Any]], outcomes: Sequence[Outcome | None]) -> None:
    """Report outcomes to the requests that wait for them, unless they were given up meanwhile."""
    for one, outcome in zip(waiting, outcomes, strict=True):
        if one.outcome.done():
            continue
        if isinstance(outcome, Exception):
            one.outcome.set_exception(outcome)
        else:
            one.outcome.set_result(outcome)
