"""Temporary folders for ephemeral data, and the removal of those left behind by killed emulators."""

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
"""Free space that makes one folder as good as another; 50,000 places take about 15 MB, and twice that while they are
written."""
_USUAL = ("/tmp", "/var/tmp")  # noqa: S108 - they are only searched  # nosec B108


def make_folder() -> Path:
    """Create a folder for ephemeral data, after removing those left behind by killed emulators.

    Raises:
        NoTemporaryFolder: no folder can be written.
    """
    _clear()
    for parent in _ranked():
        with suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
            _logger.info("ephemeral data are kept in %s, which has %d MB free", folder, free_bytes(parent) // 10**6)
            return folder
    raise NoTemporaryFolder


def free_bytes(folder: Path) -> int:
    """Return the bytes that the user can still write to a folder, or 0 if unknown."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def _ranked() -> Iterator[Path]:
    """Yield the folders in the order in which they are tried.

    $TMPDIR comes first, however small, because it was chosen deliberately. Then comes memory or the machine's default:
    the first with enough space, or else the one with more.
    """
    chosen = os.environ.get("TMPDIR")
    if chosen and os.path.isdir(chosen):  # noqa: PTH112 - Path's own raises without permission
        yield Path(chosen)
    others = [MEMORY, *_default()]
    room = {folder: free_bytes(folder) for folder in others}
    yield from sorted(others, key=lambda folder: min(room[folder], ENOUGH_BYTES), reverse=True)


def _default() -> Iterator[Path]:
    with suppress(OSError):  # not even the working folder can be written
        yield Path(tempfile.gettempdir())


def _clear() -> None:
    """Remove the folders of killed emulators, which may take up memory.

    A folder is removed if it is owned by this user and its lock is free; one without a lock is just being created.
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
