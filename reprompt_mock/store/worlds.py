"""Queries about worlds and the values that their jobs share."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock.batch_status import Counts
from reprompt_mock.clock import VirtualClock
from reprompt_mock.scenario import Scenario
from reprompt_mock.settings import WorldSettings
from reprompt_mock.store.statements import OLDEST_SUBMISSION, PURGE_RUN, purge_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.store.session import Session

_PURGED = {"batch": "pk", "document": "pk", "body": "digest", "export": "pk", "artifact": "pk"}
"""The tables to purge besides submissions and jobs, each with a column that identifies a row."""
_SECRET_BYTES = 32
_COLUMNS = "pk, slug, clock_virtual, clock_real, clock_speed, clock_running, settings, scenario"


class WorldState(NamedTuple):
    """A world's committed state.

    `key` is the key of its row, None while nothing is stored in it; `next_due` is the time of its next transition in
    microseconds of virtual time, or None.
    """

    key: int | None
    settings: WorldSettings
    clock: VirtualClock
    scenario: Scenario
    next_due: int | None = None

    @property
    def row(self) -> int:
        """The key of the row, for a world that has one."""
        if self.key is None:
            raise LookupError("the world has no row yet")
        return self.key

    def is_due(self, now: Callable[[], int]) -> bool:
        """Return whether a transition is due; the time is read only if there is one."""
        return self.next_due is not None and self.next_due <= now()


def load_all(session: Session) -> list[tuple[str, WorldState]]:
    """Read every world that is not forgotten, with its slug."""
    rows = session.rows(f"SELECT {_COLUMNS} FROM world WHERE slug IS NOT NULL ORDER BY pk")
    return [
        (
            slug,
            WorldState(
                pk,
                WorldSettings.model_validate_json(settings),
                VirtualClock(virtual, real, speed, bool(running)),
                Scenario.from_json(scenario),
            ),
        )
        for pk, slug, virtual, real, speed, running, settings, scenario in rows
    ]


def _clock_values(clock: VirtualClock) -> tuple[int, int, float, bool]:
    return clock.virtual, clock.real, clock.speed, clock.running


def _values(state: WorldState) -> tuple[Any, ...]:
    return (
        *_clock_values(state.clock),
        state.settings.model_dump_json(),
        state.scenario.to_json(),
    )


def insert(session: Session, slug: str | None, state: WorldState) -> int:
    """Write a new world; return its key. One without a slug is already forgotten."""
    return session.insert(
        "INSERT INTO world (slug, clock_virtual, clock_real, clock_speed, clock_running, settings, scenario, secret)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (slug, *_values(state), token_hex(_SECRET_BYTES)),
    )


def save(session: Session, state: WorldState) -> None:
    """Write a world's clock, settings, rules and faults into its row."""
    session.run(
        "UPDATE world SET clock_virtual = ?, clock_real = ?, clock_speed = ?, clock_running = ?, settings = ?,"
        " scenario = ? WHERE pk = ?",
        (*_values(state), state.key),
    )


def save_clock(session: Session, state: WorldState) -> None:
    """Write a world's clock alone."""
    session.run(
        "UPDATE world SET clock_virtual = ?, clock_real = ?, clock_speed = ?, clock_running = ? WHERE pk = ?",
        (*_clock_values(state.clock), state.key),
    )


def secret(session: Session, world: int) -> bytes:
    """Return the secret that signs the addresses of a world's exports."""
    return str(session.value("SELECT secret FROM world WHERE pk = ?", (world,))).encode()


def forget(session: Session, world: int) -> None:
    """Make a world unreachable; `purge` removes its rows later."""
    session.run("UPDATE world SET slug = NULL WHERE pk = ?", (world,))


def purge(session: Session, rows: int) -> bool:
    """Remove about `rows` rows of forgotten worlds and deleted batches; return whether any may be left."""
    while rows > 0:
        found = session.one("SELECT pk FROM world WHERE slug IS NULL LIMIT 1")
        if found is None:
            return False
        (world,) = found
        rows -= _purge_jobs(session, world, rows)
        for table, key in _PURGED.items():
            if rows > 0:
                rows -= session.run(purge_rows(table, key), {"world": world, "rows": rows})
        if rows > 0:
            rows -= session.run("DELETE FROM world WHERE pk = ?", (world,))
    return True


def _purge_jobs(session: Session, world: int, rows: int) -> int:
    """Remove jobs submission by submission, so that adjacent rows go together; return the number of removed rows."""
    removed = 0
    while removed < rows and (found := session.one(OLDEST_SUBMISSION, (world,))):
        submission, first, last = found
        removed += session.run(PURGE_RUN, (first, last, rows - removed))
        if removed < rows:
            removed += session.run("DELETE FROM submission WHERE pk = ?", (submission,))
    return removed


def counts(session: Session, world: int) -> tuple[int, Counts]:
    """Count a world's batches, and its jobs by status."""
    (row,) = session.rows(
        "SELECT count(CASE WHEN id <> '' THEN 1 END), coalesce(sum(pending), 0), coalesce(sum(queued), 0),"
        " coalesce(sum(in_progress), 0), coalesce(sum(completed), 0), coalesce(sum(failed), 0)"
        " FROM batch WHERE world = ?",
        (world,),
    )
    return row[0], Counts(*row[1:])


def next_job(session: Session) -> int:
    """Return the first free job key."""
    found = session.one("SELECT last FROM submission ORDER BY pk DESC LIMIT 1")
    return int(found[0]) + 1 if found else 1


def add_submission(
    session: Session, world: int, at: int, settings: WorldSettings, *, batch: int | None = None, jobs: int = 0
) -> tuple[int, int]:
    """Write a create, an append or a reprocess, with the settings in force.

    `jobs` keys are reserved for new jobs.

    Returns:
        The key of the submission, and the first of the reserved keys.
    """
    first = next_job(session)
    key = session.insert(
        "INSERT INTO submission (world, at, settings, batch, first, last) VALUES (?, ?, ?, ?, ?, ?)",
        (world, at, settings.model_dump_json(), batch, first, first + jobs - 1),
    )
    return key, first


def last_submission(session: Session, world: int) -> int:
    """Return the time of a world's latest submission, 0 if there is none."""
    return int(session.value("SELECT max(at) FROM submission WHERE world = ?", (world,)) or 0)


def submission_settings(session: Session, submission: int) -> WorldSettings:
    """Read the settings that were in force at a submission."""
    settings = session.value("SELECT settings FROM submission WHERE pk = ?", (submission,))
    return WorldSettings.model_validate_json(settings)


def intern(session: Session, world: int, value: Any) -> int:
    """Find or write a JSON value that jobs share; return its key."""
    text = orjson.dumps(value).decode()
    found = session.one("SELECT pk FROM document WHERE world = ? AND text = ?", (world, text))
    if found:
        return int(found[0])
    return session.insert("INSERT INTO document (world, text) VALUES (?, ?)", (world, text))


def document(session: Session, key: int) -> Any:
    """Read a JSON value that jobs share."""
    return orjson.loads(session.value("SELECT text FROM document WHERE pk = ?", (key,)))


def count_body(session: Session, world: int, digest: str) -> int:
    """Count the body of a create; return the number of equal ones before it."""
    count = session.value(
        "INSERT INTO body (world, digest, count) VALUES (?, ?, 1)"
        " ON CONFLICT (world, digest) DO UPDATE SET count = body.count + 1 RETURNING count",
        (world, digest),
    )
    return int(count) - 1
