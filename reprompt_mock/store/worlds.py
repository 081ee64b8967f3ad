"""Queries about worlds."""

from __future__ import annotations

from operator import attrgetter
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.batch_status import Counts
from reprompt_mock.clock import VirtualClock
from reprompt_mock.scenario import Scenario
from reprompt_mock.store.session import Query
from reprompt_mock.store.statements import OLDEST_SUBMISSION, PURGE_RUN, STATUS_COLUMNS, purge_rows
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprompt_mock.store.session import Row, Session, Store

_PURGED = {
    "batch": "pk",
    "document": "pk",
    "body": "digest",
    "export": "pk",
    "artifact": "pk",
}
"""The tables to purge besides submissions and jobs, each with a column that identifies a row."""
_SECRET_BYTES = 32
# PostgreSQL's sum of large integers is a decimal.
_SUMS = ", ".join(f"CAST(coalesce(sum({name}), 0) AS BIGINT)" for name in STATUS_COLUMNS)
_CLOCK = ("clock_virtual", "clock_real", "clock_speed", "clock_running")
_PROGRESS = ("next_due", "version", "next_row", "next_job", "latest", "interventions", "origin")
_progress = attrgetter(*_PROGRESS)
_STATE = (*_CLOCK, "settings", "scenario", *_PROGRESS)
_COLUMNS = ", ".join(("pk", "slug", *_STATE))
_INSERT = (
    f"INSERT INTO world (slug, {', '.join(_STATE)}, secret) VALUES (?, {', '.join('?' * len(_STATE))}, ?) RETURNING pk"
)

_INSERT_FIRST = _INSERT.replace("RETURNING", "ON CONFLICT (slug) DO NOTHING RETURNING")
_MAY_BE_DUE = "slug IS NOT NULL AND next_due IS NOT NULL"
_FIND = "SELECT pk, version, origin FROM world WHERE slug = ?"
_LOCK = f"{_FIND} FOR UPDATE"


def _update(*columns: str) -> str:
    return f"UPDATE world SET {', '.join(f'{column} = ?' for column in columns)} WHERE pk = ?"


_SAVE, _SAVE_CLOCK, _SAVE_PROGRESS = _update(*_STATE), _update(*_CLOCK, *_PROGRESS), _update(*_PROGRESS)


class WorldState(NamedTuple):
    """A world's committed state.

    `key` is the key of its row, None while nothing is stored in it; `next_due` is the time of its next transition in
    microseconds of virtual time, or None. `version` counts its changes, `next_row` and `next_job` are the numbers of
    its next rows, `latest` is the virtual time of the last change, and `interventions` counts what tests have changed.
    `origin` is the key that it had before snapshots were restored, 0 if none was.
    """

    key: int | None
    settings: WorldSettings
    clock: VirtualClock
    scenario: Scenario
    next_due: int | None = None
    version: int = 0
    next_row: int = 1
    next_job: int = 1
    latest: int = 0
    interventions: int = 0
    origin: int = 0

    @property
    def identity(self) -> int | None:
        """What stays the same until the world is forgotten."""
        return self.origin or self.key

    def is_due(self, now: int) -> bool:
        """Return whether a transition is due at a virtual time."""
        return self.next_due is not None and self.next_due <= now

    def calm(self, now: int) -> int:
        """Return a time to read it at: `now`, or that of the last change if something is due by now.

        In a large world that runs fast something is due at all times, but the last change left nothing due at its own.
        """
        return self.latest if self.is_due(now) else now

    @property
    def row(self) -> int:
        """The key of the row, for a world that has one."""
        if self.key is None:
            raise LookupError("the world has no row yet")
        return self.key


def load_all(session: Session) -> list[tuple[str, WorldState]]:
    """Read every world that is not forgotten, with its slug."""
    return [_stored(row) for row in session.rows(f"SELECT {_COLUMNS} FROM world WHERE slug IS NOT NULL ORDER BY pk")]


def _stored(row: Row) -> tuple[str, WorldState]:
    pk, slug, virtual, real, speed, running, settings, scenario, *progress = row
    state = WorldState(
        pk,
        WorldSettings.model_validate_json(settings),
        VirtualClock(virtual, real, speed, bool(running)),
        Scenario.from_json(scenario),
    )
    return slug, state._replace(**dict(zip(_PROGRESS, progress, strict=True)))


class Found(NamedTuple):
    """The key of a world's row, the version of its state, and the key that it had before snapshots were restored."""

    key: int
    version: int
    origin: int

    def is_of(self, state: WorldState) -> bool:
        """Return whether the row has this state."""
        return (self.key, self.version) == (state.key, state.version)

    @property
    def identity(self) -> int:
        """What stays the same until the world is forgotten."""
        return self.origin or self.key


def finding(slug: str) -> Query:
    """Return the query by which `found` finds a world."""
    return Query(_FIND, (slug,))


def locking(slug: str) -> Query:
    """Return the query by which `locked` finds a world."""
    return Query(_LOCK, (slug,))


def found(session: Session, slug: str) -> Found | None:
    """Find the row of a world."""
    row = session.one(*finding(slug))
    return Found(*row) if row else None


