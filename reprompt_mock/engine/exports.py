"""Exports: batches as one CSV file, returned immediately or written by an export job (contract K)."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import orjson

from reprompt_mock.clock import LATEST, SECOND
from reprompt_mock.draws import draw
from reprompt_mock.engine import artifacts
from reprompt_mock.engine.events import Kind
from reprompt_mock.engine.identifiers import new_export_id
from reprompt_mock.engine.tokens import decoded, encoded
from reprompt_mock.errors import (
    BatchNotFound,
    CursorMalformed,
    ExportKeyTaken,
    ExportNotDispatched,
    ExportNotFound,
)
from reprompt_mock.keys import LOCAL, Keys, local
from reprompt_mock.store import batches, exports
from reprompt_mock.store.exports import ExportedBatch, StoredExport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.store.session import Session

FAILS, STUCK, UNDISPATCHED = "mock-export-fail-", "mock-export-stuck-", "mock-export-undispatched-"
"""Prefixes of batch ids that make their export fail, run forever or not start (contract K4)."""
_FAILED = "The export failed: the worker could not write the file. Create the export again."
_NOT_DISPATCHED = "The export was not started: no worker could be reached. Create the export again."
_ROWS_TOGETHER = 10_000


class ExportView(NamedTuple):
    """An export, its batches' current names by id, and its number of rows, None until it is completed."""

    export: StoredExport
    names: dict[str, str]
    rows: int | None


class ExportPage(NamedTuple):
    """A page of exports, newest first, and the cursor of the next page, or None after the last."""

    exports: list[ExportView]
    next_cursor: str | None


# Creating


def at_once(reading: Reading, batch_ids: Sequence[str], key: str | None) -> list[bytes] | ExportView | None:
    """Answer a create without storing an export, if possible.

    Returns:
        The compressed parts of the file, or the export of the idempotency key, or None if an export has to be created.

    Raises:
        ExportKeyTaken: the key belongs to an export of other batches.
        BatchNotFound: the world does not have one of the batches.
    """
    if reading.key is None:
        raise BatchNotFound(batch_id=batch_ids[0])
    if key is not None and (known := _known(reading, batch_ids, key)):
        return known
    found = _found(reading.session, reading.key, batch_ids)
    settings, rows = reading.state.settings, _total(reading.session, found)
    if len(found) > 1 and rows > settings.export_inline_rows:
        return None
    last = Keys(reading.key).of(reading.state.next_row - 1)
    export = _made("", None, found, reading.now, last)
    reading.weigh(rows)
    return _within(reading, export, None if len(found) == 1 else settings.export_inline_bytes)


def _within(reading: Reading, export: StoredExport, most_bytes: int | None) -> list[bytes] | None:
    """Return a file's compressed parts, or None if it is too large to be returned immediately."""
    kept, size = [], 0
    for data in artifacts.parts(reading, export):
        size += len(data)
        if most_bytes is not None and size > most_bytes:
            return None
        kept.append(artifacts.compressed(data))
    return kept


def create(writing: Writing, batch_ids: Sequence[str], key: str | None) -> ExportView | ExportNotDispatched:
    """Create an export. If it is stored as not started, the error is returned rather than raised.

    Raises:
        ExportKeyTaken: the key belongs to an export of other batches.
        BatchNotFound: the world does not have one of the batches.
    """
    if key is not None and (known := _known(writing.reading, batch_ids, key)):
        return known
    found = _found(writing.session, writing.key, batch_ids)
    export_id = new_export_id(writing, [batch.id for batch in found])
    made = _made(export_id, key, found, writing.now, writing.keys.of(writing.keys.next_row - 1))
    export = _scheduled(writing, made, _total(writing.session, found))
    pk = exports.insert(writing.session, writing.keys, export)
    writing.note(Kind.export, export_id)
    if export.error == _NOT_DISPATCHED:
        return ExportNotDispatched(export_id=export_id)
    return _view(writing.reading, export._replace(pk=pk))


def _known(reading: Reading, batch_ids: Sequence[str], key: str) -> ExportView | None:
    export = None if reading.key is None else exports.of_key(reading.session, reading.key, key, now=reading.now)
    if export is None:
        return None
    if set(export.batch_ids) != set(batch_ids):
        raise ExportKeyTaken(export_id=export.id)
    return _view(reading, export)


