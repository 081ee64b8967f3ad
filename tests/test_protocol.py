"""HTTP as clients really speak it, in bytes: upgrades that are passed over, and what the server answers by itself."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import LONDON
from tests.processes import PATIENCE_SECONDS, serve

BATCHES = "/v1/acme/place_enrichment/batches"
WORLD = "/_mock/orgs/acme"
UPGRADES = {
    "h2c": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAA"),
    "websocket": ("Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AAAA", "Sec-WebSocket-Version: 13"),
    "several": ("Connection: keep-alive, Upgrade", "Upgrade: TLS/1.2, h2c"),
    "none": (),
}
upgraded = pytest.mark.parametrize("upgrade", UPGRADES)


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    """An emulator on a real socket, whose worlds start with a paused clock."""
    thread = ServerThread(load({"host": "127.0.0.1", "port": 0, "clock": "paused"}, environ={}))
    thread.start()
    yield thread
    thread.stop()


@dataclass
class Answer:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body as JSON."""
        return json.loads(self.body)


class Wire:
    """One connection, on which bytes go out and answers come back."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def send(self, *parts: bytes) -> None:
        """Send bytes, each part by itself."""
        for part in parts:
            self._socket.sendall(part)

    def answer(self, *, to_head: bool = False) -> Answer:
        """Read the next answer whole."""
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().rstrip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = 0 if to_head else int(headers.get("content-length", 0))
        return Answer(status, headers, self._file.read(length))

    def ends(self) -> bool:
        """Tell whether nothing comes any more: the server has closed the connection."""
        return self._file.read() == b""


@pytest.fixture
def wire(server: ServerThread) -> Iterator[Wire]:
    """A connection to the emulator, whose worlds are forgotten afterwards."""
    port = int(server.url.rpartition(":")[2])
    with Wire(port) as wire:
        yield wire
    with Wire(port) as last:
        last.send(request("POST", "/_mock/reset"))
        assert last.answer().status == 204


def head(method: str, path: str, *lines: str) -> bytes:
    """Write the head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", "apiKey: k", *lines, "", ""]).encode()


def request(method: str, path: str, body: bytes | None = None, *lines: str) -> bytes:
    """Write a request whole."""
    length = () if body is None else (f"Content-Length: {len(body)}",)
    return head(method, path, *lines, *length) + (body or b"")


def create(count: int, batch_id: str = "b", *, padding: int = 0) -> bytes:
    """Write the body of a create."""
    inputs = {**LONDON, "note": "x" * padding}
    jobs = [{"place_id": f"p-{number}", "inputs": inputs} for number in range(count)]
    return json.dumps({"batch_id": batch_id, "batch_name": "-", "attribute_set": "core", "jobs": jobs}).encode()


