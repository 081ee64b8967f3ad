"""Queries about the requests that worlds saw, where several emulators share a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprompt_mock.store.session import Session

MOST_KEPT = 100_000
"""How many requests of a world are kept."""
_ORDER = "at, process, number"
_FORGOTTEN_MICROSECONDS = 3_600_000_000
"""For how long it is remembered up to when a world that is gone was forgotten."""
_KEPT = "slug = :slug AND at > (SELECT coalesce(max(cleared_at), 0) FROM journal WHERE slug = :slug)"
"""A request that was written while its world's journal was cleared may be there."""

_WRITE = """
INSERT INTO request (slug, at, process, number, operation, exchange, ended_at, evidence)
SELECT * FROM unnest(
  CAST(? AS TEXT[]), CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS TEXT[]),
  CAST(? AS BYTEA[]), CAST(? AS BIGINT[]), CAST(? AS BYTEA[])
) AS seen (slug, at, process, number, operation, exchange, ended_at, evidence)
WHERE NOT EXISTS (SELECT 1 FROM journal WHERE journal.slug = seen.slug AND cleared_at >= seen.at)
ON CONFLICT (slug, at, process, number) DO UPDATE
SET exchange = excluded.exchange, ended_at = excluded.ended_at, evidence = excluded.evidence
"""
_WITHDRAW = "DELETE FROM request WHERE slug = :slug AND at = :at AND process = :process AND number = :number"
_CLEAR = """
INSERT INTO journal (slug, cleared_at, dropped) VALUES (?, ?, 0)
ON CONFLICT (slug) DO UPDATE SET cleared_at = greatest(journal.cleared_at, excluded.cleared_at), dropped = 0
"""
_DROP = f"""
DELETE FROM request WHERE slug = :slug AND ({_ORDER}) IN
  (SELECT {_ORDER} FROM request WHERE slug = :slug ORDER BY at DESC, process DESC, number DESC OFFSET :most)
"""
_DROPPED = """
INSERT INTO journal (slug, cleared_at, dropped) VALUES (?, 0, ?)
ON CONFLICT (slug) DO UPDATE SET dropped = journal.dropped + excluded.dropped
"""
_PURGE = "DELETE FROM journal WHERE cleared_at < ? AND NOT EXISTS (SELECT 1 FROM world WHERE slug = journal.slug)"


class Reported(NamedTuple):
    """A request as an emulator reports it.

    Attributes:
        slug: the slug of its world.
        at: when it came, in microseconds by the server's clock.
        process: the emulator.
        number: its number there.
        operation: the id of its operation.
        exchange: what is known of it.
        ended_at: when it was over, None while it is under way.
        evidence: what is kept for the verdict once it is over.
    """

    slug: str
    at: int
    process: int
    number: int
    operation: str | None
    exchange: bytes
    ended_at: int | None
    evidence: bytes | None


def write(session: Session, requests: Iterable[Reported]) -> None:
    """Write requests that came or are over, unless they came before their world's journal was cleared."""
    columns = [list(column) for column in zip(*requests, strict=True)]
    if columns:
        session.run(_WRITE, columns)


def withdraw(session: Session, requests: Iterable[Reported]) -> None:
    """Remove requests that turned out to be of no world."""
    session.many(_WITHDRAW, [request._asdict() for request in requests])


def clear(session: Session, slug: str, at: int) -> None:
    """Forget a world's requests up to a time, those under way too."""
    session.run(_CLEAR, (slug, at))
    session.run("DELETE FROM request WHERE slug = ? AND at <= ?", (slug, at))


def drop(session: Session, slug: str) -> None:
    """Remove the oldest requests of a world beyond those that are kept."""
    dropped = session.run(_DROP, {"slug": slug, "most": MOST_KEPT})
    if dropped:
        session.run(_DROPPED, (slug, dropped))


def purge(session: Session, now: int) -> None:
    """Remove what is remembered of worlds that were forgotten long ago."""
    session.run(_PURGE, (now - _FORGOTTEN_MICROSECONDS,))


def size(session: Session, slug: str) -> int:
    """Count the requests that a world has seen since its journal was cleared."""
    return int(session.value(f"SELECT count(*) FROM request WHERE {_KEPT}", {"slug": slug})) + _dropped(session, slug)


def _dropped(session: Session, slug: str) -> int:
    return int(session.value("SELECT coalesce(max(dropped), 0) FROM journal WHERE slug = ?", (slug,)))


def count(session: Session, slug: str, operation: str) -> int:
    """Count the requests of an operation."""
    query = f"SELECT count(*) FROM request WHERE {_KEPT} AND operation = :operation"
    return int(session.value(query, {"slug": slug, "operation": operation}))


def latest(session: Session, slug: str, limit: int) -> list[tuple[str | None, bytes, bool]]:
    """Return a world's newest requests in order of arrival: the operation, the exchange, and whether it is over."""
    query = (
        f"SELECT operation, exchange, ended_at IS NOT NULL FROM request WHERE {_KEPT}"
        " ORDER BY at DESC, process DESC, number DESC LIMIT :limit"
    )
    found = session.rows(query, {"slug": slug, "limit": limit})
    return [(operation, bytes(exchange), bool(ended)) for operation, exchange, ended in found][::-1]


def evidence(session: Session, slug: str) -> tuple[list[tuple[int, int, bytes]], int]:
    """Return what is kept of a world's finished requests in the order of their ends, and how many were dropped.

    Each has its number in the order of arrival, and its process.
    """
    dropped = _dropped(session, slug)
    query = (
        f"SELECT place, process, evidence FROM (SELECT row_number() OVER (ORDER BY {_ORDER}) AS place, process, number,"
        f" ended_at, evidence FROM request WHERE {_KEPT}) AS numbered WHERE evidence IS NOT NULL"
        " ORDER BY ended_at, process, number"
    )
    found = session.rows(query, {"slug": slug})
    return [(dropped + place, process, bytes(data)) for place, process, data in found], dropped
