"""The ways to an emulator: through the loop of this process without a socket, over sockets past what tests patch."""

from __future__ import annotations

import asyncio
import copy
import http.client
import multiprocessing
import os
import pickle
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, NoReturn

import httpx2
import pytest

from reprompt_mock import RepromptMock
from reprompt_mock.handle import ControlError, OrgHandle
from reprompt_mock.handle.loop import send
from reprompt_mock.handle.org import Setup
from reprompt_mock.handle.own import SERVER_KINDS, ServerKind
from reprompt_mock.handle.transport import Answer, Borrowed, OverSockets, Request
from tests.conftest import LONDON


@pytest.fixture(scope="module")
def emulator() -> Iterator[RepromptMock]:
    with RepromptMock(clock="paused", control_token="t0ken") as mock:
        yield mock


@pytest.fixture
def mock(emulator: RepromptMock) -> Iterator[RepromptMock]:
    yield emulator
    emulator.reset()


def create(mock: OrgHandle, *place_ids: str) -> None:
    jobs = [{"place_id": place_id, "inputs": LONDON} for place_id in place_ids]
    body = {"batch_id": "b", "batch_name": "B", "attribute_set": "core", "jobs": jobs}
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/batches"
    httpx2.post(url, json=body, headers={"apiKey": mock.api_key}, trust_env=False).raise_for_status()


# What tests patch


class Patched(Exception):
    """What a tool raises that keeps tests from the network."""


def refuse(*_: Any, **__: Any) -> NoReturn:
    raise Patched


PATCHES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "connections": lambda patch: patch.setattr(socket.socket, "connect", refuse),
    "sockets": lambda patch: patch.setattr(socket, "socket", refuse),
    "look-ups": lambda patch: patch.setattr(socket, "getaddrinfo", refuse),
    "http.client": lambda patch: patch.setattr(http.client, "HTTPConnection", refuse),
    "methods of http.client": lambda patch: patch.setattr(http.client.HTTPConnection, "request", refuse),
    "httpx2": lambda patch: patch.setattr(httpx2.HTTPTransport, "handle_request", refuse),
}  # fmt: skip


@pytest.mark.parametrize("server", SERVER_KINDS)
def test_no_patch_of_a_network_reaches_a_handle(server: ServerKind) -> None:
    with RepromptMock(server=server, clock="paused") as mock, RepromptMock.connect(mock.url) as connected:
        for name, patch in PATCHES.items():
            with pytest.MonkeyPatch.context() as monkeypatch:
                patch(monkeypatch)
                # A server of this process cannot take a connection where sockets are patched.
                for handle in (mock, connected) if server == "process" else (mock,):
                    handle.rules.add(then={"error": name})
                    assert handle.clock.settle().unfinished == 0
                    assert handle.journal.find() == []


