"""Queries about rate limits that several emulators share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reprompt_mock.store.session import Session

_REFILLED = "least(:capacity, bucket.tokens + greatest(0, :now - bucket.at) * :rate / 1000000)"
_TAKE = f"""
INSERT INTO bucket (slug, key, tokens, at, taken) VALUES (:slug, :key, :capacity - 1, :now, 1)
ON CONFLICT (slug, key) DO UPDATE SET tokens = {_REFILLED} - CASE WHEN {_REFILLED} >= 1 THEN 1 ELSE 0 END,
  taken = CASE WHEN {_REFILLED} >= 1 THEN 1 ELSE 0 END, at = greatest(:now, bucket.at)
RETURNING taken, tokens
"""


class Taken(NamedTuple):
    """Whether a request got a token, and how many are left."""

    is_taken: bool
    tokens: float


def take(session: Session, slug: str, key: bytes, *, rate: float, now: int) -> Taken:
    """Take a token from the bucket of a key in a world, which is refilled by the second.

    Args:
        session: the write transaction.
        slug: the world's slug.
        key: a digest of the API key.
        rate: tokens added per second; above 0.
        now: the real time in microseconds.
    """
    values = {"slug": slug, "key": key, "capacity": float(max(rate, 1)), "rate": float(rate), "now": now}
    taken, tokens = session.one(_TAKE, values) or (0, 0.0)
    return Taken(bool(taken), tokens)


def clear(session: Session, slug: str) -> None:
    """Forget the limits of a world."""
    session.run("DELETE FROM bucket WHERE slug = ?", (slug,))