def _found(session: Session, world: int, batch_ids: Sequence[str]) -> list[ExportedBatch]:
    found = []
    for batch_id in dict.fromkeys(batch_ids):
        batch = batches.find(session, world, batch_id)
        if batch is None:
            raise BatchNotFound(batch_id=batch_id)
        found.append(ExportedBatch(batch.pk, batch.id))
    return found


def _total(session: Session, found: Sequence[ExportedBatch]) -> int:
    return sum(batches.by_key(session, batch.pk).counts.total for batch in found)


def _made(export_id: str, key: str | None, found: list[ExportedBatch], now: int, known: int) -> StoredExport:
    """Describe an export of the present state."""
    return StoredExport(0, export_id, key, found, now, now, now, None, known, None, "queued")


def _scheduled(writing: Writing, export: StoredExport, rows: int) -> StoredExport:
    """Draw an export's timetable, unless its batches' ids decide it (contract K4)."""
    settings, now = writing.settings, writing.now
    if _has(export, UNDISPATCHED):
        # Its key stays free, so that a repeated request is a new attempt.
        return export._replace(key=None, error=_NOT_DISPATCHED, status="failed")
    choices = draw(settings.seed, export.id, "export")
    queued = settings.export_queued_seconds * (0.5 + choices.fraction())
    running = settings.export_seconds_per_10000_rows * max(1, ceil(rows / _ROWS_TOGETHER)) * (0.5 + choices.fraction())
    fails = _has(export, FAILS) or choices.chance(settings.export_failure_rate)
    running_at = min(now + int(queued * SECOND), LATEST)
    finished_at = None if _has(export, STUCK) else min(running_at + int(running * SECOND), LATEST)
    return export._replace(
        running_at=running_at,
        finished_at=finished_at,
        error=_FAILED if fails and finished_at is not None else None,
        status=_status(writing.now, running_at, finished_at, fails=fails),
    )


def _status(now: int, running_at: int, finished_at: int | None, *, fails: bool) -> str:
    if now < running_at:
        return "queued"
    if finished_at is None or now < finished_at:
        return "running"
    return "failed" if fails else "completed"


def _has(export: StoredExport, prefix: str) -> bool:
    return any(batch_id.startswith(prefix) for batch_id in export.batch_ids)


# Looking


def show(reading: Reading, export_id: str) -> ExportView:
    """Describe an export.

    Raises:
        ExportNotFound: the world does not have the export.
    """
    return _view(reading, find(reading, export_id))


def find(reading: Reading, export_id: str) -> StoredExport:
    """Read an export.

    Raises:
        ExportNotFound: the world does not have the export.
    """
    export = None if reading.key is None else exports.find(reading.session, reading.key, export_id, now=reading.now)
    if export is None:
        raise ExportNotFound(export_id=export_id)
    return export


def _view(reading: Reading, export: StoredExport) -> ExportView:
    names = {batch.id: batch.name for batch in artifacts.batches_of(reading, export) if batch is not None}
    is_completed = export.status in {"completed", "expired"}
    return ExportView(export, names, artifacts.row_count(reading, export) if is_completed else None)


def page(reading: Reading, *, status: str | None, cursor: str | None, limit: int) -> ExportPage:
    """List exports, newest first (contract K6).

    Raises:
        CursorMalformed: the cursor is not one that a page returned.
    """
    number = None if cursor is None else _read_cursor(cursor)
    if reading.key is None:
        return ExportPage([], None)
    before = None if number is None else Keys(reading.key).of(number)
    found = exports.page(reading.session, reading.key, status=status, before=before, limit=limit + 1, now=reading.now)
    listed = found[:limit]
    return ExportPage(
        [_view(reading, export) for export in listed], _cursor(local(listed[-1].pk)) if len(found) > limit else None
    )


def _cursor(number: int) -> str:
    return encoded(orjson.dumps([number]))


def _read_cursor(cursor: str) -> int:
    try:
        (number,) = orjson.loads(decoded(cursor))
    except (ValueError, TypeError):
        raise CursorMalformed from None
    if type(number) is not int or not 0 < number <= LOCAL or _cursor(number) != cursor:
        raise CursorMalformed
    return number
