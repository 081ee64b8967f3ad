"""Whatever a request may need is in memory before the first is served; until then it waits, and probes do not."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from reprompt_mock import app as app_module
from reprompt_mock import cli, warm
from reprompt_mock.app import Emulator, create_app
from reprompt_mock.engine.doors import Engine
from reprompt_mock.errors import CannotStart
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.everything import Caller, be_refused, control_a_world, meet_faults, use_the_service
from tests.processes import PATIENCE_SECONDS, environment

ROOT = Path(__file__).parents[1]


# Nothing is opened or imported any more


@contextmanager
def watched(tmp_path: Path, *, before: Callable[[], None] | None = None) -> Iterator[tuple[httpx2.Client, list[str]]]:
    """Run an emulator that may open and import nothing; gives its client and, after the block, what it tried."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.watched"],
        cwd=ROOT,
        env=environment(TMPDIR=str(tmp_path), REPROMPT_MOCK_CORS_ORIGINS='["http://page.example"]'),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=before,  # noqa: PLW1509 - it lowers a limit and touches nothing else
    )
    tried: list[str] = []
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], PATIENCE_SECONDS)[0], "it did not start"
        url = process.stdout.readline().decode().strip()
        with httpx2.Client(base_url=url, headers={"apiKey": "k"}, timeout=PATIENCE_SECONDS, trust_env=False) as http:
            yield http, tried
    finally:
        process.kill()  # to remove its folder it would have to open it
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        tried += errors.decode().splitlines()


def test_no_request_opens_a_file_or_imports_a_module(tmp_path: Path) -> None:
    with watched(tmp_path) as (http, tried):
        call = Caller(http)
        be_refused(call)  # first, since a refusal may be the first of all
        call("POST", "/_mock/reset", 204)
        results = use_the_service(call)
        meet_faults(call)
        control_a_world(call)
        documents = [call("GET", path) for path in ("/openapi.json", "/_mock/openapi.json")]
        assert call("GET", "/v1/acme/openapi.json") == documents[0]
        missed = [one for document in documents for one in call.missed(document)]
    assert tried == [], "\n".join(tried)
    assert missed == []
    with TestClient(create_app(load({"clock": "paused"}, environ={}))) as alike:
        assert use_the_service(Caller(_With(alike))) == results
        assert [alike.get(path).json() for path in ("/openapi.json", "/_mock/openapi.json")] == documents


class _With:
    """A client that sends a key."""

    def __init__(self, http: TestClient) -> None:
        self._http = http

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Send a request."""
        return self._http.request(method, path, **{"headers": {"apiKey": "k"}, **options})


STARTED = """
import sys
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load

