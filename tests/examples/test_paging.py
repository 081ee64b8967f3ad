"""Thirty thousand results, page by page, on a clock that is a million times as fast."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from reprompt_mock import RepromptMock

SPEED = 1_000_000


def results(http: httpx2.Client, batch_id: str, page: int) -> Iterator[dict[str, Any]]:
    """The client under test: it reads pages until one is short."""
    offset = 0
    while True:
        params: dict[str, str | int] = {"batchId": batch_id, "limit": page, "offset": offset}
        jobs = http.get("/jobs", params=params).raise_for_status().json()["jobs"]
        yield from jobs
        if len(jobs) < page:
            return
        offset += page


@pytest.mark.reprompt_mock(clock="running", speed=SPEED)
def test_thirty_thousand_results_are_read_in_order_and_none_twice(reprompt_mock: RepromptMock) -> None:
    place = {"name": "A store", "latitude": 48.85, "longitude": 2.29}
    place_ids = [f"store-{number}" for number in range(30_000)]
    jobs = [{"place_id": place_id, "inputs": place} for place_id in place_ids]
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment"
    with httpx2.Client(base_url=url, headers={"apiKey": reprompt_mock.api_key}, timeout=60) as http:
        http.post("/batches", json={"batch_id": "b", "batch_name": "B", "attributes": ["websites"], "jobs": jobs})
        while http.get("/batches/b").json()["status"] != "completed":
            time.sleep(5 / SPEED)

        assert [job["place_id"] for job in results(http, "b", page=10_000)] == place_ids
    reprompt_mock.assert_good_conduct()
