"""Clients that behave well are judged good over a real network: the vendor's, the demo, curl, threads, under faults."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx2
import pandas
import pytest
from reprompt import RepromptClient

from reprompt_mock import RepromptMock, demo
from tests.conftest import LONDON

pytestmark = [
    # Of the vendor's client under pandas 3, and what it leaves behind.
    pytest.mark.filterwarnings("ignore:For backward compatibility"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
SPEED = 50
INTERVAL = 5 / SPEED
FINISHED = {"completed", "failed"}


@pytest.fixture(scope="module")
def own() -> Iterator[RepromptMock]:
    with RepromptMock(speed=SPEED) as mock:
        yield mock


@pytest.fixture
def mock(own: RepromptMock) -> Iterator[RepromptMock]:
    yield own
    own.reset()


def service(mock: RepromptMock) -> str:
    return f"{mock.base_url}/{mock.org_slug}/place_enrichment"


def opened(mock: RepromptMock, key: str = "key", timeout: float = 5) -> httpx2.Client:
    return httpx2.Client(base_url=service(mock), headers={"apiKey": key}, trust_env=False, timeout=timeout)


def persistently(send: Callable[[], httpx2.Response]) -> httpx2.Response:
    """Send a request, again after a while where that is worthwhile."""
    for attempt in range(4):
        try:
            response = send()
            response.json()
        except (httpx2.TransportError, json.JSONDecodeError):
            time.sleep(0.12 * 2**attempt)
            continue
        if response.status_code < 500 and response.status_code not in {408, 429}:
            return response.raise_for_status()
        time.sleep(max(_told(response), 0.12 * 2**attempt))
    raise ConnectionError("the service does not answer")


def _told(response: httpx2.Response) -> float:
    told = response.headers.get("retry-after", "0")
    return float(told) if told.isdecimal() else 4  # a date in the guides is three seconds ahead


def work(http: httpx2.Client, batch_id: str, *place_ids: str) -> None:
    """Create a batch, poll it as the guide asks, run what failed again, read all pages."""
    jobs = [{"place_id": f"{place_id}-{batch_id}", "inputs": LONDON} for place_id in place_ids]
    body = {"batch_id": batch_id, "batch_name": "B", "attributes": ["names"], "jobs": jobs}
    persistently(lambda: http.post("/batches", json=body))
    if follow(http, batch_id)["jobs"]["failed"]:
        persistently(lambda: http.post(f"/batches/{batch_id}/reprocess", json={"failed_only": True}))
        follow(http, batch_id)
    offset, total = 0, 1
    while offset < total:
        query = {"batchId": batch_id, "limit": 2, "offset": offset}
        page = persistently(lambda query=query: http.get("/jobs", params=query)).json()  # type: ignore[misc] # bound now
        offset, total = offset + len(page["jobs"]), page["total"]


def follow(http: httpx2.Client, batch_id: str) -> dict[str, Any]:
    while True:
        batch: dict[str, Any] = persistently(lambda: http.get(f"/batches/{batch_id}")).json()
        if batch["status"] in FINISHED:
            return batch
        time.sleep(INTERVAL)


PLACES = ("a", "b", "mock-flaky", "mock-ok", "mock-fail")


def test_a_client_that_does_as_the_guide_asks_is_good(mock: RepromptMock) -> None:
    with opened(mock) as http:
        work(http, "b", *PLACES)

    assert mock.assert_good_conduct()["findings"] == []


def test_clients_at_the_same_time_are_told_apart_by_connection_or_key(mock: RepromptMock) -> None:
    def alone(number: int) -> None:
        with opened(mock, f"key-{number % 2}") as http:
            http.get("/attributes")
            for one in range(2):
                work(http, f"b-{number}-{one}", *PLACES)
            http.get("/attributes")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(alone, range(4)))

    assert mock.assert_good_conduct()["judged"] > 40


def test_several_that_watch_one_batch_are_told_apart(mock: RepromptMock) -> None:
    together = Barrier(3, timeout=30)

    def watch(_: int) -> None:
        with opened(mock) as http:
            http.get("/attributes")
            together.wait()
            follow(http, "b")
            together.wait()
            http.get("/attributes")

    with opened(mock, "another-key") as http, ThreadPoolExecutor(3) as pool:
        work(http, "b", *PLACES)
        list(pool.map(watch, range(3)))

    mock.assert_good_conduct()


def test_threads_that_share_one_pool_of_connections_are_good(mock: RepromptMock) -> None:
    with opened(mock) as http, ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: work(http, f"b-{number}", *PLACES), range(6)))

    mock.assert_good_conduct()


def frame(count: int) -> pandas.DataFrame:
    return pandas.DataFrame(
        [{"place_id": f"p-{number}", "name": "Shop", "latitude": 48.85, "longitude": 2.29} for number in range(count)]
    )


@pytest.fixture
def client(mock: RepromptMock) -> Iterator[RepromptClient]:
    """The vendor's client."""
    with RepromptClient(api_key="key", org_slug=mock.org_slug, base_url=mock.base_url, allow_writes=True) as client:
        yield client


