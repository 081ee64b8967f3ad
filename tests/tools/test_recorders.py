"""vcrpy and pytest-recording: the handle's calls are on no cassette, and no block stops them."""

from __future__ import annotations

import socket

from tests.tools.project import LAX, Project

ELSEWHERE = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"sunny")

    def log_message(self, *_):
        pass

def served(port):
    server = HTTPServer(("127.0.0.1", port), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
"""

WITH_VCRPY = """
import requests
import vcr
from stranger import create, results

def use(mock):
    mock.rules.add(match={"place_id": "a"}, then={"outcome": "completed"})
    mock.clock.advance(1)
    assert mock.journal.find() == []

def test_of_the_handle_alone(reprompt_mock):
    with vcr.use_cassette("handle.yaml") as cassette:
        use(reprompt_mock)
    assert len(cassette) == 0

def test_beside_a_recorded_service(reprompt_mock, elsewhere):
    with vcr.use_cassette("weather.yaml") as cassette:
        use(reprompt_mock)
        assert requests.get(elsewhere, timeout=20).text == "sunny"
        reprompt_mock.clock.settle()
    assert len(cassette) == 1

def test_whose_client_is_kept_off_the_cassette(reprompt_mock):
    with vcr.use_cassette("client.yaml", ignore_localhost=True) as cassette:
        results(reprompt_mock, "a")
        reprompt_mock.assert_batch("b", completed=1)
    assert len(cassette) == 0
"""

FIXED_PORT = """
import pathlib
import pytest
from elsewhere import served

@pytest.fixture
def elsewhere():
    # What is recorded has a fixed address, unlike the emulator, which takes a free port in every session.
    port = int(pathlib.Path("port").read_text())
    server = served(port)
    yield f"http://127.0.0.1:{port}/weather"
    server.shutdown()
    server.server_close()
"""


def write_elsewhere(project: Project) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        project.write("port", str(free.getsockname()[1]))
    project.write("elsewhere.py", ELSEWHERE)
    project.write("conftest.py", FIXED_PORT)


def test_a_cassette_that_is_recorded_once_serves_the_next_session_on_another_port(project: Project) -> None:
    write_elsewhere(project)
    project.write("test_it.py", WITH_VCRPY)

    first, second = project.run(), project.run()

    first.assert_passed(tests=3)
    second.assert_passed(tests=3)
    assert "/_mock/" not in (project.folder / "weather.yaml").read_text()
    assert not (project.folder / "handle.yaml").exists()


WITH_RECORDING = """
import pytest
import requests
from stranger import results

@pytest.mark.vcr
def test_of_the_handle(reprompt_mock, vcr):
    reprompt_mock.rules.add(then={"outcome": "failed"})
    reprompt_mock.clock.advance(30)
    assert reprompt_mock.journal.find() == []
    assert len(vcr) == 0

@pytest.mark.vcr(ignore_localhost=True)
def test_of_a_client(reprompt_mock, vcr):
    results(reprompt_mock, "a")
    assert len(vcr) == 0
"""


def test_sessions_that_record_and_that_replay_are_both_green(project: Project) -> None:
    project.write("test_it.py", WITH_RECORDING)

    for mode in ("once", "none", "rewrite"):
        project.run(f"--record-mode={mode}", plugins=["recording"]).assert_passed(tests=2)

    assert "/_mock/" not in "".join(file.read_text() for file in project.folder.glob("cassettes/**/*.yaml"))


def test_the_fixture_works_where_the_network_is_blocked(project: Project) -> None:
    project.write("pyproject.toml", LAX)  # a blocked connection leaves its socket to the garbage collector
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import create, results

        def test_of_the_handle(reprompt_mock):
            reprompt_mock.faults.add(then={"status": 503})
            assert reprompt_mock.clock.settle().unfinished == 0

        def test_whose_client_is_stopped(reprompt_mock):
            with pytest.raises(RuntimeError, match="Network is disabled"):
                create(reprompt_mock, "a")

        @pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
        def test_whose_client_is_let_through(reprompt_mock):
            results(reprompt_mock, "a")
        """,
    )

    project.run("--block-network", plugins=["recording"]).assert_passed(tests=3)
