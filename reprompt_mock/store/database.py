"""The database: its file, its connections, the one door for writes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement
from sqlmodel import SQLModel

from reprompt_mock import tables
from reprompt_mock.errors import DatabaseInUse, DatabaseUnreadable, Stopping, StorageFailed, StoreSilent

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
_PREFIX = "reprompt-mock-"
_NAME = "world.db"
_STORAGE_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_PATIENCE_SECONDS = 0.5
"""How long `close` waits for a write that is under way, of which it interrupts the statement."""


def _temporary_folder() -> Path:
    """Make a folder for ephemeral data: in $TMPDIR, else the container's /data, else /dev/shm, else the default."""
    wanted = (os.environ.get("TMPDIR"), "/data", "/dev/shm")  # noqa: S108 - tmpfs by design  # nosec B108
    usable = (folder for folder in wanted if folder and Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK))
    parent = Path(next(usable, None) or tempfile.gettempdir())
    _clear(parent)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))


def _clear(parent: Path) -> None:
    """Remove what emulators left that were killed: /dev/shm is memory.

    A file whose lock can be had is nobody's; one without a lock is just being made.
    """
    for lock in parent.glob(f"{_PREFIX}*/{_NAME}.lock"):
        if (lock.parent / _NAME).exists():
            with suppress(Timeout, OSError), FileLock(lock, blocking=False):
                shutil.rmtree(lock.parent, ignore_errors=True)


class Database:
    """An SQLite file in WAL mode: many readers, each with its own connection, and one writer.

    `lock` is what a writer holds; who must do more at once than one write takes it around that.

    Args:
        path: the file, made where it is missing; None for a temporary one that `close` removes.

    Raises:
        DatabaseInUse: another process has the file.
        DatabaseUnreadable: it is no database, of another version, or cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._temporary = None if path else _temporary_folder()
        # A link and the file that it names share one lock.
        self.path = (path or self._temporary / _NAME).resolve()  # type: ignore[operator] # one of both is set
        self.lock = threading.RLock()
        self._writing_thread: int | None = None
        self._idle: list[Connection] = []
        self._closed = threading.Event()
        # The thread that closes need not be the one that opened.
        self._file_lock = FileLock(f"{self.path}.lock", thread_local=False)
        self._open()

    def _open(self) -> None:
        try:
            self._file_lock.acquire(blocking=False)  # with a timeout it would ask the clock
        except Timeout:
            raise DatabaseInUse(path=self.path) from None
        except OSError as error:
            raise DatabaseUnreadable(path=self.path, reason=error.strerror) from None
        try:
            self._writer = self._connect()
        except sqlite3.Error as error:
            self._give_back()
            raise DatabaseUnreadable(path=self.path, reason=error) from None
        try:
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
        try:
            for pragma in _PRAGMAS:
                connection.execute(pragma)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _make_tables(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version == tables.SCHEMA_VERSION:
            return
        if version:
            reason = f"its schema has version {version}, this emulator reads {tables.SCHEMA_VERSION}"
            raise DatabaseUnreadable(path=self.path, reason=reason)
        if self._writer.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise DatabaseUnreadable(path=self.path, reason="it is another program's")
        with self.write() as connection:  # all or none, also where the process is killed meanwhile
            for table in SQLModel.metadata.sorted_tables:
                statements: list[DDLElement] = [CreateTable(table), *map(CreateIndex, table.indexes)]
                for statement in statements:
                    connection.execute(str(statement.compile(dialect=sqlite.dialect())))
            connection.execute(f"PRAGMA user_version = {tables.SCHEMA_VERSION}")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open the write transaction: the process's lock, then BEGIN IMMEDIATE; an exception rolls it back.

        A write within a write joins it.

        Raises:
            Stopping: the database was closed.
            StorageFailed: the disk is full, or the file is not writable.
        """
        if self._writing_thread == threading.get_ident():
            yield self._writer
            return
        with self.lock:
            if self._closed.is_set():
                raise Stopping
            self._writing_thread = threading.get_ident()
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException as error:
                if self._writer.in_transaction:  # a full disk or an interruption has rolled it back already
                    self._writer.execute("ROLLBACK")
                if getattr(error, "sqlite_errorcode", 0) & 0xFF in _STORAGE_CODES:
                    raise StorageFailed(reason=error) from error
                raise
            finally:
                self._writing_thread = None
                if self._closed.is_set():
                    self._close_writer()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction: all its queries see one state.

        Within a write of the same thread it sees what that has written.

        Raises:
            Stopping: the database was closed.
        """
        if self._writing_thread == threading.get_ident():
            yield self._writer
            return
        if self._closed.is_set():
            raise Stopping
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("COMMIT")
            self._idle.append(connection)
            if self._closed.is_set():
                self._close_idle()

    def check(self) -> None:
        """Read something.

        Raises:
            Stopping: the database was closed.
            StoreSilent: it cannot be read.
        """
        try:
            with self.read() as connection:
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            raise StoreSilent(reason=error) from error

    @contextmanager
    def try_lock(self) -> Iterator[bool]:
        """Take the write lock if nobody has it; yields whether it was got."""
        got = self.lock.acquire(blocking=False)
        try:
            yield got
        finally:
            if got:
                self.lock.release()

    def close(self) -> None:
        """Close every connection, give the file back, remove it where it was temporary.

        A connection in use is closed by its user, never under it: SQLite would crash.
        """
        if self._closed.is_set():
            return
        self._closed.set()
        self._close_idle()
        with suppress(sqlite3.ProgrammingError):  # whoever was writing may have closed it a moment ago
            self._writer.interrupt()
        if self.lock.acquire(timeout=_PATIENCE_SECONDS):
            try:
                self._close_writer()
            finally:
                self.lock.release()
        self._remove_temporary()

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _close_writer(self) -> None:
        with suppress(sqlite3.Error):
            self._writer.execute("SELECT 1").fetchone()  # clears the interruption, which would leave the log unmerged
        self._writer.close()
        self._give_back()

    def _give_back(self) -> None:
        self._file_lock.release()
        self._remove_temporary()

    def _remove_temporary(self) -> None:
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)
