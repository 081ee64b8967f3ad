"""Queries about batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.batch_status import Counts
from reprompt_mock.keys import ALONE, span
from reprompt_mock.store import worlds
from reprompt_mock.store.session import is_storable
from reprompt_mock.store.statements import (
    BURY_BATCH,
    BURY_SUBMISSIONS,
    LAST_FINISH,
    LAST_FINISH_OF_BATCH,
    MOVE_COUNTS,
    NEXT_DUE,
    RECOUNT_DUE,
    RECOUNT_WORLD,
    STATUS_COLUMNS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reprompt_mock.keys import Keys
    from reprompt_mock.store.session import Row, Session

_COLUMNS = f"pk, id, name, created_at, refresh, {', '.join(STATUS_COLUMNS)}"
# replace() finds a literal substring in both SQLite and PostgreSQL, and has no pattern characters.
_NAMED = "AND replace(folded_name, ?, '') <> folded_name"


NEW = 0
"""The key of a batch that is not stored yet."""


class StoredBatch(NamedTuple):
    """A batch as stored in its row."""

    pk: int
    id: str
    name: str
    created_at: int
    refresh: bool
    counts: Counts

    @property
    def label(self) -> tuple[str | None, str | None]:
        """The id and name that rules match; both are None for jobs without a batch."""
        return (None, None) if self.id == ALONE else (self.id, self.name)


def _stored(row: Row) -> StoredBatch:
    pk, id_, name, created_at, refresh, *counts = row
    return StoredBatch(pk, id_, name, created_at, bool(refresh), Counts._make(counts))


def find(session: Session, world: int, batch_id: str) -> StoredBatch | None:
    """Read a batch by the id that a client uses, or None if the world has none."""
    return None if batch_id == ALONE else _find(session, world, batch_id)


def find_alone(session: Session, world: int) -> StoredBatch | None:
    """Read the internal batch for a world's jobs without a batch, or None if there are no such jobs."""
    return _find(session, world, ALONE)


def _find(session: Session, world: int, batch_id: str) -> StoredBatch | None:
    if not is_storable(batch_id):
        return None
    row = session.one(f"SELECT {_COLUMNS} FROM batch WHERE world = ? AND id = ?", (world, batch_id))
    return _stored(row) if row else None


def by_key(session: Session, key: int) -> StoredBatch:
    """Read a batch that exists."""
    (row,) = session.rows(f"SELECT {_COLUMNS} FROM batch WHERE pk = ?", (key,))
    return _stored(row)


def of_world(session: Session, world: int, key: int) -> StoredBatch | None:
    """Read a batch by its key, or None if the world no longer has it."""
    row = session.one(f"SELECT {_COLUMNS} FROM batch WHERE pk = ? AND world = ?", (key, world))
    return _stored(row) if row else None


def new(batch_id: str, name: str, created_at: int) -> StoredBatch:
    """Describe an empty batch that is not stored yet."""
    return StoredBatch(NEW, batch_id, name, created_at, refresh=False, counts=Counts())


def insert(session: Session, keys: Keys, batch: StoredBatch, *, pending: int, due: int | None) -> StoredBatch:
    """Write a new batch of pending jobs, whose first transition is at `due`; return it with its key.

    It gets a new key unless one was reserved for it.
    """
    key = keys.row() if batch.pk == NEW else batch.pk
    session.later(
        "INSERT INTO batch (pk, world, id, name, folded_name, created_at, refresh, pending, queued, in_progress,"
        " completed, failed, next_due) VALUES (?, ?, ?, ?, ?, ?, 0, ?, 0, 0, 0, 0, ?)",
        (key, keys.world, batch.id, batch.name, batch.name.casefold(), batch.created_at, pending, due),
    )
    return batch._replace(pk=key)


def page(session: Session, world: int, query: str, *, limit: int, offset: int) -> tuple[list[StoredBatch], int]:
    """Read a page of a world's batches, newest first, and their total number; `query` is casefolded."""
    if not is_storable(query):
        return [], 0
    condition = f"world = ? AND id <> '{ALONE}' {_NAMED if query else ''}"
    values: list[int | str] = [world, query] if query else [world]
    total = session.value(f"SELECT count(*) FROM batch WHERE {condition}", values)
    # The keys of a world are in sequence, which spares an index in their order; + keeps SQLite from another one.
    rows = session.rows(
        f"SELECT {_COLUMNS} FROM batch WHERE pk BETWEEN ? AND ? AND +{condition} ORDER BY pk DESC LIMIT ? OFFSET ?",
        [*span(world), *values, limit, offset],
    )
    return [_stored(row) for row in rows], total


def move_counts(session: Session, changes: Mapping[int, Sequence[int]], *, due: int | None) -> None:
    """Add to batches' counts.

    Args:
        session: the write transaction.
        changes: the change per status, in status order, by batch key.
        due: the time of a new transition that may be the batches' next.
    """
    rows = [
        {**dict(zip(STATUS_COLUMNS, change, strict=True)), "batch": batch, "due": due}
        for batch, change in changes.items()
    ]
    session.many(MOVE_COUNTS, rows)


def recount_due(session: Session, world: int, now: int) -> int | None:
    """Recount a world's batches with a due transition; return the time of the next transition, or None."""
    session.run(RECOUNT_DUE, {"world": world, "now": now})
    return next_due(session, world)


def recount_all(session: Session, world: int, now: int) -> int | None:
    """Recount all of a world's batches; return the time of the next transition, or None."""
    session.run(RECOUNT_WORLD, {"world": world, "now": now})
    return next_due(session, world)


def next_due(session: Session, world: int) -> int | None:
    """Return the time of a world's next transition, or None if there is none."""
    due: int | None = session.value(NEXT_DUE, (world,))
    return due


def last_finish(session: Session, world: int, batch: int | None = None) -> int | None:
    """Return when the last job of a world or batch finishes, not counting held and uploaded jobs."""
    query, value = (LAST_FINISH, world) if batch is None else (LAST_FINISH_OF_BATCH, batch)
    finish: int | None = session.value(query, (value,))
    return finish


def delete(session: Session, batch: int) -> None:
    """Make a batch and its jobs unreachable; `worlds.purge` removes their rows later."""
    values = {"batch": batch, "grave": worlds.insert_grave(session)}
    for statement in (BURY_SUBMISSIONS, BURY_BATCH):
        session.run(statement, values)


def update(session: Session, batch: int, *, name: str | None, refresh: bool | None) -> None:
    """Rename a batch or mark it for refresh; None leaves a field unchanged."""
    if name is not None:
        values = (name, name.casefold(), batch)
        session.run("UPDATE batch SET name = ?, folded_name = ? WHERE pk = ?", values)
    if refresh is not None:
        session.run("UPDATE batch SET refresh = ? WHERE pk = ?", (int(refresh), batch))
