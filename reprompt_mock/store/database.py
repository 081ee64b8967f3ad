"""The database: its file, its connections, the one door for writes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlmodel import SQLModel, create_engine

from reprompt_mock import tables
from reprompt_mock.errors import DatabaseInUse, DatabaseUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

Connection = sqlite3.Connection

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
)
_CACHED_STATEMENTS = 256


def _temporary_folder() -> Path:
    """Make a folder for ephemeral data: in $TMPDIR, else the container's /data, else /dev/shm, else the default."""
    wanted = (os.environ.get("TMPDIR"), "/data", "/dev/shm")  # noqa: S108 - tmpfs by design
    parent = next((folder for folder in wanted if folder and os.access(folder, os.W_OK)), None)
    return Path(tempfile.mkdtemp(prefix="reprompt-mock-", dir=parent))


class Database:
    """An SQLite file in WAL mode: many readers, each with its own connection, and one writer.

    Args:
        path: the file, made where it is missing; None for a temporary one that `close` removes.

    Raises:
        DatabaseInUse: another process has the file.
        DatabaseUnreadable: it is no database, of another version, or cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._temporary = None if path else _temporary_folder()
        self.path = path or self._temporary / "world.db"  # type: ignore[operator] # one of both is set
        self._lock = threading.RLock()
        self._writing_thread: int | None = None
        self._local = threading.local()
        self._connections: list[Connection] = []
        self._file_lock = FileLock(f"{self.path}.lock")
        self._open()

    def _open(self) -> None:
        try:
            self._file_lock.acquire(timeout=0)
        except Timeout:
            raise DatabaseInUse(path=self.path) from None
        except OSError as error:
            raise DatabaseUnreadable(path=self.path, reason=error.strerror) from None
        try:
            self._writer = self._connect()
            self._make_tables()
        except sqlite3.Error as error:
            self.close()
            raise DatabaseUnreadable(path=self.path, reason=error) from None
        except DatabaseUnreadable:
            self.close()
            raise

    def _connect(self) -> Connection:
        connection = sqlite3.connect(
            self.path, isolation_level=None, check_same_thread=False, cached_statements=_CACHED_STATEMENTS
        )
        self._connections.append(connection)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        return connection

    def _make_tables(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version not in {0, tables.SCHEMA_VERSION}:
            reason = f"its schema has version {version}, this emulator reads {tables.SCHEMA_VERSION}"
            raise DatabaseUnreadable(path=self.path, reason=reason)
        engine = create_engine("sqlite://", creator=self._connect)
        SQLModel.metadata.create_all(engine)
        engine.dispose()
        self._writer.execute(f"PRAGMA user_version = {tables.SCHEMA_VERSION}")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open the write transaction: the process's lock, then BEGIN IMMEDIATE; an exception rolls it back.

        A write within a write joins it.
        """
        if self._writing_thread == threading.get_ident():
            yield self._writer
            return
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            self._writing_thread = threading.get_ident()
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            else:
                self._writer.execute("COMMIT")
            finally:
                self._writing_thread = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction: all its queries see one state.

        Within a write of the same thread it sees what that has written.
        """
        if self._writing_thread == threading.get_ident():
            yield self._writer
            return
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("COMMIT")

    @contextmanager
    def try_lock(self) -> Iterator[bool]:
        """Take the write lock if nobody has it; yields whether it was got."""
        got = self._lock.acquire(blocking=False)
        try:
            yield got
        finally:
            if got:
                self._lock.release()

    def close(self) -> None:
        """Close every connection, give the file back, remove it where it was temporary."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._file_lock.release()
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)
