"""Where ephemeral data are kept, and what emulators left there that were killed."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import Timeout

from reprompt_mock.errors import NoTemporaryFolder
from reprompt_mock.store.files import file_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

_logger = logging.getLogger(__name__)

NAME = "world.db"
PREFIX = "reprompt-mock-"
MEMORY = Path("/dev/shm")  # noqa: S108 - memory by design  # nosec B108
ENOUGH_BYTES = 2**30
"""What a folder must have free to be taken without a look at the next; 50,000 places take some 15 MB, as much again
while they are written."""
_USUAL = ("/tmp", "/var/tmp")  # noqa: S108 - they are only looked through  # nosec B108


def make_folder() -> Path:
    """Make a folder for ephemeral data, after what killed emulators left was removed from all that may be used.

    Raises:
        NoTemporaryFolder: none can be written.
    """
    _clear()
    for parent in _ranked():
        with suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
            _logger.info("ephemeral data are kept in %s, which has %d MB free", folder, free_bytes(parent) // 10**6)
            return folder
    raise NoTemporaryFolder


def free_bytes(folder: Path) -> int:
    """Tell how much a user may still write to a folder; 0 where that cannot be told."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _ranked() -> Iterator[Path]:
    """Give the folders in the order in which they are tried.

    $TMPDIR comes first, however small: somebody chose it. Of memory and the machine's default the first that has
    enough room does, else the roomier.
    """
    chosen = os.environ.get("TMPDIR")
    if chosen and os.path.isdir(chosen):  # noqa: PTH112 - Path's own raises where it may not look
        yield Path(chosen)
    others = [MEMORY, *_default()]
    room = {folder: free_bytes(folder) for folder in others}
    yield from sorted(others, key=lambda folder: min(room[folder], ENOUGH_BYTES), reverse=True)


def _default() -> Iterator[Path]:
    with suppress(OSError):  # where not even the working folder can be written
        yield Path(tempfile.gettempdir())


def _clear() -> None:
    """Remove what emulators left that were killed: it may be memory.

    A folder is removed if it is this user's own and the lock in it can be had; one without a lock is just being made.
    """
    chosen = [Path(folder) for folder in (os.environ.get("TMPDIR"), *_USUAL) if folder]
    for parent in dict.fromkeys((*chosen, MEMORY, *_default())):
        for lock in parent.glob(f"{PREFIX}*/{NAME}.lock"):
            with suppress(Timeout, OSError):
                _remove_if_left(lock.parent)


def _remove_if_left(folder: Path) -> None:
    if (folder / NAME).exists() and _is_own(folder):
        with file_lock(folder / NAME):
            shutil.rmtree(folder, ignore_errors=True)


def _is_own(folder: Path) -> bool:
    owner = folder.lstat().st_uid
    return not hasattr(os, "getuid") or owner == os.getuid()
