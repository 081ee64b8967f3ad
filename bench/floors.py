"""The floors that are measured over HTTP; they contain none of the emulator's code.

python -m bench.floors get ANSWER     a FastAPI route that returns the bytes of a file
python -m bench.floors post ANSWER    the same after parsing a create
python -m bench.floors store DB       the reference table behind plain ASGI
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import parse_qsl

import msgspec
import orjson
from fastapi import FastAPI, Header, Response
from pydantic import BaseModel

from bench.models import Inputs  # noqa: TC001 - pydantic looks for it
from bench.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable


API = "/v1/bench/place_enrichment"


def get_app(answer: bytes) -> FastAPI:
    """Create an app whose route takes a path parameter and the key header, and returns prebuilt bytes."""
    app = FastAPI()

    @app.get(API + "/batches/{batch_id}")
    async def get_batch(batch_id: str, api_key: Annotated[str, Header(alias="apiKey")]) -> Response:  # noqa: ARG001
        return Response(answer, media_type="application/json")

    return app


class Job(BaseModel):
    place_id: str | None = None
    inputs: Inputs
    attributes: list[str] | None = None
    attribute_set: Literal["open_closed", "core", "all"] | None = None


class Batch(BaseModel):
    batch_id: str | None = None
    batch_name: str
    jobs: list[Job]
    attributes: list[str] | None = None
    attribute_set: Literal["open_closed", "core", "all"] | None = None
    kick_off_jobs_now: bool = True


def post_app(answer: bytes) -> FastAPI:
    """Create an app whose route parses its body into pydantic models and returns prebuilt bytes."""
    app = FastAPI()

    @app.post(API + "/batches")
    async def create_batch(batch: Batch) -> Response:  # noqa: ARG001
        return Response(answer, media_type="application/json")

    return app


class _Job(msgspec.Struct):
    place_id: str
    inputs: msgspec.Raw


class _Batch(msgspec.Struct):
    batch_name: str
    jobs: list[_Job]
    attribute_set: str


decode = msgspec.json.Decoder(_Batch).decode

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE job (
  id INTEGER PRIMARY KEY, batch INTEGER NOT NULL, position INTEGER NOT NULL, place_id TEXT NOT NULL,
  inputs TEXT NOT NULL, status INTEGER NOT NULL, due INTEGER, started INTEGER, finished INTEGER
);
CREATE UNIQUE INDEX job_place ON job (batch, place_id);
CREATE INDEX job_position ON job (batch, position);
CREATE INDEX job_due ON job (due) WHERE due IS NOT NULL;
CREATE TABLE batch (
  pk INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at TEXT NOT NULL,
  refresh INTEGER NOT NULL, pending INTEGER NOT NULL, queued INTEGER NOT NULL, in_progress INTEGER NOT NULL,
  completed INTEGER NOT NULL, failed INTEGER NOT NULL
);
"""
STATUSES = ("pending", "queued", "in_progress", "completed", "failed")
_COMPLETED = 3
_SECOND = 10**6


class _Pools:
    """Dicts whose values are picked from pools by a hash, with `values` values and `size` bytes as JSON."""

    def __init__(self, values: int, size: int) -> None:
        keys = [f"key_{number:02}" for number in range(values)]
        spare = size - sum(len(key) + len('"":"",') for key in keys)
        widths = [max(2, spare // values + (number < spare % values)) for number in range(values)]
        self._keys = keys
        self._pools = [[f"{pick:02x}".ljust(width, "x") for pick in range(256)] for width in widths]
        self._repeats = values // 64 + 1

    def dict_of(self, place_id: str) -> dict[str, str]:
        digest = hashlib.blake2b(place_id.encode()).digest() * self._repeats
        picked = [pool[byte] for pool, byte in zip(self._pools, digest, strict=False)]
        return dict(zip(self._keys, picked, strict=True))


class Store:
    """The reference table, and the floors' operations on it."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(_SCHEMA)
        self._pools = _Pools(1, 20)

    def create(self, body: bytes, batch: str) -> Any:
        number = int(batch)
        rows = (
            (number, position, job.place_id, bytes(job.inputs).decode(), 0, *self._times(position))
            for position, job in enumerate(decode(body).jobs)
        )
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(
            "INSERT INTO job (batch, position, place_id, inputs, status, due, started, finished)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        self._connection.execute("COMMIT")
        return {"id": batch}

    def _times(self, position: int) -> tuple[int, int, int]:
        due = _SECOND + position
        return due, due + _SECOND, due + 2 * _SECOND

    def status(self, _: bytes, batch: str) -> Any:
        grouped: dict[str, list[str]] = {name: [] for name in STATUSES}
        adds = [grouped[name].append for name in STATUSES]
        rows = self._connection.execute(
            "SELECT status, place_id FROM job WHERE batch = ? ORDER BY position", (int(batch),)
        )
        for status, place_id in rows:
            adds[status](place_id)
        return grouped

    def settle(self, _: bytes, now: str) -> Any:
        self._connection.execute("BEGIN IMMEDIATE")
        moved = self._connection.execute(
            "UPDATE job SET status = ?, due = NULL WHERE due <= ?", (_COMPLETED, int(now))
        ).rowcount
        self._connection.execute("COMMIT")
        return {"moved": moved}

    def shape(self, _: bytes, values: str, size: str) -> Any:
        self._pools = _Pools(int(values), int(size))
        return {}

    def page(self, _: bytes, batch: str, limit: str, offset: str) -> Any:
        rows = self._connection.execute(
            "SELECT id, place_id, inputs, status, due, started, finished FROM job"
            " WHERE batch = ? AND position >= ? ORDER BY position LIMIT ?",
            (int(batch), int(offset), int(limit)),
        ).fetchall()
        dict_of = self._pools.dict_of
        return {"jobs": [dict_of(row[1]) for row in rows]}

    def add_batches(self, _: bytes, count: str, jobs: str) -> Any:
        rows = [
            (f"batch-{number}", f"{jobs} places", "2026-01-31T09:30:00.000000Z", False, 0, 0, 0, int(jobs), 0)
            for number in range(int(count))
        ]
        self._connection.executemany(
            "INSERT INTO batch (id, name, created_at, refresh, pending, queued, in_progress, completed, failed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        return {}

    def batches(self, _: bytes, limit: str) -> Any:
        rows = self._connection.execute(
            "SELECT id, name, created_at, refresh, pending, queued, in_progress, completed, failed"
            " FROM batch ORDER BY pk DESC LIMIT ?",
            (int(limit),),
        )
        return {"batches": [_listed(row) for row in rows]}


def _listed(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "id": row[0],
        "batch_name": row[1],
        "status": "completed",
        "status_counts": dict(zip(STATUSES, row[4:], strict=True)),
        "created_at": row[2],
        "metadata": None,
        "refresh": bool(row[3]),
    }


_HEADERS = [(b"content-type", b"application/json")]


def store_app(path: str) -> Any:
    """Create a plain ASGI app around the reference table: the path names an operation, the query its arguments."""
    store = Store(path)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        chunks, more = [], True
        while more:
            message = await receive()
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        act: Callable[..., Any] = getattr(store, scope["path"][1:])
        answer = orjson.dumps(act(b"".join(chunks), **dict(parse_qsl(scope["query_string"].decode()))))
        headers = [*_HEADERS, (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app


def main(kind: str, file: str) -> None:
    """Serve a floor."""
    if kind == "store":
        serve(store_app(file))
    else:
        serve({"get": get_app, "post": post_app}[kind](Path(file).read_bytes()))


if __name__ == "__main__":
    main(*sys.argv[1:])
