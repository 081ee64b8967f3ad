"""The two doors through which every use case goes: one for reading a world, one for writing it.

A use case is a function of a `Reading` or a `Writing`. It may be run again, since another change can come between its
beginning and the state of the database that it sees. What is committed is what is seen: a change works on a draft of
the world's state, which is put in place after the commit.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Concatenate, Generic, NamedTuple, ParamSpec, TypeVar

from reprompt_mock.clock import VirtualClock
from reprompt_mock.engine.decoded import Decoded
from reprompt_mock.engine.events import Change, Events, Kind
from reprompt_mock.engine.registry import Worlds
from reprompt_mock.engine.relief import is_relief, makes_room
from reprompt_mock.engine.world import Start, Views, World
from reprompt_mock.errors import Stopping, StorageFailed
from reprompt_mock.real_time import real_now
from reprompt_mock.store import batches, worlds
from reprompt_mock.store.sqlite import SqliteStore
from reprompt_mock.store.worlds import WorldState

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.engine.world import Present
    from reprompt_mock.scenario import Scenario
    from reprompt_mock.settings import Settings, WorldSettings
    from reprompt_mock.store.session import Session

P = ParamSpec("P")
T = TypeVar("T")

_PURGE_ROWS = 2000
_PURGES_A_TICK = 4
_FEW_ROWS = 100
"""As many can always be removed in the log's reserve."""
_PATIENCE_SECONDS = 30.0


class _Superseded(Exception):
    """The world changed between the reading of its state and the beginning of the transaction."""


class _Lost(Exception):
    """Rolls back a change of a world that was forgotten."""


class Reading:
    """One state of a world at one moment of its time; its transaction begins when it is first needed.

    Attributes:
        world: the world.
        state: its state.
        views: views of this state that were read already.
        now: its time in microseconds.
        decoded: what rows refer to, decoded.
    """

    __slots__ = ("_begin", "_session", "decoded", "now", "state", "views", "world")

    def __init__(
        self,
        world: World,
        present: Present,
        now: int,
        decoded: Decoded,
        begin: Callable[[], Session],
    ) -> None:
        self.world = world
        self.state, self.views = present
        self.now = now
        self.decoded = decoded
        self._begin = begin
        self._session: Session | None = None

    @property
    def key(self) -> int | None:
        """The key of the world's row, None while nothing is stored in it."""
        return self.state.key

    @property
    def session(self) -> Session:
        """The read transaction."""
        if self._session is None:
            self._session = self._begin()
        return self._session


