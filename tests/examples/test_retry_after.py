"""A client that tries again after 503, when the answer says so."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx2

from reprompt_mock import RepromptMock
from reprompt_mock.handle.types import FaultThen


def get(url: str, *, key: str, sleep: Callable[[float], object] = time.sleep) -> httpx2.Response:
    """The client under test."""
    while (response := httpx2.get(url, headers={"apiKey": key})).status_code == 503:
        sleep(float(response.headers["Retry-After"]))
    return response.raise_for_status()


def test_a_client_waits_as_long_as_it_is_told_and_tries_again(reprompt_mock: RepromptMock) -> None:
    overloaded: FaultThen = {"status": 503, "headers": {"Retry-After": "1"}}
    reprompt_mock.faults.add(match={"operation": "list_batches"}, then=overloaded, times=2)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        time.sleep(seconds)

    response = get(
        f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment/batches",
        key=reprompt_mock.api_key,
        sleep=wait,
    )

    assert response.json()["total"] == 0
    assert waited == [1, 1]
    reprompt_mock.assert_good_conduct()
    assert [entry["status"] for entry in reprompt_mock.journal.find(operation="list_batches")] == [503, 503, 200]
