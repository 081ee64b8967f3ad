"""Queries about the emulators that share a database: who is there, and whether each has written what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.store.session import Query

if TYPE_CHECKING:
    from reprompt_mock.store.session import Session

_GONE_MICROSECONDS = 3_600_000_000
CHANNEL = "'reprompt_mock_' || md5(current_schema())"
"""The channel on which emulators on one schema wake each other."""
_TELL = f"SELECT pg_notify({CHANNEL}, CAST(? AS TEXT))"
_SEE = """
INSERT INTO peer (process, asked, answered, seen_at) VALUES (?, 0, ?, ?)
ON CONFLICT (process) DO UPDATE SET answered = excluded.answered, seen_at = excluded.seen_at
"""
_ASK = """
WITH present AS (SELECT process AS one FROM peer WHERE seen_at >= ? ORDER BY process FOR UPDATE)
UPDATE peer SET asked = asked + 1 FROM present WHERE process = one RETURNING process, asked
"""


def asking(process: int) -> Query:
    """Return the query by which `asked` finds the latest request to an emulator."""
    return Query("SELECT coalesce(max(asked), 0) FROM peer WHERE process = ?", (process,))


def asked(session: Session, process: int) -> int:
    """Return the number of the latest request to an emulator."""
    (number,) = session.one(*asking(process)) or (0,)
    return int(number)


def see(session: Session, process: int, answered: int, now: int) -> None:
    """Note that an emulator is there, and has written what it held when the request with a number was read."""
    session.later(_SEE, (process, answered, now))


def leave(session: Session, process: int, now: int) -> None:
    """Remove an emulator, and those that were not seen for long."""
    session.run("DELETE FROM peer WHERE process = ? OR seen_at < ?", (process, now - _GONE_MICROSECONDS))


def ask(session: Session, since: int) -> dict[int, int]:
    """Ask the emulators that were seen since a time to write what they hold; return the number of each request."""
    return dict(session.rows(_ASK, (since,)))


def answered(session: Session) -> dict[int, int]:
    """Return the number that each emulator has answered."""
    return dict(session.rows("SELECT process, answered FROM peer"))


def telling(message: str) -> Query:
    """Return the query that sends a message of at most 7,999 bytes to all who listen."""
    return Query(_TELL, (message,))


def tell(session: Session, message: str) -> None:
    """Send such a message once the transaction is committed."""
    session.later(_TELL, (message,))
