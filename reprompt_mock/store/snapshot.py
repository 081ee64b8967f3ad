"""Whole worlds as tables of rows: read for snapshots, written on restore."""

from __future__ import annotations

from base64 import b64encode
from itertools import islice
from typing import TYPE_CHECKING, Any

from reprompt_mock.keys import LOCAL
from reprompt_mock.numerals import portable
from reprompt_mock.store.columns import folded
from reprompt_mock.store.documents import digest
from reprompt_mock.store.statements import STATUS_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reprompt_mock.keys import Keys
    from reprompt_mock.store.session import Session

COLUMNS = {
    "batch": ("pk", "id", "name", "folded_name", "created_at", "refresh"),
    "submission": ("pk", "at", "settings", "batch", "first", "last"),
    "document": ("pk", "text"),
    "body": ("digest", "count"),
    "job": (
        "pk", "batch", "place_id", "created_in", "submission", "attempt", "own", "asked", "queued_at",
        "started_at", "finished_at", "outcome", "hold", "course", "ran", "planned", "fresh", "error",
        "last_enriched", "lag", "place",
    ),
    "export": (
        "pk", "id", "key", "batches", "created_at", "running_at", "finished_at", "error", "known", "rows",
    ),
    "artifact": ("pk", "export", "part", "data"),
}  # fmt: skip
"""The tables of a world and their columns, except `world` and the batches' counts; the last column of a job or an
artifact is text."""

_TIMES = frozenset(("created_at", "at", "queued_at", "started_at", "running_at", "finished_at", "last_enriched"))
_TIMES_OF = {
    table: [position for position, column in enumerate(columns) if column in _TIMES]
    for table, columns in COLUMNS.items()
}
_KEYS = frozenset(
    (
        "pk",
        "batch",
        "first",
        "last",
        "created_in",
        "submission",
        "own",
        "asked",
        "course",
        "ran",
        "planned",
        "known",
        "export",
    )
)
_ONLY = {"job": "AND batch IN (SELECT pk FROM batch WHERE world = :world)"}
"""Extra conditions per table: the jobs of a deleted batch stay for a while."""

_TEXTS: dict[str, Callable[[bytes], str]] = {"job": bytes.decode, "artifact": lambda data: b64encode(data).decode()}
"""How the last column of a table becomes text."""
_SOME = 2_000
"""How many rows are in memory as objects at a time."""

Tables = dict[str, list[list[Any]]]


def read_table(session: Session, world: int, table: str) -> Iterator[list[list[Any]]]:
    """Read all rows of a world's table in the order of their keys, some at a time; late times are text (`portable`).

    Keys are numbers of the world, so that the same world reads the same whatever others there are.
    """
    columns = COLUMNS[table]
    found = session.rows(
        f"SELECT {', '.join(map(_read, columns))} FROM {table} WHERE world = :world {_ONLY.get(table, '')}"
        f" ORDER BY {columns[0]}",
        {"world": world},
    )
    text = _TEXTS.get(table)
    rows = iter(found)
    while some := list(map(list, islice(rows, _SOME))):
        if text is not None:
            for row in some:
                row[-1] = text(row[-1])
        _change_times(table, some, portable)
        yield some


def _read(column: str) -> str:
    return f"{column} & {LOCAL}" if column in _KEYS else column


def read_times(tables: Tables) -> None:
    """Convert times that are text, as late ones may be, to numbers.

    Raises:
        ValueError: a time is not a number.
    """
    for table in _TIMES_OF:
        _change_times(table, tables.get(table, ()), int)


def _change_times(table: str, rows: Iterable[list[Any]], change: Callable[[Any], Any]) -> None:
    positions = _TIMES_OF[table]
    for row in rows if positions else ():
        for position in positions:
            if row[position] is not None:
                row[position] = change(row[position])


def insert(session: Session, keys: Keys, table: str, values: Sequence[Any]) -> int:
    """Write a row, given its columns after the key in order; return its key."""
    return _insert(session, keys, table, dict(zip(COLUMNS[table][1:], values, strict=True)))


def insert_batch(session: Session, keys: Keys, values: Sequence[Any]) -> int:
    """Write a batch whose jobs are yet to be counted; return its key."""
    uncounted = dict.fromkeys(STATUS_COLUMNS, 0)
    return _insert(session, keys, "batch", {**dict(zip(COLUMNS["batch"][1:], values, strict=True)), **uncounted})


def insert_document(session: Session, keys: Keys, text: str) -> int:
    """Write a document; return its key."""
    return _insert(session, keys, "document", {"digest": digest(text.encode()), "text": text})


def _insert(session: Session, keys: Keys, table: str, values: Mapping[str, Any]) -> int:
    key = keys.row()
    marks = ", ".join("?" * (len(values) + 2))
    statement = f"INSERT INTO {table} (pk, world, {', '.join(values)}) VALUES ({marks})"
    session.insert(statement, (key, keys.world, *values.values()))
    return key


def insert_bodies(session: Session, world: int, rows: Iterable[Sequence[Any]]) -> None:
    """Write how often each body was seen."""
    statement = "INSERT INTO body (world, digest, count) VALUES (?, ?, ?)"
    session.many(statement, [(world, *row) for row in rows])


def insert_jobs(session: Session, world: int, rows: Iterable[Sequence[Any]]) -> None:
    """Write jobs, keeping their keys."""
    jobs = iter(rows)
    while some := list(islice(jobs, _SOME)):
        columns = dict(zip(COLUMNS["job"], map(list, zip(*some, strict=True)), strict=True))
        columns["place"] = [place.encode() for place in columns["place"]]
        session.fill("job", {"world": world, **{name: folded(column) for name, column in columns.items()}}, len(some))
