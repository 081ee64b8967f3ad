"""The two doors through which every use case goes: one for reading a world, one for writing it.

A use case is a function of a `Reading` or a `Writing`. It may be run again, since another change can come between its
beginning and the state of the database that it sees. What is committed is what is seen: a change works on a draft of
the world's state, which is put in place after the commit.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from math import inf
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from reprompt_mock.engine.decoded import Decoded
from reprompt_mock.engine.events import Change, Events, Kind
from reprompt_mock.engine.herald import opened_records
from reprompt_mock.engine.publication import Publication
from reprompt_mock.engine.purge import Purge
from reprompt_mock.engine.reading import Reading
from reprompt_mock.engine.registry import Registry
from reprompt_mock.engine.relief import is_relief, makes_room, relieved
from reprompt_mock.engine.remote import Remote
from reprompt_mock.engine.signals import Signals
from reprompt_mock.engine.world import Start, World
from reprompt_mock.engine.writing import Forgotten, Written, run_all
from reprompt_mock.store import worlds
from reprompt_mock.store.opening import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from reprompt_mock.engine.world import Present
    from reprompt_mock.engine.writing import Work, Writing
    from reprompt_mock.settings import Settings
    from reprompt_mock.store.session import Session

P = ParamSpec("P")
T = TypeVar("T")

_PURGES_A_TICK = 4


class _Superseded(Exception):
    """The world changed between the reading of its state and the beginning of the transaction."""


class Engine:
    """The emulator without HTTP: its worlds, and the two doors to them.

    Args:
        settings: the emulator's.
        real: reads real time in microseconds; by default as the store does.

    Raises:
        DatabaseInUse: another process has the database file.
        DatabaseUnreadable: the database file cannot be used.
    """

    def __init__(self, settings: Settings, *, real: Callable[[], int] | None = None) -> None:
        self.settings = settings
        self.store = opened(settings.db, wait=settings.db_wait)
        self.events = Events()
        self.signals = Signals(self.events)
        self.real = self._real = real or self.store.now
        self.worlds = Registry(Start(settings.world, settings.rules, settings.journal_size), self._real)
        self._decoded = Decoded()
        self._publication = Publication()
        self.records, self._herald = opened_records(
            self.store, settings.journal_size, self.events, self.signals, self.real
        )
        self.remote = Remote(self.store, self.worlds, self._decoded, self._real)
        self.purge = Purge(self.store)
        if not self.store.is_shared:
            with self.store.read() as session:
                self.worlds.load(session)

    def arrive(self, slug: str) -> World:
        """Return the world that a request means, up to date."""
        return self.remote.arrive(slug) if self.store.is_shared else self.worlds.peek(slug)

    def every_world(self) -> list[World]:
        """Return all worlds, oldest first."""
        return self.remote.every() if self.store.is_shared else list(self.worlds)

    def close(self) -> None:
        """Close the store, after saving the time of running worlds unless a write is under way."""
        self.signals.close()
        if self._herald:
            self._herald.close()
        self.records.close()
        try:
            if self.settings.db is not None and not self.store.is_shared:
                self.worlds.save_clocks(self.store)
        finally:
            self.store.close()

    def read(self, world: World, work: Callable[Concatenate[Reading, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that reads a world, after what is due in it has happened."""
        return self.try_read(inf, world, work, *args, **kwargs)

    def try_read(
        self,
        most_jobs: float,
        world: World,
        work: Callable[Concatenate[Reading, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a use case that reads a world, unless it goes through too many jobs.

        Raises:
            TooLong: it goes through more than `most_jobs`.
        """
        if self.store.is_shared:
            return self.remote.read(most_jobs, world, lambda reading: work(reading, *args, **kwargs), self.catch_up)
        while True:
            reading = self._reading(world, most_jobs)
            try:
                value = work(reading, *args, **kwargs)
            except _Superseded:
                reading.end()
            except BaseException as error:
                reading.end(error)
                raise
            else:
                reading.end()
                return value

    def _reading(self, world: World, most_jobs: float) -> Reading:
        present, now = self._caught_up(world)
        return Reading(world, present, now, self._decoded, lambda: self._begun(world, present), most_jobs)

    def _caught_up(self, world: World) -> tuple[Present, int]:
        """Apply what is due in a world; return a state and a time at which nothing is due in it.

        If something is due again by then, that is the time of the change, which came after the request. A forgotten
        world stays as it is, since what happens in it is lost.
        """
        self._publication.wait(world)
        present, now = world.present, world.now()
        while present.state.is_due(now) and not world.forgotten:
            self.catch_up(world)
            self._publication.wait(world)
            present = world.present
            now = present.state.calm(world.now())
        return present, now

    @contextmanager
    def _begun(self, world: World, present: Present) -> Iterator[Session]:
        """Begin a read transaction that sees the state of `present`, or find that it is superseded."""
        with self.store.read() as session:
            if self._publication.is_of(world) or world.present is not present:
                raise _Superseded
            yield session

    def write(
        self, world: World, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Written[T]:
        """Run a use case that changes a world; its first change registers a world.

        In a world that was forgotten meanwhile a request still sees its own change, which then is lost.

        Raises:
            TooManyWorlds: it would make one more world than there may be.
            StorageFailed: nothing can be stored.
        """
        return self.try_write(inf, world, work, *args, **kwargs)

    def try_write(
        self,
        most_jobs: float,
        world: World,
        work: Callable[Concatenate[Writing, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Written[T]:
        """Run a use case that changes a world, unless it goes through too many jobs: then it changes nothing.

        Raises:
            TooLong: it goes through more than `most_jobs`.
            TooManyWorlds, StorageFailed: as `write` says.
        """
        if is_relief(work):
            return relieved(self.store, lambda: self._written(most_jobs, world, work, *args, **kwargs))
        return self._written(most_jobs, world, work, *args, **kwargs)

    def _written(
        self,
        most_jobs: float,
        world: World,
        work: Callable[Concatenate[Writing, P], T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Written[T]:
        return self.write_all(world, [lambda writing: work(writing, *args, **kwargs)], most_jobs)[0]

    def write_all(self, world: World, works: Sequence[Work[T]], most_jobs: float = inf) -> list[Written[T]]:
        """Run use cases that change a world, one after another in one transaction; raise as `try_write` does."""
        write = self.remote.write if self.store.is_shared else self._write
        # The lock is kept until the changes are in place, so that the next one builds on them; a server has its own.
        lock = nullcontext() if self.store.is_shared else self.store.lock
        try:
            with lock:
                self.worlds.check_room(world)
                changes = write(most_jobs, world, works)
                self.worlds.keep(world)
                self.purge.is_due |= any(writing.purges for _, writing in changes)
        except Forgotten as lost:
            changes = lost.changes
        else:
            self.events.publish([change for _, writing in changes for change in writing.changes])
        return [Written(value, writing.acted) for value, writing in changes]

    def _write(self, most_jobs: float, world: World, works: Sequence[Work[T]]) -> list[tuple[T, Writing]]:
        try:
            with self.store.write() as session:
                key = world.state.key or worlds.insert(session, None if world.forgotten else world.slug, world.state)
                state = world.state._replace(key=key)
                changes = run_all(session, world, state, works, real=self._real, most_jobs=most_jobs)
                self._publication.begin(world)
            _, latest = changes[-1]
            world.publish(latest.state, latest.documents)
        finally:
            self._publication.end(world)
        return changes

    def is_publishing(self, world: World) -> bool:
        """Return whether a reader of this world would have to wait for a commit."""
        return self._publication.is_of(world)

    def catch_up(self, world: World) -> None:
        """Apply what is due in a world."""
        self.write(world, _nothing)

    def forget(self, world: World) -> None:
        """Forget a world at once, as if it had never been used: the one that stands for its slug by now.

        Its rows are removed by later ticks.

        Raises:
            StorageFailed: nothing can be stored.
        """
        relieved(self.store, lambda: self._forget(world))
        self.events.publish([Change(world.slug, Kind.world)])

    def _forget(self, world: World) -> None:
        if self.store.is_shared:
            self.remote.forget(self.worlds.find(world.slug) or world)
            self.purge.is_due = True
            return
        with self.store.lock:
            known = self.worlds.find(world.slug) or world
            if known.state.key is not None:
                with self.store.write() as session:
                    worlds.forget(session, known.state.key)
                self.purge.is_due = True
            self.worlds.drop(known)

    def reset(self) -> None:
        """Forget all worlds."""
        for world in self.every_world():
            self.forget(world)

    def has_work(self) -> bool:
        """Return whether a tick would do anything, at the cost of one comparison per world."""
        return self.store.is_shared or self.purge.is_due or any(world.is_due() for world in self.worlds)

    def tick(self) -> None:
        """Apply what is due in any world, and remove some rows of forgotten ones.

        Raises:
            StorageFailed: that cannot be stored.
        """
        for world in self.remote.due() if self.store.is_shared else filter(World.is_due, self.worlds):
            self.catch_up(world)
        for _ in range(_PURGES_A_TICK):
            if self.purge.is_due:
                self.purge.run()


@makes_room
def _nothing(_: Any) -> None:
    """Change nothing but what is due."""
