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

    from reprompt_mock.engine.deciding import Deciding
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


def plan_jobs(deciding: Deciding, jobs: Submitted, *, refresh: bool = False) -> Planned:
    """Plan one submission's jobs, in order, from the world's settings and rules.

    Args:
        deciding: the world, open for decisions; its rules' counts of served jobs are updated.
        jobs: the jobs.
        refresh: whether cached values are enriched again (contract G7).
    """
    settings = deciding.settings
    documents = Documents(deciding)
    decisions = _decide(deciding, jobs)
    decided = {position: decision.then for position, decision in decisions.items()}
    courses = {position: then.course for position, then in decided.items() if then.course}
    timetables = plan(jobs.place_ids, jobs.attempts, courses, at=deciding.now, seed=settings.seed, pace=settings.pace)
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


def plan_uploads(deciding: Deciding, asked: Sequence[tuple[str, ...]]) -> Planned:
    """Plan nothing: the jobs stay pending until they are reprocessed (contract D5)."""
    size = len(asked)
    keys = Documents(deciding).keys_of_lists(asked)
    none = [None] * size
    return Planned(never(size), keys, [*none], [True] * size, [*none], [*none], [*none])


def _decide(deciding: Deciding, jobs: Submitted) -> dict[int, Decision]:
    """Return what the rules decided, by position, asking only about jobs that a rule may match."""
    scenario = deciding.scenario
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
    _note_served(deciding, judge)
    return decided


def _with_test_ids(place_ids: Sequence[str]) -> set[int]:
    if TEST_PREFIX not in "\0".join(place_ids):  # faster than a test per job
        return set()
    return {position for position, place_id in enumerate(place_ids) if place_id.startswith(TEST_PREFIX)}


def _candidate(jobs: Submitted, position: int) -> Candidate:
    (name,) = jobs.names([position])
    return Candidate(jobs.place_ids[position], name, jobs.attempts[position], *jobs.label(position))


def _note_served(deciding: Deciding, judge: Judge) -> None:
    """Store how many jobs each rule has served."""
    before = {named.rule.id: named.served for named in deciding.scenario.rules}
    acted = [rule_id for rule_id, served in judge.spent.items() if served != before[rule_id]]
    if acted:
        deciding.set_scenario(deciding.scenario.after_serving(judge.spent))
        deciding.acted += acted
