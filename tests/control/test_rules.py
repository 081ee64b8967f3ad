"""Rules: what happens to jobs that match, and the ready-made rule sets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reprompt_mock import samples
from reprompt_mock.engine.doors import Engine
from reprompt_mock.rules import Candidate, Judge, Match, Rule, Then
from reprompt_mock.settings import ConfigurationError, load
from tests.conftest import LONDON, Org

RULE_SETS = sorted(file.stem for file in (samples.folder() / "rules").glob("*.toml"))


def add(org: Org, *rules: dict[str, Any]) -> list[str]:
    """Add rules in one call; gives their ids."""
    response = org.control("POST", "/rules", list(rules))
    assert response.status_code == 201, response.text
    return list(response.json()["ids"])


def rule(then: dict[str, Any], times: int | None = None, **match: Any) -> dict[str, Any]:
    return {"match": match, "then": then, **({} if times is None else {"times": times})}


def served(org: Org) -> list[int]:
    return [one["served"] for one in org.control("GET", "/rules").json()["rules"]]


def refused(org: Org, body: Any) -> str:
    """Give the sentence with which a rule is refused."""
    response = org.control("POST", "/rules", body)
    assert response.status_code == 422, response.text
    return str(response.json()["detail"][0]["msg"])


FAILS = {"outcome": "failed"}
COMPLETES = {"outcome": "completed"}


# What is accepted and shown


def test_a_rule_is_shown_as_it_was_written_with_its_id_and_how_many_jobs_it_served(org: Org) -> None:
    written = {"match": {"place_id": "a*", "attempt": 1}, "then": {"outcome": "failed", "error": "no"}, "times": 2}

    response = org.control("POST", "/rules", written)

    (rule_id,) = response.json()["ids"]
    assert response.status_code == 201
    assert org.control("GET", "/rules").json() == {"rules": [{"id": rule_id, **written, "served": 0}]}


def test_a_list_of_rules_is_taken_whole_or_not_at_all(org: Org) -> None:
    ids = add(org, rule(FAILS), rule(COMPLETES))

    response = org.control("POST", "/rules", [rule(FAILS), {"then": {"outcome": "vanished"}}])

    assert len(set(ids)) == 2
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", 1, "then", "outcome"]
    assert [one["id"] for one in org.control("GET", "/rules").json()["rules"]] == ids
    assert org.control("POST", "/rules", []).json() == {"ids": []}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"then": FAILS, "macth": {}}, "unknown key 'macth'; did you mean match?"),
        ({"then": {"outcom": "failed"}}, "unknown key 'outcom'; did you mean outcome?"),
        ({"match": {"placeid": "*"}, "then": FAILS}, "unknown key 'placeid'; did you mean place_id?"),
        ({"then": {"attributes": {"website": "ERROR"}}}, "unknown attribute 'website'; did you mean websites?"),
        ({"then": {"outputs": {"websites": "x"}}}, "unknown output 'websites'; did you mean website?"),
        ({"then": {"confidence_scores": {"phones": "LOW"}}}, "unknown confidence score 'phones'; did you mean phone?"),
        ({"match": {}}, "Field required"),
        ({"then": {"hold": "completed"}}, "Input should be 'pending', 'queued', 'queued_deferred' or 'in_progress'"),
        ({"then": {"outcome": "pending"}}, "Input should be 'completed' or 'failed'"),
        ({"then": {"seconds": -1}}, "Input should be greater than or equal to 0"),
        ({"then": {"seconds": 2e9}}, "Input should be less than or equal to 1000000000"),
        ({"then": {"attributes": {"websites": "BROKEN"}}}, "Input should be 'RUN', 'ERROR'"),
        ({"then": {"confidence_scores": {"phone": "HUGE"}}}, "Input should be 'VERY_HIGH', 'HIGH'"),
        ({"then": FAILS, "times": 0}, "Input should be greater than or equal to 1"),
        ({"match": {"attempt": 0}, "then": FAILS}, "Input should be greater than or equal to 1"),
        ({"then": {"error": "a\0b"}}, "String must not contain NUL"),
        ("outcome", "Input should be a valid dictionary"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_what_was_meant(body: Any, sentence: str, org: Org) -> None:
    assert sentence in refused(org, body)
    assert org.control("GET", "/rules").json() == {"rules": []}


def test_a_value_that_is_nested_too_deeply_to_be_answered_is_refused(org: Org) -> None:
    deep: Any = "x"
    for _ in range(250):
        deep = [deep]

    assert "nested too deeply" in refused(org, rule({"outputs": {"website": deep}}))


def test_no_body_is_no_rule(org: Org) -> None:
    assert org.http.post(f"/_mock/orgs/{org.slug}/rules", content=b"").status_code == 422


def test_a_world_has_a_thousand_rules_and_no_more(org: Org) -> None:
    add(org, *[rule(FAILS, place_id=f"p-{number}") for number in range(1000)])

    response = org.control("POST", "/rules", rule(FAILS))

    assert response.status_code == 400
    assert response.json()["detail"] == "A world may have at most 1000 rules: delete some first."


def test_reading_the_rules_of_an_unused_world_makes_none(org: Org) -> None:
    assert org.control("GET", "/rules").json() == {"rules": []}
    assert org.control("DELETE", "/rules/rule-1").status_code == 404
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


# Which jobs match


@pytest.mark.parametrize(
    ("match", "matches"),
    [
        ({}, True),
        ({"place_id": "store_1"}, True),
        ({"place_id": "store_*"}, True),
        ({"place_id": "store"}, False),
        ({"place_id": "STORE_*"}, False),
        ({"place_id": "store_?"}, True),
        ({"place_id": "store_[12]"}, True),
        ({"place_id": "store_[!12]"}, False),
        ({"name": "London*"}, True),
        ({"name": "london*"}, False),
        ({"name": "Paris*"}, False),
        ({"batch": "b-1"}, True),
        ({"batch": "Spring*"}, True),
        ({"batch": "spring*"}, False),
        ({"batch": "b-2"}, False),
        ({"attempt": 1}, True),
        ({"attempt": 2}, False),
        ({"batch": "b-*", "place_id": "store_*", "name": "*Airport", "attempt": 1}, True),
        ({"batch": "b-*", "place_id": "store_*", "name": "*Airport", "attempt": 2}, False),
        ({"place_id": None}, True),
    ],
)
def test_a_rule_is_for_the_jobs_that_all_of_its_globs_match(match: dict[str, Any], matches: bool, org: Org) -> None:
    add(org, {"match": match, "then": FAILS})

    org.create("store_1", batch_id="b-1", batch_name="Spring places")
    org.settle()

    assert org.batch("b-1")["jobs"]["failed"] == (["store_1"] if matches else [])


@pytest.mark.parametrize(("batch", "fails"), [("*", False), ("", False), (None, True)])
def test_a_job_without_a_batch_has_neither_its_id_nor_its_name(batch: str | None, fails: bool, org: Org) -> None:
    add(org, rule(FAILS, batch=batch))

    org.post("/jobs", {"place_id": "alone", "inputs": LONDON})
    org.settle()

    assert org.get("/jobs/alone")["status"] == ("failed" if fails else "completed")


# Which rule decides


def test_per_key_the_newest_rule_that_has_it_decides(org: Org) -> None:
    add(
        org,
        rule({"outcome": "completed", "error": "old", "seconds": 100}),
        rule({"outcome": "failed"}),
        rule({"error": "newest"}),
    )
    org.set(pending_seconds=0, queued_seconds=0)

    batch_id = org.create("a")["id"]
    assert org.settle()["advanced_seconds"] == 100

    result = org.results(batch_id)["a"]
    assert result["status"] == "failed"
    assert result["job_metadata"]["enrichment_metadata"]["websites"] == {"error": "newest", "code": "SIMULATED"}


def test_rules_of_two_posts_stand_in_the_order_of_their_coming(org: Org) -> None:
    add(org, rule(FAILS))
    add(org, rule(COMPLETES))

    batch_id = org.create("a")["id"]
    org.settle()

    assert org.batch(batch_id)["status"] == "completed"


def test_a_rule_decides_before_the_test_place_id_which_decides_the_rest(org: Org) -> None:
    add(org, rule(COMPLETES, place_id="mock-fail-*"), rule({"seconds": 5}, place_id="mock-flaky-*"))
    org.set(pending_seconds=0, queued_seconds=0)

    batch_id = org.create("mock-fail-1", "mock-fail", "mock-flaky-1")["id"]
    org.settle()

    assert org.batch(batch_id)["jobs"]["failed"] == ["mock-flaky-1"]
    assert org.batch(batch_id)["jobs"]["completed"] == ["mock-fail-1", "mock-fail"]


def test_a_key_that_is_null_is_left_to_older_rules(org: Org) -> None:
    add(org, rule(FAILS), rule({"outcome": None, "error": "why"}))

    batch_id = org.create("a")["id"]
    org.settle()

    failures = org.results(batch_id)["a"]["job_metadata"]["enrichment_metadata"]
    assert failures["websites"]["error"] == "why"


def test_a_rule_that_says_nothing_serves_nobody(org: Org) -> None:
    add(org, rule({}))

    org.create("a")

    assert served(org) == [0]


# Times


def test_times_is_how_many_jobs_a_rule_serves_in_the_order_of_the_submission(org: Org) -> None:
    add(org, rule(FAILS, times=2, place_id="s-*"))

    first = org.create("x", "s-1")["id"]
    second = org.create("s-2", "s-3", "s-4")["id"]
    org.settle()

    assert org.batch(first)["jobs"]["failed"] == ["s-1"]
    assert org.batch(second)["jobs"]["failed"] == ["s-2"]
    assert served(org) == [2]


def test_a_rule_is_spent_once_per_job_however_many_keys_it_decides(org: Org) -> None:
    add(org, rule({"outcome": "failed", "error": "x", "seconds": 1}, times=2))

    batch_id = org.create("a", "b", "c")["id"]
    org.settle()

    assert org.batch(batch_id)["jobs"] | {"failed": ["a", "b"]} == org.batch(batch_id)["jobs"]


def test_each_rule_that_decided_is_spent_and_one_that_was_overruled_is_not(org: Org) -> None:
    add(org, rule(FAILS, times=1), rule({"seconds": 9}, times=1), rule(COMPLETES, times=1))

    batch_id = org.create("a", "b")["id"]
    org.settle()

    # The newest decides for a; for b it is used up, so the oldest does, which a did not spend.
    assert served(org) == [1, 1, 1]
    assert org.batch(batch_id)["jobs"]["completed"] == ["a"]
    assert org.batch(batch_id)["jobs"]["failed"] == ["b"]


def test_a_place_that_comes_twice_in_a_request_is_one_job_for_a_rule(org: Org) -> None:
    add(org, rule(FAILS, times=2))

    batch_id = org.create("a", "a", "b", "c")["id"]
    org.settle()

    assert org.batch(batch_id)["jobs"]["failed"] == ["a", "b"]


def test_a_refused_request_spends_nothing(org: Org) -> None:
    add(org, rule(FAILS, times=1))

    assert (
        org.call(
            "POST", "/batches", json={"batch_name": "x", "jobs": [{"place_id": "a", "inputs": LONDON}]}
        ).status_code
        == 400
    )

    assert served(org) == [0]


# When a rule is judged


def test_a_rule_is_judged_when_a_job_is_submitted(org: Org) -> None:
    before = org.create("a")["id"]
    (rule_id,) = add(org, rule(FAILS))
    under = org.create("a")["id"]
    assert org.control("DELETE", f"/rules/{rule_id}").status_code == 204
    after = org.create("a")["id"]
    org.settle()

    assert [org.batch(batch_id)["status"] for batch_id in (before, under, after)] == [
        "completed",
        "failed",
        "completed",
    ]


def test_a_rule_is_judged_again_when_a_job_is_reprocessed(org: Org) -> None:
    add(org, rule(FAILS, attempt=1), rule({"outcome": "failed"}, attempt=3, times=1))
    batch_id = org.create("a")["id"]
    everything = {"failed_only": False, "incomplete_only": False}

    ends = []
    for _ in range(4):
        org.settle()
        ends.append(org.batch(batch_id)["status"])
        org.post(f"/batches/{batch_id}/reprocess", everything)

    assert ends == ["failed", "completed", "failed", "completed"]


def test_a_reprocess_sees_the_name_and_the_batch_of_the_job(org: Org) -> None:
    batch_id = org.create("a", batch_name="Spring")["id"]
    org.post("/jobs", {"place_id": "alone", "inputs": LONDON})
    org.settle()
    add(org, rule(FAILS, batch="Spring", name="London*"))

    org.post(f"/batches/{batch_id}/reprocess", {"failed_only": False})
    org.post("/jobs/reprocess", {"place_ids": ["alone"]})
    org.settle()

    assert org.batch(batch_id)["status"] == "failed"
    assert org.get("/jobs/alone")["status"] == "completed"


def test_an_upload_meets_the_rules_when_it_is_started(org: Org) -> None:
    add(org, rule(FAILS, times=1, attempt=1))

    batch_id = org.create("a", kick_off_jobs_now=False)["id"]
    assert served(org) == [0]
    org.post(f"/batches/{batch_id}/reprocess", {"incomplete_only": True})
    org.settle()

    assert served(org) == [1]
    assert org.batch(batch_id)["status"] == "failed"


@pytest.mark.parametrize("path", ["", "/rule-1"])
def test_deleting_rules_changes_nothing_that_is_drawn(path: str, org: Org) -> None:
    pinned = {"outputs": {"website": "https://pinned.example"}, "attributes": {"websites": "RUN", "address": "ERROR"}}
    add(org, rule({"outcome": "completed", "seconds": 77, **pinned}))
    batch_id = org.create("a")["id"]
    expected_end = org.control("GET", "/clock").json()["now"]

    assert org.control("DELETE", f"/rules{path}").status_code == 204
    assert org.control("GET", "/rules").json() == {"rules": []}
    org.settle()

    result = org.results(batch_id)["a"]
    assert result["outputs"]["website"] == "https://pinned.example"
    assert result["job_metadata"]["attribute_status"]["address"] == "ERROR"
    assert result["job_metadata"]["last_enriched"] > expected_end


def test_an_unknown_rule_cannot_be_deleted(org: Org) -> None:
    add(org, rule(FAILS))

    response = org.control("DELETE", "/rules/rule-9")

    assert response.status_code == 404
    assert response.json() == {"detail": "The rule 'rule-9' was not found."}


def test_ids_are_not_given_again(org: Org) -> None:
    first = add(org, rule(FAILS))
    org.control("DELETE", "/rules")

    assert add(org, rule(FAILS)) != first


def test_rules_are_of_one_world(org: Org) -> None:
    add(org, rule(FAILS))
    other = org.other()

    batch_id = other.create("a")["id"]
    other.settle()

    assert other.batch(batch_id)["status"] == "completed"


# What a rule does


def test_an_outcome_holds_at_any_failure_rate(org: Org) -> None:
    org.set(failure_rate=1)
    add(org, rule(COMPLETES, place_id="good-*"))

    batch_id = org.create("good-1", "bad-1")["id"]
    org.settle()

    assert org.batch(batch_id)["jobs"]["completed"] == ["good-1"]
    assert org.batch(batch_id)["jobs"]["failed"] == ["bad-1"]


def test_an_error_is_told_for_failed_jobs_and_for_attributes_in_error_only(org: Org) -> None:
    add(org, rule({"error": "said so", "attributes": {"address": "ERROR"}}), rule(FAILS, place_id="bad"))

    batch_id = org.create("good", "bad", attributes=["address", "websites"])["id"]
    org.settle()

    told = {"error": "said so", "code": "SIMULATED"}
    results = org.results(batch_id)
    assert results["good"]["job_metadata"]["enrichment_metadata"] == {"address": told}
    assert results["bad"]["job_metadata"]["enrichment_metadata"] == {"address": told, "websites": told}


@pytest.mark.parametrize(("seconds", "took"), [(0, 0), (0.25, 0.25), (3600, 3600), (1e9, 1e9)])
def test_seconds_is_the_processing_time_exactly(seconds: float, took: float, org: Org) -> None:
    org.set(pending_seconds=0, queued_seconds=0)
    add(org, rule({"seconds": seconds}))

    org.create("a", "mock-slow-1")

    assert org.settle() | {"now": ""} == {"now": "", "advanced_seconds": took, "unfinished": 0}


def test_statuses_of_attributes_apply_to_those_that_are_asked(org: Org) -> None:
    statuses = {"websites": "ERROR", "address": "NOT_RUN", "names": "RUN_CONDITION_FAILED", "menu": "ERROR"}
    add(org, rule({"attributes": statuses}))
    org.set(attribute_error_rate=0)

    batch_id = org.create("a", attributes=["websites", "address", "names", "categories"])["id"]
    org.settle()

    result = org.results(batch_id)["a"]
    shown = result["job_metadata"]["attribute_status"]
    assert shown == {"websites": "ERROR", "address": "NOT_RUN", "names": "RUN_CONDITION_FAILED", "categories": "RUN"}
    assert result["outputs"].keys() == {"categories"}


def test_an_attribute_that_is_pinned_to_run_never_errs(org: Org) -> None:
    org.set(attribute_error_rate=1)
    add(org, rule({"attributes": {"websites": "RUN"}}))

    batch_id = org.create("a", attributes=["websites", "address"])["id"]
    org.settle()

    shown = org.results(batch_id)["a"]["job_metadata"]["attribute_status"]
    assert shown == {"websites": "RUN", "address": "ERROR"}


def test_outputs_and_scores_apply_to_asked_attributes(org: Org) -> None:
    outputs = {"website": "https://given.example", "phone": "+1", "opening_hours": {"monday": "09:00-17:00"}}
    add(org, rule({"outputs": outputs, "confidence_scores": {"website": "LOW", "phone": "HIGH"}}))

    batch_id = org.create("a", attributes=["websites", "openingHours"])["id"]
    org.settle()

    result = org.results(batch_id)["a"]
    assert result["outputs"]["website"] == "https://given.example"
    assert result["outputs"]["opening_hours"] == {"monday": "09:00-17:00"}
    assert result["confidence_scores"]["website"] == "LOW"
    assert "phone" not in result["outputs"]
    assert "phone" not in result["confidence_scores"]


def test_an_output_may_be_fixed_to_nothing(org: Org) -> None:
    org.set(not_found_rate=0)
    add(org, rule({"outputs": {"website": None}}))

    batch_id = org.create("a", attributes=["websites"])["id"]
    org.settle()

    assert org.results(batch_id)["a"]["outputs"] == {"website": None}


def test_pinned_values_stay_until_the_attribute_runs_anew(org: Org) -> None:
    (rule_id,) = add(org, rule({"outputs": {"website": "https://given.example"}}))
    batch_id = org.create("a", attributes=["websites"])["id"]
    org.settle()
    org.control("DELETE", f"/rules/{rule_id}")
    websites = []
    for refresh in (False, True):
        org.post(
            f"/batches/{batch_id}/reprocess", {"failed_only": False, "refresh": refresh, "attributes": ["websites"]}
        )
        org.settle()
        websites.append(org.results(batch_id)["a"]["outputs"]["website"])

    assert websites[0] == "https://given.example"
    assert websites[1] != "https://given.example"


def test_rules_do_not_change_what_is_drawn_for_others(org: Org) -> None:
    other = org.other()
    add(org, rule({"outcome": "failed", "seconds": 500}, place_id="p-3"))
    places = [f"p-{number}" for number in range(6)]
    shown = []
    for one in (org, other):
        one.set(failure_rate=0.5, workers=1000)
        one.create(*places, batch_id="b")
        one.settle()
        shown.append({place_id: job["outputs"] for place_id, job in one.results("b").items() if place_id != "p-3"})

    assert shown[0] == shown[1]


# Synchronous enrichment


def test_enrich_follows_outcome_error_outputs_and_attributes(org: Org) -> None:
    add(
        org,
        rule({"hold": "queued", "seconds": 1e6, "outputs": {"website": "https://given.example"}}),
        rule({"outcome": "failed", "error": "no such place"}, place_id="bad"),
    )

    good = org.post("/enrich", {"place_id": "good", "inputs": LONDON})
    bad = org.call("POST", "/enrich", json={"place_id": "bad", "inputs": LONDON})

    assert good["status"] == "completed"
    assert good["outputs"]["website"] == "https://given.example"
    assert bad.status_code == 404
    assert "no such place" in bad.json()["detail"]


def test_a_rule_is_spent_on_an_enrichment_that_fails(org: Org) -> None:
    add(org, rule(FAILS, times=2))
    body = {"place_id": "a", "inputs": LONDON}

    statuses = [org.call("POST", "/enrich", json=body).status_code for _ in range(3)]

    assert statuses == [404, 404, 200]
    assert served(org) == [2]
    assert org.control("GET").json()["jobs"]["completed"] == 1


def test_a_failed_enrichment_stores_nothing_beside_what_the_rules_spent(org: Org) -> None:
    org.post("/enrich", {"place_id": "a", "inputs": LONDON})
    before = org.get("/jobs/a")
    add(org, rule(FAILS, times=1))

    assert org.call("POST", "/enrich", json={"place_id": "a", "inputs": {**LONDON, "name": "x"}}).status_code == 404

    assert org.get("/jobs/a") == before
    assert org.control("GET").json()["jobs"] == {
        "pending": 0, "queued": 0, "in_progress": 0, "completed": 1, "failed": 0,
    }  # fmt: skip


# The decision alone


def test_a_judge_without_rules_has_no_opinion_on_ordinary_places() -> None:
    assert Judge().decide(Candidate("a", "A", 1)) is None


def test_a_judge_counts_on_from_what_was_served_before() -> None:
    judge = Judge([Rule(Match(), Then(error="x"), times=3, id="r")], {"r": 2})

    decided = [judge.decide(Candidate("a", "A", 1)) for _ in range(2)]

    assert [then and then.error for then in decided] == ["x", None]
    assert judge.spent == {"r": 3}


# Rules in the config file, and ready-made ones


def test_every_new_world_starts_with_the_rules_of_the_config_file(org: Org, tmp_path: Path) -> None:
    config = tmp_path / "emulator.toml"
    config.write_text(
        '[[rules]]\nmatch = { place_id = "bad-*" }\nthen = { outcome = "failed", outputs = { website = 2026-01-31 } }\n'
        "times = 2\n\n[[rules]]\nthen = { seconds = 1.5 }\n"
    )

    engine = Engine(load(environ={}, config=config))
    try:
        shown = [named.as_dict() for named in engine.worlds.peek("any").state.scenario.rules]
    finally:
        engine.close()

    assert shown == [
        {
            "id": "rule-1",
            "match": {"place_id": "bad-*"},
            "then": {"outcome": "failed", "outputs": {"website": "2026-01-31"}},
            "times": 2,
            "served": 0,
        },
        {"id": "rule-2", "then": {"seconds": 1.5}, "served": 0},
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[[rules]]\nthen = { outcom = 'failed' }",
            "setting rules.0.then: unknown key 'outcom'; did you mean outcome?",
        ),
        ("[[rules]]\nmatch = { }", "setting rules.0.then: field required"),
        (
            "[[rules]]\nthen = { }\n[[rules]]\nthen = { }\ntimes = 0",
            "setting rules.1.times: input should be greater than or equal to 1",
        ),
        ("[rules]\nthen = { }", "setting rules: input should be a valid list"),
        ("[[rule]]\nthen = { }", "unknown key in emulator.toml rule; did you mean rules?"),
        (
            "[[rules]]\nthen = { }\n" * 1001,
            "setting rules: list should have at most 1000 items after validation, not 1001",
        ),
    ],
)
def test_a_config_file_with_a_broken_rule_says_which_and_what(text: str, sentence: str, tmp_path: Path) -> None:
    config = tmp_path / "emulator.toml"
    config.write_text(text)

    with pytest.raises(ConfigurationError) as refusal:
        load(environ={}, config=config)

    assert str(refusal.value).replace(f"{tmp_path}/", "") == sentence


def test_a_variable_holds_rules_as_json() -> None:
    settings = load(environ={"REPROMPT_MOCK_RULES": '[{"then": {"outcome": "failed"}}]'})

    assert settings.rules[0].then.outcome == "failed"


@pytest.mark.parametrize("name", RULE_SETS)
def test_a_ready_made_rule_set_can_be_a_config_file_and_each_of_its_rules_acts_on_the_real_places(
    name: str, org: Org
) -> None:
    settings = load(environ={}, config=samples.folder() / "rules" / f"{name}.toml")
    add(org, *samples.rules(name))

    org.post("/batches", {"batch_name": "Places", "attribute_set": "core", "jobs": samples.places()})

    assert [spec.model_dump(mode="json", exclude_unset=True) for spec in settings.rules] == samples.rules(name)
    assert all(served(org))


def run(org: Org, name: str, *place_ids: str) -> dict[str, Any]:
    """Submit places under a ready-made rule set, and settle; gives the batch."""
    add(org, *samples.rules(name))
    org.create(*place_ids, batch_id="b")
    org.settle()
    return dict(org.batch("b"))


def test_of_many_three_fail_and_a_reprocess_completes_them(org: Org) -> None:
    batch = run(org, "three_fail", *(f"p-{number:03}" for number in range(500)))

    assert batch["jobs"]["failed"] == ["p-000", "p-001", "p-002"]
    assert batch["status"] == "completed"
    assert org.post("/batches/b/reprocess")["job_count"] == 3
    org.settle()
    assert org.batch("b")["jobs"]["failed"] == []


def test_a_flaky_provider_fails_once_and_completes_what_is_tried_again(org: Org) -> None:
    batch = run(org, "flaky_provider", *(f"p-{number}" for number in range(10)))

    assert batch["jobs"]["failed"] == ["p-0", "p-3", "p-6", "p-9"]
    partial = org.results("b")["p-1"]["job_metadata"]
    assert partial["attribute_status"]["websites"] == "ERROR"
    assert partial["enrichment_metadata"]["websites"]["error"] == "The provider answered in part."
    org.post("/batches/b/reprocess", {"failed_only": False})
    org.settle()
    assert len(org.batch("b")["jobs"]["completed"]) == 10
    assert set(org.results("b")["p-1"]["job_metadata"]["attribute_status"].values()) == {"RUN"}


def test_everything_is_held_in_queued_until_it_is_released(org: Org) -> None:
    add(org, *samples.rules("held_in_queued"))
    org.create("a", "b", batch_id="b")
    org.advance(86_400)

    assert org.batch("b")["jobs"]["queued"] == ["a", "b"]
    org.control("POST", "/release", {})
    org.settle()
    assert org.batch("b")["status"] == "completed"


def test_a_slow_tail_keeps_a_batch_open_for_ten_minutes(org: Org) -> None:
    add(org, *samples.rules("slow_tail"))
    org.create(*(f"p-{number}" for number in range(10)), batch_id="b")
    unfinished = []
    for seconds in (10, 110, 600):
        org.advance(seconds)
        unfinished.append(org.batch("b")["jobs"]["in_progress"])

    assert unfinished == [["p-8", "p-9"], ["p-9"], []]


def test_partial_failures_leave_every_job_complete_but_for_something(org: Org) -> None:
    batch = run(org, "partial_failures", "a", "b")

    assert batch["status"] == "completed"
    result = org.results("b")["a"]
    assert result["job_metadata"]["attribute_status"]["openingHours"] == "ERROR"
    assert result["outputs"]["open_closed_status"] == "Temporarily Closed"
    assert result["confidence_scores"]["phone"] == "LOW"


def test_in_an_outage_every_attempt_fails_until_the_rule_is_deleted(org: Org) -> None:
    batch = run(org, "all_fail", "a", "mock-ok-1")

    assert batch["status"] == "failed"
    org.post("/batches/b/reprocess")
    org.settle()
    assert org.batch("b")["jobs"]["failed"] == ["a", "mock-ok-1"]
    org.control("DELETE", "/rules")
    org.post("/batches/b/reprocess")
    org.settle()
    assert org.batch("b")["status"] == "completed"


def test_the_readme_of_the_fixtures_lists_every_rule_set() -> None:
    text = (samples.folder() / "README.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `(\w+)\.toml` \|", text, flags=re.MULTILINE) == RULE_SETS
