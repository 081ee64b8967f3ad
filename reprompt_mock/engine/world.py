"""A world: everything of one organization except the rows of its data."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.clock import VirtualClock
from reprompt_mock.conduct.seen import PAUSED, STEPPED
from reprompt_mock.rate_limit import RateLimiter
from reprompt_mock.scenario import Scenario
from reprompt_mock.store.worlds import WorldState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprompt_mock.engine.conduct import Opinion
    from reprompt_mock.journal import Journal
    from reprompt_mock.specs import RuleSpec
    from reprompt_mock.world_settings import WorldSettings

_HEAVIEST_VIEWS = 200_000
_NO_VERSION = -1


class Start(NamedTuple):
    """What every new world starts with; `journal_size` is the number of requests its journal keeps."""

    settings: WorldSettings
    rules: Sequence[RuleSpec] = ()
    journal_size: int = 1000

    def state(self, real: int) -> WorldState:
        """Return the state of a new world; the settings' `clock` and `speed` set up its clock."""
        clock = VirtualClock(real, real, self.settings.speed, self.settings.clock == "running")
        return WorldState(None, self.settings, clock, Scenario().with_rules(self.rules))


class Views:
    """Cached views of one state of a world, valid as long as the state is current."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self._weight = 0

    def find(self, key: str) -> Any:
        """Return the view cached under a key, or None."""
        return self._kept.get(key)

    def keep(self, key: str, view: Any, *, weight: int) -> None:
        """Cache a view; `weight` is the number of jobs that it names."""
        self._weight += weight + 1
        if self._weight > _HEAVIEST_VIEWS:
            self._kept, self._weight = {}, weight + 1
        self._kept[key] = view


class Present(NamedTuple):
    """A world at present: its committed state, and the cached views of it."""

    state: WorldState
    views: Views


def _situation_of(state: WorldState) -> int:
    """Return the marks that exchanges get from what a world does with time."""
    marks = 0 if state.clock.running else PAUSED
    return marks | STEPPED if state.settings.poll_advance else marks


def _is_later(state: WorldState, known: WorldState) -> bool:
    return (state.key or 0, state.version) > (known.key or 0, known.version)


class World:
    """One organization's committed state, journal and rate limit.

    It is in memory from its first use and gets a row with the first thing stored in it. Each commit replaces `present`
    as a whole, so that a reader sees the old state or the new. `documents` caches the keys of the world's documents,
    by token; only writers use it. `turn` is held by a thread that writes to it in a store on a server. `interventions`
    is how often the control API has changed anything but its clock, `situation` what the verdict needs to know about
    its time, and `opinion` the latest verdict on its client.

    Args:
        slug: the organization's slug.
        state: the initial state.
        journal: the record of its requests.
        real: reads real time in microseconds.
    """

    def __init__(self, slug: str, state: WorldState, *, journal: Journal, real: Callable[[], int]) -> None:
        self.slug = slug
        self.present = Present(state, Views())
        self.situation = _situation_of(state)
        self.documents: Mapping[Any, int] = {}
        self.forgotten = False
        self.turn = Lock()
        self._taking = Lock()
        self.journal = journal
        self.interventions = state.interventions
        self.opinion: Opinion | None = None
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
        """Replace the committed state, which invalidates all cached views."""
        self.documents = documents
        if state.clock is not self.state.clock:
            self._latest = 0
        self._show(Present(state, Views()))

    def take(self, present: Present) -> None:
        """Take over a state that was read from the world's row."""
        if present.state.key != self.state.key:
            self.documents = {}
        self._latest = present.state.latest
        self._show(present)

    def take_later(self, present: Present) -> None:
        """Take over a state that was read from the world's row, unless a later one is known."""
        with self._taking:
            if _is_later(present.state, self.state):
                self.take(present)

    def publish_later(self, state: WorldState, documents: Mapping[Any, int]) -> None:
        """Replace the committed state, unless a later one is known."""
        with self._taking:
            if _is_later(state, self.state):
                self.publish(state, documents)

    def documents_of(self, key: int) -> Mapping[Any, int]:
        """Return the keys of documents that are known of the row with a key; none if another has replaced it."""
        with self._taking:
            return self.documents if self.state.key == key else {}

    def _show(self, present: Present) -> None:
        self.present = present
        self.situation = _situation_of(present.state)
        self.interventions = max(self.interventions, present.state.interventions)

    def doubt(self) -> None:
        """Forget everything cached, so that the world is read again."""
        self.documents = {}
        self.present = Present(self.state._replace(version=_NO_VERSION), Views())

    def now_in(self, state: WorldState) -> int:
        """Return the virtual time in microseconds as a state has it, which need not be the present one."""
        return self.now() if state.clock is self.state.clock else max(state.latest, state.clock.now(self._real()))

    def now(self) -> int:
        """Return the virtual time in microseconds; it never goes back, even if the machine's clock does."""
        self._latest = max(self._latest, self.state.clock.now(self._real()))
        return self._latest

    def is_due(self) -> bool:
        """Return whether a transition is due; costs one comparison if none will ever be."""
        due = self.present.state.next_due
        return due is not None and due <= self.now()

    def real_seconds_to_next(self) -> float | None:
        """Return the real seconds until the next transition is due, or None if none will be."""
        state = self.state
        return None if state.next_due is None else state.clock.real_seconds_until(state.next_due, self._real())

    def take_token(self, key: str) -> None:
        """Count a request against the rate limit of a key.

        Raises:
            TooManyRequests: the request exceeds the world's `rate_limit`.
        """
        rate = self.settings.rate_limit
        if rate:
            self._limiter.take(key, rate, self._real())
