"""A world: everything of one organization that is not a row of its own data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.clock import VirtualClock
from reprompt_mock.journal import Journal
from reprompt_mock.rate_limit import RateLimiter
from reprompt_mock.scenario import Scenario
from reprompt_mock.store.worlds import WorldState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprompt_mock.settings import WorldSettings
    from reprompt_mock.specs import RuleSpec

_HEAVIEST_VIEWS = 200_000


class Start(NamedTuple):
    """What every new world starts with; `journal_size` is how many requests it keeps."""

    settings: WorldSettings
    rules: Sequence[RuleSpec] = ()
    journal_size: int = 1000

    def state(self, real: int) -> WorldState:
        """Give the state of a new world; its clock takes `clock` and `speed` from the settings."""
        clock = VirtualClock(real, real, self.settings.speed, self.settings.clock == "running")
        return WorldState(None, self.settings, clock, Scenario().with_rules(self.rules))


class Views:
    """Views of one state of a world that were read once: they hold as long as the state does."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self._weight = 0

    def find(self, key: str) -> Any:
        """Give what was kept under a key, None where nothing was."""
        return self._kept.get(key)

    def keep(self, key: str, view: Any, *, weight: int) -> None:
        """Keep what was read; `weight` is how many jobs it names."""
        self._weight += weight + 1
        if self._weight > _HEAVIEST_VIEWS:
            self._kept, self._weight = {}, weight + 1
        self._kept[key] = view


class Present(NamedTuple):
    """What a world is at present: its committed state, the views that were read of it, how many commits came before."""

    state: WorldState
    views: Views
    version: int = 0


class World:
    """One organization's committed state, journal and rate limit.

    It is kept in memory from its first use and gets a row with the first thing that is stored in it. `present` is
    replaced whole after each commit and never changed, so a reader sees the old state or the new. `documents` are the
    keys of documents that its row has, by what stands for them; writers alone use it.

    Args:
        slug: the organization's.
        state: what it is at first.
        journal_size: how many requests its journal keeps.
        real: reads real time in microseconds.
    """

    def __init__(self, slug: str, state: WorldState, *, journal_size: int, real: Callable[[], int]) -> None:
        self.slug = slug
        self.present = Present(state, Views())
        self.documents: Mapping[Any, int] = {}
        self.forgotten = False
        self.journal = Journal(journal_size)
        self._limiter = RateLimiter()
        self._real = real
        self._latest = 0

    @property
    def state(self) -> WorldState:
        """The committed state."""
        return self.present.state

    @property
    def settings(self) -> WorldSettings:
        """The settings in force."""
        return self.state.settings

    def publish(self, state: WorldState, documents: Mapping[Any, int]) -> None:
        """Put a committed state in the place of the one before; what was read of that holds no more."""
        self.documents = documents
        if state.clock is not self.state.clock:
            self._latest = 0
        self.present = Present(state, Views(), self.present.version + 1)

    def now(self) -> int:
        """Read the virtual time; it never goes back, even where the machine's clock does."""
        self._latest = max(self._latest, self.state.clock.now(self._real()))
        return self._latest

    def is_due(self) -> bool:
        """Whether a transition is due, at the cost of one comparison."""
        return self.state.is_due(self.now)

    def real_seconds_to_next(self) -> float | None:
        """Say how long until the next transition is due; None where none will be by itself."""
        state = self.state
        return None if state.next_due is None else state.clock.real_seconds_until(state.next_due, self._real())

    def take_token(self, key: str) -> None:
        """Count a request of a key.

        Raises:
            TooManyRequests: it is over the world's `rate_limit`.
        """
        rate = self.settings.rate_limit
        if rate:
            self._limiter.take(key, rate, self._real())
