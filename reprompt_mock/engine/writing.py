"""Writing: a world open for a change, as use cases see it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from reprompt_mock.clock import VirtualClock
from reprompt_mock.engine import weight
from reprompt_mock.engine.decoded import Decoded
from reprompt_mock.engine.events import Change, Kind
from reprompt_mock.engine.reading import Reading
from reprompt_mock.engine.world import Present, Views
from reprompt_mock.keys import Keys
from reprompt_mock.store import batches, documents, worlds
from reprompt_mock.store.worlds import WorldState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reprompt_mock.engine.world import World
    from reprompt_mock.scenario import Scenario
    from reprompt_mock.store.session import Session
    from reprompt_mock.world_settings import WorldSettings


T = TypeVar("T")

_MOST_DOCUMENTS = 1000
"""The number of document keys remembered per world."""


class Forgotten(Exception):
    """Rolls back changes of a world that was forgotten.

    Args:
        changes: what each change gave, and the change.
    """

    def __init__(self, changes: list[tuple[Any, Writing]]) -> None:
        super().__init__()
        self.changes = changes


class Written(NamedTuple, Generic[T]):
    """What a change gave, and the ids of the rules that decided anything in it."""

    value: T
    rules: list[str]


def _known(world: World, state: WorldState) -> Mapping[Any, int]:
    """Return the keys of documents that are known; ticks remove the rows of a forgotten world."""
    return {} if world.forgotten else world.documents_of(state.row)


Work = Callable[["Writing"], T]
"""A use case that changes a world."""


class Writing:
    """A world, open for a change that is applied as a whole or, on an exception, not at all.

    Attributes:
        session: the write transaction.
        world: the world.
        state: the draft of its new state, published after the commit.
        keys: the keys of its new rows.
        now: the virtual time in microseconds, read once; `set_time` and `advance` change it.
        acted: ids of the rules that took effect, in order.
        changes: the changes to publish after the commit.
        known: the keys of documents committed before, or by an earlier change in the transaction, by token.
        interned: the keys of documents found or written since, by token.
        begun: the state before the change; once the world is replaced, the one that its new row has.
        purges: whether later ticks have rows to remove.
        most_jobs: the limit on jobs processed here.
    """

    def __init__(
        self,
        session: Session,
        world: World,
        state: WorldState,
        *,
        real: Callable[[], int],
        most_jobs: float = inf,
        known: Mapping[Any, int] | None = None,
    ) -> None:
        self.session = session
        self.world = world
        self.state = self.begun = state
        self.keys = Keys(state.row, state.next_row, state.next_job)
        self.now = world.now_in(state)
        self.acted: list[str] = []
        self.changes: list[Change] = []
        self.known = _known(world, state) if known is None else known
        self.interned: dict[Any, int] = {}
        self.purges = False
        self.most_jobs = most_jobs
        self._real = real
        self._keeps_time = self._is_quiet = False

    def weigh(self, jobs: int) -> None:
        """Declare how many jobs will be processed.

        Raises:
            TooLong: `jobs` exceeds `most_jobs`.
        """
        weight.check(jobs, self.most_jobs)

    @property
    def key(self) -> int:
        """The key of the world's row."""
        return self.keys.world

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
        """A reading of the same world, which sees what was written so far."""
        present = Present(self.state, Views())
        return Reading(self.world, present, self.now, Decoded(), lambda: nullcontext(self.session), self.most_jobs)

    @property
    def documents(self) -> Mapping[Any, int]:
        """The keys to remember after the commit: all of them, or only the newest if they are too many."""
        if not self.interned:
            return self.known
        together = {**self.known, **self.interned}
        return together if len(together) <= _MOST_DOCUMENTS else dict(islice(self.interned.items(), _MOST_DOCUMENTS))

    def intern(self, _: Any, value: Any) -> int:
        """Find or write a document; return its key."""
        return documents.intern(self.session, self.keys, value)

    def document(self, key: int) -> Any:
        """Read a document."""
        return documents.read(self.session, key)

    def be_quiet(self) -> None:
        """Keep the world's version, since nobody will see a difference."""
        self._is_quiet = not self.changes

    @contextmanager
    def part(self) -> Iterator[None]:
        """Roll back what the block stores, and the document keys it added, if it ends with an exception."""
        interned = dict(self.interned)
        try:
            with self.session.savepoint():
                yield
        except BaseException:
            self.interned = interned
            raise

    def note(self, kind: Kind, subject: str | None = None) -> None:
        """Note a change to publish after the commit; `subject` is the id of the batch or export, if it is one."""
        self.changes.append(Change(self.world.slug, kind, subject))

    def expect(self, due_at: int | None) -> None:
        """Note the time of a transition that may be the world's next."""
        if due_at is not None and (self.state.next_due is None or due_at < self.state.next_due):
            self.state = self.state._replace(next_due=due_at)

    def apply_due(self) -> None:
        """Apply what is due."""
        if self.state.is_due(self.now):
            self.state = self.state._replace(next_due=batches.recount_due(self.session, self.key, self.now))
            # After a restart, what was counted must not be in the future, even if the machine's clock was set back.
            self._keeps_time = self.state.clock.running
            self.note(Kind.world)

    def set_scenario(self, scenario: Scenario) -> None:
        """Replace the rules and faults."""
        self.state = self.state._replace(scenario=scenario)
        self.note(Kind.scenario)

    def set_settings(self, settings: WorldSettings) -> None:
        """Replace the settings; `set_rate` is what changes the clock by `clock` and `speed`."""
        if settings != self.state.settings:
            self.state = self.state._replace(settings=settings)
        self.note(Kind.world)

    def set_rate(self, *, speed: float | None = None, running: bool | None = None) -> None:
        """Pause, resume or change the clock's speed."""
        real = self._real()
        clock = self.state.clock
        clock = clock.moved_to(max(self.now, clock.now(real)), real).changed(real, speed=speed, running=running)
        name = "running" if clock.running else "paused"
        settings = self.settings.model_copy(update={"clock": name, "speed": clock.speed})
        self.state = self.state._replace(settings=settings)
        self._set_clock(clock)

    def set_time(self, virtual: int) -> None:
        """Set the clock, forwards or backwards, and apply what is then due.

        Raises:
            TimeOutOfRange: `virtual` is before 1970 or after the year 9999.
        """
        self._set_clock(self.state.clock.moved_to(virtual, self._real()))

    def advance(self, microseconds: int) -> None:
        """Advance the clock, and apply what is then due.

        Raises:
            TimeOutOfRange: the new time would be after the year 9999.
        """
        self.set_time(self.now + microseconds)

    def _set_clock(self, clock: VirtualClock) -> None:
        self.state = self.state._replace(clock=clock)
        self.now = clock.now(self._real())
        self.note(Kind.clock)
        self.apply_due()

    def replace_by(self, settings: WorldSettings, scenario: Scenario, *, now: int, running: bool, speed: float) -> None:
        """Reset the world to a state without data; later ticks remove its previous rows.

        Raises:
            TimeOutOfRange: `now` is before 1970 or after the year 9999.
        """
        worlds.forget(self.session, self.key)
        clock = VirtualClock(0, self._real(), speed, running).moved_to(now, self._real())
        rate: dict[str, Any] = {"clock": "running" if running else "paused", "speed": speed}
        state = WorldState(None, settings.model_copy(update=rate), clock, scenario)
        state = state._replace(version=self.state.version, interventions=self.state.interventions)
        state = state._replace(origin=self.state.identity or 0)
        self.known, self.interned = {}, {}
        self.keys = Keys(worlds.insert(self.session, None if self.world.forgotten else self.world.slug, state))
        self.state = self.begun = state._replace(key=self.key)
        self.now = now
        self.purges = True
        self.note(Kind.world)

    def recount(self) -> None:
        """Recount the jobs of all batches."""
        self.state = self.state._replace(next_due=batches.recount_all(self.session, self.key, self.now))

    def end(self) -> None:
        """Complete the draft; where a clock is going to be written, its base is moved to the present."""
        state, begun = self.state, self.begun
        is_changed = not (
            state.settings is begun.settings and state.clock is begun.clock and state.scenario is begun.scenario
        )
        self.state = state._replace(
            clock=state.clock.resumed(self._real(), self.now) if is_changed or self._keeps_time else state.clock,
            version=state.version if self._is_quiet else state.version + 1,
            next_row=self.keys.next_row,
            next_job=self.keys.next_job,
            latest=self.now,
        )


def run_all(
    session: Session,
    world: World,
    state: WorldState,
    works: Iterable[Work[T]],
    *,
    real: Callable[[], int],
    most_jobs: float,
) -> list[tuple[T, Writing]]:
    """Run use cases that change a world in one transaction, each on the draft of the one before.

    Return what each gave, and its change.

    Raises:
        Forgotten: the world was forgotten meanwhile, so the changes are to be rolled back.
    """
    changes: list[tuple[T, Writing]] = []
    stored, known = state, None
    for work in works:
        writing = Writing(session, world, state, real=real, most_jobs=most_jobs, known=known)
        writing.apply_due()
        changes.append((work(writing), writing))
        writing.end()
        state, known = writing.state, writing.documents
        stored = stored if stored.key == state.key else writing.begun
    worlds.save(session, state, stored)
    if world.forgotten:
        raise Forgotten(changes)
    return changes
