"""Disks that are full, and what is given back of them; descriptors that run out."""

from __future__ import annotations

import socket
import sqlite3
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from reprompt_mock.store.room import RESERVE_BYTES, SPARE_BYTES
from tests.disks import fill, small_disk
from tests.processes import PATIENCE_SECONDS, Served, eventually, serve
from tests.trust.lives import body_of

PAGE = 4096
SIZES = (2000, 200, 20, 1)
"""Batches that fill a disk, down to the last page."""


def create(served: Served, org_slug: str, batch_id: str, size: int) -> httpx2.Response:
    return served.http.post(f"/v1/{org_slug}/place_enrichment/batches", json=body_of(size, batch_id))


def fill_by_creating(served: Served) -> tuple[list[str], str]:
    """Create batches until not even one of a single place can be; gives their ids and what was said at last."""
    batch_ids: list[str] = []
    said = ""
    for size in SIZES:
        for number in range(100_000):
            batch_id = f"batch-{size}-{number}"
            response = create(served, "full", batch_id, size)
            if response.status_code == 503:
                said = response.json()["detail"]
                break
            assert response.status_code == 200, response.text
            batch_ids.append(batch_id)
    return batch_ids, said


def names(served: Served) -> list[str]:
    found: list[str] = []
    while True:
        page: dict[str, Any] = served.service("full", "GET", f"/batches?limit=500&offset={len(found)}")
        found += [batch["id"] for batch in page["batches"]]
        if len(found) == page["total"]:
            return found


def test_on_a_full_disk_everything_can_be_read_and_deleted(tmp_path: Path) -> None:
    with serve(
        "--port", "0", "--clock", "paused", "--db", str(tmp_path / "world.db"), under=small_disk(tmp_path, 16)
    ) as served:
        for org_slug in ("small", "other"):
            assert create(served, org_slug, "stores", 20).status_code == 200
        batch_ids, said = fill_by_creating(served)
        assert str(tmp_path) in said
        fill(served, tmp_path)
        assert create(served, "full", "more", 1).status_code == 503

        assert sorted(names(served)) == sorted(batch_ids)
        assert len(served.service("full", "GET", f"/batches/{batch_ids[0]}")["jobs"]["pending"]) == SIZES[0]
        assert served.control("other", "POST", "/clock/settle")["unfinished"] == 0

        for batch_id in (batch_ids[-1], batch_ids[0], *batch_ids[-40:-20]):
            served.service("full", "DELETE", f"/batches/{batch_id}")
            assert batch_id not in names(served)
        served.service("other", "DELETE", "/jobs/store-7")
        served.control("other", "DELETE")
        assert served.service("other", "GET", "/batches")["total"] == 0
        assert len(served.service("small", "GET", "/jobs?batchId=stores")["jobs"]) == 20

        eventually(lambda: create(served, "full", "again", 100).status_code == 200)
        served.call("POST", "/_mock/reset")
        assert served.call("GET", "/_mock/orgs")["orgs"] == []
        eventually(lambda: create(served, "full", "large-again", SIZES[0]).status_code == 200)
        code, _, errors = served.stop()
        assert (code, "Traceback" in errors) == (0, False)


def test_a_full_disk_can_be_reset_at_once(tmp_path: Path) -> None:
    with serve(
        "--port", "0", "--clock", "paused", "--db", str(tmp_path / "world.db"), under=small_disk(tmp_path, 16)
    ) as served:
        fill_by_creating(served)
        fill(served, tmp_path)
        served.call("POST", "/_mock/reset")
        assert served.call("GET", "/_mock/orgs")["orgs"] == []
        eventually(lambda: create(served, "full", "again", SIZES[0]).status_code == 200)
        assert names(served) == ["again"]


def test_a_clock_still_runs_on_a_full_disk(tmp_path: Path) -> None:
    """What becomes due is written, though nothing else can be."""
    with serve(
        "--port", "0", "--clock", "paused", "--db", str(tmp_path / "world.db"), under=small_disk(tmp_path, 16)
    ) as served:
        batch_ids, _ = fill_by_creating(served)
        fill(served, tmp_path)
        served.control("full", "PATCH", "/clock", {"running": True, "speed": 1000.0})
        last = f"/batches/{batch_ids[-1]}"
        eventually(lambda: served.service("full", "GET", last)["status"] == "completed")
        assert served.control("full", "POST", "/clock/settle")["unfinished"] == 0
        assert served.stop()[::2] == (0, "")


