"""Snapshots: a whole world as one versioned JSON document, which can be restored into any world.

Row keys are local to the document: they link its rows, and are reassigned on restore.
No number in it exceeds JavaScript's safe range: large seeds, late times and scenarios with large numbers are text.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import orjson
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from reprompt_mock.clock import iso, moment_of
from reprompt_mock.engine.restoration import Restoration
from reprompt_mock.engine.worlds import summary
from reprompt_mock.errors import SnapshotBroken
from reprompt_mock.json_rows import Rows
from reprompt_mock.numerals import is_safe
from reprompt_mock.scenario import Scenario, StoredScenario
from reprompt_mock.specs import Strict, Time
from reprompt_mock.store import snapshot as rows
from reprompt_mock.store.session import DataRefused
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.worlds import WorldSummary
    from reprompt_mock.engine.writing import Writing

VERSION = 4
"""The version that is written. Versions 3 (jobs have no lag), 2 (no exports either) and 1 (large numbers are not text)
can be read, too."""
_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])


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
    data: dict[str, Rows]
    digest: str


def decoded(body: bytes) -> dict[str, Any] | None:
    """Decode a snapshot but for its rows; None if it has not the form of one."""
    with suppress(LookupError, ValueError, RecursionError):
        parts = _PARTS.decode(body)
        tables = {table: Rows(text) for table, text in _PARTS.decode(parts.pop("data")).items()}
        return {**{name: orjson.loads(bytes(text)) for name, text in parts.items()}, "data": tables}
    return None


def take(reading: Reading) -> dict[str, Any]:
    """Return a world as JSON-ready data, without its journal; API keys are never stored."""
    taken: dict[str, Any] = orjson.loads(b"".join(written(reading)))
    return taken


def _parts(reading: Reading, table: str) -> Iterable[list[Sequence[Any]]]:
    return () if reading.key is None else rows.read_table(reading.session, reading.key, table)


def _described(reading: Reading) -> dict[str, Any]:
    state = reading.state
    return {
        "version": VERSION,
        "clock": {"now": iso(reading.now), "running": state.clock.running, "speed": state.clock.speed},
        "settings": state.settings.model_dump(mode="json"),
        "scenario": _portable(state.scenario.to_json()),
    }


def written(reading: Reading) -> list[bytes]:
    """Return a world as JSON, without its journal, in pieces; only some of its rows are objects at a time."""
    tables = {table: list(_texts(_parts(reading, table))) for table in rows.COLUMNS}
    before = orjson.dumps(_described(reading))[:-1]
    after = b'},"digest":"%s"}' % _sealed_texts(tables).encode()
    data = (piece for position, table in enumerate(tables) for piece in (_key(table, position), *tables[table]))
    return [before, b',"data":{', *data, after]


def _texts(parts: Iterable[Sequence[Sequence[Any]]], option: int = 0) -> Iterator[bytes]:
    """Yield the JSON of a list, given in parts, in pieces."""
    before = b"["
    for part in parts:
        yield before + orjson.dumps(part, option=option)[1:-1]
        before = b","
    yield b"]" if before == b"," else b"[]"


def _key(table: str, position: int) -> bytes:
    return b'%s"%s":' % (b"," if position else b"", table.encode())


def _portable(scenario: str) -> Any:
    value = orjson.loads(scenario)
    return value if is_safe(value) else scenario


def _sealed_texts(tables: Mapping[str, Iterable[bytes | msgspec.Raw]]) -> str:
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
    now = moment_of(datetime.fromisoformat(snapshot.clock.now.isoformat()))
    scenario = Scenario.from_stored(snapshot.scenario)
    try:
        if not _is_whole(snapshot):
            raise SnapshotBroken
        clock = snapshot.clock
        writing.replace_by(snapshot.settings, scenario, now=now, running=clock.running, speed=clock.speed)
        Restoration(writing, snapshot.data).write()
    except (LookupError, TypeError, ValueError, AttributeError, DataRefused) as error:
        raise SnapshotBroken from error
    writing.recount()
    return summary(writing.reading)


def _is_whole(snapshot: Snapshot) -> bool:
    """Return whether the data match the digest, if not as they came then as `written` spells them."""
    as_it_came = _sealed_texts({table: [rows_of.text] for table, rows_of in snapshot.data.items()})
    return as_it_came == snapshot.digest or snapshot.digest == _sealed_texts(
        {table: _texts(rows_of.parts(), orjson.OPT_SORT_KEYS) for table, rows_of in snapshot.data.items()}
    )
