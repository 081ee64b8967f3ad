"""Faults that delay, cut, reset or close: what bytes a client gets, on both event loops that the emulator runs on."""

from __future__ import annotations

import itertools
import json
import re
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

import httpx2
import pytest
import uvicorn
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.server import ServerThread, listeners, url_of
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org
from tests.processes import PATIENCE_SECONDS, eventually, serve

_slugs = (f"cut-{number}" for number in itertools.count())
BATCH = {"batch_id": "b", "batch_name": "B", "attribute_set": "core", "jobs": [{"place_id": "a", "inputs": LONDON}]}
SMALL = json.dumps(BATCH).encode()
LARGE = json.dumps({**BATCH, "batch_name": "B" * 3_000_000}).encode()
"""Far more than both ends' buffers hold."""
NO_LINGER = struct.pack("ii", 1, 0)


@contextmanager
def in_a_thread() -> Iterator[str]:
    thread = ServerThread(load({"port": 0, "clock": "paused"}, environ={}))
    thread.start()
    yield thread.url
    thread.stop()


@contextmanager
def in_a_process() -> Iterator[str]:
    with serve("--port", "0", "--clock", "paused") as served:
        yield served.url


@pytest.fixture(scope="module", params=[in_a_thread, in_a_process])
def live_http(request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """An emulator behind a real socket, once on each event loop."""
    with request.param() as url, httpx2.Client(base_url=url, trust_env=False, timeout=PATIENCE_SECONDS) as client:
        yield client


@pytest.fixture
def live(live_http: httpx2.Client) -> Org:
    """A fresh organization of it."""
    return Org(cast("TestClient", live_http), next(_slugs), {"apiKey": "test-key"})


def add(org: Org, then: dict[str, Any], **fields: Any) -> None:
    response = org.control("POST", "/faults", {"then": then, **fields})
    assert response.status_code == 201, response.text


def journal(org: Org) -> list[dict[str, Any]]:
    return list(org.control("GET", "/journal").json()["requests"])


def is_over(org: Org) -> bool:
    """Tell whether the first request came, and is under way no more."""
    return [entry["sent"] for entry in journal(org)[:1]] not in ([], [None])


def is_stored(org: Org) -> bool:
    """Tell whether the batch was created; no fault is left."""
    org.control("DELETE", "/faults")
    return bool(org.call("GET", "/batches/b").status_code == 200)


def request(org: Org, method: str = "GET", path: str = "/attributes", body: bytes = b"", *headers: str) -> bytes:
    lines = [f"{method} /v1/{org.slug}/place_enrichment{path} HTTP/1.1", "Host: a", "apiKey: k", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class Got(NamedTuple):
    """All that came until the connection ended, and how it ended."""

    data: bytes
    end: str

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0].lower()

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]


@contextmanager
def connected(org: Org) -> Iterator[socket.socket]:
    address = httpx2.URL(str(cast("Any", org.http).base_url))
    with socket.create_connection((str(address.host), address.port or 0), timeout=PATIENCE_SECONDS) as connection:
        yield connection


def rest_of(connection: socket.socket) -> Got:
    data = b""
    try:
        while more := connection.recv(65536):
            data += more
    except ConnectionResetError:
        return Got(data, "reset")
    return Got(data, "closed")


