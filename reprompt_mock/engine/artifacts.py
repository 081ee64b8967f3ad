"""Artifacts: the file of an export, derived from the jobs while they are as they were, and written before they change.

A file comes in parts of so many rows, derived one after the other, so that one of a million rows takes little memory.
The parts of a written file are the same: a download goes on where the file is written between two of its parts.
"""

from __future__ import annotations

import zlib
from itertools import count, islice
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.enrichment.csv_table import Column, Survey, Table
from reprompt_mock.enrichment.places import inputs_of
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
_QUICK = 1
"""The level of compression: this one takes a tenth of the time in which the rows are derived."""


class Position(NamedTuple):
    """Where the next part begins: the number of the part, of the batch in the export, and the job before it."""

    part: int = 0
    batch: int = 0
    after: int = 0


class _Row(NamedTuple):
    batch: int
    pk: int
    job: StoredResult


def survey(reading: Reading, export: StoredExport) -> list[Column]:
    """Find the columns of an export: those that are not blank in every row."""
    found = Survey()
    for row in _rows(reading, export, Position()):
        found.add_inputs(inputs_of(row.job.place))
        alike, statuses = reading.decoded.alike(reading.session, row.job)
        if wanted := found.wanted(alike, statuses):
            found.add(alike, reading.decoded.some(reading.session, row.job, wanted))
    return found.columns()


def part(reading: Reading, export: StoredExport, columns: Sequence[Column], start: Position) -> tuple[bytes, Position]:
    """Derive a part of an export's file.

    Args:
        reading: the world.
        export: the export, which runs or ran, or is to be answered at once.
        columns: its columns, as `survey` found them.
        start: where the part begins.

    Returns:
        The part, empty beyond the last, and where the next one begins.
    """
    rows = list(islice(_rows(reading, export, start), PART_ROWS))
    table = Table(columns)
    header = b"" if start.part else table.header()
    if not rows:
        return header, start._replace(part=start.part + 1)
    named = {number: batch.name for number, batch in enumerate(_batches(reading, export)) if batch is not None}
    lines = table.lines(
        (export.batches[row.batch].id, named[row.batch], reading.decoded.result(reading.session, row.job))
        for row in rows
    )
    return header + lines, Position(start.part + 1, rows[-1].batch, rows[-1].pk)


def parts(reading: Reading, export: StoredExport) -> Iterator[bytes]:
    """Derive all parts of an export's file, one by one."""
    columns, position = survey(reading, export), Position()
    while True:
        data, position = part(reading, export, columns, position)
        if not data:
            return
        yield data


def _rows(reading: Reading, export: StoredExport, start: Position) -> Iterator[_Row]:
    """Read the jobs of an export as they were when it ran, in order of its batches and of submission."""
    for number, batch in enumerate(_batches(reading, export)):
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
            yield from (_Row(number, pk, job) for pk, job in some)
            if len(some) < _SLICE_ROWS:
                break
            after = some[-1][0]


def row_count(reading: Reading, export: StoredExport) -> int:
    """Count the rows of an export that runs or ran."""
    if export.rows is not None:
        return export.rows
    return sum(
        batch.counts.total - exports.later_jobs(reading.session, batch.pk, known=export.known, now=export.running_at)
        for batch in _batches(reading, export)
        if batch is not None
    )


def _batches(reading: Reading, export: StoredExport) -> list[StoredBatch | None]:
    """Read the batches of an export; those that were deleted before it ran are missing from it."""
    return [batches.of_world(reading.session, reading.state.row, batch.pk) for batch in export.batches]


def preserve(writing: Writing, changing: set[int]) -> None:
    """Write the files of exports that ran, before the jobs or the names of some batches change (contract K7).

    Args:
        writing: the world, open for the change.
        changing: the keys of the batches.
    """
    if not changing:
        return
    for export in exports.derived(writing.session, writing.key, changing, now=writing.now):
        reading = writing.reading
        rows = row_count(reading, export)
        for number, data in zip(count(), parts(reading, export), strict=False):
            exports.write_part(writing.session, writing.key, export.pk, number, compressed(data))
        exports.written(writing.session, export.pk, rows)


def compressed(data: bytes) -> bytes:
    """Compress a part."""
    return zlib.compress(data, _QUICK)


def restored(data: bytes) -> bytes:
    """Decompress a part."""
    return zlib.decompress(data)
