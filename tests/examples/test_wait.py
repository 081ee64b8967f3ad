"""A program that runs beside the test: the test waits until it has got far enough, without polling."""

from __future__ import annotations

import threading

import httpx2

from reprompt_mock import RepromptMock

PLACE = {"place_id": "store_1", "inputs": {"name": "A store", "latitude": 48.85, "longitude": 2.29}}
BATCH = {"batch_id": "stores", "batch_name": "Stores", "attributes": ["websites"], "jobs": [PLACE]}


def program(batches: str, key: str) -> None:
    """The program under test, here in a thread: it creates a batch and polls until it is finished."""
    with httpx2.Client(headers={"apiKey": key}) as http:
        http.post(batches, json=BATCH).raise_for_status()
        while http.get(f"{batches}/stores").json()["status"] not in {"completed", "failed"}:
            pass


def test_the_program_polls_until_the_batch_is_finished(reprompt_mock: RepromptMock) -> None:
    batches = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment/batches"
    running = threading.Thread(target=program, args=[batches, reprompt_mock.api_key])
    running.start()

    assert reprompt_mock.wait("stores", status="pending")
    assert reprompt_mock.wait(requests=("get_batch", 3))
    reprompt_mock.clock.settle()
    assert reprompt_mock.wait("stores", status="completed", timeout_seconds=5)

    running.join(timeout=5)
    assert not running.is_alive()
