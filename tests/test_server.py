from __future__ import annotations

import asyncio
import http.client
import json
import logging
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from reprompt_mock.errors import DatabaseInUse
from reprompt_mock.server import CannotListen, ServerThread, listeners, url_of
from reprompt_mock.settings import load
from tests.processes import PATIENCE_SECONDS, Served, environment, eventually, needs_ipv6, serve

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
PROMPTLY_SECONDS = 15.0
"""Two seconds are promised; the rest is for a machine that does other things too."""


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """An emulator in a process of its own."""
    with serve("--port", "0", "--clock", "paused") as served:
        yield served


def request_to(served: Served, head: str, *, body: bytes = b"", length: int = 0) -> socket.socket:
    """Open a connection and send a request, perhaps of a body that is longer than what is sent."""
    connection = socket.create_connection(("127.0.0.1", served.port))
    lines = [f"{head} HTTP/1.1", "Host: localhost", "apiKey: k", f"Content-Length: {length or len(body)}"]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
    return connection


def big_create(count: int) -> bytes:
    """Make the body of a create that takes a while."""
    jobs = [
        {"place_id": f"place-{number}", "inputs": {"name": "A", "full_address": "B", "latitude": 1, "longitude": 2}}
        for number in range(count)
    ]
    return json.dumps({"batch_id": "big", "batch_name": "-", "attribute_set": "core", "jobs": jobs}).encode()


def test_the_ready_line_names_the_real_port(served: Served) -> None:
    assert re.fullmatch(
        r"reprompt-mock \S+ listening on (http://127\.0\.0\.1:\d+) \(dashboard: \1/_mock/ui/\)\n", served.line
    )
    assert served.port != 0
    assert served.call("GET", "/_mock/health")["status"] == "ok"


@needs_ipv6
def test_localhost_is_both_loopback_addresses(served: Served) -> None:
    assert httpx2.get(f"http://[::1]:{served.port}/_mock/health", trust_env=False).status_code == 200


def test_nothing_listens_beside_the_loopback_addresses(served: Served) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing, but tells the machine's own address
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this machine has no other address")
    with pytest.raises(ConnectionRefusedError), socket.create_connection((address, served.port), timeout=5):
        pass


def test_a_small_answer_is_not_held_back(served: Served) -> None:
    """Nagle's algorithm is off at both ends: with it on, each of these would take 40 ms."""
    listener = listeners("127.0.0.1", 0)[0]
    with listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_whatever_is_under_way(number: signal.Signals) -> None:
    """It ends within two seconds: requests under way and delayed answers included."""
    kubernetes = {
        "REPROMPT_MOCK_PORT": "tcp://10.0.0.1:8780",
        "REPROMPT_MOCK_PORT_8780_TCP": "tcp://10.0.0.1:8780",
        "REPROMPT_MOCK_PORT_8780_TCP_ADDR": "10.0.0.1",
        "REPROMPT_MOCK_SERVICE_HOST": "10.0.0.1",
        "REPROMPT_MOCK_SERVICE_PORT": "8780",
    }
    with serve("--port", "0", **kubernetes) as served:
        delayed = {"match": {"operation": "list_batches"}, "then": {"delay_seconds": 60}}
        served.control("acme", "POST", "/faults", delayed)
        batches = "/v1/acme/place_enrichment/batches"
        body = big_create(1000)
        connections = [
            request_to(served, "GET /_mock/health"),
            request_to(served, f"POST {batches}", body=body[:1000], length=len(body)),
            request_to(served, f"GET {batches}"),
            socket.create_connection(("127.0.0.1", served.port)),
        ]
        assert connections[0].recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
        code, written, errors = served.stop(number)
        assert time.monotonic() - began < PROMPTLY_SECONDS
        assert (code, written) == (0, "")
        assert "Traceback" not in errors
        for connection in connections:
            connection.close()


def test_a_signal_amid_a_large_write_ends_it_with_0() -> None:
    """A connection must not be closed under the thread that uses it: that once crashed the process."""
    with serve("--port", "0", "--clock", "paused", "--log-format", "json", "--log-level", "info") as served:
        writing = request_to(served, "POST /v1/acme/place_enrichment/batches", body=big_create(30_000))
        code, written, errors = served.stop(signal.SIGTERM)
        writing.close()
    assert (code, written) == (0, "")
    lines = [json.loads(line) for line in errors.splitlines()]
    assert lines
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert "k" not in {line["message"] for line in lines}