def test_a_file_outlives_a_kill_on_a_full_disk(tmp_path: Path) -> None:
    """Under a limit of its own instead of a mounted disk, which would end with its process."""
    db = tmp_path / "world.db"
    limit = 12 * 2**20
    under = ["sh", "-c", f'ulimit -f {limit // 512} && exec "$@"', "sh"]
    with serve("--port", "0", "--clock", "paused", "--db", str(db), under=under) as served:
        batch_ids, _ = fill_by_creating(served)
        served.service("full", "DELETE", f"/batches/{batch_ids[0]}")
        served.kill()
    with serve("--port", "0", "--db", str(db), under=under) as served:
        assert sorted(names(served)) == sorted(batch_ids[1:])
        assert served.stop()[0] == 0
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("is_kept", [True, False])
def test_what_was_forgotten_is_given_back_to_the_disk(tmp_path: Path, is_kept: bool) -> None:
    arguments = ("--db", str(tmp_path / "world.db")) if is_kept else ()
    with serve("--port", "0", "--clock", "paused", *arguments, TMPDIR=str(tmp_path)) as served:
        (db,) = tmp_path.rglob("world.db")
        assert create(served, "small", "stores", 20).status_code == 200
        for number in range(3):
            assert create(served, "large", f"stores-{number}", 30_000).status_code == 200
        assert _taken(db) > 20_000_000
        served.control("large", "DELETE")
        eventually(lambda: _taken(db) < 3 * RESERVE_BYTES)
        assert len(served.service("small", "GET", "/jobs?batchId=stores")["jobs"]) == 20
        served.call("POST", "/_mock/reset")
        assert served.stop()[0] == 0


def _taken(db: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in db.parent.iterdir())


def test_a_commit_never_waits_for_room_that_another_may_take(tmp_path: Path) -> None:
    """The file has room for all that stands in its log, and some to spare, after every write."""
    db = tmp_path / "world.db"
    with serve("--port", "0", "--clock", "paused", "--db", str(db)) as served:
        for number, size in enumerate((1, 500, 5000, 1, 1, 3000)):
            assert create(served, "acme", f"stores-{number}", size).status_code == 200
            with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
                (pages,) = connection.execute("PRAGMA page_count").fetchone()
            assert db.stat().st_size >= pages * PAGE + SPARE_BYTES
            assert Path(f"{db}-wal").stat().st_size >= RESERVE_BYTES


# Descriptors

DESCRIPTORS = 80
READS = "/v1/acme/place_enrichment/jobs?batchId=stores&limit=3000"


def _connect(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE_SECONDS)


def _status(connection: socket.socket) -> str:
    """Read the status of an answer, "none" where the connection was closed instead."""
    try:
        return connection.recv(65536)[9:12].decode() or "none"
    except ConnectionError:
        return "none"


def test_where_descriptors_run_out_reads_are_answered_or_told_so_and_it_recovers() -> None:
    under = ["sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$@"', "sh"]
    with serve("--port", "0", "--clock", "paused", under=under) as served, ExitStack() as stack:
        assert create(served, "acme", "stores", 3000).status_code == 200
        assert served.http.get(READS).status_code == 200
        connections = [stack.enter_context(_connect(served)) for _ in range(2 * DESCRIPTORS)]
        eventually(lambda: len([*Path(f"/proc/{served.process.pid}/fd").iterdir()]) >= DESCRIPTORS - 1)
        statuses: Counter[str] = Counter()
        for connection in connections:
            try:
                connection.sendall(f"GET {READS} HTTP/1.1\r\nHost: localhost\r\napiKey: k\r\n\r\n".encode())
            except ConnectionError:
                statuses["none"] += 1
        statuses.update(_status(connection) for connection in connections)
        assert statuses.keys() <= {"200", "503", "none"}
        assert statuses["200"]
        assert served.http.get("/v1/acme/place_enrichment/batches/stores").status_code == 200
        assert create(served, "acme", "more", 1).status_code == 200
        stack.close()
        eventually(lambda: _answers(served))
        code, _, errors = served.stop()
        assert (code, "Traceback" in errors) == (0, False)


def _answers(served: Served) -> bool:
    try:
        return httpx2.get(served.url + READS, headers={"apiKey": "k"}, trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False
