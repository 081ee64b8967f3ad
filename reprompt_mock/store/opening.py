"""Opening a store: a file, or a database on a server, whose driver is imported only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.dsn import Dsn
from reprompt_mock.errors import DatabaseUnreadable
from reprompt_mock.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

    from reprompt_mock.store.session import Store

_DRIVERS = ("psycopg", "psycopg_pool")


def opened(db: Path | Dsn | None, *, wait: float = 0) -> Store:
    """Open a database.

    Args:
        db: the file, or the address of a PostgreSQL database; None for a temporary file.
        wait: how many seconds to wait until a server answers.

    Raises:
        DatabaseInUse: another process has it.
        DatabaseUnreadable: it cannot be used.
        NoTemporaryFolder: no folder for a temporary file is writable.
    """
    if not isinstance(db, Dsn):
        return SqliteStore(db)
    try:
        from reprompt_mock.store.postgres import PostgresStore
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _DRIVERS:
            raise
        reason = "PostgreSQL needs more packages: pip install 'reprompt-mock[postgres]'"
        raise DatabaseUnreadable(path=db, reason=reason) from None
    return PostgresStore(db, wait=wait)
