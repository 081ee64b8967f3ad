"""The main function of an emulator in a child process: `serve`, until its standard input ends."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
from typing import TYPE_CHECKING

from reprompt_mock.cli import main as command_line

if TYPE_CHECKING:
    from io import FileIO

_PREFIX = "REPROMPT_MOCK_"
_KEPT = frozenset({"REPROMPT_MOCK_LOG_LEVEL", "REPROMPT_MOCK_LOG_FORMAT"})
_LOOK_SECONDS = 1.0
_GRACE_SECONDS = 5.0


def main() -> int:
    """Serve with the settings in the first line of standard input, and return the exit code."""
    _leave_interrupts_to_the_parent()
    parent = os.getppid()
    # Unbuffered, so that select sees all that follows.
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as told:
        line = told.readline()
        if not line:
            return 0
        _set(json.loads(line))
        threading.Thread(target=_end_with, args=(parent, told), name="reprompt-mock-parent", daemon=True).start()
        return command_line(["serve"])


def _leave_interrupts_to_the_parent() -> None:
    """Ignore Ctrl-C, which reaches every process of a terminal: the tests end first and stop their emulator."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    else:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _set(variables: dict[str, str]) -> None:
    # These settings are complete: the parent has already taken its environment into account.
    for name in [name for name in os.environ if name.startswith(_PREFIX) and name not in _KEPT]:
        del os.environ[name]
    os.environ.update(variables)


def _end_with(parent: int, told: FileIO) -> None:
    """Wait until standard input ends or the parent is gone, then stop as on SIGTERM."""
    while not _has_ended(told) and os.getppid() == parent:
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(_GRACE_SECONDS)
    os._exit(1)


def _has_ended(told: FileIO) -> bool:
    """Wait for standard input to end, for a second at most except on Windows; return whether it has."""
    if sys.platform != "win32" and not select.select([told], [], [], _LOOK_SECONDS)[0]:
        return False
    return not told.read(1)


if __name__ == "__main__":
    sys.exit(main())
