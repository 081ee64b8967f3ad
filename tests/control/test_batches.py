"""A batch, looked at through the control API: what no client does, so that nothing comes of it."""

from __future__ import annotations

import pytest

from tests.conftest import Org


def test_a_batch_is_described_as_the_service_describes_it(org: Org) -> None:
    org.create("a", "mock-fail-1", batch_id="b")
    org.advance(1)

    assert org.control("GET", "/batches/b").json() == org.batch("b")


def test_looking_moves_no_time_meets_no_fault_and_is_in_no_journal(org: Org) -> None:
    org.set(poll_advance=3600)
    org.create("a", batch_id="b")
    org.control("POST", "/faults", {"then": {"status": 503}})

    seen = [org.control("GET", "/batches/b").json()["status"] for _ in range(3)]

    assert seen == ["pending"] * 3
    assert org.control("GET", "/faults").json()["faults"][0]["seen"] == 0
    assert len(org.control("GET", "/journal").json()["requests"]) == 1
    org.control("DELETE", "/faults")
    assert org.batch("b")["status"] == "completed"


def test_what_is_due_has_happened_in_a_running_world(org: Org) -> None:
    org.set(pending_seconds=0, queued_seconds=0, processing_seconds=0, clock="running")
    org.create("a", batch_id="b")

    assert org.control("GET", "/batches/b").json()["status"] == "completed"


@pytest.mark.parametrize("batch_id", ["none", "%20", "B"])
def test_a_batch_that_is_not_there_is_404_and_makes_no_world(batch_id: str, org: Org) -> None:
    response = org.control("GET", f"/batches/{batch_id}")

    assert response.status_code == 404
    assert "was not found" in response.json()["detail"]
    assert org.slug not in {world["org_slug"] for world in org.http.get("/_mock/orgs").json()["orgs"]}
