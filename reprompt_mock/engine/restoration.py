"""The restoration of a world from the tables of a snapshot: its rows, with new keys in place of the document's own."""

from __future__ import annotations

import zlib
from base64 import b64decode
from itertools import pairwise
from operator import le
from typing import TYPE_CHECKING, Any

import orjson

from reprompt_mock import history
from reprompt_mock.clock import LATEST
from reprompt_mock.engine.artifacts import restored
from reprompt_mock.enrichment.places import name_of
from reprompt_mock.history import HERE
from reprompt_mock.keys import local
from reprompt_mock.lifecycle import Hold, JobStatus
from reprompt_mock.store import documents
from reprompt_mock.store import snapshot as rows
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.json_rows import Row, Rows

_GONE = 0
"""The key of a batch that was deleted."""
_JOB = rows.COLUMNS["job"]
_STEPS = ("queued_at", "started_at", "finished_at")
_CODES = {"outcome": {None, *JobStatus}, "hold": {None, *Hold}}
"""What columns of jobs may hold; any other number would be stored as well, and every later read would fail."""
_SETTINGS, _FIRST, _LAST = map(rows.COLUMNS["submission"].index, ("settings", "first", "last"))


class _Written(dict[int | None, int | None]):
    """New keys by the document's own, of rows that are written when a job first refers to them.

    Args:
        write: writes the row of a key, and returns the new key.
    """

    def __init__(self, write: Callable[[int], int]) -> None:
        super().__init__({None: None})
        self._write = write

    def __missing__(self, key: Any) -> int:
        new = self[key] = self._write(key)
        return new


class Restoration:
    """Writes a snapshot's rows.

    Args:
        writing: the world, just replaced, open for a change.
        data: the tables, which broken documents may have in any form.

    Raises:
        LookupError, TypeError, ValueError, AttributeError, DataRefused: the tables cannot be stored.
    """

    def __init__(self, writing: Writing, data: Mapping[str, Rows]) -> None:
        self._session = writing.session
        self._keys = writing.keys
        self._jobs = data["job"]
        self._tables = {table: rows.with_times(table, list(some)) for table, some in data.items() if table != "job"}
        self._texts: dict[Any, str] = {row[0]: row[1] for row in self._tables["document"]}
        self._submissions: dict[int, int] = {}
        self._batches: dict[int, int] = {}
        self._times = {row[0]: min(row[1], LATEST) for row in self._tables["submission"]}
        self._objects = _Written(lambda key: self._interned(_checked(self._texts[key], dict)))
        lists = _Written(lambda key: self._interned(_checked(self._texts[key], list, of=str)))
        histories = _Written(lambda key: self._interned(self._history(_checked(self._texts[key], list))))
        self._new: dict[str, Mapping[Any, int | None]] = {
            "batch": self._batches,
            **dict.fromkeys(("created_in", "submission"), self._submissions),
            **dict.fromkeys(("own", "asked"), lists),
            "course": self._objects,
            **dict.fromkeys(("ran", "planned"), histories),
        }
        runs = [row[_FIRST : _LAST + 1] for row in self._tables["submission"]]
        first = min((first for first, _ in runs), default=1)
        last = max((last for _, last in runs), default=0)
        self._shift = writing.keys.jobs(max(0, last + 1 - first)) - first

    def write(self) -> None:
        """Write all tables, referenced ones first."""
        for pk, *values in self._tables["batch"]:
            self._batches[pk] = rows.insert_batch(self._session, self._keys, values)
        for settings in {row[_SETTINGS] for row in self._tables["submission"]}:
            WorldSettings.model_validate_json(settings)
        for pk, at, settings, batch, first, last in self._tables["submission"]:
            moved = None if batch is None else self._batches[batch]
            values = [at, settings, moved, first + self._shift, last + self._shift]
            self._submissions[pk] = rows.insert(self._session, self._keys, "submission", values)
        rows.insert_bodies(self._session, self._keys.world, self._tables["body"])
        for some in self._jobs.parts():
            rows.insert_jobs(self._session, self._keys.world, self._moved(some))
        self._write_exports()

    def _write_exports(self) -> None:
        written = {}
        for pk, id_, key, listed, *times, known, size in self._tables.get("export", ()):
            moved = [[local(self._batches.get(batch, _GONE)), batch_id] for batch, batch_id in orjson.loads(listed)]
            last = max((new for old, new in self._submissions.items() if old <= known), default=0)
            values = [id_, key, orjson.dumps(moved).decode(), *times, last, size]
            written[pk] = rows.insert(self._session, self._keys, "export", values)
        for _, export, part, data in self._tables.get("artifact", ()):
            rows.insert(self._session, self._keys, "artifact", [written[export], part, _compressed(b64decode(data))])

    def _interned(self, text: str) -> int:
        return documents.intern_text(self._session, self._keys, text.encode())

    def _history(self, text: str) -> str:
        moved = {
            name: entry._replace(
                submission=entry.submission and self._submissions[entry.submission],
                pins=None if entry.pins is None else self._objects[entry.pins],
            )
            for name, entry in history.read(orjson.loads(text), HERE).items()
        }
        return orjson.dumps(history.written(moved)).decode()

    def _moved(self, some: Sequence[Row]) -> dict[str, list[Any]]:
        """Return jobs column by column, with new keys; version 3 has no lag."""
        names = _JOB if len(some[0]) == len(_JOB) else [name for name in _JOB if name != "lag"]
        columns = dict(zip(names, map(list, zip(*some, strict=True)), strict=True))
        _check(columns)
        self._check_order(columns)
        columns["pk"] = [key + self._shift for key in columns["pk"]]
        return {**columns, **{name: list(map(new.__getitem__, columns[name])) for name, new in self._new.items()}}

    def _check_order(self, jobs: Mapping[str, Sequence[Any]]) -> None:
        """Check that no job moves before its submission, or back; as no clock shows the last times, these are alike.

        Raises:
            ValueError: one does.
            LookupError, TypeError: a submission is missing, or a time is none.
        """
        steps = [list(map(self._times.__getitem__, jobs["submission"])), *(jobs[name] for name in _STEPS)]
        if not (_are_in_order(steps) if _are_usual(steps) else all(map(_is_in_order, zip(*steps, strict=True)))):
            raise ValueError("a job moves before its time")


