"""Outlook: what an attempt will have done when it completes, decided at submission."""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock import history
from reprompt_mock.attributes import CATALOGUE, lacking
from reprompt_mock.engine.documents import are_alike
from reprompt_mock.enrichment.places import inputs_of, name_of
from reprompt_mock.history import HERE, Attempt, AttributeStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reprompt_mock.engine.documents import Documents
    from reprompt_mock.rules import Then
    from reprompt_mock.shares import Shares
    from reprompt_mock.world_settings import WorldSettings


class Submitted(NamedTuple):
    """Jobs as a submission sees them, column by column.

    `ran` holds the keys of the jobs' histories, in which each submission is explicit, or None. Only rules and some
    attributes need a job's place (as JSON) and its batch's id and name, so these are looked up by position.
    """

    place_ids: Sequence[str]
    attempts: Sequence[int]
    asked: Sequence[tuple[str, ...]]
    ran: Sequence[int | None]
    place: Callable[[int], bytes | bytearray]
    label: Callable[[int], tuple[str | None, str | None]]

    def names(self, positions: Iterable[int]) -> list[str]:
        """Return the names of some jobs' places."""
        return list(map(name_of, map(self.place, positions)))


class Outlook(NamedTuple):
    """The key of the history that an attempt leaves, and whether the attempt runs anything."""

    planned: int
    fresh: bool


_NONE: frozenset[str] = frozenset()


class _Case(NamedTuple):
    """Everything that an outlook depends on; jobs with equal cases share one.

    `pins` and `statuses` are what rules fixed, as JSON; empty means nothing.
    """

    ran: int | None
    asked: tuple[str, ...]
    unmet: frozenset[str] = _NONE
    errors: frozenset[str] = _NONE
    drifted: frozenset[str] = _NONE
    pins: bytes = b""
    statuses: bytes = b""

    @property
    def is_plain(self) -> bool:
        """Whether this is a first attempt in which nothing goes wrong, the usual case."""
        return self == _Case(None, self.asked)


