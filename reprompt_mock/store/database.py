"""The database: its file, its write transaction and its read transactions."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from reprompt_mock.errors import DatabaseUnreadable, Stopping, StorageFailed, StoreSilent
from reprompt_mock.store import files, sqlite_schema
from reprompt_mock.store.connections import Connection, Connections
from reprompt_mock.store.failures import failed, unreadable
from reprompt_mock.store.room import SPARE_BYTES
from reprompt_mock.store.session import if_free
from reprompt_mock.store.temporary import NAME, make_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["Connection", "Database"]

_PATIENCE_SECONDS = 0.5
"""How long `close` waits for a write in progress, after interrupting its statement."""
_SPARE_PAGES = 1024
"""Free pages that a file keeps for later writes."""
_STEP_PAGES = 250
"""Pages released in one transaction: each may change three pages, and all of these must fit into the log's reserve."""


class Database:
    """An SQLite file in WAL mode: many readers, each with its own connection, and one writer.

    A writer holds `lock`; take it around several writes that belong together.

    Args:
        path: the file, created if missing; None for a temporary one that `close` removes.

    Raises:
        DatabaseInUse: another process has the file.
        DatabaseUnreadable: the file is not a database, has another version, or cannot be written.
        NoTemporaryFolder: no path is given, and no folder for a temporary file is writable.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._temporary = None if path else make_folder()
        self.path = files.resolved(path or self._temporary / NAME)  # type: ignore[operator] # one of both is set
        self.lock = threading.RLock()
        self._writing_thread: int | None = None
        self._may_take_spare = False
        self._closed = threading.Event()
        self._file_lock = files.file_lock(self.path)
        self._open()

    @property
    def folder(self) -> Path:
        """The folder in which the data take up space."""
        return self._temporary.parent if self._temporary else self.path.parent

    def _open(self) -> None:
        files.take(self._file_lock, self.path, is_shared=self._temporary is None)
        try:
            self._connections = Connections(self.path)
        except sqlite3.Error as error:
            self._give_back()
            raise DatabaseUnreadable(path=self.path, reason=error) from None
        self._writer = self._connections.writer
        try:
            self._check()
            self._room = self._connections.prepare()
            self._make_tables()
            self._room.reserve()
        except (sqlite3.Error, StorageFailed) as error:
            self.close()
            raise DatabaseUnreadable(path=self.path, reason=error) from None
        except OSError as error:
            self.close()
            raise DatabaseUnreadable(path=self.path, reason=error.strerror) from None
        except DatabaseUnreadable:
            self.close()
            raise

    def _check(self) -> None:
        """Refuse a foreign file before anything is written to it."""
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version not in {0, sqlite_schema.VERSION}:
            reason = f"its schema has version {version}, this emulator reads {sqlite_schema.VERSION}"
            raise DatabaseUnreadable(path=self.path, reason=reason)
        if not version and self._writer.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise DatabaseUnreadable(path=self.path, reason="it belongs to another program")
        self._page_bytes: int = self._writer.execute("PRAGMA page_size").fetchone()[0]

    def _make_tables(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version:
            return
        with self.write() as connection:  # all or none, even if the process is killed meanwhile
            for statement in sqlite_schema.STATEMENTS:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {sqlite_schema.VERSION}")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open the write transaction: the process's lock, then BEGIN IMMEDIATE; an exception rolls it back.

        A write within a write joins it. If the disk is full, the log is restarted, so that small writes and those that
        free space are still possible.

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
                size = self._bytes()
                self._take_room(size)
                self._writer.execute("COMMIT")
            except BaseException as error:
                if self._writer.in_transaction:  # a full disk or an interruption has already rolled it back
                    self._writer.execute("ROLLBACK")
                if self._closed.is_set() and isinstance(error, sqlite3.Error):
                    raise Stopping from error  # `close` has interrupted it
                failure = failed(error, self.folder)
                if failure is None:
                    raise
                self._begin_log_anew()
                raise failure from error
            else:
                self._room.spare(size)
            finally:
                self._writing_thread = None
                if self._closed.is_set():
                    self._close_writer()

    @contextmanager
    def making_room(self) -> Iterator[None]:
        """Exclude other writers, and let this thread's writes use the space reserved for freeing space."""
        with self.lock:
            before, self._may_take_spare = self._may_take_spare, True
            try:
                yield
            finally:
                self._may_take_spare = before

    def _pages(self, which: str) -> int:
        (count,) = self._writer.execute(f"PRAGMA {which}").fetchone()
        return int(count)

    def _begin_log_anew(self) -> bool:
        """Checkpoint the log into the file and truncate it to its reserve; return whether no reader prevented it."""
        with suppress(sqlite3.Error):
            busy, _, _ = self._writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
            self._room.spare(self._bytes())  # the checkpoint may have truncated it
            if not busy:
                # The first commit after a restart of the log truncates it.
                self._writer.execute(f"PRAGMA user_version = {sqlite_schema.VERSION}")
                self._room.reserve()
                return True
        return False

    def _take_room(self, size: int) -> None:
        """Allocate what a commit needs; free pages within the file count as spare room."""
        try:
            self._room.take(size)
        except OSError:
            free = self._pages("freelist_count") * self._page_bytes
            self._room.take(size, spare=0 if self._may_take_spare else max(0, SPARE_BYTES - free))

    def _bytes(self) -> int:
        """Return the size of the data in bytes, including what is only in the log."""
        (count,) = self._writer.execute("PRAGMA page_count").fetchone()
        return int(count) * self._page_bytes

    def shrink(self) -> bool:
        """Release some of the free pages to the file system, except a few; return whether there are more to release.

        Raises:
            Stopping: the database was closed.
            StorageFailed: the file is not writable.
        """
        with self.lock:
            if self._closed.is_set():
                raise Stopping
            before = self._pages("freelist_count")
            if before <= _SPARE_PAGES:
                return False
            with self.making_room(), self.write() as connection:
                for _ in range(min(_STEP_PAGES, before - _SPARE_PAGES)):
                    connection.execute("PRAGMA incremental_vacuum(1)")  # sqlite3 takes one step, whatever the number
            left = self._pages("freelist_count")
            if left == before:  # created elsewhere, without incremental vacuum
                return False
            return left > _SPARE_PAGES or not self._begin_log_anew()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction: all its queries see one state.

        Within a write of the same thread, it sees the uncommitted changes.

        Raises:
            Stopping: the database was closed.
            DescriptorsExhausted: no further connection can be opened.
            StorageUnreadable: the file cannot be read.
        """
        if self._writing_thread == threading.get_ident():
            yield self._writer
            return
        if self._closed.is_set():
            raise Stopping
        try:
            with self._connections.reading() as connection:
                yield connection
        except sqlite3.Error as error:
            failure = unreadable(error, self.folder)
            if failure is None:
                raise
            raise failure from error

    def check(self) -> None:
        """Check that the file can be read.

        Raises:
            Stopping: the database was closed.
            StoreSilent: the file cannot be read.
        """
        try:
            with self.read() as connection:
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.Error as error:
            raise StoreSilent(reason=error) from error

    def try_lock(self) -> AbstractContextManager[bool]:
        """Take the write lock if it is free; yield whether it was."""
        return if_free(self.lock)

    def close(self) -> None:
        """Close every connection and release the file; remove it if it is temporary.

        A connection in use is closed by its user: closing it here would crash SQLite.
        """
        if self._closed.is_set():
            return
        self._closed.set()
        self._connections.close()
        with suppress(sqlite3.ProgrammingError):  # a writer may have just closed it
            self._writer.interrupt()
        if self.lock.acquire(timeout=_PATIENCE_SECONDS):
            try:
                self._close_writer()
            finally:
                self.lock.release()
        self._remove_temporary()

    def _close_writer(self) -> None:
        with suppress(sqlite3.Error):
            self._writer.execute(
                "SELECT 1"
            ).fetchone()  # clears the interruption, which would prevent the merge of the log
        self._connections.end(self._writer)
        self._give_back()

    def _give_back(self) -> None:
        self._file_lock.release()
        self._remove_temporary()

    def _remove_temporary(self) -> None:
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)
