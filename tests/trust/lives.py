"""Opens and closes emulators in this process, and fails where one leaves a thread, a file or a socket.

A process of its own, so that nothing else comes or goes meanwhile: python -m tests.trust.lives COUNT
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2

from reprompt_mock import RepromptMock
from tests.processes import eventually


def body_of(count: int, batch_id: str = "stores") -> dict[str, Any]:
    """Make the body of a create."""
    jobs = [
        {"place_id": f"store-{number}", "inputs": {"name": f"Store {number}", "full_address": "Lyon, France"}}
        for number in range(count)
    ]
    return {"batch_id": batch_id, "batch_name": "Stores", "attribute_set": "core", "jobs": jobs}


def held() -> tuple[set[threading.Thread], list[str]]:
    """Give the threads and the open files and sockets of this process."""
    gc.collect()  # what was forgotten, and not closed, warns: an error here
    files = []
    for name in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them
            files.append(os.readlink(name).split(":")[0])  # noqa: PTH115 - what a socket's link names is no path
    return set(threading.enumerate()), sorted(files)


def live() -> None:
    """Open an emulator, use it in the event loop and in threads, and close it."""
    with RepromptMock(clock="running", speed=1000) as mock:
        for count in (1, 1000):  # in the event loop, and in a thread
            url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/batches"
            answer = httpx2.post(url, json=body_of(count), headers={"apiKey": "k"}, trust_env=False)
            assert answer.status_code == 200
        mock.clock.settle()
        mock.assert_settled()


def main(lives: int) -> None:
    """Live so often, and hold nothing more afterwards than after the first life."""
    live()  # what is loaded at first use stays
    before = held()
    for _ in range(lives):
        live()
    eventually(lambda: held() == before)


if __name__ == "__main__":
    main(int(sys.argv[1]))
