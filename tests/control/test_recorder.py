"""The recorder: what an entry of the journal tells of arrivals, answers, connections and clients."""

from __future__ import annotations

import asyncio
import gc
import socket
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import httpx2
import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from reprompt_mock.app import create_app
from reprompt_mock.evidence import Archive
from reprompt_mock.exchange import Exchange, Sent
from reprompt_mock.journal import Filter, Journal
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import Org
from tests.control.test_fault_connections import (
    SMALL,
    add,
    connected,
    in_a_process,
    in_a_thread,
    journal,
    one_answer,
    request,
    rest_of,
    sent,
)
from tests.processes import PATIENCE_SECONDS, eventually
from tests.stores import reopened

NEVER = {"delay_seconds": 3600}


@pytest.fixture(scope="module", params=[in_a_thread, in_a_process])
def live_http(request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """An emulator behind a real socket, once on each event loop."""
    with request.param() as url, httpx2.Client(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS) as client:
        yield client


@pytest.fixture
def live(live_http: httpx2.Client, org: Org) -> Org:
    """A fresh organization of it."""
    return Org(cast("TestClient", live_http), org.slug, {"apiKey": "test-key"})


def shown(org: Org, *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(entry[key] for key in keys) for entry in journal(org)]


# Arrival


def test_requests_stand_in_order_of_arrival_and_show_while_they_are_under_way(live: Org) -> None:
    add(live, NEVER, match={"operation": "get_jobs"})
    add(live, NEVER, match={"operation": "create_batch"})
    with ExitStack() as stack:
        jobs, create = (stack.enter_context(connected(live)) for _ in range(2))
        jobs.sendall(request(live, "GET", "/jobs?limit=7"))
        eventually(lambda: len(journal(live)) == 1)
        create.sendall(request(live, "POST", "/batches", SMALL))
        eventually(lambda: shown(live, "carried_out")[1:] == [(True,)])
        live.get("/attributes")

        assert shown(live, "sequence", "operation", "status", "sent") == [
            (1, "get_jobs", None, None),
            (2, "create_batch", None, None),
            (3, "get_attributes", 200, "whole"),
        ]
        waiting = journal(live)[1]
        assert waiting["body"]["batch_id"] == waiting["facts"]["batch_id"] == "b"
        assert waiting["answer_headers"] == {}
        create.close()
        eventually(lambda: journal(live)[1]["sent"] is not None)
    eventually(lambda: journal(live)[0]["sent"] is not None)

    assert shown(live, "sequence", "operation", "status", "sent") == [
        (1, "get_jobs", 200, "client_gone"),
        (2, "create_batch", 200, "client_gone"),
        (3, "get_attributes", 200, "whole"),
    ]


def test_a_request_that_still_comes_is_shown_and_lets_no_world_spring_up(live: Org) -> None:
    whole = request(live, "POST", "/batches", SMALL)
    with connected(live) as connection:
        connection.sendall(whole[:-1])
        eventually(lambda: len(journal(live)) == 1)
        assert shown(live, "status", "sent", "carried_out") == [(None, None, False)]

    eventually(lambda: journal(live) == [])
    live.get("/attributes")
    assert shown(live, "sequence", "operation") == [(1, "get_attributes")]


def test_requests_under_way_are_forgotten_with_the_rest_and_do_not_come_back(live: Org) -> None:
    add(live, NEVER, match={"operation": "get_jobs"})
    with connected(live) as connection:
        connection.sendall(request(live, "GET", "/jobs"))
        eventually(lambda: len(journal(live)) == 1)
        live.control("DELETE", "/journal")
        live.control("DELETE", "/faults")
        live.get("/attributes")
        assert shown(live, "sequence", "operation") == [(1, "get_attributes")]
    # Once its end was seen the next request on another connection is answered after it.
    eventually(lambda: live.call("GET", "/attributes").status_code == 200)

    assert {operation for (operation,) in shown(live, "operation")} == {"get_attributes"}


class Passing:
    """A request of a journal that nothing but the test lets pass."""

    def __init__(self, path: str) -> None:
        self.sequence = self.era = self.size = 0
        self.path = path

    operation: str | None = "get_batch"

    def exchange(self) -> Exchange:
        return Exchange(
            None, "GET", self.path, b"", (), b"", 0, 0, 0.0, 200, (), {}, Sent.whole, True, None, None, None, None, ()
        )

    def evidence(self) -> bytes:
        return b"[]"


def listed(kept: Journal) -> list[tuple[int, str]]:
    return [(entry["sequence"], entry["path"]) for entry in kept.find(Filter())]


def test_a_request_that_is_taken_back_counts_as_never_come() -> None:
    kept = Journal(10, Archive().open())
    first, second, third = (Passing(path) for path in ("/1", "/2", "/3"))
    kept.arrive(first)
    kept.withdraw(first)
    kept.arrive(second)
    assert listed(kept) == [(1, "/2")]

    kept.arrive(third)
    kept.withdraw(second)
    assert listed(kept) == [(2, "/3")]
    assert kept.dropped == 0


def test_a_request_that_made_room_or_was_forgotten_before_its_end_stays_so() -> None:
    kept = Journal(1, Archive().open())
    first, second = Passing("/1"), Passing("/2")
    kept.arrive(first)
    kept.arrive(second)
    kept.end(first)
    assert (listed(kept), kept.dropped) == ([(2, "/2")], 1)

    kept.clear()
    third = Passing("/3")
    kept.arrive(third)
    kept.end(second)
    kept.withdraw(first)
    assert (listed(kept), kept.dropped) == ([(1, "/3")], 0)


# What was sent


FAULTS: dict[str, tuple[dict[str, Any], int | None, str]] = {
    "delay": ({"delay_seconds": 0.001}, 200, "whole"),
    "status": ({"status": 503}, 503, "whole"),
    "no content": ({"status": 204}, 204, "whole"),
    "stale": ({"stale_after_seconds": 0}, 200, "whole"),
    "reset": ({"abort": "reset"}, None, "nothing"),
    "close": ({"abort": "close"}, None, "nothing"),
    "truncate": ({"abort": "truncate"}, None, "half"),
    "chunk": ({"abort": "truncate", "as": "chunk"}, None, "half"),
    "gzip": ({"abort": "truncate", "as": "gzip"}, None, "half"),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", FAULTS)
def test_how_much_was_sent_and_whether_it_was_carried_out(kind: str, when: str, live: Org) -> None:
    then, status, how_much = FAULTS[kind]
    add(live, then, when=when, times=1)
    sent(live, request(live, "POST", "/batches", SMALL, "Connection: close"))

    is_stored = live.call("GET", "/batches/b").status_code == 200
    assert shown(live, "status", "sent", "carried_out")[0] == (status, how_much, is_stored)
    assert is_stored is (when == "after" or kind not in {"status", "no content", "reset", "close"})


@pytest.mark.parametrize(("cut", "how_much"), [("length", "nothing"), ("chunk", "nothing")])
def test_an_answer_to_head_has_no_half(cut: str, how_much: str, live: Org) -> None:
    add(live, {"abort": "truncate", "as": cut}, times=1)
    sent(live, request(live, "HEAD", "/attributes", b"", "Connection: close"))

    assert shown(live, "method", "status", "sent") == [("HEAD", None, how_much)]


def test_head_is_sent_whole_without_a_body(live: Org) -> None:
    live.call("HEAD", "/attributes")

    assert shown(live, "method", "status", "sent", "carried_out") == [("HEAD", 200, "whole", True)]


@pytest.mark.parametrize("then", [{}, {"status": 503}, {"abort": "reset"}, {"abort": "close"}, {"abort": "truncate"}])
def test_who_has_gone_was_sent_nothing_whatever_the_fault(then: dict[str, Any], live: Org) -> None:
    add(live, {**NEVER, **then}, when="after")
    with connected(live) as connection:
        connection.sendall(request(live, "POST", "/batches", SMALL))
        eventually(lambda: shown(live, "carried_out") == [(True,)])

    eventually(lambda: journal(live)[0]["sent"] is not None)
    assert shown(live, "sent") == [("client_gone",)]


def test_a_request_that_a_stop_cuts_off_tells_what_its_client_was_told() -> None:
    server = ServerThread(load({"port": 0, "clock": "paused"}, environ={}))
    server.start()
    with httpx2.Client(base_url=server.url, trust_env=False) as http:
        org = Org(cast("TestClient", http), "cut-off", {"apiKey": "k"})
        add(org, NEVER, match={"operation": "get_jobs"})
        with connected(org) as connection:
            connection.sendall(request(org, "GET", "/jobs"))
            eventually(lambda: len(journal(org)) == 1)
            server.stop()
            got = rest_of(connection)

    with reopened(server.app.engine) as engine:
        (entry,) = engine.records.journal(engine.arrive("cut-off")).find(Filter())
    assert got.head.startswith(b"http/1.1 503 ")
    assert (entry["status"], entry["sent"], entry["carried_out"]) == (503, "whole", True)
    assert entry["answer_headers"]["connection"] == "close"


REFUSALS: dict[str, tuple[Callable[[Org], Any], int]] = {
    "no batch": (lambda org: org.call("GET", "/batches/none"), 404),
    "bad body": (lambda org: org.call("POST", "/batches", content=b"{"), 422),
    "bad query": (lambda org: org.call("GET", "/batches?limit=0"), 422),
    "nothing to do": (lambda org: org.call("POST", "/batches/b/reprocess"), 400),
    "no key": (lambda org: org.http.get(f"/v1/{org.slug}/place_enrichment/attributes"), 401),
    "no route": (lambda org: org.call("GET", "/nowhere"), 404),
    "no method": (lambda org: org.call("PATCH", "/batches"), 405),
    "asked for": (lambda org: org.call("GET", "/attributes", headers={"Prefer": "code=503"}), 503),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_is_refused_is_not_carried_out(kind: str, org: Org) -> None:
    org.create("a", batch_id="b")
    refused, status = REFUSALS[kind]
    assert refused(org).status_code == status

    assert shown(org, "status", "sent", "carried_out") == [(200, "whole", True), (status, "whole", False)]


# Headers of the answer


def test_the_headers_of_the_answer_are_told_without_keys(live: Org) -> None:
    headers = {"apiKey": "s3cret", "Authorization": "Bearer s3cret", "Retry-After": "7"}
    add(live, {"status": 429, "headers": headers}, match={"operation": "get_jobs"})
    live.call("GET", "/jobs")
    answer = live.call("GET", "/attributes")

    told = [entry["answer_headers"] for entry in journal(live)]

    assert told[0] == {
        **told[0],
        "retry-after": "7",
        "apikey": "[redacted]",
        "authorization": "[redacted]",
    }
    assert "s3cret" not in live.control("GET", "/journal").text
    assert told[1] == {"content-length": str(len(answer.content)), "content-type": "application/json"}


# Connections


def test_connections_and_their_requests_are_numbered(live: Org) -> None:
    with connected(live) as first, connected(live) as second:
        for connection in (first, first, second, first):
            connection.sendall(request(live))
            one_answer(connection)
        second.sendall(request(live) * 2)
        one_answer(second)
        one_answer(second)

    numbers = shown(live, "connection", "request_on_connection")
    one, other = numbers[0][0], numbers[2][0]
    assert one != other
    assert numbers == [(one, 1), (one, 2), (other, 1), (one, 3), (other, 2), (other, 3)]


def test_a_request_whose_upgrade_is_passed_over_counts_once(live: Org) -> None:
    with connected(live) as connection:
        for _ in range(2):
            connection.sendall(request(live, "POST", "/batches", SMALL, "Connection: Upgrade", "Upgrade: h2c"))
            one_answer(connection)

    assert [number for (number,) in shown(live, "request_on_connection")] == [1, 2]


def test_connections_count_from_one_in_each_emulator() -> None:
    for _ in range(2):
        with in_a_thread() as url, httpx2.Client(base_url=url, trust_env=False) as http:
            org = Org(cast("TestClient", http), "counted", {"apiKey": "k"})
            org.get("/attributes")
            sent(org, request(org, "GET", "/attributes", b"", "Connection: close"))
            org.get("/attributes")

            assert shown(org, "connection", "request_on_connection") == [(1, 1), (2, 1), (1, 2)]


def test_another_server_hands_out_no_connection(org: Org) -> None:
    org.get("/attributes")

    assert shown(org, "connection", "request_on_connection", "sent") == [(None, None, "whole")]


# Clients


def clients(*keys: str | None) -> list[str | None]:
    """Give what stands for the clients with these keys in an emulator of their own."""
    app = create_app(load({"clock": "paused"}, environ={}))
    with TestClient(app) as http:
        http.get("/v1/acme/place_enrichment/attributes", headers={"apiKey": "first"})
        for key in keys:
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            http.get("/v1/acme/place_enrichment/attributes", headers=headers)
        world = app.engine.worlds.find("acme")
        assert world is not None
        return [exchange.client for _, exchange in app.engine.records.journal(world).exchanges()][1:]


def test_a_client_is_told_by_what_says_nothing_of_its_key() -> None:
    one, other, none, again = clients("key-1", "key-2", None, "key-1")

    assert none is None
    assert one == again != other
    assert one is not None
    assert len(one) == 8
    assert int(one, 16) >= 0
    assert clients("key-1") != [one]


def test_what_stands_for_a_client_is_shown_to_nobody(org: Org) -> None:
    org.get("/attributes")

    assert "client" not in journal(org)[0]


def test_more_clients_than_are_remembered_stay_apart() -> None:
    keys = [f"key-{number}" for number in range(250)]

    assert len(set(clients(*keys))) == 250


def test_an_open_connection_without_a_request_is_no_request(live: Org) -> None:
    live.get("/attributes")
    with connected(live) as connection:
        connection.sendall(b"GET /v1/")
        connection.shutdown(socket.SHUT_WR)
        rest_of(connection)

    assert len(journal(live)) == 1


def test_a_request_in_the_journal_holds_nothing_of_the_servers() -> None:
    class Sender:
        async def __call__(self, message: Message) -> None:
            pass

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    app = create_app(load({"clock": "paused"}, environ={}))
    with TestClient(app) as http:
        http.get("/v1/acme/place_enrichment/attributes", headers={"apiKey": "key"})
        sender = Sender()
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/v1/acme/place_enrichment/attributes",
            "query_string": b"",
            "headers": [(b"apikey", b"key")],
        }
        asyncio.run(app(scope, receive, sender))
        alive = weakref.ref(sender)
        del sender
        gc.collect()

        assert alive() is None
        kept = http.get("/_mock/orgs/acme/journal").json()["requests"]
        assert [request["status"] for request in kept] == [200, 200]
