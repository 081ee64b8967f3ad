"""Below a prefix: mounted in another app, behind a proxy, on a server that is not the emulator's own."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from reprompt_mock import app
from reprompt_mock.app import Emulator, create_app
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import ConfigurationError, Settings, load
from tests.conftest import LONDON
from tests.processes import PATIENCE_SECONDS, eventually
from tests.stores import database_of

BATCH = {"batch_id": "b", "batch_name": "B", "attribute_set": "core", "jobs": [{"place_id": "p", "inputs": LONDON}]}


def emulator(**flags: Any) -> Emulator:
    """Make an emulator whose worlds start with a paused clock."""
    return create_app(load({"clock": "paused", **flags}, environ={}))


@contextmanager
def in_fastapi(mounted: Emulator) -> Iterator[TestClient]:
    """Mount it in a FastAPI app that also has routes of its own."""
    outer = FastAPI(lifespan=mounted.lifespan)
    outer.mount("/emulator", mounted)
    outer.add_api_route("/own", lambda: "own")
    with TestClient(outer, base_url="http://testserver/emulator") as http:
        assert http.get("http://testserver/own").json() == "own"
        yield http


@contextmanager
def in_a_mount_of_a_mount(mounted: Emulator) -> Iterator[TestClient]:
    """Mount it twice over, under a slug-like parameter and under a name that its own paths have."""
    inner = Starlette(routes=[Mount("/v1", app=mounted)])
    outer = Starlette(routes=[Mount("/{tenant}", app=inner)], lifespan=mounted.lifespan)
    with TestClient(outer, base_url="http://testserver/acme/v1") as http:
        yield http


@contextmanager
def behind_a_server_with_a_root(mounted: Emulator) -> Iterator[TestClient]:
    """Serve it as `uvicorn --root-path /emulator` does, whose proxy takes the prefix off and which adds it again."""
    with TestClient(mounted, root_path="/emulator", base_url="http://testserver/emulator") as http:
        yield http


class WithoutPrefix:
    """What servers do that keep the prefix out of the path, though they name it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "root_path": "/emulator"} if scope["type"] == "http" else scope, receive, send)


@contextmanager
def behind_a_server_whose_path_has_no_root(mounted: Emulator) -> Iterator[TestClient]:
    with TestClient(WithoutPrefix(mounted)) as http:
        yield http


@contextmanager
def behind_a_proxy_that_strips(mounted: Emulator) -> Iterator[httpx2.Client]:
    """Serve it by its own server with `--root-path /emulator`: requests come without the prefix."""
    with behind_a_proxy(mounted, "") as http:
        yield http


@contextmanager
def behind_a_proxy_that_does_not_strip(mounted: Emulator) -> Iterator[httpx2.Client]:
    """Likewise, but requests come with the prefix."""
    with behind_a_proxy(mounted, "/emulator") as http:
        yield http


@contextmanager
def behind_a_proxy(mounted: Emulator, prefix: str) -> Iterator[httpx2.Client]:
    mounted.engine.close()
    flags = {"host": "127.0.0.1", "port": 0, "clock": "paused", "root_path": "/emulator"}
    server = ServerThread(load(flags, environ={}))
    server.start()
    with httpx2.Client(base_url=server.url + prefix, trust_env=False) as http:
        yield http
    server.stop()


WAYS = [
    (in_fastapi, "/emulator"),
    (in_a_mount_of_a_mount, "/acme/v1"),
    (behind_a_server_with_a_root, "/emulator"),
    (behind_a_server_whose_path_has_no_root, "/emulator"),
    (behind_a_proxy_that_strips, "/emulator"),
    (behind_a_proxy_that_does_not_strip, "/emulator"),
]


