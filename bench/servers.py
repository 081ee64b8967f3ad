"""Server processes of the emulator and the floors, and a client for large requests."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

ROOT = Path(__file__).parent.parent
KEY = "bench-key"
_PATIENCE_SECONDS = 600
_IDLE_SECONDS = 4
"""A connection idle for longer is reopened before anything is timed: some peers close idle ones after 5 s."""
_START_SECONDS = 60
_POLL_SECONDS = 0.002
_STRICT_KEYS = json.dumps({KEY: "*"})


@dataclass(frozen=True)
class Target:
    """The measured emulator: the Python in which it is installed, and the folder of its sources."""

    python: Path = Path(sys.executable)
    root: Path = ROOT


class Refused(RuntimeError):
    """A server answered a request with a status that is no success."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
        self._used = 0.0

    def call(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Send a request; return the body of its answer.

        Raises:
            Refused: the answer is no success.
        """
        self._connect()
        sent = {"apiKey": KEY, "Content-Type": "application/json", **(headers or {})}
        with suppress(BrokenPipeError, ConnectionResetError):  # it may answer before it has read a body that it refuses
            self._connection.request(method, path, body, sent)
        response = self._connection.getresponse()
        answer = response.read()
        self._used = time.monotonic()
        if response.status >= 300:
            self._connection.close()
            raise Refused(response.status, f"{method} {path} answered {response.status}: {answer[:300]!r}")
        return answer

    def _connect(self) -> None:
        if time.monotonic() - self._used > _IDLE_SECONDS:
            self._connection.close()
            self._connection.connect()
            self._used = time.monotonic()

    def timed(self, method: str, path: str, body: bytes | None = None, kept: list[bytes] | None = None) -> float:
        """Send a request; return the milliseconds until its answer was read, which is added to `kept`."""
        self._connect()
        start = time.perf_counter()
        answer = self.call(method, path, body)
        taken = (time.perf_counter() - start) * 1e3
        if kept is not None:
            kept.append(answer)
        return taken

    def location(self, path: str) -> str:
        """Return the address, without its host, to which a GET is redirected."""
        self._connect()
        self._connection.request("GET", path, headers={"apiKey": KEY})
        response = self._connection.getresponse()
        response.read()
        address = response.headers["Location"]
        return address.partition("//")[2].partition("/")[2].join(("/", "")) if "//" in address else address

    def memory(self) -> float:
        """Return the resident memory of the process and its descendants in MiB."""
        shown = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], check=True, capture_output=True, text=True)
        return memory_of_tree(self.process.pid, shown.stdout) / 1024

    def stop(self) -> None:
        """Stop the server."""
        self._connection.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class Bay:
    """Starts servers, which store their data in one temporary folder, as the emulator does by default.

    Args:
        target: the measured emulator.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = Path(tempfile.mkdtemp(prefix="reprompt-mock-bench-", dir=os.environ.get("TMPDIR") or shared))
        self._files = 0

    def close(self) -> None:
        """Remove what the servers stored."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def file(self, content: bytes | None = None) -> Path:
        """Return the path of a new file, written if `content` is given."""
        self._files += 1
        path = self.folder / f"file-{self._files}"
        if content is not None:
            path.write_bytes(content)
        return path

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REPROMPT_MOCK_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # a cold start reads compiled modules
        return {
            **kept,
            "TMPDIR": str(self.folder),
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
            "REPROMPT_MOCK_API_KEYS": _STRICT_KEYS,
        }

    def launch(self, command: Sequence[str | Path], cwd: Path, log: IO[bytes] | None = None) -> subprocess.Popen[str]:
        """Start a server's process; what it says goes to `log`, or what it prints to a pipe."""
        return subprocess.Popen(
            list(map(str, command)),
            stdout=log or subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=cwd,
            env=self._environment(),
        )

    def start(self, command: Sequence[str | Path], cwd: Path) -> Server:
        """Start a server that prints its address when ready."""
        process = self.launch(command, cwd)
        return Server(process, read_port(process))

    def ours_command(self, db: Path | str | None = None, *, port: int = 0) -> list[str | Path]:
        """Return the command that serves the emulator."""
        stored: list[str | Path] = [] if db is None else ["--db", db]
        return [self.target.python, "-m", "reprompt_mock", "serve", "--port", str(port), "--clock", "paused", *stored]

    def cold_start(self) -> tuple[Server, float, float]:
        """Start the emulator; return it with the milliseconds to its first health answer and to its ready line."""
        port = free_port()
        started = time.perf_counter()
        server = Server(self.launch(self.ours_command(port=port), self.target.root), port)
        answered = until_answered(server, started)
        read_port(server.process)
        return server, answered, (time.perf_counter() - started) * 1e3

    def cold_start_of_bare(self) -> tuple[Server, float, float]:
        """Start the bare app, which is ready when it first answers."""
        started = time.perf_counter()
        server = self.start(self.bare_command(), ROOT)
        answered = until_answered(server, started)
        return server, answered, answered

    def bare_command(self) -> list[str | Path]:
        """Return the command that serves the bare app."""
        return [sys.executable, "-m", "bench.bare", self.file()]

    def ours(self, db: Path | str | None = None) -> AbstractContextManager[Server]:
        """Serve the emulator."""
        return self._served(self.ours_command(db), self.target.root)

    def floor(self, kind: str, content: bytes | None = None) -> AbstractContextManager[Server]:
        """Serve a floor."""
        return self._served([sys.executable, "-m", "bench.floors", kind, self.file(content)], ROOT)

    def same_sql(self) -> AbstractContextManager[Server]:
        """Serve the floor of a create with its SQL."""
        return self._served([sys.executable, "-m", "bench.same_sql", self.file()], ROOT)

    @contextmanager
    def _served(self, command: Sequence[str | Path], root: Path) -> Iterator[Server]:
        server = self.start(command, root)
        try:
            yield server
        finally:
            server.stop()

    def micro(self, *arguments: str | Path) -> list[float]:
        """Measure inside the emulator's process."""
        samples: list[float] = self._measured(self.target.root, "micro.py", *arguments)
        return samples

    def inside(self, db: str, *sizes: int) -> dict[str, list[float]]:
        """Measure what a store takes inside the emulator's process."""
        samples: dict[str, list[float]] = self._measured(ROOT, "inside.py", db, *map(str, sizes))
        return samples

    def _measured(self, root: Path, program: str, *arguments: str | Path) -> Any:
        command = [self.target.python, root / "bench" / program, *arguments]
        out = subprocess.run(
            list(map(str, command)),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.target.root,
            env=self._environment(),
        )
        return json.loads(out.stdout)


def read_port(process: subprocess.Popen[str]) -> int:
    """Return the port from the line in which a server prints its address."""
    assert process.stdout
    line = process.stdout.readline()
    found = re.search(r"http://\S+?:(\d+)", line)
    if found is None:
        process.kill()
        raise RuntimeError(f"{process.args!r} did not start: {line!r}")
    return int(found[1])


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def memory_of_tree(root: int, listing: str) -> int:
    """Return the memory of a process and its descendants in KiB, from lines of pid, parent and memory."""
    rows = [tuple(map(int, line.split())) for line in listing.splitlines()]
    found = {root}
    while more := {pid for pid, parent, _ in rows if parent in found} - found:
        found |= more
    return sum(memory for pid, _, memory in rows if pid in found)


def _ask_health(server: Server) -> bytes:
    return server.call("GET", "/_mock/health")


def until_answered(server: Server, started: float, ask: Callable[[Server], object] = _ask_health) -> float:
    """Wait for the first answer that is a success; return the milliseconds since `started`.

    Raises:
        RuntimeError: the server ended, or did not answer within a minute.
    """
    while True:
        try:
            ask(server)
        except (OSError, Refused) as error:
            ended = server.process.poll() is not None
            if ended or time.perf_counter() - started > _START_SECONDS:
                server.stop()
                raise RuntimeError(f"{server.process.args!r} did not start: {error}") from error
            time.sleep(_POLL_SECONDS)
        else:
            return (time.perf_counter() - started) * 1e3