class Writing:
    """A world, open for a change that happens whole or, with an exception, not at all.

    Attributes:
        session: the write transaction.
        world: the world.
        state: the draft of its state, put in place after the commit.
        key: the key of its row.
        now: its time in microseconds, read once; `set_clock` moves it.
        acted: ids of the rules that decided anything, in order.
        changes: what is to be published after the commit.
        stored: the state as the row has it.
        purges: whether it left rows to be removed by later ticks.
    """

    def __init__(self, session: Session, world: World, key: int, *, real: Callable[[], int]) -> None:
        self.session = session
        self.world = world
        self.state = self.stored = replace(world.state, key=key)
        self.key = key
        self.now = world.now()
        self.acted: list[str] = []
        self.changes: list[Change] = []
        self.purges = False
        self._real = real
        self._keeps_time = False

    @property
    def settings(self) -> WorldSettings:
        """The settings in force."""
        return self.state.settings

    @property
    def scenario(self) -> Scenario:
        """The rules and faults in force."""
        return self.state.scenario

    @property
    def reading(self) -> Reading:
        """The same, to be read: it sees what was written so far."""
        present = self.world.present._replace(state=self.state, views=Views())
        return Reading(self.world, present, self.now, Decoded(), lambda: self.session)

    def note(self, kind: Kind, batch_id: str | None = None) -> None:
        """Note a change, to be published after the commit."""
        self.changes.append(Change(self.world.slug, kind, batch_id))

    def expect(self, due_at: int | None) -> None:
        """Note a transition that may be the world's next."""
        if due_at is not None and (self.state.next_due is None or due_at < self.state.next_due):
            self.state = replace(self.state, next_due=due_at)

    def apply_due(self) -> None:
        """Make happen what is due by now."""
        if self.state.next_due is not None and self.state.next_due <= self.now:
            self.state = replace(self.state, next_due=batches.recount_due(self.session, self.key, self.now))
            # What was counted must not lie ahead after a restart, even where the machine's clock was set back.
            self._keeps_time = self.state.clock.running
            self.note(Kind.world)

    def set_scenario(self, scenario: Scenario) -> None:
        """Change the rules and faults."""
        self.state = replace(self.state, scenario=scenario)
        self.note(Kind.scenario)

    def set_settings(self, settings: WorldSettings) -> None:
        """Change the settings; `clock` and `speed` are numbers of the clock, which `set_rate` changes."""
        self.state = replace(self.state, settings=settings)
        self.note(Kind.world)

    def set_rate(self, *, speed: float | None = None, running: bool | None = None) -> None:
        """Pause, resume or change the clock's speed."""
        real = self._real()
        clock = self.state.clock
        clock = clock.moved_to(max(self.now, clock.now(real)), real).changed(real, speed=speed, running=running)
        name = "running" if clock.running else "paused"
        settings = self.settings.model_copy(update={"clock": name, "speed": clock.speed})
        self.state = replace(self.state, settings=settings)
        self._set_clock(clock)

    def set_time(self, virtual: int) -> None:
        """Set the clock, backwards too, and make happen what is due by then.

        Raises:
            TimeOutOfRange: it lies beyond the year 9999 or before 1970.
        """
        self._set_clock(self.state.clock.moved_to(virtual, self._real()))

    def advance(self, microseconds: int) -> None:
        """Move the clock forward, and make happen what is due by then.

        Raises:
            TimeOutOfRange: it would lie beyond the year 9999.
        """
        self.set_time(self.now + microseconds)

    def _set_clock(self, clock: VirtualClock) -> None:
        self.state = replace(self.state, clock=clock)
        self.now = clock.now(self._real())
        self.note(Kind.clock)
        self.apply_due()

    def replace_by(self, settings: WorldSettings, scenario: Scenario, *, now: int, running: bool, speed: float) -> None:
        """Begin the world anew, without any data; the rows of before are removed by later ticks.

        Raises:
            TimeOutOfRange: `now` lies beyond the year 9999 or before 1970.
        """
        worlds.forget(self.session, self.key)
        clock = VirtualClock(0, self._real(), speed, running).moved_to(now, self._real())
        rate: dict[str, Any] = {"clock": "running" if running else "paused", "speed": speed}
        state = WorldState(None, settings.model_copy(update=rate), clock, scenario)
        self.key = worlds.insert(self.session, None if self.world.forgotten else self.world.slug, state)
        self.state = self.stored = replace(state, key=self.key)
        self.now = now
        self.purges = True
        self.note(Kind.world)

    def recount(self) -> None:
        """Count the jobs of all batches, whose counts nobody kept."""
        self.state = replace(self.state, next_due=batches.recount_all(self.session, self.key, self.now))

    def store_state(self) -> None:
        """Write the draft into the world's row where it differs from what stands there; its clock begins at present."""
        is_changed = self.stored != replace(self.state, next_due=self.stored.next_due)
        if is_changed or self._keeps_time:
            self.state = replace(self.state, clock=self.state.clock.resumed(self._real(), self.now))
            (worlds.save if is_changed else worlds.save_clock)(self.session, self.state)


class Written(NamedTuple, Generic[T]):
    """What a change gave, and the ids of the rules that decided anything in it."""

    value: T
    rules: list[str]


