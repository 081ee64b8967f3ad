"""An emulator in a process in which nothing may be opened or imported once it is ready: `python -m tests.watched`."""

from __future__ import annotations

import os
import sys
from typing import Any

from reprompt_mock.server import serve
from reprompt_mock.settings import load

FORBIDDEN = {"open": OSError, "import": ImportError, "os.listdir": OSError, "os.scandir": OSError}


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what is forbidden, and note it; SQLite opens its files without any event."""
    error = FORBIDDEN.get(event)
    if error is not None:
        os.write(2, f"{event}: {arguments[0]!r}\n".encode())
        raise error("forbidden by a test")


def _ready(url: str) -> None:
    os.write(1, f"{url}\n".encode())
    sys.addaudithook(_watch)


if __name__ == "__main__":
    serve(load({"port": 0, "clock": "paused"}), on_ready=_ready)