def chunked(body: bytes, size: int) -> bytes:
    """Write a body in chunks."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def in_bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


def is_usable(wire: Wire) -> bool:
    """Tell whether the connection still answers the next request."""
    wire.send(request("GET", "/_mock/health"))
    answer = wire.answer()
    return answer.status == 200 and answer.json["status"] == "ok"


# Upgrades


@upgraded
@pytest.mark.parametrize("count", [1, 9_000], ids=["small", "large"])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("apart", [False, True], ids=["at once", "body later"])
def test_an_upgrade_is_passed_over_and_the_body_read(
    wire: Wire, upgrade: str, count: int, is_chunked: bool, apart: bool
) -> None:
    body = create(count, padding=100)
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    written = chunked(body, 70_000) if is_chunked else body

    start = head("POST", BATCHES, *UPGRADES[upgrade], framing)
    wire.send(*([start, written[:5], written[5:]] if apart else [start + written]))

    answer = wire.answer()
    assert (answer.status, len(answer.json["jobs"]["pending"])) == (200, count)
    assert "upgrade" not in answer.headers
    assert is_usable(wire)


@upgraded
@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_an_upgrade_may_come_byte_by_byte(wire: Wire, upgrade: str, is_chunked: bool) -> None:
    body = create(1)
    framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    written = chunked(body, 7) if is_chunked else body

    wire.send(*in_bytes(head("POST", BATCHES, *UPGRADES[upgrade], framing) + written))

    assert wire.answer().status == 200
    assert is_usable(wire)


@upgraded
def test_a_client_that_waits_to_be_asked_for_the_body_is_asked(wire: Wire, upgrade: str) -> None:
    """The body comes only after the server has read the whole head: it can be in no packet with it."""
    body = create(2)
    wire.send(head("POST", BATCHES, *UPGRADES[upgrade], "Expect: 100-continue", f"Content-Length: {len(body)}"))
    assert wire.answer().status == 100

    wire.send(body[:9], body[9:])

    assert len(wire.answer().json["jobs"]["pending"]) == 2
    assert is_usable(wire)


@upgraded
def test_requests_in_one_packet_are_answered_in_their_order(wire: Wire, upgrade: str) -> None:
    lines = UPGRADES[upgrade]
    wire.send(
        request("POST", BATCHES, create(1, "first"), *lines)
        + head("POST", BATCHES, *lines, "Transfer-Encoding: chunked")
        + chunked(create(2, "second"), 50)
        + request("GET", f"{BATCHES}/first", None, *lines)
        + request("PUT", f"{BATCHES}/second", b'{"batch_name": "renamed"}', *lines)
        + request("GET", f"{BATCHES}/second", None, *lines)
    )

    answers = [wire.answer().json for _ in range(5)]
    assert [answer.get("id") for answer in answers] == ["first", "second", "first", None, "second"]
    assert answers[4]["batch_name"] == "renamed"


@upgraded
def test_a_body_does_what_it_says_on_the_service_and_the_control_api(wire: Wire, upgrade: str) -> None:
    def call(method: str, path: str, body: Any = None) -> Any:
        written = None if body is None else json.dumps(body).encode()
        wire.send(request(method, path, written, *UPGRADES[upgrade]))
        answer = wire.answer()
        assert answer.status < 300, answer.body
        return answer.json

    call("PATCH", f"{WORLD}/settings", {"failure_rate": 0.25})
    call("POST", f"{WORLD}/rules", {"match": {"place_id": "held-*"}, "then": {"hold": "queued"}})
    place = {"place_id": "held-1", "inputs": LONDON}
    for batch_id in ("one", "two"):
        body = {"batch_id": batch_id, "batch_name": "-", "attribute_set": "core"}
        call("POST", BATCHES, {**body, "jobs": [{"place_id": "p", "inputs": LONDON}]})
    call("POST", BATCHES, {"batch_id": "held", "batch_name": "-", "attribute_set": "core", "jobs": [place]})
    call("PUT", f"{BATCHES}/one", {"batch_name": "renamed"})
    settled = call("POST", f"{WORLD}/clock/settle", {"batch_id": "one"})
    released = call("POST", f"{WORLD}/release", {"place_id": "other-*"})

    assert call("GET", f"{WORLD}/settings")["failure_rate"] == 0.25
    assert call("GET", f"{BATCHES}/one")["batch_name"] == "renamed"
    assert (settled["unfinished"], released["released"]) == (0, 0)


def test_a_client_that_asks_for_an_end_gets_it_beside_an_upgrade(wire: Wire) -> None:
    wire.send(request("POST", BATCHES, create(1), "Connection: close, Upgrade", "Upgrade: h2c"))

    answer = wire.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert wire.ends()


def test_an_upgrade_of_http_1_0_is_served_too(wire: Wire) -> None:
    start = head("POST", BATCHES, "Connection: Upgrade", "Upgrade: h2c", f"Content-Length: {len(create(1))}")
    wire.send(start.replace(b"HTTP/1.1", b"HTTP/1.0") + create(1))

    assert wire.answer().status == 200
    assert wire.ends()


def test_no_upgrade_is_worth_a_line_in_the_log(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    for upgrade in UPGRADES.values():
        wire.send(request("GET", "/_mock/health", None, *upgrade))
        assert wire.answer().status == 200

    assert caplog.records == []


def test_trailers_are_no_headers(wire: Wire) -> None:
    """A key that comes after the body opens nothing and is shown nowhere."""
    trailer = chunked(create(1), 50)[:-2] + b"apiKey: late\r\nX-Late: 1\r\n\r\n"
    wire.send(head("POST", BATCHES, "Transfer-Encoding: chunked") + trailer)
    assert wire.answer().status == 200

    wire.send(request("GET", f"{WORLD}/journal"))
    (entry,) = wire.answer().json["requests"]
    assert "x-late" not in entry["headers"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the machine has no curl")
@pytest.mark.parametrize("count", [1, 9_000])
@pytest.mark.parametrize("lines", [(), ("-H", "Transfer-Encoding: chunked"), ("-H", "Expect: 100-continue")])
def test_curl_offers_http_2_and_gets_its_answer(server: ServerThread, wire: Wire, count: int, lines: Any) -> None:
    command = ["curl", "--silent", "--noproxy", "*", "--http2", "--max-time", "30", "--data-binary", "@-", *lines]

    done = subprocess.run(
        [*command, "-H", "apiKey: k", server.url + BATCHES],
        input=create(count, padding=100),
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert len(json.loads(done.stdout)["jobs"]["pending"]) == count


# What the server answers by itself

CHUNKED = "Transfer-Encoding: chunked"
REFUSED: dict[str, tuple[bytes, str]] = {
    "nonsense": (b"nonsense\r\n\r\n", "does not begin with an HTTP method"),
    "an unknown method": (head("BREW", BATCHES), "does not begin with an HTTP method"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "http:// instead of https://"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "instead of HTTP/2"),
    "HTTP/2 in the line": (b"GET /_mock/health HTTP/2.0\r\n\r\n", "HTTP/1.1 and HTTP/1.0 only"),
    "HTTP/9.9": (b"GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 and HTTP/1.0 only"),
    "HTTP/0.9": (b"GET /\r\n\r\n", "HTTP/1.1 and HTTP/1.0 only"),
    "a space in the path": (b"GET /a b HTTP/1.1\r\n\r\n", "%20"),
    "CONNECT": (b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n", "not a proxy"),
    "no path": (b"GET batches HTTP/1.1\r\n\r\n", "invalid characters in url"),
    "a host without a path": (b"GET http://localhost HTTP/1.1\r\n\r\n", "begin with a slash"),
    "raw bytes in the path": (b"GET /\xff HTTP/1.1\r\n\r\n", "invalid char in url path"),
    "a header without a colon": (head("GET", "/", "nonsense"), "invalid header token"),
    "a space in a header's name": (head("GET", "/", "a b: c"), "invalid header token"),
    "NUL in a header": (head("GET", "/", "a: b\0c"), "invalid header value char"),
    "a folded header": (head("GET", "/", "a: b", " c"), "whitespace after header value"),
    "line feeds alone": (b"GET / HTTP/1.1\nHost: x\n\n", "expected CRLF"),
    "two lengths": (
        head("POST", BATCHES, "Content-Length: 2", "Content-Length: 3") + b"{}",
        "duplicate",
    ),
    "a length in words": (head("POST", BATCHES, "Content-Length: many"), "invalid character in Content-Length"),
    "a negative length": (head("POST", BATCHES, "Content-Length: -1"), "invalid character in Content-Length"),
    "a length beyond counting": (head("POST", BATCHES, f"Content-Length: {'9' * 30}"), "Content-Length overflow"),
    "length and chunks": (head("POST", BATCHES, "Content-Length: 2", CHUNKED), "can't be present"),
    "an unknown coding": (head("POST", BATCHES, "Transfer-Encoding: gzip"), "invalid `Transfer-Encoding`"),
    "a chunk of no size": (head("POST", BATCHES, CHUNKED) + b"zz\r\n", "chunk size"),
    "a chunk longer than it says": (head("POST", BATCHES, CHUNKED) + b"1\r\n{}\r\n0\r\n\r\n", "after chunk data"),
    "long headers": (head("GET", "/", *[f"X-{n}: {'x' * 900}" for n in range(300)]), "larger than 131072 bytes"),
    "a long path": (head("GET", "/" + "x" * 200_000), "larger than 131072 bytes"),
    "a header of megabytes": (head("GET", "/", "X: " + "x" * 2**21), "larger than 131072 bytes"),
    "an unknown coding beside an upgrade": (
        head("POST", BATCHES, *UPGRADES["h2c"], "Transfer-Encoding: gzip"),
        "invalid `Transfer-Encoding`",
    ),
    "a bad chunk beside an upgrade": (head("POST", BATCHES, *UPGRADES["h2c"], CHUNKED) + b"zz\r\n", "chunk size"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_request_is_told_why_in_the_services_form(wire: Wire, name: str) -> None:
    sent, why = REFUSED[name]
    wire.send(sent)

    answer = wire.answer()

    assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
    assert answer.headers["connection"] == "close"
    assert set(answer.json) == {"detail"}
    assert why.lower() in answer.json["detail"].lower()
    assert answer.json["detail"].endswith(".")
    assert wire.ends()


def test_a_refusal_waits_for_the_answers_before_it(wire: Wire) -> None:
    wire.send(request("POST", BATCHES, create(3000)) + request("GET", f"{BATCHES}/b") + b"nonsense\r\n\r\n")

    assert [wire.answer().status for _ in range(3)] == [200, 200, 400]
    assert wire.ends()


def test_a_broken_body_in_the_queue_waits_for_the_answers_before_it_and_is_not_carried_out(wire: Wire) -> None:
    wire.send(request("POST", BATCHES, create(3000)) + head("POST", BATCHES, CHUNKED) + b"zz\r\n\r\n")

    assert [wire.answer().status for _ in range(2)] == [200, 400]
    assert wire.ends()


def test_a_request_that_was_answered_before_its_body_broke_gets_one_answer(wire: Wire) -> None:
    wire.send(b"POST " + BATCHES.encode() + b" HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert wire.answer().status == 401

    wire.send(b"zz\r\n")

    assert wire.ends()


def test_what_is_refused_changes_nothing(wire: Wire) -> None:
    wire.send(request("GET", "/_mock/orgs") + REFUSED["a bad chunk beside an upgrade"][0])
    assert wire.answer().json == {"orgs": []}
    assert wire.answer().status == 400


def test_a_defect_outside_the_apps_is_answered_in_the_services_form(caplog: pytest.LogCaptureFixture) -> None:
    server = ServerThread(load({"host": "127.0.0.1", "port": 0}, environ={}))

    async def broken(*_: Any) -> None:
        raise RuntimeError

    server.app._lifetime._rooms = server.app.open()._replace(control=broken)
    server.start()
    try:
        with Wire(int(server.url.rpartition(":")[2])) as wire:
            wire.send(request("GET", "/_mock/orgs"))
            answer = wire.answer()
            assert (answer.status, answer.headers["content-type"]) == (500, "application/json")
            assert "bug" in answer.json["detail"]
            assert wire.ends()
    finally:
        server.stop()
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [RuntimeError]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_requests_that_a_stop_cuts_off_are_told_so() -> None:
    with serve("--port", "0", "--host", "127.0.0.1") as served:
        delayed = {"match": {"operation": "list_batches"}, "then": {"delay_seconds": 60}}
        served.control("acme", "POST", "/faults", delayed)
        cut = [
            head("POST", BATCHES, "Content-Length: 100") + b"{",
            head("POST", BATCHES, *UPGRADES["h2c"], CHUNKED) + b"1\r\n{\r\n",
            head("GET", BATCHES),
            head("PATCH", f"{WORLD}/settings", "Content-Length: 100"),
        ]
        wires = [Wire(served.port) for _ in cut]
        for wire, sent in zip(wires, cut, strict=True):
            # All are under way once a later request of another connection is answered, since one loop reads them.
            wire.send(sent)
        served.call("GET", "/_mock/health")

        code, _, errors = served.stop()

        for wire in wires:
            with wire:
                answer = wire.answer()
                assert (answer.status, answer.headers["connection"]) == (503, "close")
                assert answer.json == {"detail": "The emulator is stopping."}
                assert wire.ends()
    assert code == 0
    assert "Traceback" not in errors


def test_the_protocol_bounds_a_header_that_never_ends(wire: Wire) -> None:
    wire.send(b"GET / HTTP/1.1\r\nX: " + b"x" * 2**20)

    assert wire.answer().status == 400
