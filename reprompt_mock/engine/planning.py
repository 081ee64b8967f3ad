"""Planning: each job's timetable and outlook, decided at submission."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

import orjson

from reprompt_mock.engine.documents import Documents
from reprompt_mock.engine.outlook import Forecast, Submitted
from reprompt_mock.lifecycle import Course, Timetables, never, plan
from reprompt_mock.rules import TEST_PREFIX, Candidate, Judge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.rules import Then

__all__ = ["Planned", "Submitted", "plan_jobs", "plan_uploads"]


class Decision(NamedTuple):
    """What rules decided about a job, and which of them decided which keys, the newest first."""

    then: Then
    by: Mapping[str, Sequence[str]]


class Planned(NamedTuple):
    """What was decided about jobs, column by column; `asked`, `planned` and `courses` hold keys of documents."""

    timetables: Timetables
    asked: list[int]
    planned: list[int | None]
    fresh: list[bool]
    errors: list[str | None]
    courses: list[int | None]
    lags: list[int | None]


def plan_jobs(writing: Writing, jobs: Submitted, *, refresh: bool = False) -> Planned:
    """Plan one submission's jobs, in order, from the world's settings and rules.

    Args:
        writing: the world, open for a change; its rules' counts of served jobs are updated.
        jobs: the jobs.
        refresh: whether cached values are enriched again (contract G7).
    """
    settings = writing.settings
    documents = Documents(writing)
    decisions = _decide(writing, jobs)
    decided = {position: decision.then for position, decision in decisions.items()}
    courses = {position: then.course for position, then in decided.items() if then.course}
    timetables = plan(jobs.place_ids, jobs.attempts, courses, at=writing.now, seed=settings.seed, pace=settings.pace)
    outlooks = Forecast(documents, settings, refresh=refresh).outlooks(jobs, decided)
    planned = Planned(
        timetables,
        documents.keys_of_lists(jobs.asked),
        [outlook.planned for outlook in outlooks],
        [outlook.fresh for outlook in outlooks],
        [None] * len(outlooks),
        [None] * len(outlooks),
        [None] * len(outlooks),
    )
    for position, (then, by) in decisions.items():
        planned.errors[position] = then.error
        planned.lags[position] = then.lag
        document = {**asdict(then.course or _NO_COURSE), "rules": by}
        planned.courses[position] = documents.key_of(orjson.dumps(document), document)
    return planned


_NO_COURSE = Course()


def plan_uploads(writing: Writing, asked: Sequence[tuple[str, ...]]) -> Planned:
    """Plan nothing: the jobs stay pending until they are reprocessed (contract D5)."""
    size = len(asked)
    keys = Documents(writing).keys_of_lists(asked)
    none = [None] * size
    return Planned(never(size), keys, [*none], [True] * size, [*none], [*none], [*none])


def _decide(writing: Writing, jobs: Submitted) -> dict[int, Decision]:
    """Return what the rules decided, by position, asking only about jobs that a rule may match."""
    scenario = writing.scenario
    candidates = scenario.rule_index.candidates(jobs) if scenario.rules else {}
    asking = sorted(candidates.keys() | _with_test_ids(jobs.place_ids))
    if not asking:
        return {}
    rules = scenario.rules
    judge = Judge([named.rule for named in rules], {named.rule.id: named.served for named in rules})
    decided = {}
    for position in asking:
        then = judge.decide(_candidate(jobs, position), candidates.get(position, ()))
        if then is not None:
            decided[position] = Decision(then, judge.gains)
    _note_served(writing, judge)
    return decided


def _with_test_ids(place_ids: Sequence[str]) -> set[int]:
    if TEST_PREFIX not in "\0".join(place_ids):  # faster than a test per job
        return set()
    return {position for position, place_id in enumerate(place_ids) if place_id.startswith(TEST_PREFIX)}


def _candidate(jobs: Submitted, position: int) -> Candidate:
    (name,) = jobs.names([position])
    return Candidate(jobs.place_ids[position], name, jobs.attempts[position], *jobs.label(position))


def _note_served(writing: Writing, judge: Judge) -> None:
    """Store how many jobs each rule has served."""
    before = {named.rule.id: named.served for named in writing.scenario.rules}
    acted = [rule_id for rule_id, served in judge.spent.items() if served != before[rule_id]]
    if acted:
        writing.set_scenario(writing.scenario.after_serving(judge.spent))
        writing.acted += acted