def one_answer(connection: socket.socket) -> Got:
    """Read one whole answer that has a Content-Length, and nothing after it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    length = re.search(rb"content-length: (\d+)", head.lower())
    body = b""
    while length and len(body) < int(length[1]):
        body += connection.recv(int(length[1]) - len(body))
    return Got(head + body, "open")


def sent(org: Org, data: bytes) -> Got:
    """Send bytes over a connection of their own; gives all that comes until it ends."""
    with connected(org) as connection:
        connection.sendall(data)
        return rest_of(connection)


def is_refused(connection: socket.socket) -> bool:
    """Tell whether the other side reads no more."""
    try:
        connection.sendall(b"x")
    except OSError:
        return True
    return False


# Reset and close


REQUESTS: dict[str, Callable[[Org], bytes]] = {
    "without-body": request,
    "small-body": lambda org: request(org, "POST", "/batches", SMALL),
    "large-body": lambda org: request(org, "POST", "/batches", LARGE),
    "one-that-closes": lambda org: request(org, "GET", "/attributes", b"", "Connection: close"),
    "more-unread-after-it": lambda org: request(org) + request(org, "POST", "/batches", LARGE[:100_000]),
}
ENDS = [("reset", "reset"), ("close", "closed")]


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize(("abort", "end"), ENDS)
def test_a_connection_ends_without_an_answer_always_in_the_same_way(abort: str, end: str, kind: str, live: Org) -> None:
    add(live, {"abort": abort}, match={"path": "*/attributes"})
    add(live, {"abort": abort}, match={"operation": "create_batch"})

    assert {sent(live, REQUESTS[kind](live)) for _ in range(5)} == {Got(b"", end)}


@pytest.mark.parametrize(("abort", "end"), ENDS)
def test_a_connection_that_was_used_before_ends_alike(abort: str, end: str, live: Org) -> None:
    add(live, {"abort": abort}, match={"operation": "create_batch"})

    with connected(live) as connection:
        for _ in range(2):
            connection.sendall(request(live))
            assert one_answer(connection).head.startswith(b"http/1.1 200")
        connection.sendall(request(live, "POST", "/batches", SMALL))

        assert rest_of(connection) == Got(b"", end)


@pytest.mark.parametrize(("abort", "end"), ENDS)
def test_answers_before_the_end_of_a_connection_arrive(abort: str, end: str, live: Org) -> None:
    add(live, {"abort": abort}, match={"operation": "create_batch"})

    with connected(live) as connection:
        connection.sendall(request(live) + request(live, "POST", "/batches", SMALL) + request(live))
        assert one_answer(connection).head.startswith(b"http/1.1 200")

        assert rest_of(connection) == Got(b"", end)


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("abort", ["reset", "close", "truncate"])
def test_what_is_aborted_is_carried_out_or_not_and_its_body_is_in_the_journal(
    abort: str, when: str, body: bytes, live: Org
) -> None:
    add(live, {"abort": abort}, when=when)

    sent(live, request(live, "POST", "/batches", body))

    (entry,) = journal(live)
    assert entry["body"] == (BATCH if body is SMALL else body[: 64 * 1024].decode())
    assert entry["status"] is None
    # Half of the real answer needs that answer.
    assert is_stored(live) is (when == "after" or abort == "truncate")


@pytest.mark.parametrize(
    "then", [{"status": 503}, {"status": 204}, {"body": "x"}, {"delay_seconds": 0.01}, {"stale_after_seconds": 0}, {}]
)
def test_the_body_is_in_the_journal_whatever_the_fault(then: dict[str, Any], live: Org) -> None:
    add(live, then)

    assert live.call("POST", "/batches", json=BATCH).status_code == then.get("status", 200)

    assert [entry["body"] for entry in journal(live)] == [BATCH]


def test_a_client_that_stays_is_left_after_a_while(live: Org) -> None:
    add(live, {"abort": "close"})

    with connected(live) as connection:
        connection.sendall(request(live))
        assert rest_of(connection) == Got(b"", "closed")

        eventually(lambda: is_refused(connection))


@pytest.mark.parametrize("abort", ["reset", "close", "truncate"])
def test_a_client_sees_a_broken_connection_and_gets_through_when_it_tries_again(abort: str, live: Org) -> None:
    add(live, {"abort": abort}, times=1)

    with pytest.raises(httpx2.TransportError):
        live.call("GET", "/attributes")

    assert live.call("GET", "/attributes").status_code == 200


# Truncate


@pytest.fixture
def page(live: Org) -> bytes:
    """A page of results that no buffer holds."""
    live.post(
        "/batches",
        {**BATCH, "jobs": [{"place_id": f"p-{number}", "inputs": LONDON} for number in range(3000)]},
    )
    return bytes(live.call("GET", "/jobs?limit=3000").content)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", [{"abort": "truncate"}, {"abort": "truncate", "as": "length"}])
def test_truncate_sends_half_under_the_length_of_the_whole(then: dict[str, Any], when: str, live: Org) -> None:
    whole = live.call("GET", "/attributes").content
    add(live, then, when=when)

    got = sent(live, request(live))

    assert got.head.startswith(b"http/1.1 200 ok")
    assert f"content-length: {len(whole)}".encode() in got.head
    assert (got.body, got.end) == (whole[: len(whole) // 2], "closed")


def test_truncate_sends_half_of_a_large_answer_whole(page: bytes, live: Org) -> None:
    add(live, {"abort": "truncate"})

    got = sent(live, request(live, "GET", "/jobs?limit=3000"))

    assert len(page) > 1_000_000
    assert (got.body, got.end) == (page[: len(page) // 2], "closed")


def test_truncate_within_a_chunk_promises_more_than_comes(page: bytes, live: Org) -> None:
    add(live, {"abort": "truncate", "as": "chunk"})

    got = sent(live, request(live, "GET", "/jobs?limit=3000"))

    assert b"transfer-encoding: chunked" in got.head
    assert b"content-length" not in got.head
    size, _, data = got.body.partition(b"\r\n")
    assert (int(size, 16), data, got.end) == (len(page), page[: len(page) // 2], "closed")


def test_http_1_0_which_has_no_chunks_is_cut_under_the_length(live: Org) -> None:
    whole = live.call("GET", "/attributes").content
    add(live, {"abort": "truncate", "as": "chunk"})

    got = sent(live, request(live).replace(b"HTTP/1.1", b"HTTP/1.0"))

    assert b"chunked" not in got.head
    assert (got.body, got.end) == (whole[: len(whole) // 2], "closed")


def test_truncate_of_gzip_cuts_the_stream_within_whole_framing(page: bytes, live: Org) -> None:
    add(live, {"abort": "truncate", "as": "gzip"})

    got = sent(live, request(live, "GET", "/jobs?limit=3000"))

    assert b"content-encoding: gzip" in got.head
    assert b"connection: close" in got.head
    assert f"content-length: {len(got.body)}".encode() in got.head
    stream = zlib.decompressobj(wbits=31)
    unpacked = stream.decompress(got.body)
    assert page.startswith(unpacked)
    assert 0 < len(unpacked) < len(page)
    assert not stream.eof


@pytest.mark.parametrize("cut", ["length", "chunk"])
def test_truncate_cuts_the_faults_own_answer_where_it_has_one(cut: str, live: Org) -> None:
    add(live, {"abort": "truncate", "as": cut, "status": 502, "body": "0123456789"}, match={"method": "POST"})

    got = sent(live, request(live, "POST", "/batches", SMALL))

    assert got.head.startswith(b"http/1.1 502")
    assert (got.body.removeprefix(b"a\r\n"), got.end) == (b"01234", "closed")
    assert not is_stored(live)


@pytest.mark.parametrize("cut", ["length", "chunk"])
def test_an_answer_without_a_body_cannot_be_cut_and_does_not_come(cut: str, live: Org) -> None:
    add(live, {"abort": "truncate", "as": cut, "status": 503})

    assert sent(live, request(live, "HEAD")) == Got(b"", "closed")


# Answers without content


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", [204, 205, 304])
def test_answers_without_content_carry_no_length_and_the_connection_goes_on(
    status: int, method: str, live: Org
) -> None:
    add(live, {"status": status, "headers": {"X-End": "1"}}, match={"method": method})

    with connected(live) as connection:
        connection.sendall(request(live, method) + request(live, "DELETE", "/jobs/none", b"", "Connection: close"))
        first, _, second = rest_of(connection).data.rpartition(b"HTTP/1.1 ")

    assert first.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-length" not in first.lower()
    # 205 is framed by an empty chunked body: without one it would last until the connection is closed.
    ends_with = b"0\r\n\r\n" if status == 205 and method != "HEAD" else b"\r\n\r\n"
    assert first.partition(b"\r\n\r\n")[2] == ends_with.removeprefix(b"\r\n\r\n")
    assert second.startswith(b"404 ")


# Delays


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_client_that_leaves_meanwhile_does_not_undo_its_request(when: str, body: bytes, live: Org) -> None:
    add(live, {"delay_seconds": 3600}, when=when)

    with connected(live) as connection:
        connection.sendall(request(live, "POST", "/batches", body))

    # It is told at once, not in an hour.
    eventually(lambda: is_over(live))
    assert is_stored(live)
    assert journal(live)[0]["body"] == (BATCH if body is SMALL else body[: 64 * 1024].decode())


@pytest.mark.parametrize("then", [{}, {"status": 503}, {"abort": "reset"}, {"abort": "close"}, {"abort": "truncate"}])
def test_after_carries_out_what_its_client_did_not_wait_for(then: dict[str, Any], live: Org) -> None:
    add(live, {"delay_seconds": 3600, **then}, when="after")

    with connected(live) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        connection.sendall(request(live, "POST", "/batches", SMALL))
        eventually(lambda: live.control("GET", "").json()["batches"] == 1)

    eventually(lambda: is_over(live))
    assert is_stored(live)


def test_a_request_is_carried_out_as_it_comes_while_its_answer_waits(live: Org) -> None:
    add(live, {"delay_seconds": 3600})

    with connected(live) as connection:
        connection.sendall(request(live, "POST", "/batches", SMALL))

        eventually(lambda: live.control("GET", "").json()["batches"] == 1)
        live.control("DELETE", "/faults")
        assert live.call("GET", "/batches/b").status_code == 200


@pytest.mark.parametrize("then", [{"status": 503}, {"abort": "reset"}, {"abort": "close"}])
def test_before_a_request_that_is_stopped_is_not_carried_out_however_late(then: dict[str, Any], live: Org) -> None:
    add(live, {"delay_seconds": 3600, **then})

    with connected(live) as connection:
        connection.sendall(request(live, "POST", "/batches", SMALL))

    eventually(lambda: is_over(live))
    assert not is_stored(live)


@pytest.mark.parametrize(
    ("then", "status"), [({}, b"200"), ({"status": 504}, b"504"), ({"abort": "reset"}, b""), ({"abort": "close"}, b"")]
)
def test_delay_comes_before_the_answer_or_the_end(then: dict[str, Any], status: bytes, live: Org) -> None:
    add(live, {"delay_seconds": 0.15, **then})

    started = time.monotonic()
    got = sent(live, request(live, "GET", "/attributes", b"", "Connection: close"))

    assert time.monotonic() - started >= 0.15
    assert got.data[9:12] == status


def test_a_delayed_request_holds_up_no_other(live: Org) -> None:
    add(live, {"delay_seconds": 3600}, match={"operation": "get_jobs"})

    with connected(live) as delayed:
        delayed.sendall(request(live, "GET", "/jobs"))
        eventually(lambda: live.control("GET", "/faults").json()["faults"][0]["served"] == 1)

        assert live.call("GET", "/attributes").status_code == 200


@pytest.mark.parametrize("then", [{"delay_seconds": 0.01}, {"status": 503}, {"abort": "close"}])
def test_a_body_that_never_comes_whole_is_not_carried_out(then: dict[str, Any], live: Org) -> None:
    add(live, then, when="after")

    with connected(live) as connection:
        connection.sendall(request(live, "POST", "/batches", SMALL)[:-1])

    eventually(lambda: is_over(live))
    assert not is_stored(live)


# Connections that go stale


@pytest.mark.parametrize("seconds", [0, 0.2])
@pytest.mark.parametrize("then", [{}, {"status": 503, "body": "x"}, {"headers": {"X-A": "b"}}])
def test_a_connection_goes_stale_so_long_after_an_answer_that_does_not_say_so(
    then: dict[str, Any], seconds: float, live: Org
) -> None:
    add(live, {"stale_after_seconds": seconds, **then})

    with connected(live) as connection:
        connection.sendall(request(live))
        answer = one_answer(connection)
        answered = time.monotonic()

        assert rest_of(connection) == Got(b"", "closed")
        assert time.monotonic() - answered >= seconds - 0.05
    assert b"connection:" not in answer.head
    assert answer.head.startswith(b"http/1.1 %d" % then.get("status", 200))


def test_until_then_a_connection_serves_further_requests(live: Org) -> None:
    add(live, {"stale_after_seconds": 3600})

    with connected(live) as connection:
        for _ in range(3):
            connection.sendall(request(live))
            assert b"connection:" not in one_answer(connection).head


def test_a_connection_goes_stale_once(live: Org, caplog: pytest.LogCaptureFixture) -> None:
    add(live, {"stale_after_seconds": 0.1})

    with connected(live) as connection:
        connection.sendall(request(live) * 3)
        assert [one_answer(connection).head[:12] for _ in range(3)] == [b"http/1.1 200"] * 3

        assert rest_of(connection) == Got(b"", "closed")
        eventually(lambda: is_refused(connection))
    assert caplog.records == []


def test_a_request_that_is_under_way_then_is_answered_first(live: Org) -> None:
    add(live, {"delay_seconds": 0.2}, match={"operation": "create_batch"})
    add(live, {"stale_after_seconds": 0}, match={"operation": "get_attributes"})

    got = sent(live, request(live) + request(live, "POST", "/batches", SMALL))

    assert got.data.count(b"HTTP/1.1 200 OK") == 2
    assert got.end == "closed"
    assert is_stored(live)


def test_a_client_that_looks_before_it_sends_does_not_notice(live: Org) -> None:
    add(live, {"stale_after_seconds": 0})

    assert [live.call("GET", "/attributes").status_code for _ in range(50)] == [200] * 50


def test_a_client_that_does_not_look_meets_a_dead_connection(live: Org) -> None:
    add(live, {"stale_after_seconds": 0})

    for _ in range(50):
        with connected(live) as connection:
            connection.sendall(request(live))
            one_answer(connection)
            connection.sendall(request(live, "POST", "/batches", SMALL))

            assert rest_of(connection) == Got(b"", "closed")
    assert not is_stored(live)


# What the emulator makes of it


EFFECTS: list[dict[str, Any]] = [
    {"abort": "reset"},
    {"abort": "close"},
    {"abort": "truncate"},
    {"abort": "truncate", "as": "chunk"},
    {"abort": "truncate", "as": "gzip"},
    {"stale_after_seconds": 0},
    {"stale_after_seconds": 0.02},
]


def test_no_fault_leaves_a_line_in_the_log_nor_holds_up_a_stop() -> None:
    with serve("--port", "0", "--clock", "paused") as served:
        org = Org(cast("TestClient", served.http), "acme", {"apiKey": "k"})
        for then in EFFECTS:
            org.control("DELETE", "/faults")
            add(org, then)
            sent(org, request(org))
            sent(org, request(org) * 3)
            with connected(org) as one_that_leaves:
                one_that_leaves.sendall(request(org))
        org.control("DELETE", "/faults")
        add(org, {"delay_seconds": 0.2})
        org.call("GET", "/attributes")
        org.control("DELETE", "/faults")
        add(org, {"abort": "close"})

        with connected(org) as one_that_stays:
            one_that_stays.sendall(request(org))
            assert rest_of(one_that_stays) == Got(b"", "closed")
            assert served.stop() == (0, "", "")


# Other servers


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Org]:
    """The app under a server that does not hand out its connections."""
    (listener,) = listeners("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(create_app(load({"clock": "paused"}, environ={})), log_config=None))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    with httpx2.Client(base_url=url_of(listener), trust_env=False, timeout=PATIENCE_SECONDS) as client:
        yield Org(cast("TestClient", client), "elsewhere", {"apiKey": "k"})
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)


NEEDS_ITS_OWN = [
    {"abort": "reset"},
    {"abort": "close"},
    {"abort": "truncate"},
    {"abort": "truncate", "as": "chunk"},
    {"stale_after_seconds": 0},
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", NEEDS_ITS_OWN)
def test_another_server_says_what_it_cannot_do(then: dict[str, Any], when: str, elsewhere: Org, org: Org) -> None:
    for place in (elsewhere, org):
        add(place, then, when=when)

        response = place.call("POST", "/batches", json=BATCH)

        assert response.status_code == 501
        assert "only reprompt-mock's own server can do" in response.json()["detail"]
        assert not is_stored(place)


def test_another_server_can_do_the_rest(elsewhere: Org, org: Org) -> None:
    for place in (elsewhere, org):
        whole = place.call("GET", "/attributes").content
        add(place, {"delay_seconds": 0.01, "headers": {"X-A": "b"}}, times=1)
        response = place.call("GET", "/attributes")
        assert (response.content, response.headers["x-a"]) == (whole, "b")

        place.control("DELETE", "/faults")
        add(place, {"abort": "truncate", "as": "gzip"})
        cut = place.call("GET", "/attributes").content
        assert whole.startswith(cut)
        assert len(cut) < len(whole)
        place.control("DELETE", "/faults")
