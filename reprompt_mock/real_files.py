"""Real files: system calls that libraries which fake the file system cannot replace.

A test may replace the module `os` everywhere, as pyfakefs does, but not the function inside a partial. The
descriptors of the database and of the pipes to a child process stay real, whatever a test fakes.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

open_file: Callable[[str | os.PathLike[str], int], int] = partial(os.open)
close: Callable[[int], None] = partial(os.close)
fstat: Callable[[int], os.stat_result] = partial(os.fstat)
seek: Callable[[int, int, int], int] = partial(os.lseek)
read: Callable[[int, int], bytes] = partial(os.read)
write: Callable[[int, bytes], int] = partial(os.write)
allocate: Callable[[int, int, int], None] | None = (
    partial(os.posix_fallocate) if hasattr(os, "posix_fallocate") else None
)
"""None if the system has no such call."""
FROM_START = os.SEEK_SET
TO_CHANGE = os.O_RDWR | getattr(os, "O_CLOEXEC", 0)
