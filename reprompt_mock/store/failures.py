"""Errors for a database file that cannot be read or written."""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import TYPE_CHECKING

from reprompt_mock.errors import DescriptorsExhausted, StorageFailed, StorageUnreadable

if TYPE_CHECKING:
    from pathlib import Path

    from reprompt_mock.errors import MockError

_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


def failed(error: BaseException, folder: Path) -> MockError | None:
    """Return the error for a failed write, or None if storage is not the cause."""
    if isinstance(error, OSError):
        if error.errno not in _ERRNOS:
            return None
        reason: object = error.strerror
        is_barred = error.errno == errno.EROFS
    else:
        if not _is_of_storage(error):
            return None
        if _exhausted():
            return DescriptorsExhausted()
        reason = error
        is_barred = _code(error) == sqlite3.SQLITE_READONLY
    advice = f"make it writable in {folder}" if is_barred else f"make room in {folder}, or delete batches"
    return StorageFailed(reason=reason, advice=advice)


def unreadable(error: sqlite3.Error, folder: Path) -> MockError | None:
    """Return the error for a failed read, or None if storage is not the cause."""
    if not _is_of_storage(error):
        return None
    return DescriptorsExhausted() if _exhausted() else StorageUnreadable(reason=error, folder=folder)


def _is_of_storage(error: BaseException) -> bool:
    return _code(error) in _CODES


def _code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _exhausted() -> bool:
    """Return whether file descriptors have run out, which SQLite does not report."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in {errno.EMFILE, errno.ENFILE}
    return False
