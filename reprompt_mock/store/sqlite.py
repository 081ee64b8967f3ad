"""SQLite behind the ports of `session`: the store of one process, in a file."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reprompt_mock.store.database import Database
from reprompt_mock.store.session import DataRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reprompt_mock.store.session import Row, Session, Values


_REFUSALS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError, OverflowError)


class SqliteSession:
    """A transaction on an SQLite connection.

    Args:
        connection: the connection, in autocommit mode, whose transaction others begin and end.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, statement: str, values: Values = ()) -> Iterable[Row]:
        """Run a query; give its rows one by one."""
        return self._connection.execute(statement, values)

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """Run a query; give its first row, None where there is none."""
        row: Row | None = self._connection.execute(statement, values).fetchone()
        return row

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a query that gives one row of one column; give its value."""
        return self._connection.execute(statement, values).fetchone()[0]

    def run(self, statement: str, values: Values = ()) -> int:
        """Run a statement; give how many rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def many(self, statement: str, rows: Iterable[Values]) -> None:
        """Run a statement once for each row of values."""
        try:
            self._connection.executemany(statement, rows)
        except _REFUSALS as error:
            raise DataRefused(str(error)) from error

    def insert(self, statement: str, values: Values) -> int:
        """Insert one row; give the key that the database chose."""
        try:
            return self._connection.execute(statement, values).lastrowid or 0
        except _REFUSALS as error:
            raise DataRefused(str(error)) from error

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is done within where it ends with an exception."""
        self._connection.execute("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # a full disk has rolled all of it back already
                self._connection.execute("ROLLBACK TO part")
                self._connection.execute("RELEASE part")
            raise
        self._connection.execute("RELEASE part")


class SqliteStore:
    """A store in an SQLite file.

    Args:
        path: the file, made where it is missing; None for a temporary one that `close` removes.

    Raises:
        DatabaseInUse: another process has the file.
        DatabaseUnreadable: it is no database, of another version, or cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.database = Database(path)
        self.lock = self.database.lock

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a read transaction: all its queries see one state."""
        with self.database.read() as connection:
            session = SqliteSession(connection)
            session.one("SELECT 1 FROM world LIMIT 1")  # SQLite settles what is seen with the first query
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open the write transaction; an exception rolls it back."""
        with self.database.write() as connection:
            yield SqliteSession(connection)

    def try_lock(self) -> AbstractContextManager[bool]:
        """Take the write lock if nobody has it; yields whether it was got."""
        return self.database.try_lock()

    def check(self) -> None:
        """Read something.

        Raises:
            Stopping: the store was closed.
            StoreSilent: it cannot be read.
        """
        self.database.check()

    def making_room(self) -> AbstractContextManager[None]:
        """Let writes of this thread take what is spared for making room."""
        return self.database.making_room()

    def shrink(self) -> bool:
        """Give back some of what is free; whether there is more to give back."""
        return self.database.shrink()

    def close(self) -> None:
        """Give the file back."""
        self.database.close()
