"""Wait: an answer as soon as something has happened, without polling, and without moving a clock."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, cast

import httpx2
import pytest

from reprompt_mock.engine import wait as wait_module
from reprompt_mock.errors import StorageUnreadable
from reprompt_mock.real_time import monotonic_seconds
from reprompt_mock.server import ServerThread
from tests.conftest import LONDON, Org
from tests.control.waiting import Waiting, client, org_of, start, until_they_wait, waiters
from tests.processes import PATIENCE_SECONDS, eventually

FIELDS = ["met", "waited_seconds", "batch_id", "status", "jobs", "requests", "forgotten"]
ZEROS = {"pending": 0, "queued": 0, "in_progress": 0, "completed": 0, "failed": 0}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    server = start()
    yield server
    server.stop()


@pytest.fixture
def live(server: ServerThread, org: Org) -> Iterator[Org]:
    """A fresh organization behind a real socket."""
    with client(server) as http:
        yield org_of(http, org.slug)


def wait(org: Org, **body: Any) -> dict[str, Any]:
    """Wait in vain, or not at all."""
    response = org.control("POST", "/wait", {"timeout_seconds": 0, **body})
    assert response.status_code == 200, response.text
    return dict(response.json())


# Batches


def test_it_answers_once_the_batch_has_finished(live: Org, server: ServerThread) -> None:
    live.create("a", "mock-fail-b", batch_id="b")
    before = live.control("GET", "/clock").json()
    waiting = Waiting(live, batch_id="b")
    until_they_wait(server, 1)
    assert live.control("GET", "/clock").json() == before

    live.settle()

    seen = waiting.seen
    assert list(seen) == FIELDS
    assert 0 < seen.pop("waited_seconds") < PATIENCE_SECONDS
    counts = {**ZEROS, "completed": 1, "failed": 1}
    expected = {"met": True, "batch_id": "b", "status": "completed", "jobs": counts, "requests": None}
    assert seen == {**expected, "forgotten": False}


@pytest.mark.parametrize(
    ("status", "place", "met"),
    [
        (None, "a", True),
        ("finished", "a", True),
        ("finished", "mock-fail-a", True),
        ("completed", "a", True),
        ("completed", "mock-fail-a", False),
        ("failed", "mock-fail-a", True),
        ("failed", "a", False),
        ("in_progress", "mock-stuck-a", True),
        ("in_progress", "a", False),
        ("finished", "mock-stuck-a", False),
    ],
)
def test_it_waits_for_the_status_that_is_named(org: Org, status: str | None, place: str, *, met: bool) -> None:
    org.create(place, batch_id="b")
    assert wait(org, batch_id="b", status=status)["met"] is False
    org.settle()
    org.advance(100)
    assert wait(org, batch_id="b", status=status)["met"] is met


@pytest.mark.parametrize("status", ["pending", "queued", "in_progress"])
def test_it_answers_while_the_batch_is_on_its_way(live: Org, server: ServerThread, status: str) -> None:
    live.control("POST", "/rules", {"then": {"hold": status}})
    waiting = Waiting(live, batch_id="b", status=status)
    until_they_wait(server, 1)
    live.create("a", batch_id="b")
    live.advance(100)
    assert waiting.seen["status"] == status


def test_a_batch_that_is_not_there_yet_is_waited_for(live: Org, server: ServerThread) -> None:
    waiting = Waiting(live, batch_id="b", status="pending")
    until_they_wait(server, 1)
    live.create("a", batch_id="other")
    assert wait(live, batch_id="b") | {"waited_seconds": 0} == {
        "met": False, "waited_seconds": 0, "batch_id": "b", "status": None, "jobs": None, "requests": None,
        "forgotten": False,
    }  # fmt: skip
    live.create("a", batch_id="b")
    assert waiting.seen["jobs"] == {**ZEROS, "pending": 1}


def test_a_running_clock_wakes_those_who_wait(live: Org) -> None:
    live.create("a", "b", batch_id="b")
    live.control("PATCH", "/clock", {"running": True, "speed": 20})
    assert Waiting(live, batch_id="b").seen["met"]


def test_a_clock_that_is_resumed_wakes_those_who_wait(live: Org, server: ServerThread) -> None:
    live.create("a", "b", batch_id="b")
    waiting = Waiting(live, batch_id="b", timeout_seconds=600)
    until_they_wait(server, 1)
    live.control("PATCH", "/clock", {"running": True, "speed": 1e6})
    assert waiting.seen["met"]


def test_a_release_a_reprocess_and_a_snapshot_wake_those_who_wait(live: Org, server: ServerThread) -> None:
    live.control("POST", "/rules", {"match": {"place_id": "held"}, "then": {"hold": "in_progress"}})
    live.create("held", batch_id="b")
    live.set(processing_seconds=0)
    live.advance(100)
    waiting = Waiting(live, batch_id="b", status="completed")
    until_they_wait(server, 1)
    live.control("POST", "/release", {})
    live.settle()
    assert waiting.seen["met"]
    finished = live.control("GET", "/snapshot").json()

    waiting = Waiting(live, batch_id="b", status="pending")
    until_they_wait(server, 1)
    live.post("/batches/b/reprocess", {"failed_only": False})
    assert waiting.seen["met"]

    waiting = Waiting(live, batch_id="b", status="completed")
    until_they_wait(server, 1)
    live.control("PUT", "/snapshot", finished)
    assert waiting.seen["met"]


# Requests


def test_it_answers_once_so_many_requests_have_come(live: Org, server: ServerThread) -> None:
    live.create("a", batch_id="b")
    waiting = Waiting(live, requests={"operation": "get_batch", "count": 3})
    until_they_wait(server, 1)
    live.batch("b")
    live.call("GET", "/batches/none")
    live.get("/batches")
    assert wait(live, requests={"operation": "get_batch", "count": 3})["requests"] == {
        "operation": "get_batch",
        "count": 2,
    }
    assert waiters(server.app) == 1
    live.batch("b")

    assert waiting.seen["requests"] == {"operation": "get_batch", "count": 3}
    assert waiting.seen["status"] is waiting.seen["jobs"] is None


def test_the_first_request_of_a_world_is_waited_for_and_the_count_begins_anew_with_the_journal(
    live: Org, server: ServerThread
) -> None:
    for _ in range(2):
        waiting = Waiting(live, requests={"operation": "list_batches"})
        until_they_wait(server, 1)
        live.get("/batches")
        assert waiting.seen["requests"]["count"] == 1
        live.control("DELETE", "/journal")
    assert wait(live, requests={"operation": "list_batches"})["requests"]["count"] == 0


def test_a_request_counts_from_its_arrival_and_when_the_journal_has_dropped_it(server: ServerThread) -> None:
    small = start(journal_size=1)
    with client(small) as http:
        org = org_of(http, "small")
        org.control("POST", "/faults", {"match": {"operation": "get_batch"}, "then": {"delay_seconds": 30}})
        for _ in range(3):
            org.get("/batches")
        with socket.create_connection(("127.0.0.1", int(small.url.rpartition(":")[2])), PATIENCE_SECONDS) as raw:
            raw.sendall(b"GET /v1/small/place_enrichment/batches/b HTTP/1.1\r\nHost: a\r\napiKey: k\r\n\r\n")
            assert Waiting(org, requests={"operation": "get_batch"}).seen["met"]
        assert wait(org, requests={"operation": "list_batches", "count": 3})["met"]
    small.stop()


def test_a_refused_request_that_makes_no_world_does_not_count(org: Org) -> None:
    org.call("GET", "/batches", headers={"apiKey": ""})
    assert wait(org, requests={"operation": "list_batches"})["requests"]["count"] == 0
    org.get("/batches")
    org.call("GET", "/batches", headers={"apiKey": ""})
    assert wait(org, requests={"operation": "list_batches"})["requests"]["count"] == 2


def test_of_a_batch_and_requests_whichever_comes_first_answers(org: Org) -> None:
    org.create("a", batch_id="b")
    both = {"batch_id": "b", "requests": {"operation": "get_batch", "count": 1}}
    assert wait(org, **both)["met"] is False
    org.batch("b")
    seen = wait(org, **both)
    assert (seen["met"], seen["status"], seen["requests"]["count"]) == (True, "pending", 1)
    other = org.other()
    other.create("a", batch_id="b")
    other.settle()
    seen = wait(other, **both)
    assert (seen["met"], seen["status"], seen["requests"]["count"]) == (True, "completed", 0)


# Ends


def test_it_answers_what_was_seen_when_its_time_is_over(org: Org) -> None:
    org.create("a", batch_id="b")
    seen = wait(org, batch_id="b", timeout_seconds=0.05)
    assert (seen["met"], seen["status"], seen["jobs"]) == (False, "pending", {**ZEROS, "pending": 1})
    assert 0.05 <= seen["waited_seconds"] < PATIENCE_SECONDS


@pytest.mark.parametrize("forget", ["DELETE W", "POST /_mock/reset"])
def test_a_forgotten_world_ends_every_wait_in_it(live: Org, server: ServerThread, forget: str) -> None:
    live.create("a", batch_id="b")
    waits = [Waiting(live, batch_id="b"), Waiting(live, requests={"operation": "get_batch"})]
    until_they_wait(server, 2)
    if forget.startswith("POST"):
        live.http.post("/_mock/reset")
    else:
        live.control("DELETE")
    assert [(one.seen["met"], one.seen["forgotten"]) for one in waits] == [(False, True)] * 2


def test_a_wait_makes_no_world(org: Org) -> None:
    wait(org, batch_id="b")
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


def test_a_stop_ends_two_hundred_waits_at_once_and_they_cost_one_look_for_each_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[int] = []
    look = wait_module.look

    def counted(reading: Any, batch_ids: Any) -> Any:
        looks.append(len(batch_ids))
        return look(reading, batch_ids)

    monkeypatch.setattr(wait_module, "look", counted)
    server = start()
    with client(server) as http:
        org = org_of(http, "crowd")
        org.create("a", batch_id="b")
        with httpx2.Client(
            base_url=server.url, trust_env=False, timeout=PATIENCE_SECONDS, limits=httpx2.Limits(max_connections=None)
        ) as crowd:
            waits = [Waiting(org_of(crowd, "crowd"), batch_id=f"b-{number % 2}") for number in range(200)]
            until_they_wait(server, 200)
            eventually(lambda: _is_at_rest(server))
            looks.clear()
            org.create("a", batch_id="b-1")
            eventually(lambda: _is_at_rest(server))
            assert 1 <= len(looks) <= 10  # two hundred wait; emulators that share a store also look from time to time
            assert set(looks) == {2}

            began = monotonic_seconds()
            server.stop()
            answers = [one.answer for one in waits]
    assert monotonic_seconds() - began < 5
    assert {(one.status_code, one.json()["detail"]) for one in answers} == {(503, "The emulator is stopping.")}


def _is_at_rest(server: ServerThread) -> bool:
    """Tell whether nobody is to be looked for."""
    control: Any = server.app.open().control
    watches = list(control._app._app._app.state.watches._watches.values())
    return all(watch._bell._waiter is not None and not watch._bell._is_rung for watch in watches)


def test_a_client_that_goes_is_no_longer_waited_for(live: Org, server: ServerThread) -> None:
    body = b'{"batch_id": "b", "timeout_seconds": 600}'
    head = f"POST /_mock/orgs/{live.slug}/wait HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), PATIENCE_SECONDS) as raw:
        raw.sendall(head.encode() + body)
        until_they_wait(server, 1)
    until_they_wait(server, 0)


def test_a_database_that_cannot_be_read_ends_a_wait_with_its_error(
    live: Org, server: ServerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = Waiting(live, batch_id="b")
    until_they_wait(server, 1)

    def fail(*_: Any) -> Any:
        raise StorageUnreadable(reason="broken", folder="the folder")

    with monkeypatch.context() as patch:
        patch.setattr(wait_module, "look", fail)
        live.create("a", batch_id="b")
        assert (waiting.answer.status_code, "broken" in waiting.answer.text) == (503, True)
    assert wait(live, batch_id="b")["status"] == "pending"


# Refusals


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Input should have a batch_id or requests to wait for"),
        ({"status": "completed"}, "Input should have a batch_id or requests to wait for"),
        ({"status": "completed", "requests": {"operation": "enrich"}}, "Input should have the batch_id"),
        ({"batch_id": "b", "status": "done"}, "Input should be 'finished', 'pending'"),
        ({"batch_id": "b", "timeout_seconds": 601}, "less than or equal to 600"),
        ({"batch_id": "b", "timeout_seconds": -1}, "greater than or equal to 0"),
        ({"batch_id": "b", "timeout": 3}, "timeout"),
        ({"requests": {"operation": "get_batsh"}}, "did you mean get_batch?"),
        ({"requests": {"operation": "get_batch", "count": 0}}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_waited_for_is_refused(org: Org, body: dict[str, Any], sentence: str) -> None:
    response = org.control("POST", "/wait", body)
    assert response.status_code == 422
    assert sentence in response.text


def test_places_of_other_worlds_wake_nobody(live: Org, server: ServerThread) -> None:
    waiting = Waiting(live, batch_id="b", status="pending")
    until_they_wait(server, 1)
    live_other = org_of(cast("httpx2.Client", live.http), f"{live.slug}-other")
    live_other.post("/batches", {"batch_id": "b", "batch_name": "B", "jobs": [{"place_id": "a", "inputs": LONDON}],
                                 "attribute_set": "core"})  # fmt: skip
    assert waiters(server.app) == 1
    live.create("a", batch_id="b")
    assert waiting.seen["met"]