def test_a_handle_on_an_own_server_opens_no_socket_at_all(mock: RepromptMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reprompt_mock.handle.transport._Socket", refuse)

    mock.rules.add(then={"outcome": "failed"})
    mock.restore(mock.snapshot())

    assert len(mock.rules.list()) == 1


@pytest.mark.parametrize("names", [("HTTP_PROXY", "http_proxy"), ("ALL_PROXY", "all_proxy")])
def test_no_proxy_takes_a_handles_calls(
    names: tuple[str, ...], mock: RepromptMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in names:
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with RepromptMock.connect(mock.url, control_token="t0ken") as connected:
        assert sum(connected.counts().values()) == sum(mock.counts().values()) == 0


# The loop behaves like HTTP


def over_both(mock: RepromptMock, request: Request, token: str | None = "t0ken") -> list[Answer]:
    """Send a request through the loop and over a socket, both as whoever has this token."""
    through_loop = RepromptMock.connect(mock.url, control_token=token)
    server = mock._transport._server  # type: ignore[attr-defined]
    return [send(server, through_loop._transport, request), OverSockets(mock.url, token).send(request)]


REQUESTS = {
    "the worlds": Request("GET", "/_mock/orgs"),
    "no path": Request("GET", "/_mock/nothing"),
    "no method": Request("PATCH", "/_mock/orgs/test-org"),
    "a query": Request("GET", "/_mock/orgs/test-org/journal?limit=1&path=%2Fv1%2F*"),
    "a bad query": Request("GET", "/_mock/orgs/test-org/journal?limit=-1"),
    "an escaped slug": Request("GET", "/_mock/orgs/%2E%2E%2Fx"),
    "an escaped id": Request("DELETE", "/_mock/orgs/test-org/rules/a%2Fb"),
    "bytes that are no text": Request("GET", "/_mock/orgs/%FF%FE"),
    "an empty body": Request("PATCH", "/_mock/orgs/test-org/settings"),
    "no JSON": Request("PATCH", "/_mock/orgs/test-org/settings", b"{"),
    "a wrong key": Request("PATCH", "/_mock/orgs/test-org/settings", b'{"falure_rate": 1}'),
    "a large body": Request("PATCH", "/_mock/orgs/test-org/settings", b'{"seed": 1, "x": "' + b"y" * 2_000_000 + b'"}'),
    "the document": Request("GET", "/_mock/openapi.json"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_through_the_loop_and_over_a_socket_the_answer_is_the_same(name: str, mock: RepromptMock) -> None:
    through_loop, over_socket = over_both(mock, REQUESTS[name])

    assert through_loop == over_socket


@pytest.mark.parametrize("token", [None, "another", "t0ke", "tö ken"])
def test_the_guard_stands_on_both_ways(token: str | None, mock: RepromptMock) -> None:
    answers = over_both(mock, REQUESTS["the worlds"], token)

    assert [answer.status for answer in answers] == [401, 401]


def test_a_token_that_no_header_can_have_is_answered_with_a_sentence(mock: RepromptMock) -> None:
    with (
        RepromptMock.connect(mock.url, control_token="a\r\nHost: b") as connected,
        pytest.raises(ControlError, match="characters that a header cannot contain"),
    ):
        connected.counts()


class _Server:
    """Stands for a server: its app, and a call as the real one makes it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def call(self, coroutine: Any, *, timeout: float) -> Any:
        return asyncio.run(asyncio.wait_for(coroutine, timeout))


HERE = OverSockets("http://127.0.0.1:8780")


def test_an_app_that_fails_without_an_answer_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    async def app(*_: Any) -> None:
        raise ZeroDivisionError

    assert send(_Server(app), HERE, Request("GET", "/_mock/x")).status == 500  # type: ignore[arg-type]
    assert "a bug in the emulator" in caplog.text


def test_an_answer_stands_though_its_app_raises_afterwards() -> None:
    async def app(_: Any, __: Any, take: Any) -> None:
        await take({"type": "http.response.start", "status": 418, "headers": []})
        await take({"type": "http.response.body", "body": b"a", "more_body": True})
        await take({"type": "http.response.body", "body": b"b"})
        raise ZeroDivisionError

    assert send(_Server(app), HERE, Request("GET", "/_mock/x")) == (418, b"ab")  # type: ignore[arg-type]


def test_a_client_in_the_loop_stays_until_it_has_its_answer() -> None:
    async def app(_: Any, receive: Any, take: Any) -> None:
        assert (await receive())["body"] == b"{}"
        gone = asyncio.ensure_future(receive())
        await asyncio.wait([gone], timeout=0.01)
        await take({"type": "http.response.start", "status": 410 if gone.done() else 200, "headers": []})
        gone.cancel()

    assert send(_Server(app), HERE, Request("POST", "/_mock/x", b"{}")).status == 200  # type: ignore[arg-type]


# Loops, threads and processes


def test_an_asynchronous_test_calls_the_handle_from_its_own_loop(mock: RepromptMock) -> None:
    async def work() -> tuple[int, str]:
        await asyncio.to_thread(create, mock, "a")
        unfinished = mock.clock.settle().unfinished
        return unfinished, mock.assert_batch("b", completed=1)["status"]

    assert asyncio.run(work()) == (0, "completed")


def test_many_threads_call_one_handle_at_once(mock: RepromptMock) -> None:
    with ThreadPoolExecutor(16) as threads:
        ids = list(threads.map(lambda number: mock.rules.add(then={"seconds": number}), range(100)))

    assert len(set(ids)) == 100
    assert {rule["id"]: rule["then"]["seconds"] for rule in mock.rules.list()} == dict(
        zip(ids, range(100), strict=True)
    )


def test_what_a_library_notes_of_the_callers_loop_does_not_reach_the_emulators() -> None:
    library: ContextVar[str] = ContextVar("library", default="none")
    library.set("another")
    seen: list[str] = []

    async def app(_: Any, __: Any, take: Any) -> None:
        seen.append(library.get())
        await take({"type": "http.response.start", "status": 200, "headers": []})

    assert send(_Server(app), HERE, Request("GET", "/_mock/x")).status == 200  # type: ignore[arg-type]
    assert seen == ["none"]
    assert library.get() == "another"


COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda handle: pickle.loads(pickle.dumps(handle)),
    "oldest pickle": lambda handle: pickle.loads(pickle.dumps(handle, protocol=0)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}  # fmt: skip


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_is_a_handle_on_the_same_world(way: str, emulator: RepromptMock) -> None:
    mock = RepromptMock.over(
        Borrowed(emulator._transport), org_slug="acme", api_key="k", setup=Setup({"failure_rate": 1})
    )

    copied = COPIES[way](mock)

    assert type(copied) is RepromptMock
    assert (copied.url, copied.org_slug, copied.api_key) == (mock.url, "acme", "k")
    copied.rules.add(then={"error": "closed"})
    assert len(mock.rules.list()) == 1
    copied.fresh()
    assert (mock.rules.list(), mock.settings.get()["failure_rate"]) == ([], 1)
    copied.close()
    assert type(COPIES[way](mock.org("other"))) is OrgHandle
    mock.reset()


def test_a_copy_of_what_has_no_address_yet_is_refused_with_a_sentence() -> None:
    mock = RepromptMock(server="process")

    with pytest.raises(ControlError, match="was not started"):
        pickle.dumps(mock)

    mock.close()


def test_an_error_of_the_control_api_survives_a_pickle(mock: RepromptMock) -> None:
    with pytest.raises(ControlError) as refusal:
        mock.rules.remove("rule-9")

    copied = pickle.loads(pickle.dumps(refusal.value))

    assert (copied.status, str(copied)) == (404, "The rule 'rule-9' was not found.")


def use(mock: RepromptMock, answers: Any) -> None:
    """What a child process does with a handle that it got."""
    mock.rules.add(match={"place_id": "a"}, then={"outcome": "failed"})
    create(mock, "a")
    with suppress(ControlError):
        mock.close()  # its own way alone
    answers.put((mock.url, os.getpid()))


@pytest.mark.parametrize("server", SERVER_KINDS)
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_child_process_uses_the_handle(method: str, server: ServerKind) -> None:
    context: Any = multiprocessing.get_context(method)
    answers = context.Queue()
    with RepromptMock(clock="paused", server=server) as mock:
        child = context.Process(target=use, args=(mock, answers))
        child.start()
        url, process = answers.get(timeout=60)
        child.join(60)

        assert (url, process != os.getpid(), child.exitcode) == (mock.url, True, 0)
        mock.clock.settle()
        mock.assert_batch("b", failed=1)
    answers.close()
    answers.join_thread()


@pytest.mark.parametrize("server", SERVER_KINDS)
def test_a_child_process_that_was_forked_speaks_to_the_emulator_of_its_parent(server: ServerKind) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("this machine cannot fork")
    with RepromptMock(clock="paused", server=server) as mock:
        child = _forked(lambda: _add_and_close(mock))

        assert os.waitpid(child, 0)[1] == 0
        assert len(mock.rules.list()) == 1


def _add_and_close(mock: RepromptMock) -> None:
    mock.rules.add(then={"outcome": "failed"})
    mock.close()


def _forked(work: Callable[[], object]) -> int:
    """Run work in a fork of this process, which ends with 0 where it went well."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there are threads, as in any test suite
        child = os.fork()
    if child:
        return child
    try:
        work()
    finally:
        os._exit(sys.exc_info()[0] is not None)


# Sockets


class _Reply:
    """A server that answers one request with given bytes."""

    def __init__(self, reply: bytes) -> None:
        self._reply = reply
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.seen = b""
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            while b"\r\n\r\n" not in self.seen:
                self.seen += connection.recv(65536)
            connection.sendall(self._reply)

    def close(self) -> None:
        self._thread.join(10)
        self._listener.close()


REPLIES = {
    "nothing": (b"", "no emulator answers at {url}: Remote end closed connection without response"),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", "no emulator answers at {url}: SSH-2.0-OpenSSH"),
    "half": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "no emulator answers at {url}: IncompleteRead"),
    "no JSON": (b"HTTP/1.1 502 Bad\r\nContent-Length: 4\r\n\r\noops", "502 Bad Gateway"),
    "no known status": (b"HTTP/1.1 599 Bad\r\nContent-Length: 4\r\n\r\noops", "599"),
}


@pytest.mark.parametrize("name", REPLIES)
def test_what_is_no_answer_of_an_emulator_is_said_in_a_sentence(name: str) -> None:
    reply, sentence = REPLIES[name]
    server = _Reply(reply)
    try:
        with RepromptMock.connect(server.url) as connected, pytest.raises(ControlError) as refusal:
            connected.counts()
    finally:
        server.close()

    assert str(refusal.value).startswith(sentence.format(url=server.url))


def test_a_path_in_front_of_the_emulator_stays_and_a_body_in_chunks_is_read() -> None:
    server = _Reply(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"job\r\n6\r\ns":{}}\r\n0\r\n\r\n')
    try:
        with RepromptMock.connect(f"{server.url}/tools/mock/v1", org_slug="a b", control_token="t") as connected:
            assert connected.counts() == {}
    finally:
        server.close()

    head = server.seen.decode().splitlines()
    assert head[0] == "GET /tools/mock/_mock/orgs/a%20b HTTP/1.1"
    assert {f"host: {server.url.removeprefix('http://')}", "authorization: Bearer t"} <= set(head)


def test_a_name_is_looked_up_and_each_of_its_addresses_tried(mock: RepromptMock) -> None:
    port = mock.url.rpartition(":")[2]
    with RepromptMock.connect(f"localhost:{port}", control_token="t0ken") as connected:
        assert sum(connected.counts().values()) == 0