@pytest.mark.parametrize(("way", "root"), WAYS, ids=[way.__name__ for way, _ in WAYS])
def test_everything_works_below_a_prefix(way: Callable[[Emulator], Any], root: str) -> None:
    with way(emulator()) as http:

        def call(method: str, path: str, body: Any = None) -> Any:
            headers = {"apiKey": "k", "Host": "localhost"}
            return http.request(method, path.lstrip("/"), json=body, headers=headers)

        service, world = "v1/mounted/place_enrichment", "_mock/orgs/mounted"
        assert call("GET", "_mock/health").json()["status"] == "ok"
        assert call("POST", f"{service}/batches", BATCH).status_code == 200
        fault = {"match": {"operation": "get_batch", "path": "/v1/mounted/*"}, "then": {"status": 503}, "times": 1}
        assert call("POST", f"{world}/faults", fault).status_code == 201
        assert call("POST", f"{world}/clock/settle").json()["unfinished"] == 0
        assert [call("GET", f"{service}/batches/b").status_code for _ in range(2)] == [503, 200]
        assert call("HEAD", f"{service}/jobs/p").status_code == 200
        assert call("GET", f"{service}/batches/none").status_code == 404
        wrong = call("PATCH", f"{service}/batches/b")
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, HEAD, PUT")

        journal = call("GET", f"{world}/journal?path=/v1/mounted/*").json()["requests"]
        assert [(entry["operation"], entry["path"]) for entry in journal][:2] == [
            ("create_batch", f"/{service}/batches"),
            ("get_batch", f"/{service}/batches/b"),
        ]
        for document in ("openapi.json", "_mock/openapi.json", "v1/mounted/openapi.json"):
            assert call("GET", document).json()["servers"] == [{"url": root}]

        assert call("PATCH", f"{world}/settings", {"export_inline_rows": 0}).status_code == 200
        assert call("POST", f"{service}/batches", {**BATCH, "batch_id": "c"}).status_code == 200
        made = call("POST", f"{service}/exports", {"batch_ids": ["b", "c"]}).json()
        assert made["status_url"] == f"{root}/{service}/exports/{made['id']}"
        assert call("POST", f"{world}/clock/settle").status_code == 200
        done = call("GET", made["status_url"].removeprefix(root)).json()
        assert done["download_url"] == f"{made['status_url']}/download"
        headers = {"apiKey": "k", "Host": "localhost"}
        sent = http.get(done["download_url"].removeprefix(root).lstrip("/"), headers=headers, follow_redirects=False)
        assert sent.headers["location"].startswith(f"{root}/{service}/exports/artifacts/")
        file = call("GET", sent.headers["location"].removeprefix(root))
        assert (file.status_code, file.headers["content-type"]) == (200, "text/csv; charset=utf-8")


def test_a_document_names_no_server_where_there_is_no_prefix(http: TestClient) -> None:
    assert "servers" not in http.get("/openapi.json").json()


@pytest.mark.parametrize(
    ("written", "meant"), [("/a", "/a"), ("/a/", "/a"), ("/a/b", "/a/b"), ("/", ""), ("/v1x", "/v1x")]
)
def test_a_prefix_may_end_with_a_slash(written: str, meant: str) -> None:
    assert load({"root_path": written}, environ={}).root_path == meant


