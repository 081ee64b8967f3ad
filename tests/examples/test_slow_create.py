"""A create is slow, so its client gives up and repeats it: with a batch_id that is one batch, without one two."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from reprompt_mock import RepromptMock

PLACES = [
    {"place_id": "tower", "inputs": {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945}},
    {"place_id": "house", "inputs": {"name": "A house", "full_address": "1 Main St, Springfield"}},
]


def create(mock: RepromptMock, body: dict[str, Any]) -> dict[str, Any]:
    """The client under test: it is more patient when it tries once more."""
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/batches"
    for seconds in (0.5, 30):
        try:
            answer = httpx2.post(url, json=body, headers={"apiKey": mock.api_key}, timeout=seconds)
            return dict(answer.raise_for_status().json())
        except httpx2.TimeoutException:
            continue
    raise TimeoutError("the service does not answer")


@pytest.mark.parametrize(("batch_id", "batches", "jobs"), [("spring-2026", 1, 2), (None, 2, 4)])
def test_a_create_that_takes_too_long_is_repeated(
    batch_id: str | None, batches: int, jobs: int, reprompt_mock: RepromptMock
) -> None:
    reprompt_mock.faults.add(match={"operation": "create_batch"}, then={"delay_seconds": 3600}, times=1)
    named = {} if batch_id is None else {"batch_id": batch_id}

    batch = create(reprompt_mock, {**named, "batch_name": "Spring", "attribute_set": "core", "jobs": PLACES})

    assert len(batch["jobs"]["pending"]) == 2
    assert sum(reprompt_mock.counts().values()) == jobs
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment/batches"
    assert httpx2.get(url, headers={"apiKey": "any"}).json()["total"] == batches
    assert reprompt_mock.conduct()["verdict"] == ("good" if batches == 1 else "bad")
