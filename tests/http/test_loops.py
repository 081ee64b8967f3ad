"""One app on several event loops at once, as under clients that tests in several threads have: nobody waits forever."""

from __future__ import annotations

import threading

import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.settings import load
from tests.conftest import LONDON
from tests.processes import PATIENCE_SECONDS

THREADS = 6


@pytest.mark.parametrize(
    ("size", "creates"), [(1, 10), (501, 5), (8001, 1)], ids=["on the event loop", "in a thread", "in slices"]
)
def test_creates_on_event_loops_of_several_threads_all_end(size: int, creates: int) -> None:
    jobs = [{"place_id": str(number), "inputs": LONDON} for number in range(size)]
    body = {"batch_name": "stores", "attribute_set": "core", "jobs": jobs}
    app = create_app(load({"clock": "paused"}, environ={}))
    statuses: list[int] = []

    def run(number: int) -> None:
        client = TestClient(app)  # outside a with block it has a new event loop for each request
        path = f"/v1/org-{number % 2}/place_enrichment/batches"
        statuses.extend(client.post(path, json=body, headers={"apiKey": "k"}).status_code for _ in range(creates))

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(THREADS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(PATIENCE_SECONDS)
    assert statuses == [200] * THREADS * creates
