"""Rules: whom they match, how they combine, how often they serve; the test place ids (interface.md's table)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.history import AttributeStatus
from reprompt_mock.lifecycle import Course, Hold, JobStatus
from reprompt_mock.rules import TEST_PLACE_IDS, Candidate, Judge, Match, Rule, Then

RUN, ERROR = AttributeStatus.RUN, AttributeStatus.ERROR
COMPLETED, FAILED = JobStatus.completed, JobStatus.failed
STORE = Candidate("store-7", "Zara Home", 2, "batch-1", "Spain 2026")
ANY = Match()


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), True),
        (Match(place_id="store-7"), True),
        (Match(place_id="store-*"), True),
        (Match(place_id="store-?"), True),
        (Match(place_id="store-[0-9]"), True),
        (Match(place_id="store-[!7]"), False),
        (Match(place_id="store"), False),
        (Match(place_id="Store-*"), False),
        (Match(place_id=""), False),
        (Match(name="Zara*"), True),
        (Match(name="*Home"), True),
        (Match(name="zara*"), False),
        (Match(attempt=2), True),
        (Match(attempt=1), False),
        (Match(batch="batch-1"), True),
        (Match(batch="Spain*"), True),
        (Match(batch="spain*"), False),
        (Match(batch="batch-2"), False),
        (Match(batch="*", place_id="*", name="*", attempt=2), True),
        (Match(batch="batch-1", place_id="other"), False),
        (Match(name="Zara*", attempt=3), False),
    ],
)
def test_a_rule_matches_by_globs_all_of_which_must_fit(match: Match, fits: bool) -> None:
    assert match.fits(STORE) is fits


def test_a_job_without_a_batch_matches_no_batch_glob() -> None:
    alone = Candidate("store-7", "Zara", 1)
    assert Match(place_id="*").fits(alone)
    assert not Match(batch="*").fits(alone)


@pytest.mark.parametrize("text", ["a\nb", "💈 / x", "x" * 512, "[", "*"])
def test_a_star_matches_every_place_id(text: str) -> None:
    assert Match(place_id="*").fits(Candidate(text, "name", 1))


def test_where_no_rule_matches_nothing_is_decided() -> None:
    assert Judge().decide(STORE) is None
    assert Judge([Rule(Match(place_id="other"), Then(outcome=FAILED))]).decide(STORE) is None
    assert Judge([Rule(ANY, Then())]).decide(STORE) is None


def test_per_key_the_newest_matching_rule_that_has_it_decides() -> None:
    rules = [
        Rule(ANY, Then(outcome=FAILED, error="old", seconds=1.0), id="1"),
        Rule(ANY, Then(error="middle", outputs={"website": "a", "phone": "b"}), id="2"),
        Rule(Match(place_id="other"), Then(error="not for this one"), id="3"),
        Rule(ANY, Then(outputs={"website": "c"}), id="4"),
    ]
    judge = Judge(rules)
    assert judge.decide(STORE) == Then(outcome=FAILED, error="middle", seconds=1.0, outputs={"website": "c"})
    assert judge.spent == {"1": 1, "2": 1, "4": 1}


def test_a_judge_knows_which_rule_decided_what_about_the_latest_job() -> None:
    rules = [
        Rule(ANY, Then(outcome=COMPLETED, error="old", seconds=1.0), id="rule-1"),
        Rule(ANY, Then(error="new"), times=1, id="rule-2"),
    ]
    judge = Judge(rules)
    slow = Candidate("mock-slow-1", "name", 1)
    judge.decide(slow)
    assert list(judge.gains.items()) == [
        ("rule-2", ["error"]), ("rule-1", ["outcome", "seconds"]), ("mock-slow-*", ["slowness"])
    ]  # fmt: skip
    judge.decide(slow)
    assert judge.gains == {"rule-1": ["outcome", "error", "seconds"], "mock-slow-*": ["slowness"]}


def test_false_and_zero_and_empty_are_decisions_too() -> None:
    rules = [
        Rule(ANY, Then(seconds=5.0, error="old", outputs={"website": "a"}, hold=Hold.queued)),
        Rule(ANY, Then(seconds=0.0, error="", outputs={}, hold=Hold.pending)),
    ]
    assert Judge(rules).decide(STORE) == Then(seconds=0.0, error="", outputs={}, hold=Hold.pending)


def test_a_rule_serves_as_many_jobs_as_its_times_say() -> None:
    judge = Judge([Rule(ANY, Then(outcome=FAILED), times=2, id="1")])
    assert [judge.decide(STORE) for _ in range(4)] == [Then(outcome=FAILED)] * 2 + [None] * 2
    assert judge.spent == {"1": 2}


def test_a_rule_that_decided_nothing_spends_none_of_its_times() -> None:
    rules = [Rule(ANY, Then(outcome=FAILED), times=1, id="old"), Rule(ANY, Then(outcome=COMPLETED), times=2, id="new")]
    judge = Judge(rules)
    decided = [judge.decide(STORE) for _ in range(4)]
    assert [then and then.outcome for then in decided] == [COMPLETED, COMPLETED, FAILED, None]
    assert judge.spent == {"old": 1, "new": 2}


def test_a_rule_that_decided_two_keys_spends_one_of_its_times() -> None:
    judge = Judge([Rule(ANY, Then(outcome=FAILED, error="x"), times=3, id="1")])
    judge.decide(STORE)
    assert judge.spent == {"1": 1}


def test_what_a_rule_had_spent_before_counts() -> None:
    judge = Judge([Rule(ANY, Then(outcome=FAILED), times=5, id="1")], {"1": 4})
    assert [judge.decide(STORE) is None for _ in range(2)] == [False, True]


def _decided(place_id: str, attempt: int = 1, *rules: Rule) -> Then | None:
    return Judge(list(rules)).decide(Candidate(place_id, "name", attempt, "batch", "Batch"))


@pytest.mark.parametrize(
    ("place_id", "attempt", "then"),
    [
        ("mock-ok-1", 1, Then(outcome=COMPLETED, found=True)),
        ("mock-ok-1", 7, Then(outcome=COMPLETED, found=True)),
        ("mock-fail-1", 1, Then(outcome=FAILED)),
        ("mock-fail-1", 9, Then(outcome=FAILED)),
        ("mock-flaky-store-7", 1, Then(outcome=FAILED)),
        ("mock-flaky-store-7", 2, Then(outcome=COMPLETED)),
        ("mock-flaky-store-7", 3, Then(outcome=COMPLETED)),
        ("mock-partial-1", 1, Then(outcome=COMPLETED, first=ERROR)),
        ("mock-partial-1", 2, Then(outcome=COMPLETED, first=ERROR)),
        ("mock-slow-1", 1, Then(slowness=10.0)),
        ("mock-stuck-1", 1, Then(hold=Hold.stuck)),
        ("mock-empty-1", 1, Then(outcome=COMPLETED, found=False)),
        (
            "mock-closed-1",
            1,
            Then(
                outcome=COMPLETED,
                attributes={"closed_permanently": RUN},
                outputs={"open_closed_status": "Closed"},
            ),
        ),
        ("mock-ok-", 1, Then(outcome=COMPLETED, found=True)),
        ("mock-fail-a/b c\n💈", 1, Then(outcome=FAILED)),
        ("mock-fail-mock-ok-1", 1, Then(outcome=FAILED)),
        ("mock-ok", 1, None),
        ("mock-okay-1", 1, None),
        ("mock-unknown-1", 1, None),
        ("mock-", 1, None),
        ("Mock-fail-1", 1, None),
        ("MOCK-FAIL-1", 1, None),
        (" mock-fail-1", 1, None),
        ("x-mock-fail-1", 1, None),
        ("fail-1", 1, None),
    ],
)
def test_what_a_test_place_id_decides(place_id: str, attempt: int, then: Then | None) -> None:
    assert _decided(place_id, attempt) == then


@given(st.text(max_size=20))
def test_the_rest_of_a_test_place_id_is_free(rest: str) -> None:
    assert _decided(f"mock-fail-{rest}") == Then(outcome=FAILED)


@given(st.text(max_size=20).filter(lambda text: not text.startswith("mock-")))
def test_other_place_ids_are_left_to_the_draw(place_id: str) -> None:
    assert _decided(place_id) is None


def test_users_rules_come_before_the_test_place_ids_key_by_key() -> None:
    rule = Rule(ANY, Then(outcome=COMPLETED), id="1")
    assert _decided("mock-fail-1", 1, rule) == Then(outcome=COMPLETED)
    assert _decided("mock-stuck-1", 1, rule) == Then(outcome=COMPLETED, hold=Hold.stuck)
    outputs = Rule(ANY, Then(outputs={"website": "x"}))
    closed = _decided("mock-closed-1", 1, outputs)
    assert closed == Then(outcome=COMPLETED, attributes={"closed_permanently": RUN}, outputs={"website": "x"})


def test_a_spent_rule_leaves_the_decision_to_the_test_place_id() -> None:
    judge = Judge([Rule(ANY, Then(outcome=COMPLETED), times=1, id="1")])
    flaky = Candidate("mock-flaky-1", "name", 1)
    assert [judge.decide(flaky), judge.decide(flaky)] == [Then(outcome=COMPLETED), Then(outcome=FAILED)]


def test_built_in_rules_are_never_spent() -> None:
    assert all(rule.times is None and not rule.id for rule in TEST_PLACE_IDS)


@pytest.mark.parametrize(
    ("then", "course"),
    [
        (Then(), None),
        (Then(error="x", outputs={"website": "x"}, attributes={"websites": ERROR}, found=True, first=ERROR), None),
        (Then(outcome=FAILED), Course(outcome=FAILED)),
        (Then(hold=Hold.pending), Course(hold=Hold.pending)),
        (Then(seconds=0.0), Course(seconds=0.0)),
        (Then(slowness=10.0), Course(slowness=10.0)),
    ],
)
def test_the_part_of_a_decision_that_shapes_the_timetable(then: Then, course: Course | None) -> None:
    assert then.course == course


@pytest.mark.parametrize(
    ("then", "statuses"),
    [
        (Then(), {}),
        (Then(attributes={"names": ERROR}), {"names": ERROR}),
        (Then(attributes={"menu": ERROR}), {}),
        (Then(first=ERROR), {"websites": ERROR}),
        (Then(found=True), {"websites": RUN, "names": RUN}),
        (Then(found=False, first=ERROR), {"websites": ERROR, "names": RUN}),
        (Then(found=True, attributes={"names": ERROR}), {"websites": RUN, "names": ERROR}),
        (Then(first=ERROR, attributes={"websites": RUN}), {"websites": RUN}),
    ],
)
def test_the_statuses_that_a_decision_fixes(then: Then, statuses: dict[str, AttributeStatus]) -> None:
    assert then.statuses(["websites", "names"]) == statuses
    assert then.statuses([]) == {}


@pytest.mark.parametrize(
    ("then", "pins"),
    [
        (Then(outcome=FAILED, seconds=1.0, hold=Hold.queued), {}),
        (Then(found=False), {"found": False}),
        (Then(outcome=FAILED, error="x"), {"error": "x"}),
        (Then(outputs={"website": None}), {"outputs": {"website": None}}),
        (Then(confidence_scores={"website": "LOW"}), {"confidence_scores": {"website": "LOW"}}),
    ],
)
def test_the_values_that_a_decision_pins(then: Then, pins: dict[str, Any]) -> None:
    assert then.pins == pins


def test_a_partial_place_errs_in_its_first_attribute_that_is_known() -> None:
    """An attribute that the emulator does not know stays NOT_RUN whatever happens (contract D7)."""
    then = Judge().decide(Candidate("mock-partial-1", "Place", 1))
    assert then is not None
    assert then.statuses(("horoscope", "websites", "names")) == {"websites": AttributeStatus.ERROR}
