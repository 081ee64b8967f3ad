"""What the tests of a stranger's project share: a client of the service, and what must hold beside any tool.

It is copied into each project, and is no part of this one's tests.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from reprompt_mock import RepromptMock

HAMBURG = {"name": "Alte Post", "full_address": "Marktplatz 1, 20095 Hamburg, Germany"}
OSAKA = {"name": "Namba Coffee", "latitude": 34.6661, "longitude": 135.5006}
CLIENT_SECONDS = 20
"""The client's patience; what must not be answered in time here is never answered."""


def call(mock: RepromptMock, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Call the service as a client without habits: no proxy, no retries; gives the status and the JSON."""
    address = urlsplit(mock.base_url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=CLIENT_SECONDS)
    try:
        content = None if body is None else json.dumps(body).encode()
        url = f"{address.path}/{mock.org_slug}/place_enrichment{path}"
        connection.request(method, url, content, {"apiKey": mock.api_key, "Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read() or b"null")
    finally:
        connection.close()


def batch_of(*place_ids: str, inputs: Any = HAMBURG) -> dict[str, Any]:
    """The body that creates the batch `b`."""
    jobs = [{"place_id": place_id, "inputs": inputs} for place_id in place_ids]
    return {"batch_id": "b", "batch_name": "B", "attribute_set": "core", "jobs": jobs}


def create(mock: RepromptMock, *place_ids: str, inputs: Any = HAMBURG) -> None:
    """Create the batch `b`."""
    status, answer = call(mock, "POST", "/batches", batch_of(*place_ids, inputs=inputs))
    assert status == 200, answer


def results(mock: RepromptMock, *place_ids: str, inputs: Any = HAMBURG) -> Any:
    """Create the batch `b`, let it finish, and read what was found; the same in every world with a paused clock."""
    create(mock, *place_ids, inputs=inputs)
    assert mock.clock.settle().unfinished == 0
    status, answer = call(mock, "GET", "/jobs?batchId=b")
    assert status == 200, answer
    found = [(job["place_id"], job["status"], job["outputs"], job["reasoning"]) for job in answer["jobs"]]
    assert [status for _, status, _, _ in found] == ["completed"] * len(place_ids), found
    return found


def eventually(check: Callable[[], object]) -> None:
    """Wait for something to become true, by no clock that Python shows."""
    pause = threading.Event()
    for _ in range(400):
        if check():
            return
        pause.wait(0.05)
    raise AssertionError("it did not come true within 20 seconds")


def real_now() -> float:
    """The real time, as the machine writes it on a file that changes."""
    with tempfile.TemporaryFile() as file:
        file.write(b".")
        file.flush()
        return os.fstat(file.fileno()).st_mtime


def is_now(moment: float) -> bool:
    """Whether a moment is the present one, for whoever reads it at once on a slow machine."""
    return abs(moment - real_now()) < 120


def assert_time_passes(mock: RepromptMock) -> None:
    """Assert that in a world whose clock runs all is as ever: its clock, its jobs, limits, delays and journal."""
    mock.journal.clear()
    before = mock.clock.now
    assert is_now(before.timestamp()), before
    eventually(lambda: mock.clock.now > before)

    mock.faults.add(then={"delay_seconds": 0.2}, times=1)
    assert call(mock, "GET", "/batches")[0] == 200
    (entry,) = mock.journal.find()
    assert is_now(datetime.fromisoformat(entry["real_time"]).timestamp()), entry
    assert 0.2 <= entry["duration_seconds"] < 60

    mock.settings.update(rate_limit=1)
    assert 429 in {call(mock, "GET", "/batches")[0] for _ in range(20)}
    eventually(lambda: call(mock, "GET", "/batches")[0] == 200)
    mock.settings.update(rate_limit=0)

    mock.settings.update(pending_seconds=0.1, queued_seconds=0.1, processing_seconds=0.1)
    create(mock, "runs-on")
    eventually(lambda: call(mock, "GET", "/batches/b")[1]["status"] == "completed")