@pytest.mark.parametrize("written", ["a", "a/b", "//a", "/a//b", "http://host/a", "/v1", "/v1/a", "/_mock/a"])
def test_a_prefix_that_cannot_be_told_from_a_path_is_refused(written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^setting root_path: must "):
        load({"root_path": written}, environ={})


def test_only_whole_parts_of_a_path_are_a_prefix() -> None:
    with TestClient(emulator(root_path="/emu")) as http:
        assert http.get("/emu/_mock/health").status_code == 200
        assert http.get("/_mock/health").status_code == 200
        assert http.get("/emulator/_mock/health").status_code == 404
        assert http.get("/emu").status_code == 404


# Time, without a lifespan


def test_time_moves_where_the_outer_app_hands_no_lifespan_on() -> None:
    """The row of a forgotten world is removed by the ticker alone, which the first request has started."""
    mounted = emulator()
    outer = Starlette(routes=[Mount("/emulator", app=mounted)])

    def rows() -> int:
        with database_of(mounted.engine).read() as connection:
            return int(connection.execute("SELECT count(*) FROM job").fetchone()[0])

    with ExitStack() as stack:
        stack.callback(mounted.engine.close)
        http = stack.enter_context(TestClient(outer, headers={"apiKey": "k"}))
        assert http.post("/emulator/v1/acme/place_enrichment/batches", json=BATCH).status_code == 200
        assert rows() == 1
        assert http.delete("/emulator/_mock/orgs/acme", headers={"Host": "localhost"}).status_code == 204
        eventually(lambda: rows() == 0)


ENDS_UNCANCELLED = """
import asyncio
import json
import re

from httpx2 import ASGITransport, AsyncClient

from reprompt_mock.app import create_app
from reprompt_mock.settings import load

emulator = create_app(load({}, environ={}))


async def live():
    async with AsyncClient(transport=ASGITransport(emulator), base_url="http://localhost") as http:
        batch = json.loads(BATCH)
        await http.post("/v1/acme/place_enrichment/batches", json=batch, headers={"apiKey": "k"})
        await http.delete("/_mock/orgs/acme")
        while emulator.engine.purge.is_due:
            await asyncio.sleep(0.01)


loop = asyncio.new_event_loop()
task = loop.create_task(live())
task.add_done_callback(lambda _: loop.stop())
loop.run_forever()
task.result()
emulator.engine.close()
print("ended")
"""


def test_a_loop_that_ends_without_cancelling_its_tasks_lets_the_process_end() -> None:
    """As daphne's does: a tick's thread must not hold it."""
    script = f"BATCH = {json.dumps(BATCH)!r}\n{ENDS_UNCANCELLED}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )

    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr


def test_an_event_loop_that_is_gone_is_replaced() -> None:
    mounted = emulator()
    http = TestClient(mounted, headers={"apiKey": "k"})  # one loop for each request
    tasks = set()
    for _ in range(3):
        assert http.get("/_mock/orgs").status_code == 200
        tasks.add(mounted.open().ticker._task)
    mounted.engine.close()
    assert len(tasks) == 3


def test_an_outer_app_may_close_the_data_at_its_end(tmp_path: Path) -> None:
    """Else the next one on the same file would be told that it is in use."""
    for expected in (1, 2):
        mounted = emulator(db=tmp_path / "world.db")

        @asynccontextmanager
        async def lifespan(app: FastAPI, mounted: Emulator = mounted) -> AsyncIterator[None]:
            async with mounted.lifespan():
                yield

        outer = FastAPI(lifespan=lifespan)
        outer.mount("/emulator", mounted)
        with TestClient(outer, headers={"apiKey": "k"}) as http:
            body = {**BATCH, "batch_id": f"b-{expected}"}
            assert http.post("/emulator/v1/acme/place_enrichment/batches", json=body).status_code == 200
            assert http.get("/emulator/v1/acme/place_enrichment/batches").json()["total"] == expected


@pytest.mark.parametrize("keeps", [False, True])
def test_an_app_that_has_ended_may_begin_again(tmp_path: Path, keeps: bool) -> None:
    """As where each test enters the client of one app: with a file it goes on, else it begins empty."""
    mounted = emulator(db=tmp_path / "world.db" if keeps else None)
    outer = FastAPI(lifespan=mounted.lifespan)
    outer.mount("/emulator", mounted)
    for life in (1, 2, 3):
        with TestClient(outer, headers={"apiKey": "k"}) as http:
            body = {**BATCH, "batch_id": f"b-{life}"}
            assert http.post("/emulator/v1/acme/place_enrichment/batches", json=body).status_code == 200
            listed = http.get("/emulator/v1/acme/place_enrichment/batches").json()
            assert listed["total"] == (life if keeps else 1)
            assert http.get("/emulator/readyz").status_code == 200


@pytest.mark.parametrize("keeps", [False, True])
def test_a_life_that_begins_while_the_last_one_ends_waits_for_it(tmp_path: Path, keeps: bool) -> None:
    """It is not closed with it, and a file is free for it."""
    mounted = emulator(db=tmp_path / "world.db" if keeps else None)

    async def run() -> None:
        transport = httpx2.ASGITransport(mounted)
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://localhost", headers={"apiKey": "k"}
        ) as http:
            first, second = mounted.lifespan(), mounted.lifespan()
            await first.__aenter__()
            await mounted.ready()
            leaving = asyncio.create_task(first.__aexit__(None, None, None))
            await asyncio.sleep(0)  # it has begun to leave
            await second.__aenter__()
            answer = await http.post("/v1/acme/place_enrichment/batches", json=BATCH)
            await leaving
            assert answer.status_code == 200
            assert (await http.get("/readyz")).status_code == 200
            await second.__aexit__(None, None, None)

    asyncio.run(asyncio.wait_for(run(), PATIENCE_SECONDS))


