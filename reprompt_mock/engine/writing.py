"""Writing: a world that is open for a change, as use cases see it."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Any

from reprompt_mock.clock import VirtualClock
from reprompt_mock.engine import weight
from reprompt_mock.engine.decoded import Decoded
from reprompt_mock.engine.events import Change, Kind
from reprompt_mock.engine.reading import Reading
from reprompt_mock.engine.world import Views
from reprompt_mock.store import batches, worlds
from reprompt_mock.store.worlds import WorldState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reprompt_mock.engine.world import World
    from reprompt_mock.scenario import Scenario
    from reprompt_mock.store.session import Session
    from reprompt_mock.world_settings import WorldSettings


_MOST_DOCUMENTS = 1000
"""As many keys are remembered for a world."""


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
        known: the keys of documents that were committed before, by what stands for them.
        interned: the keys of those that were found or written since.
        stored: the state as the row has it.
        purges: whether it left rows to be removed by later ticks.
        most_jobs: how many jobs may be gone through.
    """

    def __init__(
        self, session: Session, world: World, key: int, *, real: Callable[[], int], most_jobs: float = inf
    ) -> None:
        self.session = session
        self.world = world
        self.state = self.stored = world.state._replace(key=key)
        self.key = key
        self.now = world.now()
        self.acted: list[str] = []
        self.changes: list[Change] = []
        self.known = {} if world.forgotten else world.documents  # whose rows ticks remove
        self.interned: dict[Any, int] = {}
        self.purges = False
        self.most_jobs = most_jobs
        self._real = real
        self._keeps_time = False

    def weigh(self, jobs: int) -> None:
        """Say how many jobs will be gone through.

        Raises:
            TooLong: they are more than may be here.
        """
        weight.check(jobs, self.most_jobs)

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
        return Reading(self.world, present, self.now, Decoded(), lambda: nullcontext(self.session), self.most_jobs)

    @property
    def documents(self) -> Mapping[Any, int]:
        """The keys to be remembered after the commit: all, or the newest where they become too many."""
        if not self.interned:
            return self.known
        together = {**self.known, **self.interned}
        return together if len(together) <= _MOST_DOCUMENTS else dict(islice(self.interned.items(), _MOST_DOCUMENTS))

    @contextmanager
    def part(self) -> Iterator[None]:
        """Undo what is stored within where it ends with an exception, and know no document of it."""
        interned = dict(self.interned)
        try:
            with self.session.savepoint():
                yield
        except BaseException:
            self.interned = interned
            raise

    def note(self, kind: Kind, batch_id: str | None = None) -> None:
        """Note a change, to be published after the commit."""
        self.changes.append(Change(self.world.slug, kind, batch_id))

    def expect(self, due_at: int | None) -> None:
        """Note a transition that may be the world's next."""
        if due_at is not None and (self.state.next_due is None or due_at < self.state.next_due):
            self.state = self.state._replace(next_due=due_at)

    def apply_due(self) -> None:
        """Make happen what is due by now."""
        if self.state.next_due is not None and self.state.next_due <= self.now:
            self.state = self.state._replace(next_due=batches.recount_due(self.session, self.key, self.now))
            # What was counted must not lie ahead after a restart, even where the machine's clock was set back.
            self._keeps_time = self.state.clock.running
            self.note(Kind.world)

    def set_scenario(self, scenario: Scenario) -> None:
        """Change the rules and faults."""
        self.state = self.state._replace(scenario=scenario)
        self.note(Kind.scenario)

    def set_settings(self, settings: WorldSettings) -> None:
        """Change the settings; `clock` and `speed` are numbers of the clock, which `set_rate` changes."""
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
        self.state = self.state._replace(clock=clock)
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
        self.known, self.interned = {}, {}
        self.key = worlds.insert(self.session, None if self.world.forgotten else self.world.slug, state)
        self.state = self.stored = state._replace(key=self.key)
        self.now = now
        self.purges = True
        self.note(Kind.world)

    def recount(self) -> None:
        """Count the jobs of all batches, whose counts nobody kept."""
        self.state = self.state._replace(next_due=batches.recount_all(self.session, self.key, self.now))

    def store_state(self) -> None:
        """Write the draft into the world's row where it differs from what stands there; its clock begins at present."""
        before, state = self.stored, self.state
        is_changed = not (
            state.settings is before.settings and state.clock is before.clock and state.scenario is before.scenario
        )
        if is_changed or self._keeps_time:
            self.state = state._replace(clock=state.clock.resumed(self._real(), self.now))
            (worlds.save if is_changed else worlds.save_clock)(self.session, self.state)
