"""Room on the disk: taken before it is needed, so that a full disk never keeps anyone from making room."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import TYPE_CHECKING

from reprompt_mock import real_files

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES = 4 * 2**20
"""What the write-ahead log always has of the disk, which is as much as it takes before it begins anew."""
SPARE_BYTES = 2**18
"""What the file always has beyond its data, for the few pages that deleting may add to it."""
_ZEROS = bytes(2**16)


class Room:
    """Takes the room of a database file and its log.

    A commit writes to the log alone, and what stands there is moved into the file later. So the file is given the
    room for it before the commit: else, on a full disk, nothing could be moved any more, and the log would only grow.
    What is beyond its data is cut off whenever all was moved, and taken again at once.

    Its own descriptor of the file stays open as long as any connection: closing one gives up all locks of the process.

    Args:
        path: the database file, which exists.
    """

    def __init__(self, path: Path) -> None:
        self._log = f"{path}-wal"
        self._file = real_files.open_file(path, real_files.TO_CHANGE)

    def close(self) -> None:
        """Give the descriptor back."""
        real_files.close(self._file)

    def take(self, size: int, *, spare: int = SPARE_BYTES) -> None:
        """Let the file have room for data of a size in bytes, and so much to spare.

        Raises:
            OSError: the disk has not so much.
        """
        wanted = size + spare
        if real_files.fstat(self._file).st_size >= wanted:
            return
        try:
            _allocate(self._file, wanted + SPARE_BYTES)
        except OSError:
            _allocate(self._file, wanted)

    def spare(self, size: int) -> None:
        """Let the file have something to spare beyond data of a size in bytes, as much as the disk has."""
        try:
            self.take(size)
        except OSError:
            with suppress(OSError):
                _fill(self._file, real_files.fstat(self._file).st_size, size + SPARE_BYTES)

    def reserve(self) -> None:
        """Let the log have its reserve; where the disk has not so much, it may have it the next time."""
        with suppress(OSError):
            log = real_files.open_file(self._log, real_files.TO_CHANGE)
            try:
                if real_files.fstat(log).st_size < RESERVE_BYTES:
                    _allocate(log, RESERVE_BYTES)
            finally:
                real_files.close(log)


def _allocate(descriptor: int, size: int) -> None:
    """Make a file as large as this, on the disk and not only by name."""
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
    """Write zeros from a file's end on, where the file system cannot allocate."""
    real_files.seek(descriptor, end, real_files.FROM_START)
    while end < size:
        end += real_files.write(descriptor, _ZEROS[: size - end])