@pytest.mark.parametrize("clock", ["running", "paused", "stepped"])
def test_the_vendors_client_is_good(clock: str, mock: RepromptMock, client: RepromptClient) -> None:
    mock.settings.update(poll_advance=2 if clock == "stepped" else 0)
    if clock != "running":
        mock.clock.pause()
    made = client.batches.create_from_dataframe(frame(1200), batch_name="B", batch_size=500, attributes=["names"])
    if clock == "paused":
        mock.clock.settle()
    for batch in made:
        while client.batches.get_batch(batch.id)["status"] not in FINISHED:
            time.sleep(INTERVAL if clock == "running" else 0)
        assert len(list(client.jobs.get_jobs_by_batch_id(batch.id))) in {200, 500}
    assert list(client.batches.list_batches())
    client.jobs.get_job("p-7")

    mock.assert_good_conduct()


def test_the_vendors_statistics_are_good(mock: RepromptMock, client: RepromptClient) -> None:
    made = client.batches.create_from_dataframe(frame(60), batch_name="B", batch_size=20, attributes=["names"])
    for batch in made:
        while client.batches.get_batch(batch.id)["status"] not in FINISHED:
            time.sleep(INTERVAL)
    client.get_statistics([batch.id for batch in made])

    mock.assert_good_conduct()


def test_the_vendors_client_is_good_if_its_user_tries_again(mock: RepromptMock, client: RepromptClient) -> None:
    def again(call: Callable[[], Any]) -> Any:
        for attempt in range(8):
            try:
                return call()
            except httpx2.HTTPError:
                time.sleep(0.12 * 2**attempt)
            except Exception as error:
                if "httpx" not in type(error).__module__:
                    raise
                time.sleep(0.12 * 2**attempt)
        raise ConnectionError

    for then in ({"abort": "reset"}, {"status": 503}, {"abort": "truncate"}):
        mock.faults.add(match={"method": "GET"}, then=then, times=2, skip=2)  # type: ignore[arg-type] # each is a fault
        batch = client.batches.create_from_dataframe(frame(3), batch_name="B", batch_id=str(then), attributes=["names"])
        while again(lambda batch=batch: client.batches.get_batch(batch.id))["status"] not in FINISHED:  # type: ignore[misc]
            time.sleep(INTERVAL)
        again(lambda batch=batch: list(client.jobs.get_jobs_by_batch_id(batch.id)))  # type: ignore[misc] # bound now
        mock.faults.clear()
        mock.assert_good_conduct()
        mock.reset()


def test_the_demo_is_good(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(demo, "_POLL_SECONDS", 5 / 200)
    settings: Any = {**demo._SETTINGS, "speed": 200}
    with RepromptMock(**settings) as emulator:
        demo._drive(emulator.url)

        assert emulator.org("demo").assert_good_conduct()["judged"] > 10


# Under the faults of the guides


def faults() -> list[Any]:
    found = []
    for guide in ("what-clients-see.md", "broken-networks.md"):
        text = (GUIDES / guide).read_text(encoding="utf-8")
        for match in re.finditer(r"^```json\n(.*?)^```$|-d '(\{\"match.*?\})' ", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            found.append(pytest.param(json.loads(match[1] or match[2]), id=f"{guide}-{line}"))
    return found


def test_the_guides_have_faults() -> None:
    assert len(faults()) > 8


@pytest.mark.parametrize("fault", faults())
def test_a_client_that_tries_again_after_a_while_is_good_under_the_guides_faults(
    fault: Any, mock: RepromptMock
) -> None:
    for one in fault if isinstance(fault, list) else [fault]:
        mock.faults.add(**{**one, "times": min(one.get("times") or 2, 2)})
    with opened(mock, timeout=1) as http:
        if len(str(fault)) % 2:  # half of them with a connection for each request
            http.headers["connection"] = "close"
        with suppress(ConnectionError):  # some faults never let a client through
            work(http, "b", *PLACES)

    assert mock.assert_good_conduct()["judged"] >= 3  # some never get past their first request


# From the shell


@pytest.mark.skipif(shutil.which("curl") is None, reason="the machine has no curl")
def test_a_script_of_five_faults_gets_exactly_these_five_findings(mock: RepromptMock) -> None:
    def curl(path: str, *options: str) -> None:
        command = [
            "curl",
            "-sS",
            "-o",
            "/dev/null",
            "--noproxy",
            "*",
            "-H",
            "apiKey: k",
            *options,
            service(mock) + path,
        ]
        subprocess.run(command, check=True, timeout=30)

    jobs = [{"place_id": f"mock-ok-{number}", "inputs": LONDON} for number in range(12)]
    body = json.dumps({"batch_name": "B", "attributes": ["names"], "jobs": jobs})
    named = json.dumps({"batch_id": "b", "batch_name": "B", "attributes": ["menu"], "jobs": jobs})
    curl("/batches", "-d", body)
    curl("/batches", "-d", body)
    curl("/batches", "-d", named)
    mock.clock.pause()
    mock.clock.settle()
    curl("/batches/b")
    curl("/batches/b")
    for offset in (0, 1, 2):
        curl(f"/jobs?batchId=b&limit=1&offset={offset}")
    mock.faults.add(
        match={"operation": "get_attributes"}, then={"status": 503, "headers": {"Retry-After": "60"}}, times=1
    )
    curl("/attributes")
    curl("/attributes")
    curl("/attributes?api_key=k")

    found = {one["rule"]: one["requests"] for one in mock.conduct()["findings"] if one["severity"] != "note"}
    assert found == {
        "created_twice": [1, 2],
        "polled_after_finish": [4, 5],
        "pages_missed": [6, 7, 8],
        "ignored_retry_after": [9, 10],
        "key_in_url": [11],
    }