class Engine:
    """The emulator without HTTP: its worlds, and the two doors to them.

    Args:
        settings: the emulator's.
        real: reads real time in microseconds.

    Raises:
        DatabaseInUse: another process has the database file.
        DatabaseUnreadable: the database file cannot be used.
    """

    def __init__(self, settings: Settings, *, real: Callable[[], int] = real_now) -> None:
        self.settings = settings
        self.store = SqliteStore(settings.db)
        self.events = Events()
        self.worlds = Worlds(Start(settings.world, settings.rules, settings.journal_size), real)
        self._real = real
        self._decoded = Decoded()
        self._publishing: World | None = None
        self._publish = Lock()
        self.has_purge = True
        self._purge_rows = _PURGE_ROWS
        with self.store.read() as session:
            self.worlds.load(session)

    def close(self) -> None:
        """Give the store back, after the time of running worlds was stored in it, where nobody is just writing."""
        try:
            if self.settings.db is not None:
                self._store_clocks()
        finally:
            self.store.close()

    def _store_clocks(self) -> None:
        with self.store.try_lock() as free, suppress(Stopping, StorageFailed):
            if free:
                with self.store.write() as session:
                    for world in self.worlds:
                        if world.state.key is not None and world.state.clock.running:
                            clock = world.state.clock.resumed(self._real(), world.now())
                            worlds.save_clock(session, replace(world.state, clock=clock))

    def read(self, world: World, work: Callable[Concatenate[Reading, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case that reads a world, after what is due in it has happened."""
        while True:
            self._catch_up(world)
            with ExitStack() as stack, suppress(_Superseded):
                return work(self._reading(world, stack), *args, **kwargs)

    def _reading(self, world: World, stack: ExitStack) -> Reading:
        self._await_publication(world)
        present = world.present
        return Reading(world, present, world.now(), self._decoded, lambda: self._begin(world, present, stack))

    def _begin(self, world: World, present: Present, stack: ExitStack) -> Session:
        """Begin a read transaction that sees the state of `present`, or find that it is superseded."""
        session = stack.enter_context(self.store.read())
        if self._publishing is world or world.present is not present:
            raise _Superseded
        return session

    def _await_publication(self, world: World) -> None:
        if self._publishing is world and self._publish.acquire(timeout=_PATIENCE_SECONDS):
            self._publish.release()

    def _catch_up(self, world: World) -> None:
        # A forgotten world stays as it is: what would happen in it is lost, so waiting for it would never end.
        while world.is_due() and not world.forgotten:
            self.catch_up(world)

    def write(
        self, world: World, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Written[T]:
        """Run a use case that changes a world; its first change registers a world.

        In a world that was forgotten meanwhile a request still sees its own change, which then is lost.

        Raises:
            TooManyWorlds: it would make one more world than there may be.
            StorageFailed: nothing can be stored.
        """
        if is_relief(work):
            return self._relieved(lambda: self._written(world, work, *args, **kwargs))
        return self._written(world, work, *args, **kwargs)

    def _relieved(self, work: Callable[[], T]) -> T:
        """Run work that makes room; where the disk is full it gets what is spared for that."""
        try:
            return work()
        except StorageFailed:
            with self.store.making_room():
                return work()

    def _written(
        self, world: World, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Written[T]:
        # The lock is kept until the change is in place, so that the next one builds on it.
        with self.store.lock, ExitStack() as publication:
            self.worlds.check_room(world)
            try:
                with self.store.write() as session:
                    writing = self._open(session, world)
                    value = work(writing, *args, **kwargs)
                    if world.forgotten:
                        raise _Lost
                    writing.store_state()
                    self._begin_publication(world, publication)
            except _Lost:
                return Written(value, writing.acted)
            world.publish(writing.state)
            self.worlds.keep(world)
            self.has_purge |= writing.purges
        self.events.publish(writing.changes)
        return Written(value, writing.acted)

    def _open(self, session: Session, world: World) -> Writing:
        key = world.state.key or worlds.insert(session, None if world.forgotten else world.slug, world.state)
        writing = Writing(session, world, key, real=self._real)
        writing.apply_due()
        return writing

    def _begin_publication(self, world: World, publication: ExitStack) -> None:
        """Let readers of this world wait until what is committed next is in place."""
        publication.enter_context(self._publish)
        self._publishing = world
        publication.callback(self._end_publication)

    def _end_publication(self) -> None:
        self._publishing = None

    def is_publishing(self, world: World) -> bool:
        """Whether a reader of this world would have to wait for a commit."""
        return self._publishing is world

    def catch_up(self, world: World) -> None:
        """Make happen what is due in a world."""
        self.write(world, _nothing)

    def forget(self, world: World) -> None:
        """Forget a world at once, as if it had never been used: the one that stands for its slug by now.

        Its rows are removed by later ticks.

        Raises:
            StorageFailed: nothing can be stored.
        """
        self._relieved(lambda: self._forget(world))
        self.events.publish([Change(world.slug, Kind.world)])

    def _forget(self, world: World) -> None:
        with self.store.lock:
            known = self.worlds.find(world.slug) or world
            if known.state.key is not None:
                with self.store.write() as session:
                    worlds.forget(session, known.state.key)
                self.has_purge = True
            self.worlds.drop(known)

    def reset(self) -> None:
        """Forget all worlds."""
        for world in self.worlds:
            self.forget(world)

    def has_work(self) -> bool:
        """Whether a tick would do anything, at the cost of a comparison per world."""
        return self.has_purge or any(world.is_due() for world in self.worlds)

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
                with self.store.lock:  # else what is forgotten meanwhile might be missed
                    self.has_purge = self._purge() or self.store.shrink()

    def _purge(self) -> bool:
        """Remove some rows; where the disk is full as many as find room in the log's reserve."""
        while True:
            try:
                has_more = self._relieved(self._purge_some)
            except StorageFailed:
                if self._purge_rows <= _FEW_ROWS:
                    raise
                self._purge_rows //= 2
            else:
                self._purge_rows = self._purge_rows if has_more else _PURGE_ROWS
                return has_more

    def _purge_some(self) -> bool:
        with self.store.write() as session:
            return worlds.purge(session, self._purge_rows)


@makes_room
def _nothing(_: Any) -> None:
    """Change nothing but what is due."""
