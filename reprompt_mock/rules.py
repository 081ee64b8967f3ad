"""Rules: what happens to matching jobs, decided when they are submitted or reprocessed.

The test place ids are built-in rules that work the same way and apply after the user's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.clock import SECOND
from reprompt_mock.globs import matcher
from reprompt_mock.history import AttributeStatus
from reprompt_mock.lifecycle import Course, Hold, JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TEST_PREFIX = "mock-"


class Candidate(NamedTuple):
    """A job as rules see it; `name` is the place's name, `attempt` counts from 1."""

    place_id: str
    name: str
    attempt: int
    batch_id: str | None = None
    batch_name: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Which jobs a rule applies to: strings are case-sensitive globs, None matches everything."""

    batch: str | None = None
    place_id: str | None = None
    name: str | None = None
    attempt: int | None = None

    def fits(self, job: Candidate) -> bool:
        """Return whether a job matches; `batch` is matched against the batch's id and name."""
        return (
            (self.attempt is None or self.attempt == job.attempt)
            and _glob(self.place_id, job.place_id)
            and _glob(self.name, job.name)
            and (_glob(self.batch, job.batch_id) or _glob(self.batch, job.batch_name))
        )


def _glob(pattern: str | None, value: str | None) -> bool:
    return pattern is None or (value is not None and matcher(pattern)(value) is not None)


@dataclass(frozen=True, slots=True)
class Then:
    """What a rule decides; None leaves a key to older rules, then to the draw.

    `slowness` multiplies all times, `found` makes every attribute find something or nothing, `first` is the status of
    the first known attribute among those requested; only the built-in rules use these three.
    """

    outcome: JobStatus | None = None
    error: str | None = None
    hold: Hold | None = None
    seconds: float | None = None
    results_lag_seconds: float | None = None
    attributes: Mapping[str, AttributeStatus] | None = None
    outputs: Mapping[str, Any] | None = None
    confidence_scores: Mapping[str, str] | None = None
    slowness: float | None = None
    found: bool | None = None
    first: AttributeStatus | None = None

    @property
    def course(self) -> Course | None:
        """The part that shapes the timetable, None if it leaves everything to the draw."""
        course = Course(self.outcome, self.hold, self.seconds, self.slowness or 1.0)
        return None if course == Course() else course

    @property
    def lag(self) -> int | None:
        """For how many microseconds results show the job as it was, None to leave it to the setting."""
        return None if self.results_lag_seconds is None else int(self.results_lag_seconds * SECOND)

    @property
    def pins(self) -> dict[str, Any]:
        """The part that fixes values and the reason for errors, as JSON-ready data; empty if it fixes none."""
        values = {
            "found": self.found,
            "error": self.error,
            "outputs": self.outputs and dict(self.outputs),
            "confidence_scores": self.confidence_scores and dict(self.confidence_scores),
        }
        return {key: value for key, value in values.items() if value is not None}

    def statuses(self, asked: Sequence[str]) -> dict[str, AttributeStatus]:
        """Return the statuses that it fixes for the requested attributes."""
        found = dict.fromkeys(asked, AttributeStatus.RUN) if self.found is not None else {}
        known = next((name for name in asked if name in CATALOGUE), None)
        first = {known: self.first} if self.first and known else {}
        named = {name: status for name, status in (self.attributes or {}).items() if name in asked}
        return {**found, **first, **named}


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to matching jobs; `times` is how many jobs the rule applies to, None for all."""

    match: Match
    then: Then
    times: int | None = None
    id: str = ""

    @property
    def title(self) -> str:
        """How people know it: by its id, or as a test place id by its prefix with a star."""
        return self.id or self.match.place_id or ""


_COMPLETES = JobStatus.completed
PARTIAL = "mock-partial-"
"""Places whose ids begin so complete with their first attribute in `ERROR`."""
TEST_PLACE_IDS: tuple[Rule, ...] = (
    Rule(Match(place_id="mock-ok-*"), Then(outcome=_COMPLETES, found=True)),
    Rule(Match(place_id="mock-fail-*"), Then(outcome=JobStatus.failed)),
    Rule(Match(place_id="mock-flaky-*", attempt=1), Then(outcome=JobStatus.failed)),
    Rule(Match(place_id="mock-flaky-*"), Then(outcome=_COMPLETES)),
    Rule(Match(place_id=f"{PARTIAL}*"), Then(outcome=_COMPLETES, first=AttributeStatus.ERROR)),
    Rule(Match(place_id="mock-slow-*"), Then(slowness=10.0)),
    Rule(Match(place_id="mock-stuck-*"), Then(hold=Hold.stuck)),
    Rule(Match(place_id="mock-empty-*"), Then(outcome=_COMPLETES, found=False)),
    Rule(
        Match(place_id="mock-closed-*"),
        Then(
            outcome=_COMPLETES,
            attributes={"closed_permanently": AttributeStatus.RUN},
            outputs={"open_closed_status": "Closed"},
        ),
    ),
)

_KEYS = tuple(key.name for key in fields(Then))


@dataclass(slots=True)
class Judge:
    """Applies a world's rules to the jobs of one submission, and counts the jobs that each rule affected.

    Attributes:
        rules: the rules, oldest first.
        spent: how many jobs each rule has served, by its id.
        gains: what each rule decided about the latest job, the newest rule first, by its `title`.
    """

    rules: Sequence[Rule] = ()
    spent: dict[str, int] = field(default_factory=dict)
    gains: dict[str, list[str]] = field(default_factory=dict)

    def decide(self, job: Candidate, among: Iterable[int] | None = None) -> Then | None:
        """Combine the matching rules: for each key the newest rule that has it decides, then the test place id.

        `rules` are ordered oldest first; `among` holds the positions of those to try, None means all of them. None if
        no rule matches.
        """
        decided = Then()
        self.gains = {}
        for rule in self._matching(job, range(len(self.rules)) if among is None else among):
            gain = {
                key: value
                for key in _KEYS
                if getattr(decided, key) is None and (value := getattr(rule.then, key)) is not None
            }
            if gain:
                decided = replace(decided, **gain)
                self.gains.setdefault(rule.title, []).extend(gain)
                self._spend(rule)
        return None if decided == Then() else decided

    def _matching(self, job: Candidate, among: Iterable[int]) -> Iterable[Rule]:
        for position in sorted(among, reverse=True):
            rule = self.rules[position]
            if self._has_left(rule) and rule.match.fits(job):
                yield rule
        if job.place_id.startswith(TEST_PREFIX):
            yield from (rule for rule in TEST_PLACE_IDS if rule.match.fits(job))

    def _has_left(self, rule: Rule) -> bool:
        return rule.times is None or self.spent.get(rule.id, 0) < rule.times

    def _spend(self, rule: Rule) -> None:
        if rule.id:
            self.spent[rule.id] = self.spent.get(rule.id, 0) + 1
