"""Snapshots: a whole world as one versioned JSON document, which can be restored into any world.

Row keys are local to the document: they link its rows, and are reassigned on restore.
No number in it exceeds JavaScript's safe range: large seeds, late times and scenarios with large numbers are text.
"""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from reprompt_mock import history
from reprompt_mock.clock import iso, moment_of
from reprompt_mock.engine.worlds import summary
from reprompt_mock.errors import SnapshotBroken
from reprompt_mock.history import HERE
from reprompt_mock.keys import local
from reprompt_mock.numerals import is_safe
from reprompt_mock.scenario import Scenario, StoredScenario
from reprompt_mock.specs import Strict, Time
from reprompt_mock.store import snapshot as rows
from reprompt_mock.store.session import DataRefused
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.worlds import WorldSummary
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.store.snapshot import Tables

VERSION = 4
"""The version that is written. Versions 3 (jobs have no lag), 2 (no exports either) and 1 (large numbers are not text)
can be read, too."""
_GONE = 0
"""The key of a batch that was deleted."""
_JOB = {name: position for position, name in enumerate(rows.COLUMNS["job"])}
_FIRST, _LAST = (rows.COLUMNS["submission"].index(name) for name in ("first", "last"))
_DOCUMENTS = [_JOB[name] for name in ("own", "asked", "course", "ran", "planned")]
_SUBMISSIONS = [_JOB[name] for name in ("created_in", "submission")]


def _unwrapped(scenario: Any) -> Any:
    if isinstance(scenario, str):
        try:
            return orjson.loads(scenario)
        except orjson.JSONDecodeError:
            raise PydanticCustomError("scenario", "this is not JSON") from None
    return scenario


def _or_text(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"$ref": schema.pop("$ref")}, {"type": "string"}]


class ClockState(Strict):
    """A clock in a snapshot."""

    now: Time
    running: bool
    speed: float = Field(gt=0, le=1e6)


class Snapshot(Strict):
    """A whole world; `digest` is the checksum of `data`, which is not meant to be edited."""

    version: Literal[1, 2, 3, 4]
    clock: ClockState
    settings: WorldSettings
    scenario: Annotated[
        StoredScenario,
        BeforeValidator(_unwrapped),
        Field(description="Rules and faults; JSON text where they hold large numbers.", json_schema_extra=_or_text),
    ]
    data: dict[str, list[list[Any]]]
    digest: str


def take(reading: Reading) -> dict[str, Any]:
    """Return a world as JSON-ready data, without its journal; API keys are never stored."""
    data: Tables = {table: list(chain.from_iterable(_parts(reading, table))) for table in rows.COLUMNS}
    return {**_described(reading), "data": data, "digest": _sealed(data)}


def _parts(reading: Reading, table: str) -> Iterable[list[list[Any]]]:
    return () if reading.key is None else rows.read_table(reading.session, reading.key, table)


def _described(reading: Reading) -> dict[str, Any]:
    state = reading.state
    return {
        "version": VERSION,
        "clock": {"now": iso(reading.now), "running": state.clock.running, "speed": state.clock.speed},
        "settings": state.settings.model_dump(mode="json"),
        "scenario": _portable(state.scenario.to_json()),
    }


def written(reading: Reading) -> bytes:
    """Return a world as JSON; only some of its rows are objects at a time, and the text is joined once."""
    tables = {table: _texts(_parts(reading, table)) for table in rows.COLUMNS}
    before = orjson.dumps(_described(reading))[:-1]
    after = b'},"digest":"%s"}' % _sealed_texts(tables).encode()
    data = (piece for position, table in enumerate(tables) for piece in (_key(table, position), *tables[table]))
    return b"".join(chain((before, b',"data":{'), data, (after,)))


def _texts(parts: Iterable[list[list[Any]]]) -> list[bytes]:
    """Return the JSON of a list, given in parts, in pieces."""
    pieces = [b"["]
    for part in parts:
        pieces += (b"," if len(pieces) > 1 else b"", orjson.dumps(part)[1:-1])
    return [*pieces, b"]"]


def _key(table: str, position: int) -> bytes:
    return b'%s"%s":' % (b"," if position else b"", table.encode())


def _portable(scenario: str) -> Any:
    value = orjson.loads(scenario)
    return value if is_safe(value) else scenario


def _sealed(data: Tables) -> str:
    return _sealed_texts(
        {table: [orjson.dumps(rows_of, option=orjson.OPT_SORT_KEYS)] for table, rows_of in data.items()}
    )


