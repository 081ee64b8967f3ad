"""The rule index: rules that it leaves out would not have matched, and those that match it finds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.lifecycle import Hold, JobStatus
from reprompt_mock.rule_index import Jobs, Label, RuleIndex
from reprompt_mock.rules import TEST_PREFIX, Candidate, Judge, Match, Rule, Then
from tests.test_globs import GLOBS, STRINGS


class Submission(NamedTuple):
    """Jobs, column by column; `read` collects the positions whose names were looked up."""

    place_ids: list[str]
    named: list[str]
    attempts: list[int]
    labels: list[Label]
    read: list[int]

    def names(self, positions: Iterable[int]) -> list[str]:
        self.read.extend(positions)
        return [self.named[position] for position in positions]

    def label(self, position: int) -> Label:
        return self.labels[position]

    def job(self, position: int) -> Candidate:
        return Candidate(
            self.place_ids[position], self.named[position], self.attempts[position], *self.labels[position]
        )


def _submission(jobs: list[Candidate]) -> Submission:
    return Submission(
        [job.place_id for job in jobs],
        [job.name for job in jobs],
        [job.attempt for job in jobs],
        [(job.batch_id, job.batch_name) for job in jobs],
        [],
    )


TEXTS = STRINGS | st.sampled_from(["mock-ok-1", "mock-flaky-ab", "mock-slow-1"])
MATCHES = st.builds(
    Match,
    batch=st.none() | st.none() | GLOBS,
    place_id=st.none() | GLOBS | st.just("mock-*"),
    name=st.none() | GLOBS,
    attempt=st.none() | st.none() | st.integers(1, 2),
)
THENS = st.builds(
    Then,
    outcome=st.none() | st.sampled_from([JobStatus.completed, JobStatus.failed]),
    error=st.none() | st.sampled_from(["", "x"]),
    hold=st.none() | st.sampled_from([Hold.pending, Hold.queued]),
    seconds=st.none() | st.just(0.0),
)
RULES = st.lists(st.tuples(MATCHES, THENS, st.none() | st.integers(1, 3)), max_size=8).map(
    lambda rules: [Rule(match, then, times, f"rule-{number}") for number, (match, then, times) in enumerate(rules)]
)
JOBS = st.lists(
    st.builds(
        Candidate, TEXTS, STRINGS, st.integers(1, 3), batch_id=st.none() | STRINGS, batch_name=st.none() | STRINGS
    ),
    max_size=6,
)


def _decide(judge: Judge, submission: Submission) -> list[Then | None]:
    """Decide only about the jobs that the index names, and only among the rules that it names."""
    candidates = RuleIndex(rule.match for rule in judge.rules).candidates(submission)
    decided: list[Then | None] = []
    for position, place_id in enumerate(submission.place_ids):
        is_asked = position in candidates or place_id.startswith(TEST_PREFIX)
        decided.append(judge.decide(submission.job(position), candidates.get(position, ())) if is_asked else None)
    return decided


@given(RULES, JOBS, st.dictionaries(st.sampled_from(["rule-0", "rule-1"]), st.integers(0, 3)))
def test_rules_by_the_index_decide_as_trying_every_rule_on_every_job(
    rules: list[Rule], jobs: list[Candidate], spent: dict[str, int]
) -> None:
    naive, indexed = Judge(rules, dict(spent)), Judge(rules, dict(spent))
    assert _decide(indexed, _submission(jobs)) == [naive.decide(job) for job in jobs]
    assert indexed.spent == naive.spent


@given(RULES, JOBS)
def test_the_index_finds_every_rule_that_matches_and_none_twice(rules: list[Rule], jobs: list[Candidate]) -> None:
    found = RuleIndex(rule.match for rule in rules).candidates(_submission(jobs))
    for position, job in enumerate(jobs):
        candidates = found.get(position, [])
        assert len(candidates) == len(set(candidates))
        assert {at for at, rule in enumerate(rules) if rule.match.fits(job)} <= set(candidates)
    assert all(found.values())


def _candidates(matches: list[Match], *jobs: Candidate) -> dict[int, list[int]]:
    submission: Jobs = _submission(list(jobs))
    return RuleIndex(matches).candidates(submission)


STORE = Candidate("store-7", "Zara", 2, "batch-1", "Spain")


def test_rules_of_other_batches_attempts_ids_and_names_are_not_tried() -> None:
    others = [
        Match(batch="other", place_id="store-*"),
        Match(attempt=1, place_id="store-*"),
        Match(place_id="store-*", name="Nowhere 7"),
        Match(place_id="nowhere", name="Zara*"),
        Match(place_id="nowhere-*"),
        Match(name="*here"),
        Match(batch="Spa", attempt=2),
    ]
    assert not _candidates(others, STORE, STORE)


def test_rules_are_tried_only_on_the_jobs_that_they_may_match() -> None:
    matches = [Match(), Match(place_id="store-8"), Match(name="Z*"), Match(batch="Spain"), Match(attempt=1)]
    other = Candidate("store-8", "Mango", 1)
    assert {at: sorted(found) for at, found in _candidates(matches, STORE, other).items()} == {
        0: [0, 2, 3],
        1: [0, 1, 4],
    }


def test_names_are_looked_up_only_where_a_rule_needs_them() -> None:
    submission = _submission([STORE, STORE._replace(attempt=1)])
    RuleIndex([Match(place_id="*")]).candidates(submission)
    assert not submission.read
    RuleIndex([Match(name="Z*", attempt=2)]).candidates(submission)
    assert submission.read == [0]