def test_time_moves_on_for_a_life_whose_other_leaves() -> None:
    """The one that leaves takes its ticks along."""
    mounted = emulator()

    async def run() -> None:
        async with mounted.lifespan():
            async with mounted.lifespan():
                await mounted.ready()
                await asyncio.sleep(0)
                first = mounted.open().ticker._task
            while (second := mounted.open().ticker._task) is first or second is None or second.done():
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(run(), PATIENCE_SECONDS))


def test_the_event_loop_does_not_wait_for_a_database_that_is_being_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where a life begins nor where it ends; what was opened too late is closed."""
    opening, may_go_on, closed = Event(), Event(), Event()
    build = app._built

    def slow(settings: Settings) -> Any:
        opening.set()
        assert may_go_on.wait(PATIENCE_SECONDS)
        rooms = build(settings)
        close = rooms.engine.close

        def ending() -> None:
            close()
            closed.set()

        monkeypatch.setattr(rooms.engine, "close", ending)
        return rooms

    monkeypatch.setattr(app, "_built", slow)
    mounted = Emulator(load({"clock": "paused"}, environ={}))
    monkeypatch.setattr(app, "_STOP_SECONDS", 0.01)

    async def run() -> None:
        async with mounted.lifespan():
            while not opening.is_set():
                await asyncio.sleep(0.01)
            async with mounted.lifespan():
                pass

    asyncio.run(asyncio.wait_for(run(), PATIENCE_SECONDS))
    assert not closed.is_set()
    may_go_on.set()
    assert closed.wait(PATIENCE_SECONDS)


def test_the_last_of_lives_that_overlap_closes_the_data() -> None:
    """On event loops of several threads, each of which ends without an error, whichever began to tick."""
    mounted, together = emulator(), Barrier(3)
    failures: list[Exception] = []
    outer = FastAPI(lifespan=mounted.lifespan)
    outer.mount("/emulator", mounted)

    def live(number: int) -> None:
        try:
            with TestClient(outer, headers={"apiKey": "k"}) as http:
                together.wait(PATIENCE_SECONDS)
                path = f"/emulator/v1/org-{number}/place_enrichment/batches"
                statuses = [http.post(path, json=BATCH).status_code for _ in range(3)]
                assert statuses == [200] * 3
                if number:
                    together.wait(PATIENCE_SECONDS)  # the others leave while one goes on
            if not number:
                together.wait(PATIENCE_SECONDS)
        except Exception as failure:  # noqa: BLE001 - shown below
            failures.append(failure)

    threads = [Thread(target=live, args=(number,), daemon=True) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not failures
    assert not any(thread.is_alive() for thread in threads)
    assert TestClient(mounted).get("/readyz").status_code == 503


# Other servers


@pytest.mark.parametrize("abort", ["reset", "truncate"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_fault_that_ends_a_connection_says_that_it_needs_the_emulators_own_server(abort: str, when: str) -> None:
    with TestClient(emulator(), headers={"apiKey": "k"}) as http:
        fault = {"when": when, "then": {"abort": abort}, "times": 1}
        assert http.post("/_mock/orgs/acme/faults", json=fault).status_code == 201

        answer = http.get("/v1/acme/place_enrichment/batches")

        assert answer.status_code == 501
        assert "reprompt-mock's own server" in answer.json()["detail"]
        assert http.get("/v1/acme/place_enrichment/batches").status_code == 200
        (first, _) = http.get("/_mock/orgs/acme/journal").json()["requests"]
        assert (first["status"], first["fault"]) == (501, "fault-1")


def test_a_scope_with_no_more_than_asgi_asks_for_is_served() -> None:
    mounted = emulator()
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/_mock/health",
        "headers": [(b"host", b"localhost")],
        "query_string": b"",
        "scheme": "http",
    }
    asyncio.run(mounted(scope, receive, send))  # no root_path, no state, no server, no client

    mounted.engine.close()
    assert sent[0]["status"] == 200


def test_the_app_that_the_page_shows_serves_the_emulator_below_its_prefix() -> None:
    page = Path(__file__).parents[1] / "docs" / "guides" / "http.md"
    (snippet,) = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}

    exec(compile(snippet, page.name, "exec"), names)  # our own page

    with TestClient(names["app"]) as http:
        assert http.get("/emulator/_mock/orgs").json() == {"orgs": []}
