"""What a submission decides about each of its jobs: the timetable, and what the attempt will have done."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock import history
from reprompt_mock.attributes import CATALOGUE, lacking
from reprompt_mock.history import Attempt, AttributeStatus, Entry, History
from reprompt_mock.journal import note_rules
from reprompt_mock.lifecycle import Entrant, Timetable, plan
from reprompt_mock.rules import TEST_PREFIX, Candidate, Judge, Then
from reprompt_mock.store import worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprompt_mock.engine.core import Writing
    from reprompt_mock.settings import WorldSettings


class Submitted(NamedTuple):
    """A job as a submission sees it.

    `ran` refers to its history, None where it has none; `place` gives its inputs as JSON, and is asked only
    where a rule or an attribute needs them. `batch` is its batch's id and name, for rules.
    """

    place_id: str
    attempt: int
    asked: tuple[str, ...]
    ran: int | None
    place: Callable[[], str]
    batch: tuple[str | None, str | None] = (None, None)


class Planned(NamedTuple):
    """What was decided about a job; `asked`, `planned` and `course` refer to documents."""

    timetable: Timetable
    asked: int
    planned: int
    fresh: bool
    error: str | None = None
    course: int | None = None


class _Outlook(NamedTuple):
    """What an attempt will have done: the history that it leaves, and whether it really runs anything."""

    planned: int
    fresh: bool


class Planner:
    """Plans one submission's jobs.

    Args:
        writing: the world, open for a change.
        submission: the submission's key.
        settings: those in force.
        refresh: whether cached values are enriched anew.
    """

    def __init__(
        self,
        writing: Writing,
        *,
        submission: int,
        settings: WorldSettings,
        refresh: bool = False,
    ) -> None:
        self._writing = writing
        self._submission = submission
        self._settings = settings
        self._refresh = refresh
        rules = writing.world.scenario.rules
        self._judge = Judge([named.rule for named in rules], {named.rule.id: named.served for named in rules})
        self._documents: dict[Any, int] = {}
        self._outlooks: dict[Any, _Outlook] = {}

    def plan(self, jobs: Sequence[Submitted]) -> list[Planned]:
        """Decide about all jobs, in the order of the submission."""
        decided = [self._decide(job) for job in jobs]
        entrants = [
            Entrant(job.place_id, job.attempt, then.course if then else None)
            for job, then in zip(jobs, decided, strict=True)
        ]
        timetables = plan(entrants, at=self._writing.now, seed=self._settings.seed, pace=self._settings.pace)
        self._note_served()
        return [self._planned(job, then, table) for job, then, table in zip(jobs, decided, timetables, strict=True)]

    def _planned(self, job: Submitted, then: Then | None, timetable: Timetable) -> Planned:
        asked, outlook = self.key_of(job.asked), self._outlook(job, then)
        if then is None:
            return Planned(timetable, asked, *outlook)
        course = asdict(then.course) if then.course else None
        key = self._intern(orjson.dumps(course), course) if course else None
        return Planned(timetable, asked, *outlook, then.error, key)

    def _note_served(self) -> None:
        """Store how many jobs the world's rules have served by now."""
        world = self._writing.world
        before = {named.rule.id: named.served for named in world.scenario.rules}
        acted = [rule_id for rule_id, served in self._judge.spent.items() if served != before[rule_id]]
        if acted:
            world.scenario = world.scenario.after_serving(self._judge.spent)
            worlds.save(self._writing.connection, self._writing.key, world)
            note_rules(acted)

    def key_of(self, names: tuple[str, ...]) -> int:
        """Find or write a list of attributes that jobs share."""
        return self._intern(names, list(names))

    def _decide(self, job: Submitted) -> Then | None:
        if not self._judge.rules and not job.place_id.startswith(TEST_PREFIX):
            return None
        name = str(orjson.loads(job.place())["name"])
        return self._judge.decide(Candidate(job.place_id, name, job.attempt, *job.batch))

    def _outlook(self, job: Submitted, then: Then | None) -> _Outlook:
        pins = then.pins if then else {}
        pinned = then.statuses(job.asked) if then else {}
        attempt = Attempt(
            self._submission,
            self._refresh,
            unmet=self._unmet(job),
            errors=self._struck(job, "error", self._settings.attribute_error_rate),
            drifted=self._struck(job, "drift", self._settings.drift_rate if self._refresh else 0),
            pinned=pinned,
            pins=self._intern(orjson.dumps(pins), pins) if pins else None,
        )
        alike = (
            job.ran,
            job.asked,
            attempt.unmet,
            attempt.errors,
            attempt.drifted,
            tuple(pinned.items()),
            attempt.pins,
        )
        if alike not in self._outlooks:
            self._outlooks[alike] = self._looked_out(job, attempt)
        return self._outlooks[alike]

    def _looked_out(self, job: Submitted, attempt: Attempt) -> _Outlook:
        before = {} if job.ran is None else read_history(worlds.document(self._writing.connection, job.ran))
        planned = history.after(before, job.asked, attempt)
        fresh = history.runs_anew(before, planned, job.asked)
        document = written_history(planned)
        return _Outlook(self._intern(orjson.dumps(document), document), fresh)

    def _unmet(self, job: Submitted) -> frozenset[str]:
        needing = [name for name in job.asked if name in CATALOGUE and CATALOGUE[name].needs]
        if not needing:
            return frozenset()
        place = orjson.loads(job.place())
        return frozenset(name for name in needing if lacking(name, place))

    def _struck(self, job: Submitted, what: str, rate: float) -> frozenset[str]:
        return history.struck(self._settings.seed, job.place_id, job.attempt, what=what, asked=job.asked, rate=rate)

    def _intern(self, token: Any, value: Any) -> int:
        if token not in self._documents:
            self._documents[token] = worlds.intern(self._writing.connection, self._writing.key, value)
        return self._documents[token]


def written_history(entries: History) -> list[list[Any]]:
    """Turn a job's history into JSON-ready data."""
    return [[name, *entry] for name, entry in entries.items()]


def read_history(document: list[list[Any]]) -> dict[str, Entry]:
    """Turn JSON-ready data back into a job's history."""
    return {
        name: Entry(AttributeStatus(status), submission, generation, pins)
        for name, status, submission, generation, pins in document
    }
