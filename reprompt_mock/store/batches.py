"""Queries about batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.batch_status import Counts
from reprompt_mock.store.statements import (
    BURY_BATCH,
    BURY_SUBMISSIONS,
    KEEP_TIME,
    LAST_FINISH,
    LAST_FINISH_OF_BATCH,
    MOVE_COUNTS,
    NEW_GRAVE,
    NEXT_DUE,
    RECOUNT_DUE,
    RECOUNT_WORLD,
    STATUS_COLUMNS,
)
from reprompt_mock.store.submissions import next_job
from reprompt_mock.tables import ALONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprompt_mock.store.session import Row, Session

_COLUMNS = f"pk, id, name, created_at, refresh, {', '.join(STATUS_COLUMNS)}"
# replace() finds a literal substring in SQLite and PostgreSQL alike, and has no pattern characters.
_NAMED = "AND replace(folded_name, ?, '') <> folded_name"


NEW = 0
"""The key of a batch that is not written yet."""


class StoredBatch(NamedTuple):
    """A batch as its row says."""

    pk: int
    id: str
    name: str
    created_at: int
    refresh: bool
    counts: Counts

    @property
    def label(self) -> tuple[str | None, str | None]:
        """What rules know it by: id and name; the jobs without a batch have neither."""
        return (None, None) if self.id == ALONE else (self.id, self.name)


def _stored(row: Row) -> StoredBatch:
    pk, id_, name, created_at, refresh, *counts = row
    return StoredBatch(pk, id_, name, created_at, bool(refresh), Counts(*counts))


def find(session: Session, world: int, batch_id: str) -> StoredBatch | None:
    """Read the batch that a client names, None where the world has none of this id."""
    return None if batch_id == ALONE else _find(session, world, batch_id)


def find_alone(session: Session, world: int) -> StoredBatch | None:
    """Read what holds a world's jobs without a batch, None where there are none."""
    return _find(session, world, ALONE)


def _find(session: Session, world: int, batch_id: str) -> StoredBatch | None:
    row = session.one(f"SELECT {_COLUMNS} FROM batch WHERE world = ? AND id = ?", (world, batch_id))
    return _stored(row) if row else None


def by_key(session: Session, key: int) -> StoredBatch:
    """Read a batch that exists."""
    (row,) = session.rows(f"SELECT {_COLUMNS} FROM batch WHERE pk = ?", (key,))
    return _stored(row)


def of_world(session: Session, world: int, key: int) -> StoredBatch | None:
    """Read a batch by its key, None where the world does not have it any more."""
    row = session.one(f"SELECT {_COLUMNS} FROM batch WHERE pk = ? AND world = ?", (key, world))
    return _stored(row) if row else None


def new(batch_id: str, name: str, created_at: int) -> StoredBatch:
    """Describe an empty batch that is not written yet."""
    return StoredBatch(NEW, batch_id, name, created_at, refresh=False, counts=Counts())


def insert(session: Session, world: int, batch: StoredBatch, *, pending: int, due: int | None) -> StoredBatch:
    """Write a new batch of pending jobs, the first of which moves at `due`; gives it with its key."""
    key = session.insert(
        "INSERT INTO batch (world, id, name, folded_name, created_at, refresh, pending, queued, in_progress,"
        " completed, failed, next_due) VALUES (?, ?, ?, ?, ?, false, ?, 0, 0, 0, 0, ?)",
        (world, batch.id, batch.name, batch.name.casefold(), batch.created_at, pending, due),
    )
    return batch._replace(pk=key)


def page(session: Session, world: int, query: str, *, limit: int, offset: int) -> tuple[list[StoredBatch], int]:
    """Read a page of a world's batches, newest first, and how many there are; `query` is casefolded."""
    condition = f"WHERE world = ? AND id <> '{ALONE}' {_NAMED if query else ''}"
    values: list[int | str] = [world, query] if query else [world]
    total = session.value(f"SELECT count(*) FROM batch {condition}", values)
    rows = session.rows(
        f"SELECT {_COLUMNS} FROM batch {condition} ORDER BY pk DESC LIMIT ? OFFSET ?",
        [*values, limit, offset],
    )
    return [_stored(row) for row in rows], total


def move_counts(session: Session, changes: Mapping[int, Sequence[int]], *, due: int | None) -> None:
    """Add to batches' counts.

    Args:
        session: the write transaction.
        changes: for each batch the change per status, in their order.
        due: when a new transition is due that may be the batches' next.
    """
    rows = [
        {**dict(zip(STATUS_COLUMNS, change, strict=True)), "batch": batch, "due": due}
        for batch, change in changes.items()
    ]
    session.many(MOVE_COUNTS, rows)


def recount_due(session: Session, world: int, now: int) -> int | None:
    """Count the jobs of a world's batches in which a transition is due; gives when the next is, None for none."""
    session.run(RECOUNT_DUE, {"world": world, "now": now})
    return next_due(session, world)


def recount_all(session: Session, world: int, now: int) -> int | None:
    """Count the jobs of all of a world's batches; gives when the next transition is, None for none."""
    session.run(RECOUNT_WORLD, {"world": world, "now": now})
    return next_due(session, world)


def next_due(session: Session, world: int) -> int | None:
    """Tell when a world's next transition is due, None where it waits for nobody."""
    due: int | None = session.value(NEXT_DUE, (world,))
    return due


def last_finish(session: Session, world: int, batch: int | None = None) -> int | None:
    """Tell when the last job of a world or batch that moves by itself will have finished."""
    query, value = (LAST_FINISH, world) if batch is None else (LAST_FINISH_OF_BATCH, batch)
    finish: int | None = session.value(query, (value,))
    return finish


def delete(session: Session, batch: int) -> None:
    """Make a batch and its jobs unreachable at once; `worlds.purge` removes their rows."""
    grave = session.insert(NEW_GRAVE, ())
    values = {"batch": batch, "grave": grave, "next": next_job(session)}
    for statement in (KEEP_TIME, BURY_SUBMISSIONS, BURY_BATCH):
        session.run(statement, values)


def update(session: Session, batch: int, *, name: str | None, refresh: bool | None) -> None:
    """Rename a batch or mark it for refresh; what is None stays."""
    if name is not None:
        values = (name, name.casefold(), batch)
        session.run("UPDATE batch SET name = ?, folded_name = ? WHERE pk = ?", values)
    if refresh is not None:
        session.run("UPDATE batch SET refresh = ? WHERE pk = ?", (refresh, batch))
