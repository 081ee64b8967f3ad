import httpx2

from reprompt_mock import RepromptMock

BATCH = {
    "batch_id": "stores",
    "batch_name": "Stores",
    "attributes": ["websites"],
    "jobs": [
        {"place_id": "store_1", "inputs": {"name": "First store", "latitude": 48.85, "longitude": 2.29}},
        {"place_id": "store_2", "inputs": {"name": "Second store", "full_address": "1 Main St, Springfield"}},
    ],
}

with RepromptMock(clock="paused", seed=7) as mock:
    mock.rules.add(match={"place_id": "store_*"}, then={"outcome": "failed"}, times=1)
    mock.faults.add(match={"operation": "get_batch"}, then={"status": 503, "headers": {"Retry-After": "1"}}, times=1)

    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment"
    with httpx2.Client(base_url=url, headers={"apiKey": mock.api_key}) as http:
        http.post("/batches", json=BATCH).raise_for_status()
        print(http.get("/batches/stores").status_code, http.get("/batches/stores").json()["status"])

    print(mock.clock.settle())
    mock.assert_batch("stores", failed=1, completed=1)
    mock.assert_called("get_batch", times=1, status=503)

    before = mock.snapshot()
    mock.settings.update(failure_rate=0.5)
    mock.restore(before)
    other = mock.org("other-org")
    print(mock.counts(), other.counts())
