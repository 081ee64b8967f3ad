"""Queries about worlds."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.batch_status import Counts
from reprompt_mock.clock import VirtualClock
from reprompt_mock.scenario import Scenario
from reprompt_mock.store.statements import OLDEST_SUBMISSION, PURGE_RUN, STATUS_COLUMNS, purge_rows
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from reprompt_mock.store.session import Session

_PURGED = {"batch": "pk", "document": "pk", "body": "digest", "export": "pk", "artifact": "pk"}
"""The tables to purge besides submissions and jobs, each with a column that identifies a row."""
_SECRET_BYTES = 32
# PostgreSQL's sum of large integers is a decimal.
_SUMS = ", ".join(f"CAST(coalesce(sum({name}), 0) AS BIGINT)" for name in STATUS_COLUMNS)
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


def _clock_values(clock: VirtualClock) -> tuple[int, int, float, int]:
    return clock.virtual, clock.real, clock.speed, int(clock.running)


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
        f"SELECT count(CASE WHEN id <> '' THEN 1 END), {_SUMS} FROM batch WHERE world = ?",
        (world,),
    )
    return row[0], Counts(*row[1:])
