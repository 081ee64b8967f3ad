"""Disks that are small, for an emulator in a process of its own."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from tests.processes import Served

_MOUNT = 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"'


def small_disk(folder: Path, megabytes: int) -> list[str]:
    """Give a command that mounts a disk of its own on a folder and becomes what follows it.

    Root may mount in a namespace of its own, anyone else in one where he is root. Where the machine lets nobody do
    that, no file may become larger than the disk would be: what it says then is another reason, for the same failure.
    """
    names = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    mounted = ["unshare", *names, "sh", "-c", _MOUNT, "sh", f"{megabytes}m", str(folder)]
    if _works([*mounted, "true"]):
        return mounted
    return ["sh", "-c", f'ulimit -f {megabytes * 2**20 // 2 // 512} && exec "$@"', "sh"]


def _works(command: list[str]) -> bool:
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    return False


def fill(served: Served, folder: Path) -> Path:
    """Take all that is left of an emulator's small disk, as another program may; gives the file that has it."""
    filler = Path(f"/proc/{served.process.pid}/root{folder}/filler")
    if not os.path.ismount(filler.parent):
        return filler
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler
