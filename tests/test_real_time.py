"""The emulator runs on real time, whatever the tests around it do to the clocks of their process."""

from __future__ import annotations

import ast
import asyncio
import datetime
import email.utils
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any, TypeGuard
from unittest.mock import AsyncMock, MagicMock, patch

import pytest

import reprompt_mock
from reprompt_mock.loop_thread import CannotStart, CannotStop, NotRunning
from reprompt_mock.real_time import monotonic_ns, monotonic_seconds, real_now
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.processes import environment

PATIENCE_SECONDS = 30.0
_SOURCES = Path(reprompt_mock.__file__).parent
_CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_LEFT_ALONE = ("threading", "queue", "_pytest", "tests.test_real_time")


# Ways to tamper with time


@contextmanager
def frozen() -> Iterator[None]:
    """Stop all clocks as freezegun does: in every module that holds one."""
    fakes: dict[Any, Any] = {getattr(time, name): partial(lambda now: now, getattr(time, name)()) for name in _CLOCKS}
    with ExitStack() as undo:
        for name, module in list(sys.modules.items()):
            if not name.startswith(_LEFT_ALONE):
                for attribute, value in list(vars(module).items()):
                    if isinstance(value, BuiltinFunctionType) and value in fakes:
                        undo.enter_context(patch.object(module, attribute, fakes[value]))
        yield


class NoDatetime(datetime.datetime):
    """Stands for `datetime.datetime` of a test that froze it by hand."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        raise AssertionError("nobody may ask for the test's time")

    utcnow = today = now


def _mocked(name: str, make: Callable[[], Any] = MagicMock) -> Any:
    return patch(name, make())


TAMPERED: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "all clocks frozen": frozen,
    "time.monotonic": partial(_mocked, "time.monotonic"),
    "time.monotonic fixed": partial(_mocked, "time.monotonic", lambda: lambda: 5.0),
    "time.time_ns": partial(_mocked, "time.time_ns"),
    "time.time": partial(_mocked, "time.time"),
    "time.perf_counter": partial(_mocked, "time.perf_counter"),
    "time.clock_gettime_ns": partial(_mocked, "time.clock_gettime_ns"),
    "time.sleep": partial(_mocked, "time.sleep"),
    "asyncio.sleep": partial(_mocked, "asyncio.sleep", AsyncMock),
    "datetime.datetime": partial(_mocked, "datetime.datetime", lambda: NoDatetime),
}
if sys.platform == "win32":
    del TAMPERED["time.clock_gettime_ns"]


@pytest.fixture(params=TAMPERED)
def tampered(request: pytest.FixtureRequest) -> Any:
    """A way to tamper with time, to be entered."""
    return TAMPERED[request.param]


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds, whatever was done to the clocks."""
    deadline = monotonic_seconds() + PATIENCE_SECONDS
    while not holds():
        assert monotonic_seconds() < deadline, "it never came true"
        threading.Event().wait(0.005)


def call(server: ServerThread, method: str, path: str, body: Any = None) -> tuple[int, Any, http.client.HTTPMessage]:
    """Send a request by a client that asks no clock; gives status, JSON and headers."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, {"apiKey": "k"})
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None, answer.headers
    finally:
        connection.close()


def control(server: ServerThread, slug: str, method: str, path: str, body: Any = None) -> Any:
    status, answer, _ = call(server, method, f"/_mock/orgs/{slug}{path}", body)
    assert status < 300, answer
    return answer


def new_server(**flags: Any) -> ServerThread:
    return ServerThread(load({"host": "127.0.0.1", "port": 0, **flags}, environ={}))


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    """An emulator in this process, whose worlds run; it was started before anybody tampered with time."""
    server = new_server()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def slug(request: pytest.FixtureRequest) -> str:
    """A fresh organization."""
    return f"org-{abs(hash(request.node.name))}"


def virtual_now(server: ServerThread, slug: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(control(server, slug, "GET", "/clock")["now"])


# What must hold meanwhile


def test_a_server_that_was_started_before_stops(tampered: Any) -> None:
    server = new_server()
    server.start()
    with tampered():
        assert call(server, "GET", "/_mock/health")[0] == 200
        server.stop()


def test_a_server_starts_and_stops_and_gives_the_real_date(tampered: Any) -> None:
    with tampered():
        server = new_server()
        server.start()
        status, _, headers = call(server, "GET", "/_mock/health")
        server.stop()
    assert status == 200
    date = email.utils.parsedate_to_datetime(headers["date"])
    assert abs(date.timestamp() - real_now() / 1e6) < 2 * PATIENCE_SECONDS


@pytest.mark.parametrize("name", ["all clocks frozen", "time.monotonic", "asyncio.sleep"])
def test_a_server_stops_with_a_request_under_way(name: str) -> None:
    server = new_server()
    server.start()
    control(server, "acme", "POST", "/faults", {"then": {"delay_seconds": 1000}})
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE_SECONDS)
    connection.request("GET", "/v1/acme/place_enrichment/batches", headers={"apiKey": "k"})
    eventually(lambda: bool(server._server.server_state.tasks))
    with TAMPERED[name]():
        server.stop()
    connection.close()


def test_a_delay_ends(server: ServerThread, slug: str, tampered: Any) -> None:
    control(server, slug, "POST", "/faults", {"then": {"delay_seconds": 0.2}})
    with tampered():
        began = monotonic_seconds()
        assert call(server, "GET", f"/v1/{slug}/place_enrichment/batches")[0] == 200
        assert monotonic_seconds() - began >= 0.2
        (entry,) = control(server, slug, "GET", "/journal")["requests"]
        assert entry["duration_seconds"] >= 0.2


def test_a_running_world_moves_on(server: ServerThread, slug: str, tampered: Any) -> None:
    control(server, slug, "PATCH", "/clock", {"speed": 1000})
    with tampered():
        first = virtual_now(server, slug)
        eventually(lambda: virtual_now(server, slug) > first)


def test_jobs_of_a_running_world_finish_by_themselves(server: ServerThread, slug: str, tampered: Any) -> None:
    """The ticker ticks: nobody reads the world before its rows are up to date."""
    control(server, slug, "PATCH", "/clock", {"speed": 1000})
    job = {"place_id": "a", "inputs": {"name": "A", "full_address": "B"}}
    with tampered():
        status, *_ = call(
            server,
            "POST",
            f"/v1/{slug}/place_enrichment/batches",
            {"batch_name": "-", "attribute_set": "core", "jobs": [job]},
        )
        assert status == 200
        world = server.app.engine.worlds.peek(slug)
        eventually(lambda: world.state.next_due is None)


def test_the_rate_limit_refills(server: ServerThread, slug: str, tampered: Any) -> None:
    control(server, slug, "PATCH", "/settings", {"rate_limit": 10})
    with tampered():
        path = f"/v1/{slug}/place_enrichment/attributes"
        statuses = [call(server, "GET", path)[0] for _ in range(30)]
        if 429 not in statuses:
            pytest.skip("this machine is too slow to reach the limit")
        eventually(lambda: call(server, "GET", path)[0] == 200)


def test_a_world_that_is_made_meanwhile_starts_at_the_real_present(
    server: ServerThread, slug: str, tampered: Any
) -> None:
    before = datetime.datetime.fromtimestamp(real_now() / 1e6, datetime.UTC)
    with tampered():
        now = control(server, slug, "GET", "/clock")["now"]
    after = datetime.datetime.fromtimestamp(real_now() / 1e6, datetime.UTC)
    assert before <= datetime.datetime.fromisoformat(now) <= after


def test_a_call_from_another_thread_is_answered_or_given_up_in_time(server: ServerThread, tampered: Any) -> None:
    async def answer() -> str:
        return "here"

    with tampered():
        assert server.call(answer(), timeout=PATIENCE_SECONDS) == "here"
        with pytest.raises(TimeoutError, match=r"^the server did not answer within 0\.05 s$"):
            server.call(asyncio.Event().wait(), timeout=0.05)


# Starting and stopping in whatever order


def test_a_server_starts_once_and_says_so() -> None:
    server = new_server()
    server.start()
    with pytest.raises(CannotStart, match="has already been started"):
        server.start()
    assert call(server, "GET", "/_mock/health")[0] == 200
    server.stop()
    server.stop()
    with pytest.raises(CannotStart, match="has already been stopped: create a new one"):
        server.start()


def test_a_server_that_was_never_started_stops_for_good() -> None:
    server = new_server()
    server.stop()
    with pytest.raises(CannotStart, match="has already been stopped: create a new one"):
        server.start()
    with pytest.raises(NotRunning, match="was not started"):
        server.call(asyncio.Event().wait(), timeout=1)


def _no_descriptors(*_: object, **__: object) -> None:
    raise OSError(24, "Too many open files")


@pytest.mark.parametrize("needed", ["socket.socketpair", "selectors.DefaultSelector", "uvicorn.Server.startup"])
def test_what_keeps_a_server_from_starting_is_raised_and_everything_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needed: str
) -> None:
    settings = load({"host": "127.0.0.1", "port": 0, "db": tmp_path / "world.db"}, environ={})
    server = ServerThread(settings)
    with monkeypatch.context() as patched:
        patched.setattr(needed, _no_descriptors)
        with pytest.raises(CannotStart, match=r"ended before it answered: OSError: .*Too many open files") as raised:
            server.start()
    assert isinstance(raised.value.__cause__, OSError)
    server.stop()
    again = ServerThread(settings.model_copy(update={"port": int(server.url.rpartition(":")[2])}))
    again.start()
    assert call(again, "GET", "/_mock/health")[0] == 200
    again.stop()


def test_a_server_that_died_says_of_what(monkeypatch: pytest.MonkeyPatch) -> None:
    server = new_server()
    server.start()
    with monkeypatch.context() as patched:
        patched.setattr(server._server, "on_tick", _no_descriptors)
        eventually(lambda: not server._thread.is_alive)
    with pytest.raises(NotRunning, match="has ended: OSError"):
        server.call(asyncio.Event().wait(), timeout=1)
    with pytest.raises(CannotStop, match="had crashed: OSError"):
        server.stop()
    with pytest.raises(ConnectionRefusedError):
        call(server, "GET", "/_mock/health")


def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()

    async def hang() -> None:
        let_go.wait(PATIENCE_SECONDS)

    server = new_server()
    server.start()
    monkeypatch.setattr("reprompt_mock.server._PATIENCE_SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        server.call(hang(), timeout=0.05)
    with pytest.raises(CannotStop, match=r"has not stopped after 0\.05 s: its thread is in wait \(threading\.py:\d+\)"):
        server.stop()
    let_go.set()
    monkeypatch.undo()
    server.stop()


# Real time itself


def test_real_time_is_the_wall_clocks_and_passes_as_the_monotonic_clock_does() -> None:
    started, real = monotonic_ns(), real_now()
    assert abs(real_now() - time.time_ns() // 1000) < 3600 * 1_000_000  # of no clock that was stepped meanwhile
    while real_now() == real:
        pass
    assert 0 < real_now() - real <= (monotonic_ns() - started) // 1000 + 1
    assert monotonic_seconds() == pytest.approx(monotonic_ns() / 1e9, abs=PATIENCE_SECONDS)


_EARLY = """
import sys, time
{first}
before = {{name for name in ("asyncio", "httpx2", "fastapi", "uvicorn") if name in sys.modules}}
for name in ("time", "time_ns", "monotonic", "monotonic_ns", "clock_gettime", "clock_gettime_ns"):
    setattr(time, name, lambda *_: 0)
from reprompt_mock.real_time import real_now
print(before - {{"asyncio"}}, real_now())
"""


@pytest.mark.parametrize("first", ["import reprompt_mock", "import reprompt_mock.pytest_plugin"])
def test_who_imports_the_package_or_its_plugin_early_has_the_real_present_for_good(first: str) -> None:
    """It costs no framework, and no later change of the clocks counts."""
    before = real_now()
    code = _EARLY.format(first=first)
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment(), timeout=60
    )
    imported, _, now = run.stdout.rpartition(" ")
    assert imported == "set()"
    assert before - 1_000_000 <= int(now) <= real_now() + 1_000_000


def _has_no_limit(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"wait", "join", "result", "acquire"}
        and not (node.args or node.keywords)
    )


def test_no_thread_waits_without_a_limit() -> None:
    """Neither `wait()` nor `join()`, `result()` or `acquire()`: what never comes must not hang a session of tests.

    What is awaited holds up no thread.
    """
    found = []
    for source in sorted(_SOURCES.rglob("*.py")):
        nodes = list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))
        awaited = [node.value for node in nodes if isinstance(node, ast.Await)]
        found += [
            f"{source.relative_to(_SOURCES)}:{node.lineno} {ast.unparse(node)}"
            for node in nodes
            if _has_no_limit(node) and node not in awaited
        ]
    assert found == []