def glimpsed(store: Store, slug: str) -> Found | None:
    """Find the row of a world as it is for a moment."""
    row = store.ask(finding(slug))
    return Found(*row) if row else None


def all_found(session: Session) -> dict[str, Found]:
    """Find the rows of all worlds, by slug."""
    rows = session.rows("SELECT slug, pk, version, origin FROM world WHERE slug IS NOT NULL")
    return {slug: Found(*row) for slug, *row in rows}


def locked(session: Session, slug: str) -> Found | None:
    """Find the row of a world, and keep others from it until the transaction ends; on a server only."""
    row = session.one(*locking(slug))
    return Found(*row) if row else None


def is_locked(session: Session, key: int) -> bool:
    """Keep others from a row until the transaction ends, though it may be forgotten; return whether it exists."""
    return session.one("SELECT pk FROM world WHERE pk = ? FOR UPDATE", (key,)) is not None


def slugs(session: Session) -> list[str]:
    """Return the slugs of all worlds, in the order of their creation."""
    return [slug for (slug,) in session.rows("SELECT slug FROM world WHERE slug IS NOT NULL ORDER BY pk")]


def due(session: Session, real: int) -> list[str]:
    """Return the slugs of the worlds in which a transition is due at a real time."""
    rows = session.rows(f"SELECT slug, next_due, latest, {', '.join(_CLOCK)} FROM world WHERE {_MAY_BE_DUE}")
    return [
        slug
        for slug, next_due, latest, virtual, base, speed, running in rows
        if next_due <= max(latest, VirtualClock(virtual, base, speed, bool(running)).now(real))
    ]


def read(session: Session, world: int) -> WorldState:
    """Read a world that exists."""
    (row,) = session.rows(f"SELECT {_COLUMNS} FROM world WHERE pk = ?", (world,))
    return _stored(row)[1]


def _clock_values(clock: VirtualClock) -> tuple[int, int, float, int]:
    return clock.virtual, clock.real, clock.speed, int(clock.running)


def _whole(state: WorldState) -> tuple[Any, ...]:
    return *_clock_values(state.clock), state.settings.model_dump_json(), state.scenario.to_json(), *_progress(state)


def insert(session: Session, slug: str | None, state: WorldState) -> int:
    """Write a new world; return its key. One without a slug is already forgotten."""
    return int(session.value(_INSERT, (slug, *_whole(state), token_hex(_SECRET_BYTES))))


def insert_first(session: Session, slug: str, state: WorldState) -> int | None:
    """Write a new world unless another transaction has just done so; return its key, None if there is one."""
    row = session.one(_INSERT_FIRST, (slug, *_whole(state), token_hex(_SECRET_BYTES)))
    return int(row[0]) if row else None


def insert_grave(session: Session) -> int:
    """Write a forgotten world for the rows of a deleted batch; return its key."""
    return int(session.value(_INSERT, (None, 0, 0, 1, 0, "", "", *[0] * len(_PROGRESS), "")))


def save(session: Session, state: WorldState, stored: WorldState) -> None:
    """Write into a world's row how far it has come, and what else is new since the state that the row has."""
    if state.settings is not stored.settings or state.scenario is not stored.scenario:
        session.later(_SAVE, (*_whole(state), state.key))
    elif state.clock is not stored.clock:
        save_clock(session, state)
    else:
        session.later(_SAVE_PROGRESS, (*_progress(state), state.key))


def save_clock(session: Session, state: WorldState) -> None:
    """Write a world's clock, and how far it has come."""
    session.later(_SAVE_CLOCK, (*_clock_values(state.clock), *_progress(state), state.key))


def secret(session: Session, world: int) -> bytes:
    """Return the secret that signs the addresses of a world's exports."""
    return str(session.value("SELECT secret FROM world WHERE pk = ?", (world,))).encode()


def forget(session: Session, world: int) -> None:
    """Make a world unreachable; `purge` removes its rows later."""
    session.run("UPDATE world SET slug = NULL WHERE pk = ?", (world,))


def remove(session: Session, world: int) -> None:
    """Remove the row of a world that has no other rows."""
    session.run("DELETE FROM world WHERE pk = ?", (world,))


def purge(session: Session, rows: int, leased: Iterable[int] = ()) -> bool:
    """Remove about `rows` rows of forgotten worlds and deleted batches; return whether any may be left.

    Args:
        session: the write transaction.
        rows: how many.
        leased: the keys of worlds that stay, since somebody still writes to them.
    """
    kept = ", ".join(map(str, (0, *leased)))
    while rows > 0:
        found = session.one(f"SELECT pk FROM world WHERE slug IS NULL AND pk NOT IN ({kept}) LIMIT 1")
        if found is None:
            return False
        (world,) = found
        rows -= _purge_jobs(session, world, rows)
        for table, key in _PURGED.items():
            if rows > 0:
                rows -= session.run(purge_rows(table, key), {"world": world, "rows": rows})
        if rows > 0:
            remove(session, world)
            rows -= 1
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
