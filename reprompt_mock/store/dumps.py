"""Whole worlds as tables of rows: read for a snapshot, written by a restore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reprompt_mock.store.session import Session

COLUMNS = {
    "batch": ("pk", "id", "name", "folded_name", "created_at", "refresh"),
    "submission": ("pk", "at", "settings", "batch", "first", "last"),
    "document": ("pk", "text"),
    "body": ("digest", "count"),
    "job": (
        "pk", "batch", "place_id", "created_in", "submission", "attempt", "own", "asked", "queued_at",
        "started_at", "finished_at", "outcome", "hold", "course", "ran", "planned", "fresh", "error",
        "last_enriched", "place",
    ),
}  # fmt: skip
"""The tables of a world and their columns, `world` and the batches' counts aside; places come last, as text."""

Tables = dict[str, list[list[Any]]]


def dump(session: Session, world: int) -> Tables:
    """Read all rows of a world, table by table, in the order of their keys."""
    tables = {
        table: [
            list(row)
            for row in session.rows(
                f"SELECT {', '.join(columns)} FROM {table} WHERE world = ? ORDER BY {columns[0]}", (world,)
            )
        ]
        for table, columns in COLUMNS.items()
    }
    for job in tables["job"]:
        job[-1] = job[-1].decode()
    return tables


def add(session: Session, world: int, table: str, values: Sequence[Any]) -> int:
    """Write a row whose key the database chooses, its other columns given in their order; gives the key."""
    columns = COLUMNS[table][1:]
    marks = ", ".join("?" * (len(columns) + 1))
    return session.insert(f"INSERT INTO {table} (world, {', '.join(columns)}) VALUES ({marks})", (world, *values))


def add_batch(session: Session, world: int, values: Sequence[Any]) -> int:
    """Write a batch whose jobs are still to be counted; gives its key."""
    columns = COLUMNS["batch"][1:]
    marks = ", ".join("?" * (len(columns) + 1))
    return session.insert(
        f"INSERT INTO batch (world, {', '.join(columns)}, pending, queued, in_progress, completed, failed)"
        f" VALUES ({marks}, 0, 0, 0, 0, 0)",
        (world, *values),
    )


def add_bodies(session: Session, world: int, rows: Iterable[Sequence[Any]]) -> None:
    """Write how often bodies were seen."""
    statement = "INSERT INTO body (world, digest, count) VALUES (?, ?, ?)"
    session.many(statement, [(world, *row) for row in rows])


def add_jobs(session: Session, world: int, rows: Iterable[Sequence[Any]]) -> None:
    """Write jobs with the keys that they have."""
    columns = COLUMNS["job"]
    marks = ", ".join("?" * (len(columns) + 1))
    statement = f"INSERT INTO job (world, {', '.join(columns)}) VALUES ({marks})"
    session.many(statement, ((world, *row, place.encode()) for *row, place in rows))
