"""What a submission decides about each of its jobs: the timetable, and what the attempt will have done."""

from __future__ import annotations

from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock import history
from reprompt_mock.attributes import CATALOGUE, lacking
from reprompt_mock.enrichment.places import inputs_of
from reprompt_mock.history import HERE, Attempt, AttributeStatus, Entry, History
from reprompt_mock.journal import note_rules
from reprompt_mock.lifecycle import Timetables, plan
from reprompt_mock.rules import TEST_PREFIX, Candidate, Judge, Then
from reprompt_mock.store import worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprompt_mock.engine.core import Writing
    from reprompt_mock.settings import WorldSettings


class Submitted(NamedTuple):
    """Jobs as a submission sees them, column by column.

    `ran` refers to each job's history, which names every submission, None where it has none. What only rules and some
    attributes need is asked for by position: a job's place as JSON, its batch's id and name.
    """

    place_ids: Sequence[str]
    attempts: Sequence[int]
    asked: Sequence[tuple[str, ...]]
    ran: Sequence[int | None]
    place: Callable[[int], bytes | bytearray]
    label: Callable[[int], tuple[str | None, str | None]]


class Planned(NamedTuple):
    """What was decided about jobs, column by column; `asked`, `planned` and `courses` refer to documents."""

    timetables: Timetables
    asked: list[int]
    planned: list[int | None]
    fresh: list[bool]
    errors: list[str | None]
    courses: list[int | None]


class _Outlook(NamedTuple):
    """What an attempt will have done: the history that it leaves, and whether it really runs anything."""

    planned: int
    fresh: bool


_NOBODY: frozenset[str] = frozenset()