server = ServerThread(load({"port": 0}, environ={}))
server.start()
server.stop()
print(*sorted(sys.modules))
"""


def test_a_start_with_a_file_imports_nothing_that_only_others_need(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", STARTED],
        cwd=ROOT,
        env=environment(TMPDIR=str(tmp_path)),
        capture_output=True,
        check=True,
    )
    loaded = set(ran.stdout.decode().split())

    assert "reprompt_mock.app" in loaded
    assert loaded.isdisjoint(("faker", "jinja2", "psycopg", "psycopg_pool", "sqlmodel", "sqlalchemy", "httpx"))


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
def test_a_ready_emulator_works_with_few_descriptors(tmp_path: Path) -> None:
    """As after `ulimit -n 64`."""
    import resource

    with watched(tmp_path, before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))) as (http, tried):
        call = Caller(http)
        for _ in range(30):
            control_a_world(call)
            call("GET", "/openapi.json")
        be_refused(call)
        assert call("GET", "/readyz")["status"] == "ok"
    assert tried == [], "\n".join(tried)


# Getting ready


class Held:
    """Warming that waits until it may go on, and may be made to fail."""

    def __init__(self) -> None:
        self.begun, self.may_go_on = threading.Event(), threading.Event()
        self.error: Exception | None = None
        self._real = warm.warm

    def __call__(self, engine: Engine) -> None:
        """Warm."""
        self.begun.set()
        assert self.may_go_on.wait(PATIENCE_SECONDS)
        if self.error is not None:
            raise self.error
        self._real(engine)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held()
    monkeypatch.setattr(warm, "warm", held)
    return held


def paused(**flags: Any) -> Any:
    return load({"clock": "paused", "port": 0, **flags}, environ={})


def test_probes_answer_at_once_and_a_request_waits_until_all_is_warm(held: Held) -> None:
    server = ServerThread(paused())
    starting = threading.Thread(target=server.start)
    starting.start()
    assert held.begun.wait(PATIENCE_SECONDS)
    answers: list[httpx2.Response] = []
    paths = ("/_mock/orgs", "/v1/acme/place_enrichment/batches", "/openapi.json", "/none")
    with httpx2.Client(base_url=server.url, headers={"apiKey": "k"}, timeout=PATIENCE_SECONDS, trust_env=False) as http:
        waiting = [threading.Thread(target=lambda path=path: answers.append(http.get(path))) for path in paths]
        for thread in waiting:
            thread.start()
        for _ in range(5):
            assert http.get("/_mock/health").status_code == http.head("/livez").status_code == 200
            unready = http.get("/readyz")
            assert (unready.status_code, unready.headers["retry-after"]) == (503, "1")
            assert unready.json() == {"detail": "The emulator is still starting: try again."}
            assert http.head("/readyz").status_code == 503
        assert answers == []
        assert starting.is_alive()
        held.may_go_on.set()
        for thread in (*waiting, starting):
            thread.join(PATIENCE_SECONDS)
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 404]
        assert http.get("/readyz").status_code == 200
    server.stop()


def test_a_request_waits_not_for_ever(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "_PATIENCE_SECONDS", 0.01)
    with TestClient(create_app(paused())) as http:
        for path in ("/_mock/orgs", "/v1/acme/place_enrichment/batches"):
            answer = http.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert answer.json() == {"detail": "The emulator is still starting: try again."}
        held.may_go_on.set()
        monkeypatch.setattr(app_module, "_PATIENCE_SECONDS", PATIENCE_SECONDS)
        assert http.get("/_mock/orgs").status_code == 200


def test_an_app_that_nobody_tells_to_start_gets_ready_at_its_first_request() -> None:
    app = create_app(paused())
    http = TestClient(app)  # without its lifespan
    assert http.get("/_mock/orgs").status_code == 200
    assert http.get("/readyz").status_code == 200
    app.close()


REASON = (
    "The emulator cannot load what it needs (FileNotFoundError: [Errno 2] No such file or directory: 'kinds.json'):"
    " reinstall it if a file is missing or broken."
)


@pytest.fixture
def broken(held: Held) -> Held:
    held.error = FileNotFoundError(2, "No such file or directory", "kinds.json")
    held.may_go_on.set()
    return held


def test_an_emulator_that_cannot_get_ready_lives_and_says_why(broken: Held) -> None:
    with TestClient(create_app(paused())) as http:
        answer = http.get("/_mock/orgs")
        assert (answer.status_code, answer.json()) == (503, {"detail": REASON})
        unready = http.get("/readyz")
        assert (unready.status_code, unready.json()) == (503, {"detail": REASON})
        assert http.get("/_mock/health").status_code == http.get("/livez").status_code == 200


def test_a_failure_to_get_ready_is_not_kept(broken: Held) -> None:
    with TestClient(create_app(paused())) as http:
        assert http.get("/_mock/orgs").status_code == 503
        broken.error = None
        # An attempt may be under way that fails still.
        assert any(http.get("/_mock/orgs").status_code == 200 for _ in range(3))
        assert http.get("/readyz").status_code == 200


def test_a_server_that_cannot_get_ready_says_so_when_it_is_started(
    broken: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = ServerThread(paused())
    with pytest.raises(CannotStart) as failure:
        server.start()
    assert str(failure.value) == REASON
    server.stop()
    assert list(tmp_path.iterdir()) == []


def test_serve_ends_with_2_and_a_sentence_where_it_cannot_get_ready(
    broken: Held, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("REPROMPT_")]:
        monkeypatch.delenv(name)
    assert cli.main(["serve", "--port", "0"]) == cli.CANNOT_START
    assert capsys.readouterr() == ("", f"reprompt-mock: {REASON}\n")
    assert list(tmp_path.iterdir()) == []


def test_an_emulator_that_is_stopped_while_it_gets_ready_leaves_nothing_behind(
    held: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(app_module, "_STOP_SECONDS", 0.01)
    with TestClient(Emulator(paused())) as http:
        assert held.begun.wait(PATIENCE_SECONDS)
        assert http.get("/livez").status_code == 200
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
    held.may_go_on.set()


def test_what_is_opened_after_the_end_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    emulator, built = Emulator(paused()), app_module._built

    def slowly(settings: Any) -> Any:
        rooms = built(settings)
        emulator.close()  # while it is being opened
        return rooms

    monkeypatch.setattr(app_module, "_built", slowly)
    emulator.open()
    assert list(tmp_path.iterdir()) == []
