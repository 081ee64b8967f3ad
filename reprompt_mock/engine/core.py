"""The doors through which every use case goes: one for reading a world, one for writing it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from reprompt_mock.engine.worlds import Worlds
from reprompt_mock.errors import Stopping, StorageFailed
from reprompt_mock.real_time import real_now
from reprompt_mock.store import batches, worlds
from reprompt_mock.store.database import Connection, Database
from reprompt_mock.world import Start, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprompt_mock.settings import Settings

T = TypeVar("T")

_PURGE_ROWS = 2000
_PURGES_A_TICK = 4
_FEW_ROWS = 100
"""As many can always be removed in the log's reserve."""


class Reading(NamedTuple):
    """One state of a world's data at one moment of its time; `key` is None while nothing was stored in it."""

    connection: Connection
    world: World
    key: int | None
    now: int


class Writing(NamedTuple):
    """A world's data, open for a change, at one moment of its time."""

    connection: Connection
    world: World
    key: int
    now: int

    @property
    def reading(self) -> Reading:
        """The same, to be read."""
        return Reading(self.connection, self.world, self.key, self.world.now())


class _Lost(Exception):
    """Rolls back a change of a world that was forgotten."""


class Core:
    """The database, the worlds, and time: whatever is due has happened before anybody looks.

    Args:
        settings: the emulator's.
        real: reads real time in microseconds.

    Raises:
        DatabaseInUse: another process has the database file.
        DatabaseUnreadable: the database file cannot be used.
    """

    def __init__(self, settings: Settings, *, real: Callable[[], int] = real_now) -> None:
        self.settings = settings
        self.database = Database(settings.db)
        self.worlds = Worlds(Start(settings.world, settings.rules, settings.journal_size), real)
        self.has_purge = True
        self._purge_rows = _PURGE_ROWS
        with self.database.read() as connection:
            self.worlds.load(connection)

    def close(self) -> None:
        """Give the database back, after the time of running worlds was stored in it, where nobody is just writing."""
        try:
            if self.settings.db is not None:
                self._store_clocks()
        finally:
            self.database.close()

    def _store_clocks(self) -> None:
        with self.database.try_lock() as free, suppress(Stopping, StorageFailed):
            if free:
                with self.database.write() as connection:
                    for world in self.worlds:
                        if world.key is not None and world.clock.running:
                            worlds.save_clock(connection, world.key, world.present)

    @contextmanager
    def reading(self, world: World) -> Iterator[Reading]:
        """Open a world for reading, after what is due in it has happened."""
        world = self.worlds.current(world)
        # A forgotten world stays as it is: what would happen in it is lost, so waiting for it would never end.
        while world.is_due(now := world.now()) and not world.forgotten:
            self.catch_up(world)
        with self.database.read() as connection:
            yield Reading(connection, world, world.key, now)
        self.worlds.keep(world)

    @contextmanager
    def writing(self, world: World) -> Iterator[Writing]:
        """Open a world for a change, which happens whole or, with an exception, not at all.

        In a world that was forgotten meanwhile a request still sees its own change, which then is lost.
        """
        # The lock is kept until the world is registered, so that two first changes at once make one world.
        with self.database.lock:
            world = self.worlds.current(world)
            before = world.state
            try:
                with self.database.write() as connection:
                    world.key = key = world.key or worlds.insert(connection, world)
                    now = world.now()
                    self._apply_due(connection, world, now)
                    yield Writing(connection, world, key, now)
                    if world.forgotten:
                        raise _Lost
            except _Lost:
                world.state = before
            except BaseException:
                world.state = before
                raise
            world.views.change()
            self.worlds.keep(world)

    def catch_up(self, world: World) -> None:
        """Make happen what is due in a world."""
        self.relieve(lambda: self._catch_up(world))

    def _catch_up(self, world: World) -> None:
        with self.writing(world):
            pass

    def relieve(self, work: Callable[[], T]) -> T:
        """Run work that makes room or takes hardly any; where the disk is full it gets what is spared for that.

        Raises:
            StorageFailed: even that does not suffice.
        """
        try:
            return work()
        except StorageFailed:
            with self.database.making_room():
                return work()

    def _apply_due(self, connection: Connection, world: World, now: int) -> None:
        if world.key is not None and world.next_due is not None and world.next_due <= now:
            world.next_due = batches.recount_due(connection, world.key, now)
            if world.clock.running:
                # What was counted must not lie ahead after a restart, even where the machine's clock was set back.
                worlds.save_clock(connection, world.key, world.present)

    def apply_due(self, writing: Writing) -> None:
        """Make happen what became due in the course of a change."""
        self._apply_due(writing.connection, writing.world, writing.now)

    def move_time(self, writing: Writing) -> int:
        """Store a clock that was changed, and make happen what is due by it; gives the new time."""
        world, now = writing.world, writing.world.now()
        worlds.save(writing.connection, writing.key, world)
        self._apply_due(writing.connection, world, now)
        return now

    def tick(self) -> None:
        """Make happen what is due in any world, and remove some rows of forgotten ones.

        Raises:
            StorageFailed: that cannot be stored.
        """
        for world in self.worlds:
            if world.is_due():
                self.catch_up(world)
        for _ in range(_PURGES_A_TICK):
            if self.has_purge:
                with self.database.lock:  # else what is forgotten meanwhile might be missed
                    self.has_purge = self._purge() or self.database.shrink()

    def _purge(self) -> bool:
        """Remove some rows; where the disk is full as many as find room in the log's reserve."""
        while True:
            try:
                has_more = self.relieve(self._purge_some)
            except StorageFailed:
                if self._purge_rows <= _FEW_ROWS:
                    raise
                self._purge_rows //= 2
            else:
                self._purge_rows = self._purge_rows if has_more else _PURGE_ROWS
                return has_more

    def _purge_some(self) -> bool:
        with self.database.write() as connection:
            return worlds.purge(connection, self._purge_rows)

    def forget(self, world: World) -> None:
        """Forget a world at once, as if it had never been used: the one that stands for its slug by now."""
        self.relieve(lambda: self._forget(world))

    def _forget(self, world: World) -> None:
        with self.database.lock:
            world = self.worlds.find(world.slug) or world
            if world.key is not None:
                with self.database.write() as connection:
                    worlds.forget(connection, world.key)
                self.has_purge = True
            self.worlds.drop(world)
