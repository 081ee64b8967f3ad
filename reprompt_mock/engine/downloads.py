"""Downloads: the signed address of an export's file, and the file in parts (contract K5)."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import orjson

from reprompt_mock.clock import SECOND
from reprompt_mock.engine import artifacts
from reprompt_mock.engine.exports import find
from reprompt_mock.engine.tokens import decoded, encoded
from reprompt_mock.errors import ExportExpired, ExportUnfinished, LinkRefused
from reprompt_mock.store import exports, worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.engine.artifacts import Position
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.enrichment.csv_table import Column
    from reprompt_mock.store.exports import StoredExport

LINK_SECONDS = 3600


class Download(NamedTuple):
    """A file to send in parts: the export, and its columns if the file is derived rather than stored."""

    export: StoredExport
    columns: Sequence[Column]


def link(reading: Reading, export_id: str) -> str:
    """Return a signed token for the address of an export's file, valid for an hour of virtual time (contract K5).

    Raises:
        ExportNotFound: the world does not have the export.
        ExportUnfinished: the export is not completed.
        ExportExpired: the file is no longer kept.
    """
    export = find(reading, export_id)
    _check_completed(export)
    payload = orjson.dumps([export.id, reading.now + LINK_SECONDS * SECOND])
    return ".".join(map(encoded, (payload, _signed(reading, payload))))


def _check_completed(export: StoredExport) -> None:
    if export.status == "expired":
        raise ExportExpired(export_id=export.id)
    if export.status != "completed":
        raise ExportUnfinished(export_id=export.id, status=export.status)


def _signed(reading: Reading, payload: bytes) -> bytes:
    return hmac.digest(worlds.secret(reading.session, reading.state.row), payload, sha256)


def open_link(reading: Reading, token: str) -> Download:
    """Return the file to which a signed address leads.

    Raises:
        LinkRefused: the token was not signed by this world, or has expired.
        ExportExpired: the file is no longer kept.
    """
    if reading.key is None:
        raise LinkRefused
    try:
        payload, signature = map(decoded, token.split("."))
    except ValueError:
        raise LinkRefused from None
    if not hmac.compare_digest(signature, _signed(reading, payload)):
        raise LinkRefused
    export_id, until = orjson.loads(payload)
    if reading.now >= until:
        raise LinkRefused
    export = find(reading, export_id)
    _check_completed(export)
    return Download(export, artifacts.survey(reading, export) if export.rows is None else ())


def part(reading: Reading, download: Download, start: Position) -> tuple[bytes, Position]:
    """Return a part of a file, empty after the last one, and the position of the next part.

    Raises:
        ExportNotFound: the world was forgotten meanwhile.
    """
    export = find(reading, download.export.id)
    if export.rows is None:
        return artifacts.part(reading, export, download.columns, start)
    data = exports.read_part(reading.session, export.pk, start.part)
    return (b"" if data is None else artifacts.restored(data)), start._replace(part=start.part + 1)