def test_a_signal_while_it_gets_ready_ends_it_with_0_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (listener,) = listeners("127.0.0.1", 0)
    port = listener.getsockname()[1]
    listener.close()
    process = subprocess.Popen(
        [sys.executable, "-m", "reprompt_mock", "serve", "--host", "127.0.0.1", "--port", str(port)],
        env=environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    eventually(lambda: _is_alive(port))
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (0, b"")
    assert list(tmp_path.iterdir()) == []


def _is_alive(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/livez", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


def test_what_answers_the_probes_is_up_before_any_framework() -> None:
    code = "import sys, reprompt_mock.server; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not {"fastapi", "starlette", "sqlmodel", "sqlalchemy", "pydantic"} & set(run.stdout.split())


# In this process


@needs_ipv6
def test_a_free_port_is_free_on_both_loopback_addresses() -> None:
    first, second = listeners("localhost", 0)
    with first, second:
        assert first.getsockname()[1] == second.getsockname()[1] != 0
        assert (first.getsockname()[0], second.getsockname()[0]) == ("127.0.0.1", "::1")


@needs_ipv6
def test_a_port_that_is_in_use_on_one_of_both_is_in_use() -> None:
    for host in ("127.0.0.1", "::1"):
        (taken,) = listeners(host, 0)
        with taken, pytest.raises(CannotListen, match="in use"):
            listeners("localhost", taken.getsockname()[1])


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example", "192.0.2.1", "1.2.3", "host\x00"])
def test_a_host_that_is_none_of_the_machine_cannot_be_listened_on(host: str) -> None:
    with pytest.raises(CannotListen, match=r"^cannot listen on ") as error:
        listeners(host, 0)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", r"http://127\.0\.0\.1:\d+"),
        ("0.0.0.0", r"http://0\.0\.0\.0:\d+"),
        pytest.param("::1", r"http://\[::1\]:\d+", marks=needs_ipv6),
    ],
)
def test_an_address_of_its_own_is_the_only_one(host: str, url: str) -> None:
    (listener,) = listeners(host, 0)
    with listener:
        assert re.fullmatch(url, url_of(listener))


def settings_of(**flags: Any) -> Any:
    """Make settings of a free port and a paused clock."""
    return load({"port": 0, "clock": "paused", **flags}, environ={})


def test_a_server_in_a_thread_gives_its_port_and_its_database_back(tmp_path: Path) -> None:
    db = tmp_path / "world.db"
    ports = []
    for number in range(3):
        server = ServerThread(settings_of(db=db))
        server.start()
        url = f"{server.url}/v1/acme/place_enrichment/batches"
        assert httpx2.get(url, headers={"apiKey": "k"}, trust_env=False).json()["total"] == number
        body = {"batch_name": "-", "jobs": []}
        assert httpx2.post(url, json=body, headers={"apiKey": "k"}, trust_env=False).status_code == 200
        server.stop()
        ports.append(int(server.url.rpartition(":")[2]))
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(url, trust_env=False)
    for port in ports:
        for listener in listeners("localhost", port):
            listener.close()


def test_a_server_whose_database_is_in_use_leaves_no_socket_open(tmp_path: Path) -> None:
    server = ServerThread(settings_of(db=tmp_path / "world.db"))
    server.start()
    port = listeners("localhost", 0)
    free = port[0].getsockname()[1]
    for listener in port:
        listener.close()
    with pytest.raises(DatabaseInUse):
        ServerThread(settings_of(db=tmp_path / "world.db", port=free))
    for listener in listeners("localhost", free):
        listener.close()
    server.stop()


def test_a_server_leaves_no_temporary_file_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = ServerThread(settings_of())
    server.start()
    assert len(list(tmp_path.iterdir())) == 1
    server.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_rests_is_kept(served: Served) -> None:
    """Clients that poll every few seconds must not meet a connection that is just being closed."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PROMPTLY_SECONDS)
    for _ in range(2):
        connection.request("GET", "/_mock/health")
        with connection.getresponse() as answer:
            assert answer.read().startswith(b'{"status":"ok"')
            assert not answer.will_close
            assert answer.headers["server"] is None
    connection.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_harms_nobody(served: Served, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=PROMPTLY_SECONDS) as connection:
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(1000)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert served.call("GET", "/_mock/health")["status"] == "ok"


def test_a_defect_is_logged_but_not_a_request_that_was_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    server = ServerThread(settings_of())
    server.start()
    server.stop()
    logger = logging.getLogger("uvicorn.error")
    for error in (asyncio.CancelledError(), RuntimeError()):
        logger.error("Exception in ASGI application", exc_info=error)
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [RuntimeError]
