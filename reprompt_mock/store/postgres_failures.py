"""What errors of PostgreSQL mean: which can be tried again, which end as a refusal, and which are defects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg_pool import PoolTimeout

from reprompt_mock.errors import StorageFailed, StoreSilent
from reprompt_mock.store.session import Interrupted

if TYPE_CHECKING:
    from reprompt_mock.errors import MockError

_WRITABLE = "connect to the primary server"
_AGAIN = {"40001", "40P01"}
"""Serialization failures and deadlocks: the transaction was rolled back, and succeeds when it is run again."""
_FULL = {"53100": "make room on the disk of the server", "25006": _WRITABLE}
_SILENT = {
    "53200": "the server is out of memory",
    "53300": "the server has no connection to spare",
    "53400": "the server has reached a limit of its configuration",
    "55P03": "another request holds the world",
    "57014": "the statement took too long",
    "57P01": "the server is shutting down",
    "57P02": "the server has crashed",
    "57P03": "the server is starting up",
    "58000": "the server has a system error",
    "58030": "the server cannot read or write its files",
}
_LOST = "the connection was lost"
_NO_CONNECTION = "no connection can be made"


def failed(error: psycopg.Error) -> Exception | None:
    """Return what to raise for an error of the driver, None for a defect.

    Nothing of what the driver says is repeated, since it may name the server, its users and its files.
    """
    state = error.sqlstate or ""
    if state in _AGAIN:
        return Interrupted(reason="other requests were in the way")
    if state in _FULL:
        reason = "the server is read-only" if state == "25006" else "its disk is full"
        return StorageFailed(reason=reason, advice=_FULL[state])
    if isinstance(error, PoolTimeout):
        return StoreSilent(reason="no connection became free in time")
    if state in _SILENT or state.startswith("08"):
        return _silent(state)
    # The driver's own errors have no code: a connection that broke, or that could not be made.
    return Interrupted(reason=_LOST) if not state and isinstance(error, psycopg.OperationalError) else None


def _silent(state: str) -> MockError | Interrupted:
    reason = _SILENT.get(state, _LOST)
    return Interrupted(reason=reason) if state.startswith(("57P", "08")) else StoreSilent(reason=reason)


def unopened(error: psycopg.Error) -> str:
    """Return why a database cannot be opened, without what the address holds."""
    state = error.sqlstate or ""
    reasons = {
        "28P01": "the password is refused",
        "28000": "the user is refused",
        "3D000": "the server has no such database",
        "42501": "the user may not create tables in its schema",
        "3F000": "there is no schema of the name",
    }
    return reasons.get(state) or _SILENT.get(state) or _by_words(str(error))


def _by_words(words: str) -> str:
    """Return the reason that a message states, since failures to connect have no code."""
    known = {
        "password authentication failed": "the password is refused",
        "no password supplied": "it needs a password",
        "does not exist": "the server knows no such database or user",
        "Connection refused": "nothing listens there",
        "could not translate host name": "its host is unknown",
        "read-only": "the server is read-only",
        "starting up": "the server is starting up",
        "too many clients": "the server has no connection to spare",
        "no pg_hba.conf entry": "the server does not let this user in from here",
        "timeout": "nothing answers there",
    }
    return next((reason for part, reason in known.items() if part in words), _NO_CONNECTION)