def _sealed_texts(tables: Mapping[str, Sequence[bytes]]) -> str:
    """Return the checksum of tables given as pieces of JSON: that of one object with its keys in order."""
    state = blake2b(b"{", digest_size=16)
    for position, table in enumerate(sorted(tables)):
        state.update(_key(orjson.dumps(table)[1:-1].decode(), position))
        for piece in tables[table]:
            state.update(piece)
    state.update(b"}")
    return state.hexdigest()


def restore(writing: Writing, snapshot: Snapshot) -> WorldSummary:
    """Replace a world by what a snapshot holds; return its summary.

    Raises:
        SnapshotBroken: the data do not match the digest, or cannot be stored.
    """
    if _sealed(snapshot.data) != snapshot.digest:
        raise SnapshotBroken
    now = moment_of(datetime.fromisoformat(snapshot.clock.now.isoformat()))
    scenario = Scenario.from_stored(snapshot.scenario)
    writing.replace_by(snapshot.settings, scenario, now=now, running=snapshot.clock.running, speed=snapshot.clock.speed)
    try:
        rows.read_times(snapshot.data)
        _Restored(writing, snapshot.data).write()
    except (LookupError, TypeError, ValueError, AttributeError, DataRefused) as error:
        raise SnapshotBroken from error
    writing.recount()
    return summary(writing.reading)


class _Restored:
    """Writes a snapshot's rows, with new keys in place of the document's own."""

    def __init__(self, writing: Writing, data: Tables) -> None:
        self._session = writing.session
        self._keys = writing.keys
        self._data = data
        self._submissions: dict[int, int] = {}
        self._documents: dict[int, int] = {}
        self._batches: dict[int, int] = {}
        runs = [row[_FIRST : _LAST + 1] for row in data["submission"]]
        first = min((first for first, _ in runs), default=1)
        last = max((last for _, last in runs), default=0)
        self._shift = writing.keys.jobs(max(0, last + 1 - first)) - first

    def write(self) -> None:
        """Write all tables, referenced ones first."""
        for pk, *values in self._data["batch"]:
            self._batches[pk] = rows.insert_batch(self._session, self._keys, values)
        for pk, at, settings, batch, first, last in self._data["submission"]:
            values = [
                at,
                settings,
                None if batch is None else self._batches[batch],
                first + self._shift,
                last + self._shift,
            ]
            self._submissions[pk] = rows.insert(self._session, self._keys, "submission", values)
        self._write_documents()
        rows.insert_bodies(self._session, self._keys.world, self._data["body"])
        rows.insert_jobs(self._session, self._keys.world, (self._job(list(job)) for job in self._data["job"]))
        self._write_exports()

    def _write_exports(self) -> None:
        written = {}
        for pk, id_, key, listed, *times, known, size in self._data.get("export", ()):
            moved = [[local(self._batches.get(batch, _GONE)), batch_id] for batch, batch_id in orjson.loads(listed)]
            last = max((new for old, new in self._submissions.items() if old <= known), default=0)
            values = [id_, key, orjson.dumps(moved).decode(), *times, last, size]
            written[pk] = rows.insert(self._session, self._keys, "export", values)
        for _, export, part, data in self._data.get("artifact", ()):
            rows.insert(self._session, self._keys, "artifact", [written[export], part, b64decode(data)])

    def _write_documents(self) -> None:
        histories = {job[_JOB[name]] for job in self._data["job"] for name in ("ran", "planned")}
        # Histories refer to other documents, so they come last.
        for pk, text in sorted(self._data["document"], key=lambda row: row[0] in histories):
            new = self._history(text) if pk in histories else text
            self._documents[pk] = rows.insert_document(self._session, self._keys, new)

    def _history(self, text: str) -> str:
        moved = {
            name: entry._replace(
                submission=entry.submission and self._submissions[entry.submission],
                pins=None if entry.pins is None else self._documents[entry.pins],
            )
            for name, entry in history.read(orjson.loads(text), HERE).items()
        }
        return orjson.dumps(history.written(moved)).decode()

    def _job(self, row: list[Any]) -> list[Any]:
        if len(row) < len(_JOB):
            row.insert(_JOB["lag"], None)
        row[0] += self._shift
        row[_JOB["batch"]] = self._batches[row[_JOB["batch"]]]
        for column in _SUBMISSIONS:
            row[column] = self._submissions[row[column]]
        for column in _DOCUMENTS:
            if row[column] is not None:
                row[column] = self._documents[row[column]]
        return row