class Planner:
    """Plans one submission's jobs.

    Args:
        writing: the world, open for a change.
        settings: those in force.
        refresh: whether cached values are enriched anew.
    """

    def __init__(self, writing: Writing, *, settings: WorldSettings, refresh: bool = False) -> None:
        self._writing = writing
        self._settings = settings
        self._refresh = refresh
        rules = writing.world.scenario.rules
        self._judge = Judge([named.rule for named in rules], {named.rule.id: named.served for named in rules})
        self._documents: dict[Any, int] = {}
        self._outlooks: dict[Any, _Outlook] = {}
        self._needing: dict[tuple[str, ...], list[str]] = {}

    def plan(self, jobs: Submitted) -> Planned:
        """Decide about all jobs, in the order of the submission."""
        decided = self._decide(jobs)
        courses = {position: then.course for position, then in decided.items() if then.course}
        timetables = plan(
            jobs.place_ids,
            jobs.attempts,
            courses,
            at=self._writing.now,
            seed=self._settings.seed,
            pace=self._settings.pace,
        )
        outlooks = self._outlooks_of(jobs, decided)
        planned = Planned(
            timetables,
            self.keys_of(jobs.asked),
            [outlook.planned for outlook in outlooks],
            [outlook.fresh for outlook in outlooks],
            [None] * len(outlooks),
            [None] * len(outlooks),
        )
        for position, then in decided.items():
            planned.errors[position] = then.error
        for position, course in courses.items():
            written = asdict(course)
            planned.courses[position] = self._intern(orjson.dumps(written), written)
        self._note_served()
        return planned

    def keys_of(self, lists: Sequence[tuple[str, ...]]) -> list[int]:
        """Find or write lists of attributes that jobs share."""
        if _are_alike(lists):
            return [self._intern(lists[0], list(lists[0]))] * len(lists)
        keys = {names: self._intern(names, list(names)) for names in dict.fromkeys(lists)}
        return [keys[names] for names in lists]

    def _decide(self, jobs: Submitted) -> dict[int, Then]:
        """Ask the rules about the jobs that any may be for; gives what they decided, by position."""
        if not self._judge.rules and TEST_PREFIX not in "\0".join(jobs.place_ids):  # quicker than one by one
            return {}
        decided = {}
        for position, place_id in enumerate(jobs.place_ids):
            if self._judge.rules or place_id.startswith(TEST_PREFIX):
                name = str(inputs_of(jobs.place(position))["name"])
                candidate = Candidate(place_id, name, jobs.attempts[position], *jobs.label(position))
                then = self._judge.decide(candidate)
                if then is not None:
                    decided[position] = then
        return decided

    def _note_served(self) -> None:
        """Store how many jobs the world's rules have served by now."""
        world = self._writing.world
        before = {named.rule.id: named.served for named in world.scenario.rules}
        acted = [rule_id for rule_id, served in self._judge.spent.items() if served != before[rule_id]]
        if acted:
            world.scenario = world.scenario.after_serving(self._judge.spent)
            worlds.save(self._writing.connection, self._writing.key, world)
            note_rules(acted)

    def _outlooks_of(self, jobs: Submitted, decided: Mapping[int, Then]) -> list[_Outlook]:
        """Look out for every job; what makes jobs differ beyond history and attributes is rare."""
        plain = not (self._settings.attribute_error_rate or (self._refresh and self._settings.drift_rate))
        if plain and not decided and _are_alike(jobs.asked) and _are_alike(jobs.ran) and not self._needs(jobs.asked[0]):
            return [self._plain(jobs.ran[0], jobs.asked[0])] * len(jobs.asked)
        outlooks = []
        for position, alike in enumerate(zip(jobs.ran, jobs.asked, strict=True)):
            if plain and position not in decided and not self._needs(alike[1]):
                outlook = self._outlooks.get(alike) or self._plain(*alike)
            else:
                outlook = self._outlook(jobs, position, decided.get(position))
            outlooks.append(outlook)
        return outlooks

    def _attempt(self, **details: Any) -> Attempt:
        return Attempt(HERE, self._refresh, **details)

    def _outlook(self, jobs: Submitted, position: int, then: Then | None) -> _Outlook:
        asked, ran = jobs.asked[position], jobs.ran[position]
        unmet = self._unmet(jobs, position)
        errors = self._struck(jobs, position, "error", self._settings.attribute_error_rate)
        drifted = self._struck(jobs, position, "drift", self._settings.drift_rate if self._refresh else 0)
        pins = (then and then.pins) or None
        pinned = then.statuses(asked) if then else {}
        alike = (ran, asked, unmet, errors, drifted, orjson.dumps([pins, pinned]))
        if alike in self._outlooks:
            return self._outlooks[alike]
        key = self._intern(orjson.dumps(pins), pins) if pins else None
        attempt = self._attempt(unmet=unmet, errors=errors, drifted=drifted, pinned=pinned, pins=key)
        return self._looked_out(alike, ran, asked, attempt)

    def _plain(self, ran: int | None, asked: tuple[str, ...]) -> _Outlook:
        """Look out for an attempt in which nothing goes wrong."""
        if ran is not None:
            return self._looked_out((ran, asked), ran, asked, self._attempt())
        document, fresh = _first_plan(asked)
        outlook = self._outlooks[ran, asked] = _Outlook(self._intern((ran, asked), document), fresh)
        return outlook

    def _looked_out(self, alike: Any, ran: int | None, asked: tuple[str, ...], attempt: Attempt) -> _Outlook:
        before = {} if ran is None else read_history(worlds.document(self._writing.connection, ran), HERE)
        planned = history.after(before, asked, attempt)
        fresh = history.runs_anew(before, planned, asked)
        document = written_history(planned)
        outlook = self._outlooks[alike] = _Outlook(self._intern(orjson.dumps(document), document), fresh)
        return outlook

    def _needs(self, asked: tuple[str, ...]) -> list[str]:
        """Name the attributes that need more than a valid place."""
        if asked not in self._needing:
            self._needing[asked] = [name for name in asked if name in CATALOGUE and CATALOGUE[name].needs]
        return self._needing[asked]

    def _unmet(self, jobs: Submitted, position: int) -> frozenset[str]:
        needing = self._needs(jobs.asked[position])
        if not needing:
            return _NOBODY
        place = inputs_of(jobs.place(position))
        return frozenset(name for name in needing if lacking(name, place))

    def _struck(self, jobs: Submitted, position: int, what: str, rate: float) -> frozenset[str]:
        if not rate:
            return _NOBODY
        return history.struck(
            self._settings.seed,
            jobs.place_ids[position],
            jobs.attempts[position],
            what=what,
            asked=jobs.asked[position],
            rate=rate,
        )

    def _intern(self, token: Any, value: Any) -> int:
        if token not in self._documents:
            self._documents[token] = worlds.intern(self._writing.connection, self._writing.key, value)
        return self._documents[token]


def _are_alike(column: Sequence[Any]) -> bool:
    """Tell whether all jobs have the same, as they mostly do, which is quickly found out."""
    return bool(column) and column.count(column[0]) == len(column)


@lru_cache(maxsize=1024)
def _first_plan(asked: tuple[str, ...]) -> tuple[list[list[Any]], bool]:
    """Plan a first attempt in which nothing goes wrong: the history that it leaves, and whether it runs anything."""
    planned = history.after({}, asked, Attempt(HERE, refresh=False))
    return written_history(planned), history.runs_anew({}, planned, asked)


def written_history(entries: History) -> list[list[Any]]:
    """Turn a job's history into JSON-ready data."""
    return [[name, *entry] for name, entry in entries.items()]


def read_history(document: list[list[Any]], here: int) -> dict[str, Entry]:
    """Turn JSON-ready data back into a job's history; `here` is the submission of its current attempt."""
    return {
        name: Entry(AttributeStatus(status), submission or here, generation, pins)
        for name, status, submission, generation, pins in document
    }
