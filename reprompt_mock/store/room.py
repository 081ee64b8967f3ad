"""Room on the disk: allocated before it is needed, so that space can be freed even on a full disk."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import TYPE_CHECKING

from reprompt_mock import real_files

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES = 4 * 2**20
"""Disk space always allocated to the write-ahead log: the size that it reaches before SQLite restarts it."""
SPARE_BYTES = 2**18
"""Disk space always allocated to the file beyond its data, for the few pages that a deletion may add."""
_ZEROS = bytes(2**16)


class Room:
    """Allocates disk space for a database file and its log.

    A commit writes to the log only; a checkpoint moves the pages into the file later. The file is therefore extended
    before the commit: otherwise a checkpoint could fail on a full disk, and the log would only grow. A complete
    checkpoint truncates the file to its data, so the spare space is then allocated again.

    Its descriptor stays open as long as any connection, since closing it would release all the locks that the process
    has on the file.

    Args:
        path: the database file, which exists.
    """

    def __init__(self, path: Path) -> None:
        self._log = f"{path}-wal"
        self._file = real_files.open_file(path, real_files.TO_CHANGE)

    def close(self) -> None:
        """Close the descriptor."""
        real_files.close(self._file)

    def take(self, size: int, *, spare: int = SPARE_BYTES) -> None:
        """Allocate room in the file for `size` bytes of data and `spare` more bytes.

        Raises:
            OSError: the disk does not have this much space.
        """
        wanted = size + spare
        if real_files.fstat(self._file).st_size >= wanted:
            return
        try:
            _allocate(self._file, wanted + SPARE_BYTES)
        except OSError:
            _allocate(self._file, wanted)

    def spare(self, size: int) -> None:
        """Allocate spare room beyond `size` bytes of data, or as much of it as the disk has."""
        try:
            self.take(size)
        except OSError:
            with suppress(OSError):
                _fill(self._file, real_files.fstat(self._file).st_size, size + SPARE_BYTES)

    def reserve(self) -> None:
        """Allocate the log's reserve, if the disk has the space; otherwise the next call may."""
        with suppress(OSError):
            log = real_files.open_file(self._log, real_files.TO_CHANGE)
            try:
                if real_files.fstat(log).st_size < RESERVE_BYTES:
                    _allocate(log, RESERVE_BYTES)
            finally:
                real_files.close(log)


def _allocate(descriptor: int, size: int) -> None:
    """Extend a file to `size` bytes that are allocated on the disk, not sparse."""
    end = real_files.fstat(descriptor).st_size
    if real_files.allocate is not None:
        try:
            real_files.allocate(descriptor, end, size - end)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS}:
                raise
        else:
            return
    _fill(descriptor, end, size)


def _fill(descriptor: int, end: int, size: int) -> None:
    """Extend a file by writing zeros, for file systems that cannot allocate."""
    real_files.seek(descriptor, end, real_files.FROM_START)
    while end < size:
        end += real_files.write(descriptor, _ZEROS[: size - end])
