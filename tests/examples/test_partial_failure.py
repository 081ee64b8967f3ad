"""A batch of which some places fail, and the reprocess that completes them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from reprompt_mock import RepromptMock


@pytest.fixture
def http(reprompt_mock: RepromptMock) -> Iterator[httpx2.Client]:
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment"
    with httpx2.Client(base_url=url, headers={"apiKey": reprompt_mock.api_key}) as client:
        yield client


def test_failed_places_are_reprocessed_until_all_are_complete(http: httpx2.Client, reprompt_mock: RepromptMock) -> None:
    reprompt_mock.rules.add(match={"attempt": 1}, then={"outcome": "failed", "error": "The provider is down."}, times=3)
    place = {"name": "A store", "latitude": 48.85, "longitude": 2.29}
    jobs = [{"place_id": f"store-{number}", "inputs": place} for number in range(10)]
    http.post("/batches", json={"batch_id": "b", "batch_name": "B", "attributes": ["websites"], "jobs": jobs})
    reprompt_mock.clock.settle()

    batch = reprompt_mock.assert_batch("b", failed=3, completed=7)
    reason = http.get("/jobs/store-0").json()["job_metadata"]["enrichment_metadata"]["websites"]
    reprocess = http.post("/batches/b/reprocess", json={"failed_only": True}).json()

    assert batch["status"] == "completed"  # three of ten are no more than half
    assert reason == {"error": "The provider is down.", "code": "SIMULATED"}
    assert reprocess["job_count"] == 3
    reprompt_mock.assert_batch("b", pending=3, completed=7)
    reprompt_mock.clock.settle()
    reprompt_mock.assert_batch("b", completed=10)
    reprompt_mock.assert_good_conduct()
