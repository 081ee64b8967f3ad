"""An emulator in a separate process: its settings stay private, and it ends with the process that started it."""

from __future__ import annotations

import _thread
import json
import logging
import re
import select
import subprocess  # nosec B404
import sys
import threading
from collections import deque
from contextlib import suppress
from types import BuiltinFunctionType
from typing import IO, TYPE_CHECKING, Any

from reprompt_mock import real_files
from reprompt_mock.handle.transport import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprompt_mock.settings import Settings

_logger = logging.getLogger(__name__)

_START_SECONDS = 120.0
_STOP_SECONDS = 15.0
_READY = re.compile(r"reprompt-mock \S+ listening on (http://\S+)(?: .*)?")
_SHOWN_LINES = 20
_READ_BYTES = 64 * 1024


class ServerProcess:
    """A child process that runs an emulator's server.

    Its standard input passes the settings and then stays open: the child exits when it is closed, as it also is if this
    process is killed. No wait reads a clock that tests can freeze.

    Args:
        settings: the emulator's settings; port 0 uses a free port.
    """

    def __init__(self, settings: Settings) -> None:
        self._variables = variables(settings)
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: deque[str] = deque(maxlen=_SHOWN_LINES)
        self._decided = threading.Event()
        self._reader = threading.Thread(target=self._read, name="reprompt-mock-process", daemon=True)
        self.url: str | None = None

    def start(self) -> None:
        """Start the process, and wait until the emulator is ready.

        Raises:
            ControlError: the process ended early, or is not ready in time.
        """
        try:
            self._process = _spawned()
        except OSError as error:
            raise ControlError(None, f"the emulator's process cannot be started: {error}") from error
        self._reader.start()
        _tell(self._process, json.dumps(self._variables))
        is_in_time = self._decided.wait(_START_SECONDS)
        if self.url is None:
            self.stop(patience=_STOP_SECONDS if is_in_time else 0)
            reason = "ended before it answered" if is_in_time else f"did not answer within {_START_SECONDS:g} s"
            raise ControlError(None, f"the emulator's process {reason}: {self.said()}")

    def stop(self, *, patience: float = _STOP_SECONDS) -> None:
        """Stop the process and wait for its end; kill it if it does not end within `patience` seconds."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            with suppress(OSError):  # it has ended, and its settings were never read
                process.stdin.close()
        self._reader.join(patience)
        if self._reader.is_alive():
            process.kill()
            self._reader.join(_STOP_SECONDS)
        with suppress(subprocess.TimeoutExpired):  # nothing else can be done
            process.wait(_STOP_SECONDS)
        if process.stdout is not None and not self._reader.is_alive():
            process.stdout.close()  # in the thread that opened it: gevent ties it to that thread's loop

    @property
    def has_ended(self) -> bool:
        """Whether the process was started and has ended."""
        return self._process is not None and self._process.poll() is not None

    def _read(self) -> None:
        """Read the process's output until it ends: the ready line, then its log."""
        output = self._process.stdout if self._process else None
        for line in _lines(output) if output else ():
            if self.url is None and (ready := _READY.fullmatch(line)):
                self.url = ready[1]
                self._decided.set()
            elif line:
                self._lines.append(line)
                if self.url is not None:
                    _logger.warning("%s", line)
        self._decided.set()

    def said(self) -> str:
        """Return the last lines that the process printed."""
        return "\n".join(self._lines).removeprefix("reprompt-mock: ") or "it printed nothing"


def _spawned() -> subprocess.Popen[bytes]:
    # -P: a file in the working directory must not shadow a module of the standard library.
    return subprocess.Popen(  # nosec B603
        [sys.executable, "-P", "-m", "reprompt_mock.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    )


def _tell(process: subprocess.Popen[bytes], line: str) -> None:
    """Write a line to a process's input; one that has already ended has said why."""
    left = memoryview(f"{line}\n".encode())
    with suppress(OSError):
        while left and process.stdin is not None:
            left = left[process.stdin.write(left) :]


def _lines(output: IO[bytes]) -> Iterator[str]:
    """Yield the lines that a process prints, until its output ends."""
    read = _read_natively if isinstance(_thread.start_new_thread, BuiltinFunctionType) else _read_greenly
    rest = b""
    while piece := read(output):
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.decode(errors="replace").rstrip() for line in lines)
    if rest:
        yield rest.decode(errors="replace").rstrip()


def _read_natively(output: IO[bytes]) -> bytes:
    """Read in a system thread: from the descriptor, since gevent ties the file to the loop of its opener's thread."""
    if sys.platform != "win32":  # where only sockets can be selected
        select.select([output], [], [])
    return real_files.read(output.fileno(), _READ_BYTES)


def _read_greenly(output: IO[bytes]) -> bytes:
    """Read in a green thread of gevent or eventlet: from the file, which lets other green threads run."""
    return output.read(_READ_BYTES)


def variables(settings: Settings) -> dict[str, str]:
    """Write the given settings as environment variables: text unchanged, everything else as JSON."""
    given: dict[str, Any] = settings.model_dump(mode="json", exclude_unset=True)
    written = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in given.items()
        if value is not None
    }
    from reprompt_mock.settings import PREFIX

    return {PREFIX + name.upper(): value for name, value in written.items()}
