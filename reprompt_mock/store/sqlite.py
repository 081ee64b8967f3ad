"""The port of `session` implemented by SQLite: the store of one process, in a file."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from itertools import chain, islice
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from reprompt_mock.real_time import real_now
from reprompt_mock.store.columns import divided, revised
from reprompt_mock.store.database import Database
from reprompt_mock.store.session import SALT_BYTES, DataRefused
from reprompt_mock.store.statements import insertion

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reprompt_mock.store.session import Query, Row, Session, Values


_ROWS = 25
"""How many rows a statement writes where there are many: a fifth faster than one, and more save nothing."""
_REFUSALS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError, OverflowError)


class SqliteSession:
    """A transaction on an SQLite connection.

    Args:
        connection: the connection, in autocommit mode; the caller begins and ends the transaction.
    """

    __slots__ = ("_connection", "_cursors")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cursors: list[sqlite3.Cursor] = []

    def rows(self, statement: str, values: Values = ()) -> Iterable[Row]:
        """Run a query; return an iterable of its rows."""
        cursor = self._connection.execute(statement, values)
        self._cursors.append(cursor)
        return cursor

    def close(self) -> None:
        """Drop the rows that were not read, as when an exception came in between.

        As long as the exception is there, SQLite would show the same state to all who use the connection later.
        """
        for cursor in self._cursors:
            cursor.close()

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """Run a query; return its first row, or None."""
        row: Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a query for a single value; return the value."""
        return self._connection.execute(statement, values).fetchone()[0]

    def run(self, statement: str, values: Values = ()) -> int:
        """Run a statement; return the number of rows that it changed."""
        return self._connection.execute(statement, values).rowcount

    def later(self, statement: str, values: Values) -> None:
        """Run a statement of which nobody asks the outcome: at once, since a file has no trips to spare."""
        self._connection.execute(statement, values)

    def many(self, statement: str, rows: Iterable[Values]) -> None:
        """Run a statement once for each row of values."""
        try:
            self._connection.executemany(statement, rows)
        except _REFUSALS as error:
            raise DataRefused(str(error)) from error

    def fill(self, table: str, columns: Mapping[str, Any], size: int, *, kept: Collection[str] = ()) -> None:
        """Insert many rows of a table, column by column, some of which may replace others; see the port."""
        common, own = divided(columns)
        replacing = _replacing(name for name in columns if name not in kept) if kept else ""
        self._by_rows(lambda rows: insertion(table, columns, common, rows) + replacing, own, size)

    def revise(self, table: str, columns: Mapping[str, Any], *, derived: Mapping[str, str]) -> None:
        """Change many rows of a table by their `pk`, column by column; see the port."""
        common, own = divided(columns)
        changes = revised({**common, **derived}, own)
        self._by_rows(lambda rows: _revision(table, changes, list(own), rows), own, len(columns["pk"]))

    def _by_rows(self, statement: Callable[[int], str], columns: Mapping[str, Any], size: int) -> None:
        """Run a statement for many rows of values, some together; `statement` returns it for a number of rows."""
        each = zip(*columns.values(), strict=True)
        together = chain.from_iterable(islice(each, size // _ROWS * _ROWS))
        self.many(statement(_ROWS), zip(*[together] * (len(columns) * _ROWS), strict=True))
        self.many(statement(1), each)

    def insert(self, statement: str, values: Values) -> None:
        """Insert one row."""
        try:
            self._connection.execute(statement, values)
        except _REFUSALS as error:
            raise DataRefused(str(error)) from error

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Roll back what the block does if it ends with an exception."""
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk has already rolled back everything
                self._connection.execute("ROLLBACK TO part")
                self._connection.execute("RELEASE part")
            raise
        self._connection.execute("RELEASE part")


def _replacing(names: Iterable[str]) -> str:
    """Return the end of an insertion that replaces some columns of a row which exists."""
    return f" ON CONFLICT (pk) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in names)}"


def _revision(table: str, changes: str, names: Sequence[str], rows: int) -> str:
    """Return a statement that makes changes to rows by new values of some columns, which are parameters, in order."""
    own = ", ".join(f"new_{name}" for name in names)
    values = ", ".join([f"({', '.join('?' * len(names))})"] * rows)
    return f"WITH new ({own}) AS (VALUES {values}) UPDATE {table} SET {changes} FROM new WHERE pk = new_pk"


class SqliteStore:
    """A store in an SQLite file.

    Args:
        path: the file, created if missing; None for a temporary one that `close` removes.

    Raises:
        DatabaseInUse: another process has the file.
        DatabaseUnreadable: the file is not a database, has another version, or cannot be written.
    """

    is_shared = False
    losses = 0
    now = staticmethod(real_now)

    def __init__(self, path: Path | None = None) -> None:
        self.database = Database(path)
        self.lock = self.database.lock
        self.salt = token_bytes(SALT_BYTES)

    def ask(self, query: Query) -> Row | None:
        """Run a query in a transaction of its own; return its first row, or None."""
        with self.read() as session:
            return session.one(*query)

    @contextmanager
    def read(self, first: Query | None = None) -> Iterator[Session]:  # noqa: ARG002 - a file has no trips to spare
        """Open a read transaction: all its queries see one state."""
        with self.database.read() as connection, closing(SqliteSession(connection)) as session:
            session.one("SELECT 1 FROM world LIMIT 1")  # SQLite fixes the visible state at the first query
            yield session

    @contextmanager
    def write(self, first: Query | None = None) -> Iterator[Session]:  # noqa: ARG002 - as above
        """Open the write transaction; an exception rolls it back."""
        with self.database.write() as connection, closing(SqliteSession(connection)) as session:
            yield session

    def try_lock(self) -> AbstractContextManager[bool]:
        """Take the write lock if it is free; yield whether it was."""
        return self.database.try_lock()

    def check(self) -> None:
        """Check that the file can be read.

        Raises:
            Stopping: the store was closed.
            StoreSilent: the file cannot be read.
        """
        self.database.check()

    def listen(self, hear: Callable[[str | None], None]) -> None:
        """Do nothing: nobody else has the file."""

    def making_room(self) -> AbstractContextManager[None]:
        """Let writes of this thread use the space reserved for freeing space."""
        return self.database.making_room()

    def shrink(self) -> bool:
        """Release some free pages to the file system; return whether there are more to release."""
        return self.database.shrink()

    def close(self) -> None:
        """Close the file."""
        self.database.close()
