"""The answer to a create is lost: with a batch_id a client may repeat it, without one it makes two batches."""

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
    """The client under test: it tries once more where the connection breaks."""
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/batches"
    for _ in range(2):
        try:
            return dict(httpx2.post(url, json=body, headers={"apiKey": mock.api_key}).raise_for_status().json())
        except httpx2.TransportError:
            continue
    raise ConnectionError("the service does not answer")


@pytest.mark.parametrize(("batch_id", "batches", "jobs"), [("spring-2026", 1, 2), (None, 2, 4)])
def test_a_create_whose_answer_is_lost_is_repeated(
    batch_id: str | None, batches: int, jobs: int, reprompt_mock: RepromptMock
) -> None:
    reprompt_mock.faults.add(match={"operation": "create_batch"}, then={"abort": "reset"}, when="after", times=1)
    named = {} if batch_id is None else {"batch_id": batch_id}

    batch = create(reprompt_mock, {**named, "batch_name": "Spring", "attribute_set": "core", "jobs": PLACES})

    assert len(batch["jobs"]["pending"]) == 2
    assert sum(reprompt_mock.counts().values()) == jobs
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment/batches"
    assert httpx2.get(url, headers={"apiKey": "any"}).json()["total"] == batches
    assert reprompt_mock.conduct()["verdict"] == ("good" if batches == 1 else "bad")
