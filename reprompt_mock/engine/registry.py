"""The worlds of an emulator: looked up by slug, kept in memory, loaded at start."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from reprompt_mock.engine.world import Present, Start, Views, World
from reprompt_mock.errors import Stopping, StorageFailed, TooManyWorlds
from reprompt_mock.evidence import Archive
from reprompt_mock.journal import Journal
from reprompt_mock.store import worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprompt_mock.store.session import Session, Store
    from reprompt_mock.store.worlds import WorldState


MOST_WORLDS = 100_000


class Registry:
    """Every world that has been used and not forgotten since.

    Args:
        start: what a new world starts with.
        real: reads real time in microseconds.
    """

    def __init__(self, start: Start, real: Callable[[], int]) -> None:
        self._start = start
        self._real = real
        self._archive = Archive()
        self._worlds: dict[str, World] = {}
        self._possible: WeakValueDictionary[str, World] = WeakValueDictionary()
        self._changing = Lock()

    def __iter__(self) -> Iterator[World]:
        return iter(list(self._worlds.values()))

    def load(self, session: Session) -> None:
        """Load the stored worlds; each clock resumes, no earlier than the world's last change."""
        for slug, stored in worlds.load_all(session):
            clock = stored.clock.resumed(self._real(), stored.latest)
            self._worlds[slug] = self._new(slug, stored._replace(clock=clock))

    def save_clocks(self, store: Store) -> None:
        """Save the time of running worlds, unless a write is under way or nothing can be stored."""
        with store.try_lock() as free, suppress(Stopping, StorageFailed):
            if free:
                with store.write() as session:
                    for world in self:
                        if world.state.key is not None and world.state.clock.running:
                            clock = world.state.clock.resumed(self._real(), world.now())
                            worlds.save_clock(session, world.state._replace(clock=clock))

    def _new(self, slug: str, state: WorldState) -> World:
        journal = Journal(self._start.journal_size, self._archive.open())
        return World(slug, state, journal=journal, real=self._real)

    def find(self, slug: str) -> World | None:
        """Return a world, or None if there is none."""
        return self._worlds.get(slug)

    def peek(self, slug: str) -> World:
        """Return a world, or a candidate for one that does not exist yet; only `keep` registers it.

        Concurrent callers get the same candidate, so that two first requests create one world.
        """
        known = self._worlds.get(slug)
        if known is not None:
            return known
        with self._changing:
            known = self._worlds.get(slug) or self._possible.get(slug)
            if known is None:
                known = self._possible[slug] = self._new(slug, self._start.state(self._real()))
            return known

    def unused(self) -> Present:
        """Return the state of a world that is not stored."""
        return Present(self._start.state(self._real()), Views())

    def check_room(self, world: World) -> None:
        """Refuse a new world when the limit is reached.

        Raises:
            TooManyWorlds: there are already `MOST_WORLDS` worlds.
        """
        if world.slug not in self._worlds and not world.forgotten and len(self._worlds) >= MOST_WORLDS:
            raise TooManyWorlds(limit=MOST_WORLDS)

    def keep(self, world: World) -> None:
        """Register a world after a request that was not refused; a forgotten world stays forgotten."""
        if self._worlds.get(world.slug) is world:
            return
        with self._changing:
            if not world.forgotten:
                self._worlds.setdefault(world.slug, world)

    def drop(self, world: World) -> None:
        """Forget a world in memory; requests in flight finish in the old one."""
        with self._changing:
            world.forgotten = True
            world.journal.clear()
            for known in (self._worlds, self._possible):
                if known.get(world.slug) is world:
                    del known[world.slug]