class Forecast:
    """Determines the outlooks of one submission's jobs.

    Args:
        documents: the documents of the submission.
        settings: the settings in force.
        refresh: whether cached values are enriched again.
    """

    def __init__(self, documents: Documents, settings: WorldSettings, *, refresh: bool) -> None:
        self._documents = documents
        self._settings = settings
        self._refresh = refresh
        self._drift_rate = settings.drift_rate if refresh else 0.0
        self._conditions = _conditions(settings.shares)
        self._outlooks: dict[tuple[Any, ...], Outlook] = {}  # by cases, or tuples that equal them
        self._needing: dict[tuple[str, ...], list[str]] = {}

    def outlooks(self, jobs: Submitted, decided: Mapping[int, Then]) -> list[Outlook]:
        """Return every job's outlook; `decided` is what rules decided, by position."""
        if not decided and are_alike(jobs.asked) and are_alike(jobs.ran) and self._is_simple(jobs.asked[0]):
            return [self._outlook(_Case(jobs.ran[0], jobs.asked[0]))] * len(jobs.asked)
        outlooks = []
        for position, case in enumerate(self._undecided(jobs)):
            then = decided.get(position)
            found = self._outlooks.get(case) if then is None else None
            outlooks.append(found or self._outlook(self._case(jobs, position, case, then)))
        return outlooks

    def _is_simple(self, asked: tuple[str, ...]) -> bool:
        """Return whether an outlook depends on history and attributes only, the usual case."""
        return self._always_meets(asked) and not (self._settings.attribute_error_rate or self._drift_rate)

    def _undecided(self, jobs: Submitted) -> Iterable[tuple[Any, ...]]:
        """Return each job's case, without what rules decided, as a tuple."""
        drawn = (
            self._struck(jobs, "error", self._settings.attribute_error_rate),
            self._struck(jobs, "drift", self._drift_rate),
        )
        return zip(jobs.ran, jobs.asked, self._all_unmet(jobs), *drawn, repeat(b""), repeat(b""), strict=False)

    def _case(self, jobs: Submitted, position: int, undecided: tuple[Any, ...], then: Then | None) -> _Case:
        case = _Case(*undecided)
        if then is None:
            return case
        statuses = then.statuses(case.asked)
        return case._replace(
            unmet=self._unmet(jobs, position, statuses or {}),
            pins=orjson.dumps(then.pins) if then.pins else b"",
            statuses=orjson.dumps(statuses) if statuses else b"",
        )

    def _outlook(self, case: _Case) -> Outlook:
        outlook = self._outlooks.get(case)
        if outlook is None:
            outlook = self._outlooks[case] = self._first(case.asked) if case.is_plain else self._made(case)
        return outlook

    def _first(self, asked: tuple[str, ...]) -> Outlook:
        document, fresh = _first_plan(asked)
        return Outlook(self._documents.key_of((None, asked), document), fresh)

    def _made(self, case: _Case) -> Outlook:
        before = {} if case.ran is None else history.read(self._documents.read(case.ran), HERE, case.ran)
        attempt = Attempt(
            HERE,
            self._refresh,
            unmet=case.unmet,
            errors=case.errors,
            drifted=case.drifted,
            pinned=_statuses(case.statuses),
            pins=self._documents.key_of(case.pins, orjson.loads(case.pins)) if case.pins else None,
        )
        planned = history.after(before, case.asked, attempt)
        document = history.written(planned)
        key = self._documents.key_of(orjson.dumps(document), document)
        return Outlook(key, history.runs_anew(before, planned, case.asked))

    def _needs(self, asked: tuple[str, ...]) -> list[str]:
        """Return the attributes that need more than a valid place."""
        if asked not in self._needing:
            self._needing[asked] = [name for name in asked if name in CATALOGUE and CATALOGUE[name].needs]
        return self._needing[asked]

    def _all_unmet(self, jobs: Submitted) -> Iterable[frozenset[str]]:
        """Return which attributes of each job lack their run condition, as far as rules fix none of them."""
        meeting = {asked for asked in dict.fromkeys(jobs.asked) if self._always_meets(asked)}
        return (
            _NONE if asked in meeting else self._unmet(jobs, position, {}) for position, asked in enumerate(jobs.asked)
        )

    def _always_meets(self, asked: tuple[str, ...]) -> bool:
        return self._conditions.keys().isdisjoint(asked) and not self._needs(asked)

    def _unmet(self, jobs: Submitted, position: int, fixed: Mapping[str, AttributeStatus]) -> frozenset[str]:
        asked = jobs.asked[position]
        drawn = [name for name in self._conditions if name in asked and name not in fixed]
        unmet = frozenset(name for name in drawn if self._fails_condition(jobs.place_ids[position], name))
        needing = self._needs(asked)
        if not needing:
            return unmet
        place = inputs_of(jobs.place(position))
        return unmet.union(name for name in needing if lacking(name, place))

    def _fails_condition(self, place_id: str, name: str) -> bool:
        """Draw whether a place fails the run condition of an attribute; the draw is the same in all attempts."""
        seed, rate = self._settings.seed, self._conditions[name]
        return bool(history.struck(seed, [place_id], [0], what="condition", asked=[(name,)], rate=rate)[0])

    def _struck(self, jobs: Submitted, what: str, rate: float) -> Iterable[frozenset[str]]:
        if not rate:
            return repeat(_NONE)
        seed = self._settings.seed
        return history.struck(seed, jobs.place_ids, jobs.attempts, what=what, asked=jobs.asked, rate=rate)


@lru_cache(maxsize=256)
def _conditions(shares: Shares) -> Mapping[str, float]:
    """Return the attributes that only run for a share of the places, each with the share of the others."""
    rates = {name: 1 - shares.of(name) for name, known in CATALOGUE.items() if known.is_conditional}
    return {name: rate for name, rate in rates.items() if rate}


def _statuses(written: bytes) -> dict[str, AttributeStatus]:
    return {name: AttributeStatus(status) for name, status in orjson.loads(written or b"{}").items()}


@lru_cache(maxsize=1024)
def _first_plan(asked: tuple[str, ...]) -> tuple[list[list[Any]], bool]:
    """Plan a first attempt in which nothing goes wrong: the history that it leaves, and whether it runs anything."""
    planned = history.after({}, asked, Attempt(HERE, refresh=False))
    return history.written(planned), history.runs_anew({}, planned, asked)