def _are_usual(times: Iterable[Sequence[Any]]) -> bool:
    """Return whether columns hold times that clocks can show and nothing else, so that they can be compared as such."""
    return all(set(map(type, column)) == {int} and max(column) <= LATEST for column in times)


def _are_in_order(steps: Iterable[Sequence[int]]) -> bool:
    return all(all(map(le, before, after)) for before, after in pairwise(steps))


def _is_in_order(times: Iterable[Any]) -> bool:
    steps = [min(int(time), LATEST) for time in times if time is not None]
    return steps == sorted(steps)


def _compressed(data: bytes) -> bytes:
    """Return a part of a file, which can be decompressed.

    Raises:
        ValueError: it cannot.
    """
    try:
        restored(data)
    except zlib.error as error:
        raise ValueError("a part of a file is damaged") from error
    return data


def _check(jobs: Mapping[str, Sequence[Any]]) -> None:
    """Check what the database would store, but no read would understand.

    Raises:
        ValueError: a code is unknown, a job ends without an outcome, or a place has no name.
        TypeError, AttributeError: they have other types.
    """
    for name, codes in _CODES.items():
        if not codes.issuperset(jobs[name]):
            raise ValueError(name)
    if not all(
        end is None for end, outcome in zip(jobs["finished_at"], jobs["outcome"], strict=True) if outcome is None
    ):
        raise ValueError("finished_at")
    for place in jobs["place"]:
        name_of(place.encode())


def _checked(text: str, kind: type[list[Any] | dict[str, Any]], of: type = object) -> str:
    """Return a document's text, which holds a value of a kind, and in it others of another kind.

    Raises:
        ValueError: it does not.
    """
    value = orjson.loads(text)
    if not isinstance(value, kind) or not all(isinstance(item, of) for item in value):
        raise ValueError(text)
    return text
