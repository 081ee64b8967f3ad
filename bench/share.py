"""What a test pays for a fresh world: a suite of tests through the fixture, less the same without the emulator."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.servers import Target
    from bench.sizes import Sizes

_WARMING = 20
_COMMON = """
import http.client, json, os, pathlib, threading, time, http.server
import pytest

BODY = json.dumps({"batch_id": "b", "batch_name": "three", "attribute_set": "core", "jobs": [
    {"place_id": f"place-{n}", "inputs": {"name": f"Cafe {n}", "full_address": "1 Main Street, Springfield, IL"}}
    for n in range(3)]})
HEADERS = {"apiKey": "test", "Content-Type": "application/json"}

STARTS = []

def note_start():
    STARTS.append(time.perf_counter())
    if len(STARTS) == COUNT + WARMING:
        each = (STARTS[-1] - STARTS[WARMING - 1]) / COUNT * 1e3
        pathlib.Path(os.environ["SHARE_FILE"]).write_text(str(each))

def exchange(connection, path, settle):
    api = f"{path}/place_enrichment"
    for method, address, body in (
        ("POST", f"{api}/batches", BODY), ("GET", f"{api}/batches/b", None), ("GET", f"{api}/jobs?batchId=b", None)
    ):
        connection.request(method, address, body, HEADERS)
        answer = connection.getresponse()
        assert answer.read() and answer.status == 200
        if body:
            settle()
"""
_WITH = """
CONNECTIONS = {}

def connection_to(base):
    host = base.split("/")[2]
    if host not in CONNECTIONS:
        CONNECTIONS[host] = http.client.HTTPConnection(host)
    return CONNECTIONS[host]

@pytest.mark.parametrize("number", range(COUNT + WARMING))
def test_share(number, reprompt_mock):
    note_start()
    path = f"/v1/{reprompt_mock.org_slug}"
    exchange(connection_to(reprompt_mock.url), path, reprompt_mock.clock.settle)
"""
_WITHOUT = """
class Canned(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    do_POST = do_GET
    def log_message(self, *args): pass

SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canned)
threading.Thread(target=SERVER.serve_forever, daemon=True).start()
CONNECTION = http.client.HTTPConnection("127.0.0.1", SERVER.server_port)

@pytest.mark.parametrize("number", range(COUNT + WARMING))
def test_share(number):
    note_start()
    exchange(CONNECTION, "/v1/test", lambda: None)
"""


def measure(target: Target, sizes: Sizes) -> list[float]:
    """Return the milliseconds a test's world costs, one for each repeat; the suites' first tests do not count."""
    with tempfile.TemporaryDirectory(prefix="reprompt-mock-share-") as folder:
        return [
            _each(target, Path(folder), _WITH, sizes.tests) - _each(target, Path(folder), _WITHOUT, sizes.tests)
            for _ in range(sizes.repeats)
        ]


def _each(target: Target, folder: Path, source: str, count: int) -> float:
    constants = f"COUNT = {count}\nWARMING = {_WARMING}\n"
    (folder / "test_share.py").write_text(f"{constants}{_COMMON}{source}", encoding="utf-8")
    plugins = ["-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, str(folder)]
    # This Python has pytest; the measured sources come first.
    environment = {**os.environ, "PYTHONPATH": str(target.root), "SHARE_FILE": str(folder / "each")}
    ran = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"the suite failed: {ran.stdout[-500:]}")
    return float((folder / "each").read_text())
