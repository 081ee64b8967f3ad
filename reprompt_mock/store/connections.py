"""Connections to a database file: opening them, and a pool of idle ones."""

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
    "PRAGMA secure_delete = OFF",  # some builds zero deleted data, which takes up space in the log
    f"PRAGMA journal_size_limit = {RESERVE_BYTES}",
)
_WRITER_CACHE_KIB, _READER_CACHE_KIB = 64 * 1024, 24 * 1024
"""How much of the file connections keep in memory at most; a reader's holds a batch of 50,000 places."""
_NEW_FILE = "PRAGMA auto_vacuum = INCREMENTAL"
_CACHED_STATEMENTS = 256
_BUSY_SECONDS = 0.5
"""How long a restart of the log waits for readers; nothing else ever waits for SQLite's locks."""
_READERS = 4
"""The number of connections opened in advance, so that reads still work when file descriptors run out."""


class Connections:
    """The connections to a file; each is closed by its user, since closing it from elsewhere would crash SQLite.

    Args:
        path: the file, created if missing.

    Raises:
        sqlite3.Error: the file cannot be opened.
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
        """Switch the file to WAL mode, and open what may be needed when nothing more can be opened.

        Nothing in the file has changed before this call.

        Returns:
            The room of the file.

        Raises:
            OSError, sqlite3.Error: the file cannot be opened.
        """
        if not self._path.stat().st_size:
            self.writer.execute(_NEW_FILE)
        self._set_up(self.writer, _WRITER_CACHE_KIB)
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

    def _set_up(self, connection: Connection, cache_kib: int = _READER_CACHE_KIB) -> Connection:
        try:
            for pragma in (*_PRAGMAS, f"PRAGMA cache_size = -{cache_kib}"):
                connection.execute(pragma)
        except sqlite3.Error:
            self.end(connection)
            raise
        return connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Lend a connection in a read transaction; after a database error it is closed instead of reused.

        Raises:
            sqlite3.Error: no connection is idle and no other can be opened.
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
        """Close all idle connections; the others are closed when they are returned."""
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
