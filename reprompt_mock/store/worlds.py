"""Queries about worlds and what their jobs share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import orjson

from reprompt_mock.batch_status import Counts
from reprompt_mock.clock import VirtualClock
from reprompt_mock.scenario import Scenario
from reprompt_mock.settings import WorldSettings
from reprompt_mock.store.statements import OLDEST_SUBMISSION, PURGE_RUN, purge_rows

if TYPE_CHECKING:
    from reprompt_mock.store.database import Connection

_PURGED = {"batch": "pk", "document": "pk", "body": "digest"}
"""What a forgotten world has beside its submissions and their jobs, each table with a column that tells rows apart."""
_COLUMNS = "pk, slug, clock_virtual, clock_real, clock_speed, clock_running, settings, scenario"


class StoredWorld(NamedTuple):
    """A world as its row says."""

    pk: int
    slug: str
    clock: VirtualClock
    settings: WorldSettings
    scenario: Scenario


class Storable(Protocol):
    """What of a world has columns in its row."""

    slug: str
    forgotten: bool
    settings: WorldSettings
    scenario: Scenario

    @property
    def present(self) -> VirtualClock:
        """Its clock, with the base at the present."""


def load_all(connection: Connection) -> list[StoredWorld]:
    """Read every world that was not forgotten."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM world WHERE slug IS NOT NULL ORDER BY pk")
    return [
        StoredWorld(
            pk,
            slug,
            VirtualClock(virtual, real, speed, bool(running)),
            WorldSettings.model_validate_json(settings),
            Scenario.from_json(scenario),
        )
        for pk, slug, virtual, real, speed, running, settings, scenario in rows
    ]


def _clock_values(clock: VirtualClock) -> tuple[int, int, float, bool]:
    return clock.virtual, clock.real, clock.speed, clock.running


def _values(world: Storable) -> tuple[Any, ...]:
    return (
        *_clock_values(world.present),
        world.settings.model_dump_json(),
        world.scenario.to_json(),
    )


def insert(connection: Connection, world: Storable) -> int:
    """Write a new world and give its key."""
    cursor = connection.execute(
        "INSERT INTO world (slug, clock_virtual, clock_real, clock_speed, clock_running, settings, scenario)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (None if world.forgotten else world.slug, *_values(world)),
    )
    return _key(cursor.lastrowid)


def save(connection: Connection, key: int, world: Storable) -> None:
    """Write a world's clock, settings, rules and faults."""
    connection.execute(
        "UPDATE world SET clock_virtual = ?, clock_real = ?, clock_speed = ?, clock_running = ?, settings = ?,"
        " scenario = ? WHERE pk = ?",
        (*_values(world), key),
    )


def save_clock(connection: Connection, key: int, clock: VirtualClock) -> None:
    """Write a world's clock alone."""
    connection.execute(
        "UPDATE world SET clock_virtual = ?, clock_real = ?, clock_speed = ?, clock_running = ? WHERE pk = ?",
        (*_clock_values(clock), key),
    )


def forget(connection: Connection, world: int) -> None:
    """Make a world unreachable at once; `purge` removes its rows."""
    connection.execute("UPDATE world SET slug = NULL WHERE pk = ?", (world,))


def purge(connection: Connection, rows: int) -> bool:
    """Remove about `rows` rows of forgotten worlds and deleted batches; tells whether any may be left."""
    while rows > 0:
        found = connection.execute("SELECT pk FROM world WHERE slug IS NULL LIMIT 1").fetchone()
        if found is None:
            return False
        (world,) = found
        rows -= _purge_jobs(connection, world, rows)
        for table, key in _PURGED.items():
            if rows > 0:
                rows -= connection.execute(purge_rows(table, key), {"world": world, "rows": rows}).rowcount
        if rows > 0:
            rows -= connection.execute("DELETE FROM world WHERE pk = ?", (world,)).rowcount
    return True


def _purge_jobs(connection: Connection, world: int, rows: int) -> int:
    """Remove jobs submission by submission, so that what lies together goes together; gives how many rows."""
    removed = 0
    while removed < rows and (found := connection.execute(OLDEST_SUBMISSION, (world,)).fetchone()):
        submission, first, last = found
        removed += connection.execute(PURGE_RUN, (first, last, rows - removed)).rowcount
        if removed < rows:
            removed += connection.execute("DELETE FROM submission WHERE pk = ?", (submission,)).rowcount
    return removed


def counts(connection: Connection, world: int) -> tuple[int, Counts]:
    """Count a world's batches, and its jobs by status."""
    row = connection.execute(
        "SELECT count(CASE WHEN id <> '' THEN 1 END), coalesce(sum(pending), 0), coalesce(sum(queued), 0),"
        " coalesce(sum(in_progress), 0), coalesce(sum(completed), 0), coalesce(sum(failed), 0)"
        " FROM batch WHERE world = ?",
        (world,),
    ).fetchone()
    return row[0], Counts(*row[1:])


def next_job(connection: Connection) -> int:
    """Give the first key of the next jobs."""
    found = connection.execute("SELECT last FROM submission ORDER BY pk DESC LIMIT 1").fetchone()
    return int(found[0]) + 1 if found else 1


def add_submission(
    connection: Connection, world: int, at: int, settings: WorldSettings, *, batch: int | None = None, jobs: int = 0
) -> tuple[int, int]:
    """Write a create, an append or a reprocess, with the settings in force.

    Gives its key, and the first key of the new jobs that come with it: it keeps so many for them.
    """
    first = next_job(connection)
    cursor = connection.execute(
        "INSERT INTO submission (world, at, settings, batch, first, last) VALUES (?, ?, ?, ?, ?, ?)",
        (world, at, settings.model_dump_json(), batch, first, first + jobs - 1),
    )
    return _key(cursor.lastrowid), first


def last_submission(connection: Connection, world: int) -> int:
    """Tell when a world's latest submission came, 0 without one."""
    (at,) = connection.execute("SELECT max(at) FROM submission WHERE world = ?", (world,)).fetchone()
    return int(at or 0)


def submission_settings(connection: Connection, submission: int) -> WorldSettings:
    """Read the settings that were in force at a submission."""
    (settings,) = connection.execute("SELECT settings FROM submission WHERE pk = ?", (submission,)).fetchone()
    return WorldSettings.model_validate_json(settings)


def intern(connection: Connection, world: int, value: Any) -> int:
    """Find or write a JSON value that jobs share; gives its key."""
    text = orjson.dumps(value).decode()
    found = connection.execute("SELECT pk FROM document WHERE world = ? AND text = ?", (world, text)).fetchone()
    if found:
        return int(found[0])
    cursor = connection.execute("INSERT INTO document (world, text) VALUES (?, ?)", (world, text))
    return _key(cursor.lastrowid)


def document(connection: Connection, key: int) -> Any:
    """Read a JSON value that jobs share."""
    (text,) = connection.execute("SELECT text FROM document WHERE pk = ?", (key,)).fetchone()
    return orjson.loads(text)


def count_body(connection: Connection, world: int, digest: str) -> int:
    """Count a body of a create; tells how many equal ones came before."""
    (count,) = connection.execute(
        "INSERT INTO body (world, digest, count) VALUES (?, ?, 1)"
        " ON CONFLICT (world, digest) DO UPDATE SET count = body.count + 1 RETURNING count",
        (world, digest),
    ).fetchone()
    return int(count) - 1


def _key(key: int | None) -> int:
    if key is None:
        raise RuntimeError("the database gave no key for a new row")
    return key
