"""The floor of a create with its SQL: a bare FastAPI route that runs the emulator's statements and decides nothing.

python -m bench.same_sql DB
"""

from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count
from typing import Any
from uuid import UUID

import orjson
from fastapi import FastAPI, Request, Response

from bench.floors import API, STATUSES, decode
from bench.serving import serve
from reprompt_mock.store.sqlite_schema import STATEMENTS
from reprompt_mock.store.statements import INSERT_JOB, JOB_COLUMNS

_PRAGMAS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", "PRAGMA temp_store = MEMORY")
_COUNT_BODY = (
    "INSERT INTO body (world, digest, count) VALUES (1, ?, 1) ON CONFLICT (world, digest)"
    " DO UPDATE SET count = body.count + 1 RETURNING count, (SELECT count(*) FROM batch WHERE world = 1 AND id = ?)"
)
_INSERT_BATCH = f"INSERT INTO batch VALUES ({', '.join('?' * 13)})"
_INSERT_SUBMISSION = f"INSERT INTO submission VALUES ({', '.join('?' * 7)})"
_UPDATE_WORLD = "UPDATE world SET version = ?, next_row = ?, next_job = ?, next_due = ?, latest = ? WHERE pk = 1"
_INSERT_WORLD = f"INSERT INTO world VALUES ({', '.join('?' * 16)})"
_SETTINGS = "x" * 600


class Creates:
    """A database with the emulator's tables, and the statements of a create of one job.

    Args:
        path: the file.
    """

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for statement in (*_PRAGMAS, *STATEMENTS):
            self._connection.execute(statement)
        world = (1, "bench", 0, 0, 1.0, 0, _SETTINGS, "{}", "", 0, 1, 1, 0, 0, 0, 0)
        self._connection.execute(_INSERT_WORLD, world)
        self._numbers = count(1)

    def create(self, body: bytes) -> dict[str, Any]:
        """Write a create in a transaction; return its answer."""
        batch, number = decode(body), next(self._numbers)
        job, digest = batch.jobs[0], blake2b(body, digest_size=16)
        batch_id = str(UUID(bytes=digest.digest(), version=4))
        now = datetime.now(UTC)
        at = int(now.timestamp() * 1e6)
        values = {"pk": number, "world": 1, "batch": number, "place_id": job.place_id, "created_in": number}
        values |= {"submission": number, "attempt": 1, "asked": 1, "planned": 1, "fresh": 1, "outcome": 3}
        values |= {"queued_at": at, "started_at": at + 1, "finished_at": at + 2, "place": bytearray(job.inputs)}
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        run(_COUNT_BODY, (digest.hexdigest(), batch_id)).fetchone()
        name = batch.batch_name
        run(_INSERT_BATCH, (number, 1, batch_id, name, name.casefold(), at, 0, 1, 0, 0, 0, 0, at))
        run(_INSERT_SUBMISSION, (number, 1, at, _SETTINGS, number, number, number))
        run(INSERT_JOB, tuple(map(values.get, JOB_COLUMNS)))
        run(_UPDATE_WORLD, (number, number, number, at, at))
        run("COMMIT")
        jobs: dict[str, list[str]] = {status: [] for status in STATUSES}
        jobs["pending"] = [job.place_id]
        described = {"id": batch_id, "batch_name": name, "status": "pending", "jobs": jobs}
        return {**described, "created_at": now.isoformat(), "metadata": None}


def app(path: str) -> FastAPI:
    """Create an app with a route that creates."""
    creates, served = Creates(path), FastAPI()

    @served.post(API + "/batches")
    async def create_batch(request: Request) -> Response:
        return Response(orjson.dumps(creates.create(await request.body())), media_type="application/json")

    return served


if __name__ == "__main__":
    serve(app(sys.argv[1]))
