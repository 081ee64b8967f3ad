"""Queries about CSV exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from reprompt_mock.keys import alike, local
from reprompt_mock.store.jobs import StoredResult
from reprompt_mock.store.session import is_storable
from reprompt_mock.store.statements import EXPORTED_OF_RUN, LATER_JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprompt_mock.keys import Keys
    from reprompt_mock.store.session import Row, Session

KEPT_FOR = 7 * 24 * 3600 * 10**6
"""How long a completed export and its idempotency key are kept after its end, in microseconds."""
_COLUMNS = "pk, id, key, batches, created_at, running_at, finished_at, error, known, rows"
_STATUS = f"""
CASE WHEN :now < running_at THEN 'queued' WHEN finished_at IS NULL OR :now < finished_at THEN 'running'
  WHEN error IS NOT NULL THEN 'failed' WHEN :now >= finished_at + {KEPT_FOR} THEN 'expired' ELSE 'completed' END
"""
_RUNS = """
SELECT first, last FROM submission
WHERE batch = :batch AND last > :after AND (pk <= :known OR at < :now) ORDER BY at, pk
"""
STATUSES = ("queued", "running", "completed", "failed", "expired")


class ExportedBatch(NamedTuple):
    """A batch of an export: the key of its row, and its id."""

    pk: int
    id: str


class StoredExport(NamedTuple):
    """An export as stored in its row (see `tables.Export`), with its `status` at the time of the query."""

    pk: int
    id: str
    key: str | None
    batches: Sequence[ExportedBatch]
    created_at: int
    running_at: int
    finished_at: int | None
    error: str | None
    known: int
    rows: int | None
    status: str

    @property
    def batch_ids(self) -> list[str]:
        """The ids of its batches, in order."""
        return [batch.id for batch in self.batches]


def _stored(row: Row) -> StoredExport:
    pk, id_, key, batches, *rest = row
    listed = [ExportedBatch(alike(pk, number), batch_id) for number, batch_id in orjson.loads(batches)]
    return StoredExport(pk, id_, key, listed, *rest)


def insert(session: Session, keys: Keys, export: StoredExport) -> int:
    """Write a new export; return its key."""
    pk = keys.row()
    _, id_, key, batches, *rest, _ = export
    listed = orjson.dumps([(local(batch.pk), batch.id) for batch in batches]).decode()
    session.insert(
        "INSERT INTO export (pk, world, id, key, batches, created_at, running_at, finished_at, error, known, rows)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (pk, keys.world, id_, key, listed, *rest),
    )
    return pk


def find(session: Session, world: int, export_id: str, *, now: int) -> StoredExport | None:
    """Read an export by its id, or None if the world does not have it."""
    return _one(session, "id = :id", {"world": world, "id": export_id, "now": now}) if is_storable(export_id) else None


def of_key(session: Session, world: int, key: str, *, now: int) -> StoredExport | None:
    """Read the export of an idempotency key, or None if the key is unknown or has expired."""
    kept = f"key = :key AND (finished_at IS NULL OR :now < finished_at + {KEPT_FOR})"
    return _one(session, kept, {"world": world, "key": key, "now": now})


def _one(session: Session, condition: str, values: dict[str, int | str]) -> StoredExport | None:
    query = f"SELECT {_COLUMNS}, {_STATUS} FROM export WHERE world = :world AND {condition} ORDER BY pk DESC LIMIT 1"
    row = session.one(query, values)
    return _stored(row) if row else None


def page(
    session: Session, world: int, *, status: str | None, before: int | None, limit: int, now: int
) -> list[StoredExport]:
    """Read exports, newest first, optionally only those with a status or with keys below `before`."""
    conditions = ["world = :world", *(["pk < :before"] if before is not None else [])]
    if status is not None:
        conditions.append(f"{_STATUS} = :status")
    query = f"SELECT {_COLUMNS}, {_STATUS} FROM export WHERE {' AND '.join(conditions)} ORDER BY pk DESC LIMIT :limit"
    values = {"world": world, "before": before, "status": status, "limit": limit, "now": now}
    return [_stored(row) for row in session.rows(query, values)]


def counts(session: Session, world: int, *, now: int) -> dict[str, int]:
    """Count a world's exports by status; all five statuses are keys."""
    query = f"SELECT {_STATUS} AS status, count(*) FROM export WHERE world = :world GROUP BY 1"
    counted: dict[str, int] = dict(session.rows(query, {"world": world, "now": now}))
    return {status: counted.get(status, 0) for status in STATUSES}


