"""Watches: all waits in a world are checked together, when something in it has changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reprompt_mock.engine import wait
from reprompt_mock.engine.wait import Awaited, Seen, is_met
from reprompt_mock.errors import MockError, Stopping
from reprompt_mock.event_loop import Bell, pause
from reprompt_mock.real_time import monotonic_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.engine.wait import SeenBatch
    from reprompt_mock.engine.world import World
    from reprompt_mock.http.offload import Offload

_REST = 4.0
"""How much longer it rests than it looked: a large batch that changes all the time is slow to read."""
_LONGEST_REST = 0.2
_LOOK_SECONDS = 1.0
"""How often it looks at what several emulators share."""


class Watch:
    """The waits in one world, on one event loop.

    One task checks all of them: after each change in the world, and when the next transition of a running clock is
    due. So a hundred waits cost as much as one.

    Args:
        offload: the engine's offload.
        world: the world.
    """

    def __init__(self, offload: Offload, world: World) -> None:
        self._offload, self._world = offload, world
        self._signals = offload.engine.signals
        self._waiting: dict[asyncio.Future[Seen], Awaited] = {}
        self._bell = Bell()
        self._task: asyncio.Task[None] | None = None

    async def wait(self, awaited: Awaited, seconds: float) -> Seen:
        """Wait until something is met or the world is forgotten, at most real seconds; return what is seen then.

        Raises:
            Stopping: the emulator stops.
            StorageUnreadable: the database cannot be read.
        """
        future: asyncio.Future[Seen] = asyncio.get_running_loop().create_future()
        self._waiting[future] = awaited
        self._bell.ring()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            await asyncio.wait([future], timeout=seconds)
        finally:
            del self._waiting[future]
            self._bell.ring()
        return await future if future.done() else await self._seen_now(awaited)

    @property
    def is_over(self) -> bool:
        """Whether there are no waits."""
        return not self._waiting

    async def _run(self) -> None:
        with self._signals.heard(self._bell.ring, self._world.slug):
            while self._waiting:
                await self._bell.heard(self._seconds_to_next())
                began = monotonic_seconds()
                try:
                    await self._answer()
                except MockError as error:
                    self._fail(error)
                if self._signals.are_closed:
                    self._fail(Stopping())
                await pause(min(_REST * (monotonic_seconds() - began), _LONGEST_REST))

    def _seconds_to_next(self) -> float | None:
        """Return the real seconds until it looks again though nothing rings; None for never.

        A batch may change by time alone, and what another emulator has changed may be told too late or not at all.
        """
        is_for_batch = any(awaited.batch_id is not None for awaited in self._waiting.values())
        seconds = self._world.real_seconds_to_next() if is_for_batch else None
        if self._offload.is_shared:
            return _LOOK_SECONDS if seconds is None else min(seconds, _LOOK_SECONDS)
        return seconds

    async def _seen_now(self, awaited: Awaited) -> Seen:
        await self._offload.arrive(self._world.slug)
        return _seen(self._world, awaited, await self._look([awaited]), await self._count([awaited]))

    async def _answer(self) -> None:
        """End the waits that are met."""
        await self._offload.arrive(self._world.slug)  # another emulator may have forgotten the world
        waiting = dict(self._waiting)
        batches, came = await self._look([*waiting.values()]), await self._count([*waiting.values()])
        for future, awaited in waiting.items():
            seen = _seen(self._world, awaited, batches, came)
            if not future.done() and (seen.forgotten or is_met(awaited, seen)):
                future.set_result(seen)

    def _fail(self, error: MockError) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_exception(error)

    async def _look(self, all_awaited: list[Awaited]) -> Mapping[str, SeenBatch | None]:
        batch_ids = {awaited.batch_id for awaited in all_awaited if awaited.batch_id is not None}
        return await self._offload.read(self._world, wait.look, batch_ids) if batch_ids else {}

    async def _count(self, all_awaited: list[Awaited]) -> Mapping[str, int]:
        operations = {awaited.operation for awaited in all_awaited if awaited.operation is not None}
        return {operation: await self._offload.count(self._world, operation) for operation in operations}


def _seen(world: World, awaited: Awaited, batches: Mapping[str, SeenBatch | None], came: Mapping[str, int]) -> Seen:
    batch = None if awaited.batch_id is None else batches.get(awaited.batch_id)
    return Seen(batch, 0 if awaited.operation is None else came[awaited.operation], world.forgotten)


class Watches:
    """The watches of an emulator, one for each world and event loop with a wait."""

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self._watches: dict[tuple[World, asyncio.AbstractEventLoop], Watch] = {}

    async def wait(self, world: World, awaited: Awaited, seconds: float) -> Seen:
        """Wait for something in a world; see `Watch.wait`."""
        key = (world, asyncio.get_running_loop())
        watch = self._watches.get(key)
        if watch is None:
            watch = self._watches[key] = Watch(self._offload, world)
        try:
            return await watch.wait(awaited, seconds)
        finally:
            if watch.is_over and self._watches.get(key) is watch:
                del self._watches[key]
