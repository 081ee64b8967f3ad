"""The worlds of an emulator: found by slug, kept in memory, loaded when it starts."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from reprompt_mock.errors import TooManyWorlds
from reprompt_mock.store import batches, worlds
from reprompt_mock.world import Start, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprompt_mock.store.database import Connection


MOST_WORLDS = 100_000


class Worlds:
    """Every world that was used and not forgotten.

    Args:
        start: what a new world starts with.
        real: reads real time in microseconds.
    """

    def __init__(self, start: Start, real: Callable[[], int]) -> None:
        self._start = start
        self._real = real
        self._worlds: dict[str, World] = {}
        self._changing = Lock()

    def __iter__(self) -> Iterator[World]:
        return iter(list(self._worlds.values()))

    def load(self, connection: Connection) -> None:
        """Take over the worlds that are stored."""
        for stored in worlds.load_all(connection):
            world = World(stored.slug, self._start, self._real)
            world.resume_from(stored, worlds.last_submission(connection, stored.pk))
            world.next_due = batches.next_due(connection, stored.pk)
            self._worlds[stored.slug] = world

    def find(self, slug: str) -> World | None:
        """Find a world, None where there is none."""
        return self._worlds.get(slug)

    def peek(self, slug: str) -> World:
        """Find a world, or show what a new one would be; it is made only when it is kept."""
        return self._worlds.get(slug) or World(slug, self._start, self._real)

    def current(self, world: World) -> World:
        """Give the world that stands for a slug now, where two first requests saw two new ones.

        Raises:
            TooManyWorlds: it would be one more than there may be.
        """
        if world.forgotten:
            return world
        known = self._worlds.get(world.slug)
        if known is None and len(self._worlds) >= MOST_WORLDS:
            raise TooManyWorlds(limit=MOST_WORLDS)
        return known or world

    def keep(self, world: World) -> None:
        """Let a world spring up, after a request that was not refused."""
        if self._worlds.get(world.slug) is world:
            return
        with self._changing:
            if world.forgotten:
                return
            known = self._worlds.setdefault(world.slug, world)
            if known is not world and world.key is not None:
                # A read let it spring up while its first write was under way.
                known.state = world.state

    def drop(self, world: World) -> None:
        """Forget a world in memory; a request under way ends in the old one."""
        with self._changing:
            world.forgotten = True
            self._worlds.pop(world.slug, None)
