"""A poll loop over a network that loses every second answer. Each poll moves the clock, so nobody waits."""

from __future__ import annotations

import json
import time

import httpx2
import pytest

from reprompt_mock import RepromptMock
from reprompt_mock.handle.types import FaultThen


def wait_for(url: str, key: str, patience: int = 100) -> str:
    """The client under test: it polls until the batch is finished, whatever a single poll meets."""
    for _ in range(patience):
        try:
            response = httpx2.get(url, headers={"apiKey": key}).raise_for_status()
            status = str(response.json()["status"])
        except (httpx2.HTTPError, json.JSONDecodeError):
            time.sleep(0.15)
            continue
        if status in {"completed", "failed"}:
            return status
    raise TimeoutError(f"the batch is not finished after {patience} polls")


@pytest.mark.reprompt_mock(poll_advance=1, seed=3)
@pytest.mark.parametrize("then", [{"abort": "reset"}, {"abort": "truncate"}, {"status": 502, "body": "Bad gateway"}])
def test_polling_outlasts_a_flaky_network(then: FaultThen, reprompt_mock: RepromptMock) -> None:
    reprompt_mock.faults.add(match={"operation": "get_batch"}, then=then, probability=0.5)
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment/batches"
    place = {"name": "A store", "latitude": 48.85, "longitude": 2.29}
    body = {"batch_id": "b", "batch_name": "B", "attributes": ["names"], "jobs": [{"place_id": "a", "inputs": place}]}
    httpx2.post(url, json=body, headers={"apiKey": reprompt_mock.api_key}).raise_for_status()

    assert wait_for(f"{url}/b", reprompt_mock.api_key) == "completed"

    (fault,) = reprompt_mock.faults.list()
    assert 0 < fault["served"] < fault["seen"]
    reprompt_mock.assert_good_conduct()
