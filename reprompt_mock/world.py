"""A world: everything of one organization that is not a row of its own data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.clock import VirtualClock
from reprompt_mock.journal import Journal
from reprompt_mock.rate_limit import RateLimiter
from reprompt_mock.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprompt_mock.faults import Fault
    from reprompt_mock.settings import WorldSettings
    from reprompt_mock.specs import RuleSpec
    from reprompt_mock.store.worlds import StoredWorld


_HEAVIEST_VIEWS = 200_000
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,48}[A-Za-z0-9]")


def is_slug(org_slug: str) -> bool:
    """Tell whether a text can be an organization's slug (contract A2)."""
    return _SLUG.fullmatch(org_slug) is not None


class State(NamedTuple):
    """The part of a world that a write may change."""

    key: int | None
    settings: WorldSettings
    clock: VirtualClock
    scenario: Scenario
    next_due: int | None
    latest: int


class Start(NamedTuple):
    """What every new world starts with; `journal_size` is how many requests it keeps."""

    settings: WorldSettings
    rules: Sequence[RuleSpec] = ()
    journal_size: int = 1000


class Views:
    """Views of a world's data that were read once, and hold until something changes in it.

    `version` counts the changes: what was read before a change is kept under the number of before, where nobody
    finds it any more.
    """

    def __init__(self) -> None:
        self.version = 0
        self._kept: dict[tuple[int, str], Any] = {}
        self._weight = 0

    def change(self) -> None:
        """Let nothing hold any more."""
        self.version += 1
        self._kept, self._weight = {}, 0

    def find(self, key: str) -> Any:
        """Give what was kept under a key, None where nothing was."""
        return self._kept.get((self.version, key))

    def keep(self, version: int, key: str, view: Any, *, weight: int) -> None:
        """Keep what was read while the world had a version; `weight` is how many jobs it names."""
        self._weight += weight + 1
        if self._weight > _HEAVIEST_VIEWS:
            self._kept, self._weight = {}, weight + 1
        self._kept[version, key] = view


class World:
    """One organization's clock, settings, rules, faults and journal.

    It is kept in memory from its first use and gets a row, `key`, with the first thing that is stored in it.

    Args:
        slug: the organization's.
        start: what it starts with; its clock takes `clock` and `speed` from the settings.
        real: reads real time in microseconds.
    """

    def __init__(self, slug: str, start: Start, real: Callable[[], int]) -> None:
        started = real()
        settings = start.settings
        self.slug = slug
        self.key: int | None = None
        self.settings = settings
        self.clock = VirtualClock(started, started, settings.speed, settings.clock == "running")
        self.scenario = Scenario().with_rules(start.rules)
        self.journal = Journal(start.journal_size)
        self.next_due: int | None = None
        self.forgotten = False
        self.views = Views()
        self._limiter = RateLimiter()
        self._real = real
        self._latest = 0

    def now(self) -> int:
        """Read the virtual time; it never goes back."""
        self._latest = max(self._latest, self.clock.now(self._real()))
        return self._latest

    @property
    def present(self) -> VirtualClock:
        """The clock with its base at the present: what is stored, and where time goes on after a restart."""
        return self.clock.resumed(self._real(), self._latest)

    def take_token(self, key: str) -> None:
        """Count a request of a key.

        Raises:
            TooManyRequests: it is over the world's `rate_limit`.
        """
        if self.settings.rate_limit:
            self._limiter.take(key, self.settings.rate_limit, self._real())

    def meet_fault(self, method: str, path: str, operation: str | None, *, digest: str) -> Fault | None:
        """Count a request for the faults; gives the one that hits it."""
        if not self.scenario.faults:
            return None
        self.scenario, fault = self.scenario.meet(self.settings.seed, method, path, operation, digest=digest)
        return fault

    def is_due(self, now: int | None = None) -> bool:
        """Tell whether a transition is due, at the cost of one comparison."""
        return self.next_due is not None and self.next_due <= (self.now() if now is None else now)

    def expect(self, due_at: int | None) -> None:
        """Note a transition that may be the next."""
        if due_at is not None and (self.next_due is None or due_at < self.next_due):
            self.next_due = due_at

    def real_seconds_to_next(self) -> float | None:
        """Tell how long until the next transition is due; None where none will be by itself."""
        if self.next_due is None:
            return None
        return self.clock.real_seconds_until(self.next_due, self._real())

    def advance(self, microseconds: int) -> int:
        """Move the clock forward and give the new time."""
        self.clock = self.clock.moved_to(self.now() + microseconds, self._real())
        return self.now()

    def set_time(self, virtual: int) -> None:
        """Set the clock, backwards too."""
        self.clock = self.clock.moved_to(virtual, self._real())
        self._latest = virtual

    def set_rate(self, *, speed: float | None = None, running: bool | None = None) -> None:
        """Pause, resume or change the clock's speed."""
        self.clock = self.clock.changed(self._real(), speed=speed, running=running)
        name = "running" if self.clock.running else "paused"
        self.settings = self.settings.model_copy(update={"clock": name, "speed": self.clock.speed})

    @property
    def state(self) -> State:
        """What a write may change in memory, to be put back where the write fails."""
        return State(self.key, self.settings, self.clock, self.scenario, self.next_due, self._latest)

    @state.setter
    def state(self, state: State) -> None:
        self.key, self.settings, self.clock, self.scenario, self.next_due, self._latest = state

    def resume_from(self, stored: StoredWorld, latest: int) -> None:
        """Take over what its row says; time goes on from there, never before `latest`."""
        self.key = stored.pk
        self.settings = stored.settings
        self.clock = stored.clock.resumed(self._real(), latest)
        self.scenario = stored.scenario
        self._latest = latest