def has_any(session: Session, world: int) -> bool:
    """Return whether a world has an export."""
    return session.one("SELECT 1 FROM export WHERE world = ? LIMIT 1", (world,)) is not None


def last_finish(session: Session, world: int, batch: int | None = None) -> int | None:
    """Return when the last export of a world, or of a batch, finishes; stuck ones do not count."""
    if batch is None:
        found: int | None = session.value("SELECT max(finished_at) FROM export WHERE world = ?", (world,))
        return found
    rows = session.rows("SELECT batches, finished_at FROM export WHERE world = ? AND finished_at IS NOT NULL", (world,))
    return max((finish for batches, finish in rows if _has(batches, local(batch))), default=None)


def derived(session: Session, world: int, batches: set[int], *, now: int) -> list[StoredExport]:
    """Read the downloadable exports of some batches that ran by `now` and whose files are not stored."""
    query = (
        f"SELECT {_COLUMNS}, {_STATUS} FROM export WHERE world = :world AND rows IS NULL AND error IS NULL"
        f" AND running_at <= :now AND :now < finished_at + {KEPT_FOR} ORDER BY pk"
    )
    return [
        export
        for export in map(_stored, session.rows(query, {"world": world, "now": now}))
        if batches & {batch.pk for batch in export.batches}
    ]


def _has(batches: str, wanted: int) -> bool:
    return any(number == wanted for number, _ in orjson.loads(batches))


def jobs(
    session: Session, batch: int, *, known: int, now: int, after: int, limit: int
) -> Iterator[tuple[int, StoredResult]]:
    """Yield a batch's jobs as an export shows them, each with its key.

    Args:
        session: the transaction.
        batch: the key of the batch.
        known: the last submission when the export was created.
        now: the time that the export shows.
        after: the key of the job after which to start, 0 for the first.
        limit: the maximum number of jobs.
    """
    chosen = {"batch": batch, "known": known, "now": now, "after": after}
    for first, last in session.rows(_RUNS, chosen):
        keys = {"first_key": max(first, after + 1), "last_key": last, "now": now, "limit": limit}
        for row in session.rows(EXPORTED_OF_RUN, keys):
            yield row[0], StoredResult._make(row[1:])
            limit -= 1
        if not limit:
            return


def later_jobs(session: Session, batch: int, *, known: int, now: int) -> int:
    """Count the jobs that were added to a batch too late for an export."""
    return int(session.value(LATER_JOBS, {"batch": batch, "known": known, "now": now}))


def write_part(session: Session, keys: Keys, export: int, part: int, data: bytes) -> None:
    """Write a part of an export's file, compressed."""
    statement = "INSERT INTO artifact (pk, world, export, part, data) VALUES (?, ?, ?, ?, ?)"
    session.insert(statement, (keys.row(), keys.world, export, part, data))


def read_part(session: Session, export: int, part: int) -> bytes | None:
    """Read a part of an export's file, compressed; None beyond the last."""
    row = session.one("SELECT data FROM artifact WHERE export = ? AND part = ?", (export, part))
    return None if row is None else bytes(row[0])


def written(session: Session, export: int, rows: int) -> None:
    """Note that an export's file is stored, and its number of rows."""
    session.run("UPDATE export SET rows = ? WHERE pk = ?", (rows, export))
