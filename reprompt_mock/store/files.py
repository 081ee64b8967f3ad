"""Database files: resolving a path, and the lock that reserves a file for a process."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from reprompt_mock.errors import DatabaseInUse, DatabaseUnreadable

if TYPE_CHECKING:
    from pathlib import Path

_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}


def resolved(path: Path) -> Path:
    """Resolve a path, so that a link and its target share one lock.

    Raises:
        DatabaseUnreadable: the path cannot name a database file.
    """
    try:
        file = path.resolve()
        if file.is_dir():
            raise DatabaseUnreadable(path=path, reason="it is a folder: name a file in it")
        if not file.parent.exists():
            reason = f"there is no folder {file.parent}: create it, or name another file"
            raise DatabaseUnreadable(path=path, reason=reason)
    except (OSError, RuntimeError) as error:  # the working folder was deleted; links form a loop
        reason = getattr(error, "strerror", None) or str(error)
        raise DatabaseUnreadable(path=path, reason=reason) from None
    return file


def file_lock(path: Path) -> FileLock:
    """Make the lock of a database file, which the system releases if the process is killed.

    Any thread may release it.
    """
    return FileLock(f"{path}.lock", blocking=False, thread_local=False, fallback_to_soft=False)


def take(lock: FileLock, path: Path, *, is_shared: bool) -> None:
    """Take the lock of a file. A private temporary file is not `is_shared` and may remain without one.

    Raises:
        DatabaseInUse: another process has the file.
        DatabaseUnreadable: the file cannot be locked.
    """
    try:
        lock.acquire(blocking=False)  # with a timeout it would read the clock
    except Timeout:
        raise DatabaseInUse(path=path) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise DatabaseUnreadable(path=path, reason=error.strerror) from None
        if is_shared:
            reason = f"its file system cannot lock it ({error.strerror}): put it on another"
            raise DatabaseUnreadable(path=path, reason=reason) from None
