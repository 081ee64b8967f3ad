"""Connections to a database file: how they are opened, and which wait to be used again."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reprompt_mock.store.room import RESERVE_BYTES, Room

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Connection = sqlite3.Connection

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
    "PRAGMA secure_delete = OFF",  # some builds overwrite with zeros what is deleted, which takes room in the log
    f"PRAGMA journal_size_limit = {RESERVE_BYTES}",
)
_NEW_FILE = "PRAGMA auto_vacuum = INCREMENTAL"
_CACHED_STATEMENTS = 256
_BUSY_SECONDS = 0.5
"""How long a log that is to begin anew waits for those who read it; nobody else ever waits."""
_READERS = 4
"""Connections that are opened beforehand, so that reads go on where descriptors run out."""


class Connections:
    """The connections to a file, of which each is closed by whoever uses it: closed under him, SQLite would crash.

    Args:
        path: the file, made where it is missing.

    Raises:
        sqlite3.Error: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._room: Room | None = None
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._closed = False
        self._counting = threading.Lock()
        self.writer = self._connect()

    def prepare(self) -> Room:
        """Make the file one that is written by way of a log, and open what may be needed where nothing can be any more.

        Gives the file's room. Until then nothing in the file is changed.

        Raises:
            OSError, sqlite3.Error: it cannot be opened.
        """
        if not self._path.stat().st_size:
            self.writer.execute(_NEW_FILE)
        self._set_up(self.writer)
        self._room = Room(self._path)
        self._idle += [self._set_up(self._connect()) for _ in range(_READERS)]
        return self._room

    def _connect(self) -> Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_CACHED_STATEMENTS,
        )
        with self._counting:
            self._open.add(connection)
        return connection

    def _set_up(self, connection: Connection) -> Connection:
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except sqlite3.Error:
            self.end(connection)
            raise
        return connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection, within a transaction; one that met an error of the database is not lent again.

        Raises:
            sqlite3.Error: none is left, and no further one can be opened.
        """
        connection = self._take()
        try:
            connection.execute("BEGIN")
            try:
                yield connection
            except sqlite3.Error:
                raise
            except BaseException:
                connection.execute("COMMIT")
                self._give(connection)
                raise
            connection.execute("COMMIT")
        except sqlite3.Error:
            self.end(connection)
            raise
        else:
            self._give(connection)

    def _take(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._set_up(self._connect())

    def _give(self, connection: Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self.close()

    def end(self, connection: Connection) -> None:
        """Close a connection."""
        connection.close()
        with self._counting:
            self._open.discard(connection)
        self._end_room()

    def close(self) -> None:
        """Close all that nobody uses; the others are closed when they are given back."""
        self._closed = True
        try:
            while True:
                self.end(self._idle.pop())
        except IndexError:
            self._end_room()

    def _end_room(self) -> None:
        with self._counting:
            if self._closed and self._room is not None and not self._open:
                self._room.close()
                self._room = None
