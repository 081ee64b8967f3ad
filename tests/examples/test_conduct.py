"""For every rule of conduct a client that breaks it and one that keeps it. Seconds pass twenty times as fast."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from reprompt_mock import RepromptMock

SPEED = 20
PLACE = {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945}
KEPT = {"batch_id": "stores", "batch_name": "Stores", "attributes": ["websites"]}
Client = Callable[[httpx2.Client], object]


def wait(seconds: float) -> None:
    time.sleep(seconds / SPEED)


def create(http: httpx2.Client, *place_ids: str, **fields: Any) -> httpx2.Response:
    jobs = [{"place_id": place_id, "inputs": PLACE} for place_id in place_ids or ("mock-ok-1", "mock-ok-2")]
    return http.post("/batches", json={**KEPT, "jobs": jobs, **fields})


def poll(http: httpx2.Client, batch_id: str = "stores") -> str:
    return str(http.get(f"/batches/{batch_id}").json()["status"])


def finish(http: httpx2.Client) -> None:
    """Poll as the guide asks: every five seconds, until the batch has completed or failed."""
    while poll(http) not in {"completed", "failed"}:
        wait(5)


def read(http: httpx2.Client, limit: int = 1, pages: int | None = None) -> None:
    """Read all pages as the guide asks, or only some."""
    offset, total = 0, 1
    while offset < total and pages != 0:
        page = http.get("/jobs", params={"batchId": "stores", "limit": limit, "offset": offset}).json()
        offset, total = offset + len(page["jobs"]), page["total"]
        pages = None if pages is None else pages - 1


def finished(*steps: Client, place_ids: tuple[str, ...] = ()) -> Client:
    """A client that creates a batch, polls it to the end, and then does something with it."""

    def client(http: httpx2.Client) -> None:
        create(http, *place_ids)
        finish(http)
        for step in steps:
            step(http)

    return client


def several(*steps: Client) -> Client:
    """A client that does one thing after the other."""

    def client(http: httpx2.Client) -> None:
        for step in steps:
            step(http)

    return client


def get(path: str, **headers: str) -> Client:
    return lambda http: http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def post(path: str, **body: Any) -> Client:
    return lambda http: http.post(path, json=body)


def export(**headers: str) -> Client:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda http: http.post("/exports", json={"batch_ids": ["stores", "others"]}, headers=named)


def without_agent(http: httpx2.Client) -> None:
    del http.headers["user-agent"]
    http.get("/attributes")


def one_connection_each(http: httpx2.Client) -> None:
    for _ in range(10):
        httpx2.get(f"{http.base_url}attributes", headers=http.headers)


def after(seconds: float, step: Client) -> Client:
    """A step that comes so many real seconds later."""

    def later(http: httpx2.Client) -> None:
        time.sleep(seconds)
        step(http)

    return later


attributes, pages = get("/attributes"), read
ten_requests: Client = several(*[attributes] * 10)
two_batches: Client = finished(pages, lambda http: create(http, "mock-ok-3", batch_id="others"))

CLIENTS: dict[str, tuple[Client, Client]] = {
    "created_twice": (
        several(lambda http: create(http, batch_id=None), lambda http: create(http, batch_id=None)),
        several(create, create),
    ),
    "ignored_retry_after": (several(attributes, attributes), several(attributes, after(1, attributes))),
    "repeated_refusal": (several(get("/batches/none"), get("/batches/none")), get("/batches/none")),
    "pages_missed": (finished(lambda http: read(http, pages=1)), finished(pages)),
    "failures_ignored": (finished(place_ids=("mock-fail-1",)), finished(pages, place_ids=("mock-fail-1",))),
    "too_many_places": (
        lambda http: create(http, "a", "b", "c", "d"),
        several(lambda http: create(http, "a", "b", "c"), lambda http: create(http, "d")),
    ),
    "key_in_url": (get("/attributes?api_key=key-1"), attributes),
    "key_in_unknown_header": (get("/attributes", x_api_key="key-1"), get("/attributes", authorization="Bearer key-1")),
    "gave_up": (several(create, poll, lambda _: wait(20), attributes), finished(pages, lambda _: wait(20), attributes)),
    "polled_too_fast": (several(create, poll, poll, poll), finished(pages)),
    "polled_after_finish": (finished(lambda _: wait(5), poll, pages), finished(pages)),
    "read_unfinished": (several(create, pages, finish, pages), finished(pages)),
    "pages_repeated": (finished(pages, pages), finished(pages)),
    "reprocessed_all": (
        finished(pages, post("/batches/stores/reprocess", failed_only=False, attributes=["websites"]), finish, pages),
        finished(pages, post("/batches/stores/reprocess", failed_only=False, refresh=True), finish, pages),
    ),
    "retried_at_once": (several(*[attributes] * 5), several(*[after(0.2, attributes)] * 3)),
    "unknown_field": (lambda http: create(http, batchName="Stores"), create),
    "unknown_attribute": (lambda http: create(http, attributes=["webistes"]), create),
    "export_repeated": (
        several(two_batches, export(), export()),
        several(two_batches, export(idempotency_key="nightly"), export(idempotency_key="nightly")),
    ),
    "results_unread": (finished(), finished(pages)),
    "no_user_agent": (without_agent, attributes),
    "new_connections": (one_connection_each, ten_requests),
}
FAULTS: dict[str, dict[str, Any]] = {
    "ignored_retry_after": {"then": {"status": 503, "headers": {"Retry-After": "1"}}, "times": 1},
    "retried_at_once": {"then": {"status": 500}, "times": 4},
}


@pytest.fixture
def http(rule: str, reprompt_mock: RepromptMock) -> Iterator[httpx2.Client]:
    if rule in FAULTS:
        reprompt_mock.faults.add(**FAULTS[rule])
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment"
    with httpx2.Client(base_url=url, headers={"apiKey": reprompt_mock.api_key}, timeout=30) as client:
        yield client


@pytest.mark.reprompt_mock(clock="running", speed=SPEED, max_jobs_per_request=3, export_inline_rows=0, conduct="off")
@pytest.mark.parametrize("rule", CLIENTS)
def test_a_client_that_breaks_a_rule_is_told_so(rule: str, http: httpx2.Client, reprompt_mock: RepromptMock) -> None:
    CLIENTS[rule][0](http)

    found = {finding["rule"]: finding["severity"] for finding in reprompt_mock.conduct()["findings"]}
    assert rule in found
    assert {name for name, severity in found.items() if severity == "error"} <= {rule}


@pytest.mark.reprompt_mock(clock="running", speed=SPEED, max_jobs_per_request=3, export_inline_rows=0, conduct="fail")
@pytest.mark.parametrize("rule", CLIENTS)
def test_a_client_that_keeps_it_is_good(rule: str, http: httpx2.Client, reprompt_mock: RepromptMock) -> None:
    CLIENTS[rule][1](http)

    assert rule not in {finding["rule"] for finding in reprompt_mock.assert_good_conduct()["findings"]}
