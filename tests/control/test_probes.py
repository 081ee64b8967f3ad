"""The probes: `/_mock/health`, `/livez`, `/readyz` need nothing but the port (interface.md)."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from reprompt_mock import __version__
from reprompt_mock.app import Emulator, create_app
from reprompt_mock.cli import _parser
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import Org
from tests.processes import PATIENCE_SECONDS
from tests.stores import database_of

PROBES = ("/_mock/health", "/livez", "/readyz")
FINE = {"status": "ok", "version": __version__, "control": 1}


@pytest.fixture(scope="module")
def strict() -> Iterator[ServerThread]:
    """An emulator on a socket, with keys and a token, that answers to no further host name."""
    server = ServerThread(load({"port": 0, "control_token": "t", "api_keys": {"k": "acme"}}, environ={}))
    server.start()
    yield server
    server.stop()


def sent(server: ServerThread, *lines: str) -> tuple[str, dict[str, str], bytes]:
    """Send a request as it is written; gives the status line, the headers and the body."""
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.decode().splitlines()
    return status, {name.lower(): value for name, _, value in (line.partition(": ") for line in headers)}, body


@pytest.mark.parametrize("path", PROBES)
@pytest.mark.parametrize(
    "headers",
    [
        [],
        ["Host: localhost"],
        ["Host: reprompt-mock.testing.svc.cluster.local"],
        ["Host: evil.example:80"],
        ["Host: 10.0.0.1:8780", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site"],
        ["Host: a", "Authorization: Bearer wrong", "apiKey: wrong"],
        ["Host: a", "Prefer: code=503"],
    ],
)
def test_a_probe_needs_nothing_but_the_port(strict: ServerThread, path: str, headers: list[str]) -> None:
    # HAProxy asks in HTTP/1.0, without a Host.
    version = "HTTP/1.1" if headers else "HTTP/1.0"
    status, _, body = sent(strict, f"GET {path} {version}", *headers, "Connection: close")
    assert status.startswith("HTTP/1.1 200 ")
    assert json.loads(body) == FINE


@pytest.mark.parametrize("path", PROBES)
@pytest.mark.parametrize("request_line", ["HEAD {path} HTTP/1.0", "HEAD {path}?verbose HTTP/1.1"])
def test_head_answers_as_get_without_the_body(strict: ServerThread, path: str, request_line: str) -> None:
    """As wait-on and `wget --spider` ask."""
    _, expected, whole = sent(strict, f"GET {path} HTTP/1.0")
    status, headers, body = sent(strict, request_line.format(path=path), "Connection: close")
    assert status == "HTTP/1.1 200 OK"
    assert body == b""
    for name in ("content-type", "content-length", "cache-control"):
        assert headers[name] == expected[name]
    assert int(headers["content-length"]) == len(whole)


@pytest.mark.parametrize("path", PROBES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_a_probe_is_only_read(org: Org, path: str, method: str) -> None:
    answer = org.http.request(method, path, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/livez/", "/healthz", "/_mock/healthy", "/_mock/livez", "/v1/livez"])
def test_no_other_path_is_a_probe(strict: ServerThread, path: str) -> None:
    status, _, _ = sent(strict, f"GET {path} HTTP/1.0")
    assert status.split()[1] in {"403", "404"}


def test_probes_make_no_world_and_are_in_no_journal(org: Org) -> None:
    org.create()
    for path in PROBES:
        assert org.http.get(path).json() == FINE
    assert [entry["operation"] for entry in org.control("GET", "/journal").json()["requests"]] == ["create_batch"]


def test_the_control_apis_document_describes_the_probes(org: Org) -> None:
    document = org.http.get("/_mock/openapi.json").json()
    for path in PROBES:
        assert set(document["paths"][path]) == {"get", "head"}
    assert set(document["paths"]["/readyz"]["get"]["responses"]) == {"200", "503"}
    assert set(document["components"]["schemas"]["Health"]["properties"]) == set(FINE)
    assert not set(PROBES) & set(org.http.get("/openapi.json").json()["paths"])


class _Broken:
    """A connection on which nothing works."""

    def execute(self, _: str) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    def close(self) -> None:
        """Do nothing."""


def test_an_emulator_whose_database_does_not_answer_lives_but_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(load({"clock": "paused"}, environ={}))
    with TestClient(app) as http:
        assert http.get("/readyz").status_code in {200, 503}  # as soon as it is warm
        http.get("/_mock/orgs")
        assert http.get("/readyz").json() == FINE
        connections = database_of(app.engine)._connections
        monkeypatch.setattr(connections, "_connect", _Broken)
        for connection in connections._idle:
            connection.close()
        connections._idle.clear()
        answer = http.get("/readyz")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json() == {"detail": "The database does not respond (disk I/O error)."}
        assert http.get("/livez").json() == http.get("/_mock/health").json() == FINE
        monkeypatch.undo()
        assert http.get("/readyz").json() == FINE


def test_an_emulator_that_stops_lives_but_is_not_ready() -> None:
    app: Emulator = create_app(load({"clock": "paused"}, environ={}))
    with TestClient(app) as http:
        http.get("/_mock/orgs")
        app.close()
        assert http.get("/readyz").json() == {"detail": "The emulator is stopping."}
        assert http.get("/livez").json() == FINE


PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "probes.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_about_probes_names_probes_that_there_are(strict: ServerThread) -> None:
    named = set(re.findall(r"/(?:[a-z]+z|_mock/\w+)\b", PAGE))
    assert named == set(PROBES)
    (kubernetes,) = (text for text in snippets("yaml") if "livenessProbe" in text)
    (container,) = yaml.safe_load(kubernetes)["containers"]
    assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": 8780}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": 8780}


def test_the_pages_commands_are_ones_that_there_are() -> None:
    commands = [line for text in snippets("sh") for line in text.splitlines() if line.startswith("reprompt-mock")]
    checks = [yaml.safe_load(text)["services"]["reprompt-mock"].get("healthcheck") for text in snippets("yaml")[:2]]
    commands += [
        " ".join(check["test"]).replace("CMD python -m reprompt_mock", "reprompt-mock") for check in checks if check
    ]
    assert len(commands) == 4
    for command in commands:
        assert _parser().parse_args(command.split()[1:]).command == "health"


@pytest.mark.parametrize("command", ["wget", "curl"])
def test_the_pages_ways_to_wait_work(strict: ServerThread, command: str) -> None:
    if not shutil.which(command):
        pytest.skip(f"the machine has no {command}")
    (line,) = (line for text in snippets("sh") for line in text.splitlines() if line.startswith(command))
    called = line.replace("http://localhost:8780", strict.url).split()
    assert subprocess.run(called, check=False, timeout=60, env={**os.environ, "NO_PROXY": "*"}).returncode == 0
