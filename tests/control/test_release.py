"""Release: held jobs wait where a rule holds them, and go on from there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import LONDON, Org

HOLDS = ("pending", "queued", "in_progress")


def hold(org: Org, status: str, **match: Any) -> None:
    response = org.control("POST", "/rules", {"match": match, "then": {"hold": status}})
    assert response.status_code == 201, response.text


def release(org: Org, **wanted: Any) -> int:
    response = org.control("POST", "/release", wanted)
    assert response.status_code == 200, response.text
    return int(response.json()["released"])


def jobs_in(org: Org, status: str, batch_id: str = "b") -> list[str]:
    return list(org.batch(batch_id)["jobs"][status])


@pytest.mark.parametrize("status", HOLDS)
def test_a_held_job_waits_in_its_status_and_finishes_once_it_is_released(status: str, org: Org) -> None:
    hold(org, status)
    org.create("a", "b", batch_id="b")

    org.advance(10**8)
    assert jobs_in(org, status) == ["a", "b"]
    assert org.settle()["unfinished"] == 2
    assert release(org) == 2
    assert jobs_in(org, status) == ["a", "b"]
    assert org.settle()["unfinished"] == 0
    assert jobs_in(org, "completed") == ["a", "b"]


@pytest.mark.parametrize(
    ("status", "steps"),
    [
        ("pending", ["pending", "queued", "in_progress", "completed"]),
        ("queued", ["queued", "in_progress", "completed"]),
        ("in_progress", ["in_progress", "completed"]),
    ],
)
def test_what_is_left_is_drawn_anew_from_the_moment_of_the_release(status: str, steps: list[str], org: Org) -> None:
    org.set(pending_seconds=10, queued_seconds=20, processing_seconds=40)
    hold(org, status)
    org.create("a", batch_id="b")
    org.advance(1000)
    release(org)

    seen: list[str] = []
    for _ in range(55):
        (now,) = (name for name, ids in org.batch("b")["jobs"].items() if ids)
        if [now] != seen[-1:]:
            seen.append(now)
        org.advance(2)

    assert seen == steps


def test_released_jobs_take_as_long_as_their_rules_say_and_end_as_was_drawn(org: Org) -> None:
    rule = {"then": {"hold": "in_progress", "seconds": 123, "outcome": "failed", "error": "after all"}}
    org.control("POST", "/rules", rule)
    org.create("a", batch_id="b")
    org.advance(100)
    org.control("DELETE", "/rules")

    release(org)

    assert org.settle()["advanced_seconds"] == 123
    failures = org.results("b")["a"]["job_metadata"]["enrichment_metadata"]
    assert failures["websites"] == {"error": "after all", "code": "SIMULATED"}


def test_a_slow_place_is_slow_after_its_release_too(org: Org) -> None:
    hold(org, "in_progress")
    org.create("mock-slow-1", batch_id="b")
    org.advance(1000)

    release(org)

    assert 10 <= org.settle()["advanced_seconds"] <= 30


def test_settings_that_change_while_a_job_is_held_do_not_change_it(org: Org) -> None:
    hold(org, "queued")
    org.set(processing_seconds=100)
    org.create("a", batch_id="b")
    org.advance(10)
    org.set(processing_seconds=1, queued_seconds=0, failure_rate=1, seed=99)

    release(org)

    assert org.settle()["advanced_seconds"] >= 50
    assert jobs_in(org, "completed") == ["a"]


@pytest.mark.parametrize(
    ("wanted", "released"),
    [
        ({}, ["store-1", "store-2", "cafe-1", "alone"]),
        ({"place_id": "store-*"}, ["store-1", "store-2"]),
        ({"place_id": "STORE-*"}, []),
        ({"place_id": "store-1", "batch": "first"}, ["store-1"]),
        ({"batch": "f*"}, ["store-1", "cafe-1"]),
        ({"batch": "Second"}, ["store-2"]),
        ({"batch": "second"}, ["store-2"]),
        ({"batch": "*"}, ["store-1", "store-2", "cafe-1"]),
        ({"place_id": "alone"}, ["alone"]),
        ({"place_id": None, "batch": None}, ["store-1", "store-2", "cafe-1", "alone"]),
    ],
)
def test_release_lets_go_what_its_globs_match(wanted: dict[str, Any], released: list[str], org: Org) -> None:
    hold(org, "queued")
    org.create("store-1", "cafe-1", batch_id="first", batch_name="First")
    org.create("store-2", batch_id="second", batch_name="Second")
    org.post("/jobs", {"place_id": "alone", "inputs": LONDON})
    org.advance(10)

    assert release(org, **wanted) == len(released)
    org.settle()

    finished = [place_id for batch in ("first", "second") for place_id in jobs_in(org, "completed", batch)]
    finished += ["alone"] * (org.get("/jobs/alone")["status"] == "completed")
    assert sorted(finished) == sorted(released)


def test_a_job_is_released_once(org: Org) -> None:
    hold(org, "queued")
    org.create("a", batch_id="b")
    org.advance(10)

    assert [release(org), release(org)] == [1, 0]


def test_a_job_may_be_released_before_it_comes_to_its_hold(org: Org) -> None:
    org.set(pending_seconds=100)
    hold(org, "in_progress")
    org.create("a", batch_id="b")

    assert release(org) == 1
    org.settle()

    assert jobs_in(org, "completed") == ["a"]


def test_a_stuck_place_is_not_freed_but_reprocessing_restarts_it(org: Org) -> None:
    org.create("mock-stuck-1", "a", batch_id="b")
    org.settle()
    org.advance(10**6)

    assert release(org) == 0
    assert release(org, place_id="mock-stuck-1") == 0
    assert jobs_in(org, "in_progress") == ["mock-stuck-1"]
    assert org.post("/batches/b/reprocess", {"incomplete_only": True})["job_count"] == 1
    assert jobs_in(org, "pending") == ["mock-stuck-1"]


def test_a_rule_that_holds_a_stuck_place_elsewhere_decides_and_can_be_released(org: Org) -> None:
    hold(org, "queued", place_id="mock-stuck-*")
    org.create("mock-stuck-1", batch_id="b")
    org.advance(100)

    assert jobs_in(org, "queued") == ["mock-stuck-1"]
    assert release(org) == 1
    org.settle()
    assert jobs_in(org, "completed") == ["mock-stuck-1"]


def test_held_jobs_take_no_worker_before_or_after_their_release(org: Org) -> None:
    org.set(workers=1, pending_seconds=0, queued_seconds=0)
    org.control("POST", "/rules", {"then": {"seconds": 10}})
    hold(org, "in_progress", place_id="held-*")
    org.create("held-1", "held-2", "a", "b", batch_id="b")

    assert org.settle()["advanced_seconds"] == 20
    release(org)
    assert org.settle()["advanced_seconds"] == 10


def test_a_held_job_that_is_reprocessed_or_sent_again_forgets_its_hold(org: Org) -> None:
    hold(org, "queued")
    org.create("a", "b", batch_id="b")
    org.advance(10)
    org.control("DELETE", "/rules")

    org.create("a", batch_id="b")
    org.settle()
    assert jobs_in(org, "completed") == ["a"]
    org.post("/batches/b/reprocess", {"incomplete_only": True})
    org.settle()
    assert jobs_in(org, "completed") == ["a", "b"]
    assert release(org) == 0


def test_an_upload_is_not_held_and_cannot_be_released(org: Org) -> None:
    org.create("a", batch_id="b", kick_off_jobs_now=False)

    assert release(org) == 0
    assert jobs_in(org, "pending") == ["a"]


def test_release_is_of_one_world(org: Org) -> None:
    other = org.other()
    for one in (org, other):
        hold(one, "queued")
        one.create("a", batch_id="b")
        one.advance(10)

    release(org)
    org.settle()
    other.settle()

    assert jobs_in(org, "completed") == ["a"]
    assert jobs_in(other, "queued") == ["a"]


def test_an_unknown_key_is_refused(org: Org) -> None:
    response = org.control("POST", "/release", {"place": "a"})

    assert response.status_code == 422
    assert response.json()["detail"][0]["msg"] == "unknown key 'place'; did you mean place_id?"
