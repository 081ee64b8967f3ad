"""Whole worlds as tables of rows: read for snapshots, written on restore."""

from __future__ import annotations

from base64 import b64encode
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from reprompt_mock.clock import LATEST
from reprompt_mock.keys import LOCAL, span
from reprompt_mock.numerals import MOST_SAFE, portable
from reprompt_mock.store.columns import folded
from reprompt_mock.store.statements import STATUS_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reprompt_mock.keys import Keys
    from reprompt_mock.store.session import Row, Session

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
_MOST = 2**63 - 1
_LAST = {"last_enriched": LATEST, "created_at": LATEST}
"""The latest that some times may be, since answers show them; the others may come after the end of all clocks."""
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
_OF_WORLD = "world = :world"
_JOBS_OF_WORLD = """
pk BETWEEN :first AND :last AND +world = :world AND +batch IN (SELECT pk FROM batch WHERE world = :world)
"""
"""The jobs of a world, found in the order of keys; those of a deleted batch stay for a while."""

_TEXTS: dict[str, Callable[[bytes], str]] = {"job": bytes.decode, "artifact": lambda data: b64encode(data).decode()}
"""How the last column of a table becomes text."""
_SOME = 2_000
"""How many rows are in memory as objects at a time."""


def read_table(session: Session, world: int, table: str) -> Iterator[list[Sequence[Any]]]:
    """Read all rows of a world's table in the order of their keys, some at a time; late times are text (`portable`).

    Keys are numbers of the world, so that the same world reads the same whatever others there are.
    """
    columns = COLUMNS[table]
    condition = _JOBS_OF_WORLD if table == "job" else _OF_WORLD
    first, last = span(world)
    found = session.rows(
        f"SELECT {', '.join(map(_read, columns))} FROM {table} WHERE {condition} ORDER BY {columns[0]}",
        {"world": world, "first": first, "last": last},
    )
    text = _TEXTS.get(table)
    rows = iter(found)
    while some := list(islice(rows, _SOME)):
        if text is not None:
            some = [(*row[:-1], text(row[-1])) for row in some]
        yield _portable(table, some)


def _portable(table: str, rows: list[Row]) -> list[Sequence[Any]]:
    columns = {position: map(itemgetter(position), rows) for position in _TIMES_OF[table]}
    late = [position for position, times in columns.items() if max(filter(None, times), default=0) > MOST_SAFE]
    return [_changed(row, late, portable) for row in rows] if late else [*rows]


def _read(column: str) -> str:
    return f"{column} & {LOCAL}" if column in _KEYS else column


def with_times(table: str, rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    """Convert times that are text, as late ones may be, to numbers.

    Raises:
        ValueError: a time is not a number, or no time that can be.
    """
    positions = _TIMES_OF.get(table, ())
    changed = [_changed(row, positions, int) for row in rows]
    for position in positions:
        _numbers(COLUMNS[table][position], [row[position] for row in changed])
    return changed


def _changed(row: Sequence[Any], positions: Iterable[int], change: Callable[[Any], Any]) -> Sequence[Any]:
    changed = list(row)
    for position in positions:
        if changed[position] is not None:
            changed[position] = change(changed[position])
    return changed


def insert(session: Session, keys: Keys, table: str, values: Sequence[Any]) -> int:
    """Write a row, given its columns after the key in order; return its key."""
    return _insert(session, keys, table, dict(zip(COLUMNS[table][1:], values, strict=True)))


def insert_batch(session: Session, keys: Keys, values: Sequence[Any]) -> int:
    """Write a batch whose jobs are yet to be counted; return its key."""
    uncounted = dict.fromkeys(STATUS_COLUMNS, 0)
    return _insert(session, keys, "batch", {**dict(zip(COLUMNS["batch"][1:], values, strict=True)), **uncounted})


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


def insert_jobs(session: Session, world: int, columns: Mapping[str, list[Any]]) -> None:
    """Write jobs, keeping their keys; what has no column is None.

    Raises:
        ValueError: a time is not a number, or no time that can be.
    """
    texts = {"place": [place.encode() for place in columns["place"]]}
    times = {name: _numbers(name, columns[name]) for name in _TIMES.intersection(columns)}
    whole = {**dict.fromkeys(COLUMNS["job"]), **columns, **times, **texts}
    stored = {name: folded(column) for name, column in whole.items()}
    session.fill("job", {"world": world, **stored}, len(texts["place"]))


def _numbers(name: str, times: list[Any]) -> list[int | None]:
    numbers = times if set(map(type, times)) <= {int, type(None)} else [*map(_number, times)]
    given = [number for number in numbers if number is not None]
    if given and not 0 <= min(given) <= max(given) <= _LAST.get(name, _MOST):
        raise ValueError("a time that cannot be")
    return numbers


def _number(time: Any) -> int | None:
    if time is None:
        return None
    if isinstance(time, float) and not time.is_integer():
        raise ValueError(time)
    return int(time)
