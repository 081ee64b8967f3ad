"""Queries about the requests that worlds saw, where several emulators share a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprompt_mock.store.session import Session

MOST_KEPT = 100_000
"""How many requests of a world are kept."""
_ORDER = "at, process, number"

_INSERT = """
INSERT INTO request (world, at, process, number, operation, exchange, ended_at, evidence)
SELECT :world, :at, :process, :number, CAST(:operation AS TEXT), CAST(:exchange AS BYTEA), CAST(:ended_at AS BIGINT),
  CAST(:evidence AS BYTEA)
WHERE EXISTS (SELECT 1 FROM world WHERE pk = :world AND slug IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM journal WHERE world = :world AND cleared_at >= :at)
"""
_END = """
UPDATE request SET exchange = :exchange, ended_at = :ended_at, evidence = :evidence
WHERE world = :world AND at = :at AND process = :process AND number = :number
"""
_CLEAR = """
INSERT INTO journal (world, cleared_at, dropped) VALUES (?, ?, 0)
ON CONFLICT (world) DO UPDATE SET cleared_at = excluded.cleared_at, dropped = 0
"""
_DROP = f"""
DELETE FROM request WHERE world = :world AND ({_ORDER}) IN
  (SELECT {_ORDER} FROM request WHERE world = :world ORDER BY at DESC, process DESC, number DESC OFFSET :most)
"""
_DROPPED = """
INSERT INTO journal (world, cleared_at, dropped) VALUES (?, 0, ?)
ON CONFLICT (world) DO UPDATE SET dropped = journal.dropped + excluded.dropped
"""


class Reported(NamedTuple):
    """A request as an emulator reports it.

    Attributes:
        world: the key of its world.
        at: when it came, in microseconds by the server's clock.
        process: the emulator.
        number: its number there.
        operation: the id of its operation.
        exchange: what is known of it.
        ended_at: when it was over, None while it is under way.
        evidence: what is kept for the verdict once it is over.
    """

    world: int
    at: int
    process: int
    number: int
    operation: str | None
    exchange: bytes
    ended_at: int | None
    evidence: bytes | None


def insert(session: Session, requests: Iterable[Reported]) -> None:
    """Write requests that came, unless they came before their world's journal was cleared."""
    session.many(_INSERT, [request._asdict() for request in requests])


def end(session: Session, requests: Iterable[Reported]) -> None:
    """Write the ends of requests, as far as they have not been cleared meanwhile."""
    session.many(_END, [request._asdict() for request in requests])


def clear(session: Session, world: int, at: int) -> None:
    """Forget a world's requests up to a time, those under way too."""
    session.run(_CLEAR, (world, at))
    session.run("DELETE FROM request WHERE world = ? AND at <= ?", (world, at))


def drop(session: Session, world: int) -> None:
    """Remove the oldest requests of a world beyond those that are kept."""
    dropped = session.run(_DROP, {"world": world, "most": MOST_KEPT})
    if dropped:
        session.run(_DROPPED, (world, dropped))


def size(session: Session, world: int) -> int:
    """Count the requests that a world has seen since its journal was cleared."""
    return int(session.value("SELECT count(*) FROM request WHERE world = ?", (world,))) + _dropped(session, world)


def _dropped(session: Session, world: int) -> int:
    return int(session.value("SELECT coalesce(max(dropped), 0) FROM journal WHERE world = ?", (world,)))


def count(session: Session, world: int, operation: str) -> int:
    """Count the requests of an operation."""
    query = "SELECT count(*) FROM request WHERE world = ? AND operation = ?"
    return int(session.value(query, (world, operation)))


def latest(session: Session, world: int, limit: int) -> list[tuple[str | None, bytes, bool]]:
    """Return a world's newest requests in order of arrival: the operation, the exchange, and whether it is over."""
    query = (
        "SELECT operation, exchange, ended_at IS NOT NULL FROM request WHERE world = ?"
        " ORDER BY at DESC, process DESC, number DESC LIMIT ?"
    )
    return [
        (operation, bytes(exchange), bool(ended)) for operation, exchange, ended in session.rows(query, (world, limit))
    ][::-1]


def evidence(session: Session, world: int) -> tuple[list[tuple[int, int, bytes]], int]:
    """Return what is kept of a world's finished requests in the order of their ends, and how many were dropped.

    Each has its number in the order of arrival, and its process.
    """
    dropped = _dropped(session, world)
    query = (
        f"SELECT place, process, evidence FROM (SELECT row_number() OVER (ORDER BY {_ORDER}) AS place, process, number,"
        " ended_at, evidence FROM request WHERE world = ?) AS numbered WHERE evidence IS NOT NULL"
        " ORDER BY ended_at, process, number"
    )
    return [(dropped + place, process, bytes(data)) for place, process, data in session.rows(query, (world,))], dropped
