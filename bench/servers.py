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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parent.parent
KEY = "bench-key"
_PATIENCE_SECONDS = 600
_IDLE_SECONDS = 30
"""A connection idle for longer is reopened before anything is timed: the servers close idle ones after 75 s."""
_POLL_SECONDS = 0.002
_STRICT_KEYS = json.dumps({KEY: "*"})


@dataclass(frozen=True)
class Target:
    """The measured emulator: the Python in which it is installed, and the folder of its sources."""

    python: Path = Path(sys.executable)
    root: Path = ROOT


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
        self._used = 0.0

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send a request; return the body of its answer."""
        self._connect()
        headers = {"apiKey": KEY, "Content-Type": "application/json"}
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        answer = response.read()
        self._used = time.monotonic()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path} answered {response.status}: {answer[:300]!r}")
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
        """Return the process's resident memory in MiB."""
        pid = str(self.process.pid)
        shown = subprocess.run(["ps", "-o", "rss=", "-p", pid], check=True, capture_output=True, text=True)
        return int(shown.stdout) / 1024

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

    def launch(self, command: Sequence[str | Path], cwd: Path) -> subprocess.Popen[str]:
        """Start a server's process."""
        return subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, text=True, cwd=cwd, env=self._environment()
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
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
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

    @contextmanager
    def ours(self, db: Path | str | None = None) -> Iterator[Server]:
        """Serve the emulator."""
        server = self.start(self.ours_command(db), self.target.root)
        try:
            yield server
        finally:
            server.stop()

    @contextmanager
    def floor(self, kind: str, content: bytes | None = None) -> Iterator[Server]:
        """Serve a floor."""
        server = self.start([sys.executable, "-m", "bench.floors", kind, self.file(content)], ROOT)
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


def until_answered(server: Server, started: float) -> float:
    """Wait for the first health answer; return the milliseconds since `started`."""
    while True:
        try:
            server.call("GET", "/_mock/health")
        except OSError:
            time.sleep(_POLL_SECONDS)
        else:
            return (time.perf_counter() - started) * 1e3
