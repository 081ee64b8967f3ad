"""Artifacts: the files of exports, derived from the jobs as long as these are unchanged, and stored before they change.

A file is derived in parts of `PART_ROWS` rows, so that a million rows take little memory. A stored file has the same
parts, so that a download continues if the file is stored meanwhile.
"""

from __future__ import annotations

import zlib
from itertools import count, islice
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.enrichment.csv_table import Column, Survey, Table
from reprompt_mock.enrichment.given import inputs_once
from reprompt_mock.store import batches, exports

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.store.batches import StoredBatch
    from reprompt_mock.store.exports import StoredExport
    from reprompt_mock.store.jobs import StoredResult

PART_ROWS = 1000
_SLICE_ROWS = 1000
_TOGETHER = 64
"""The number of rows written together."""
_QUICK = 1
"""The compression level, which takes a tenth of the time of deriving the rows."""


class Position(NamedTuple):
    """The position of a part: its number, the number of its batch in the export, and the key of the job before it."""

    part: int = 0
    batch: int = 0
    after: int = 0


_Row = tuple[int, int, "StoredResult"]
"""The number of a batch in the export, and the key of a job with the job itself."""


def survey(reading: Reading, export: StoredExport) -> list[Column]:
    """Return the columns of an export: those that are not blank in every row."""
    found = Survey()
    for _, _, job in _rows(reading, export, Position()):
        inputs = inputs_once(job.place)
        found.add_inputs(inputs)
        alike, statuses = reading.decoded.alike(reading.session, job)
        if found.wants(alike, statuses, inputs):
            found.add(alike, reading.decoded.result(reading.session, job, read_once=True))
    return found.columns()


def part(reading: Reading, export: StoredExport, columns: Sequence[Column], start: Position) -> tuple[bytes, Position]:
    """Derive a part of an export's file.

    Args:
        reading: the world.
        export: the export, which is running or finished, or is answered immediately.
        columns: its columns, as returned by `survey`.
        start: the position of the part.

    Returns:
        The part, empty after the last one, and the position of the next part.
    """
    rows = list(islice(_rows(reading, export, start), PART_ROWS))
    table = Table(columns)
    header = b"" if start.part else table.header()
    if not rows:
        return header, start._replace(part=start.part + 1)
    named = {number: batch.name for number, batch in enumerate(batches_of(reading, export)) if batch is not None}
    results = (
        (export.batches[number].id, named[number], reading.decoded.result(reading.session, job, read_once=True))
        for number, _, job in rows
    )
    lines = [header]
    while some := list(islice(results, _TOGETHER)):
        lines.append(table.lines(some))
    last_batch, last_job, _ = rows[-1]
    return b"".join(lines), Position(start.part + 1, last_batch, last_job)


def parts(reading: Reading, export: StoredExport) -> Iterator[bytes]:
    """Yield all parts of an export's file."""
    columns, position = survey(reading, export), Position()
    while True:
        data, position = part(reading, export, columns, position)
        if not data:
            return
        yield data


def _rows(reading: Reading, export: StoredExport, start: Position) -> Iterator[_Row]:
    """Yield the jobs of an export as they were when it ran, in order of batch and submission."""
    for number, batch in enumerate(batches_of(reading, export)):
        if batch is None or number < start.batch:
            continue
        after = start.after if number == start.batch else 0
        while True:
            some = list(
                exports.jobs(
                    reading.session,
                    batch.pk,
                    known=export.known,
                    now=export.running_at,
                    after=after,
                    limit=_SLICE_ROWS,
                )
            )
            yield from ((number, pk, job) for pk, job in some)
            if len(some) < _SLICE_ROWS:
                break
            after = some[-1][0]


def row_count(reading: Reading, export: StoredExport) -> int:
    """Return the number of rows of an export that is running or finished."""
    if export.rows is not None:
        return export.rows
    return sum(
        batch.counts.total - exports.later_jobs(reading.session, batch.pk, known=export.known, now=export.running_at)
        for batch in batches_of(reading, export)
        if batch is not None
    )


def batches_of(reading: Reading, export: StoredExport) -> list[StoredBatch | None]:
    """Return the batches of an export, None for deleted ones."""
    return [batches.of_world(reading.session, reading.state.row, batch.pk) for batch in export.batches]


def preserve(writing: Writing, changing: set[int]) -> None:
    """Store the files of past exports before the jobs or names of their batches change (contract K7).

    Args:
        writing: the world, open for a change.
        changing: the keys of the batches.
    """
    if not changing:
        return
    for export in exports.derived(writing.session, writing.key, changing, now=writing.now):
        reading = writing.reading
        rows = row_count(reading, export)
        for number, data in zip(count(), parts(reading, export), strict=False):
            exports.write_part(writing.session, writing.keys, export.pk, number, compressed(data))
        exports.written(writing.session, export.pk, rows)


def compressed(data: bytes) -> bytes:
    """Compress a part."""
    return zlib.compress(data, _QUICK)


def restored(data: bytes) -> bytes:
    """Decompress a part."""
    return zlib.decompress(data)
