"""Results that lag behind the status (interface.md: `results_lag_seconds`)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Org


def _statuses(org: Org) -> dict[str, str]:
    return {place_id: one["status"] for place_id, one in org.results("b").items()}


def test_results_show_jobs_as_they_were_while_the_status_is_final(org: Org) -> None:
    org.set(results_lag_seconds=60)
    org.create("a", "b", batch_id="b")
    org.settle()
    assert org.batch("b")["status"] == "completed"
    page = org.get("/jobs", batchId="b")
    assert page["total"] == 2
    assert [(job["place_id"], job["status"], job["outputs"]) for job in page["jobs"]] == [
        ("a", "pending", {}),
        ("b", "pending", {}),
    ]
    assert all(job["inputs"]["name"] for job in page["jobs"])
    assert org.get("/jobs/a")["status"] == "pending"
    org.advance(59)
    assert org.get("/jobs/a")["status"] in {"pending", "queued", "in_progress", "completed"}
    org.advance(10)
    assert _statuses(org) == {"a": "completed", "b": "completed"}


def test_they_follow_the_timetable_so_much_later(org: Org) -> None:
    other = org.other()
    for world in (org, other):
        world.control("PATCH", "/clock", {"now": "2031-01-01T00:00:00Z"})
        world.create("a", "mock-fail-1", batch_id="b")
    org.set(results_lag_seconds=5)
    org.advance(5)  # from now on its clock is ahead of the other one by the lag
    for _ in range(20):
        org.advance(0.5)
        other.advance(0.5)
        assert org.results("b") == other.results("b")


def test_the_setting_acts_at_once(org: Org) -> None:
    org.create("a", batch_id="b")
    org.settle()
    before = org.results("b")
    org.set(results_lag_seconds=1000)
    assert _statuses(org) == {"a": "pending"}
    org.set(results_lag_seconds=0)
    assert org.results("b") == before


def test_a_reprocess_shows_the_present_attempt(org: Org) -> None:
    org.create("a", batch_id="b")
    org.settle()
    org.set(results_lag_seconds=30)
    org.advance(100)
    before = org.results("b")["a"]
    assert before["status"] == "completed"
    org.post("/batches/b/reprocess", {"failed_only": False, "refresh": True})
    org.settle()
    assert org.batch("b")["status"] == "completed"
    shown = org.results("b")["a"]
    assert (shown["status"], shown["outputs"]) == ("pending", before["outputs"])
    assert shown["job_metadata"]["last_enriched"] == before["job_metadata"]["last_enriched"]
    org.advance(31)
    assert org.results("b")["a"]["job_metadata"]["last_enriched"] > before["job_metadata"]["last_enriched"]


@pytest.mark.parametrize(("setting", "rule", "late"), [(0, 60, {"late-1"}), (60, 0, {"a"})])
def test_a_rule_sets_it_for_a_place_when_it_is_submitted(setting: int, rule: int, late: set[str], org: Org) -> None:
    rules = {"match": {"place_id": "late-*"}, "then": {"results_lag_seconds": rule}}
    (rule_id,) = org.control("POST", "/rules", rules).json()["ids"]
    org.set(results_lag_seconds=setting)
    org.create("a", "late-1", batch_id="b")
    org.control("DELETE", f"/rules/{rule_id}")
    org.settle()
    assert {place_id for place_id, status in _statuses(org).items() if status == "pending"} == late
    snapshot: Any = org.control("GET", "/snapshot").json()
    other = org.other()
    assert other.control("PUT", "/snapshot", snapshot).status_code == 200
    assert other.results("b") == org.results("b")


def test_an_export_and_the_days_show_the_present(org: Org) -> None:
    org.set(results_lag_seconds=60)
    batch = org.create("a", batch_id="b")
    org.settle()
    assert ",a,completed," in org.call("POST", "/exports", json={"batch_ids": [batch["id"]]}).text
    (day,) = org.get("/jobs", groupBy="day")["batches"]
    assert day["status_counts"]["completed"] == 1
