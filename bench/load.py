"""A small load generator in a separate process: keep-alive connections that send one request after another.

Closed loop: every connection sends its next request as soon as it has an answer; the result is their rate. A connection
that the server closes after an answer is opened again.
Open loop: requests are due at a constant rate whether or not earlier ones were answered, and latency is measured from
when a request was due, so that a stall counts for every request that it delays (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bench.places import NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable

_WARM_UP_SECONDS = 0.2
_NUMBER = NUMBER.encode()
_RATE = re.compile(r"Requests/sec:\s*([\d.]+)")
_KEY_WORD = b"content-length:"
_CLOSES = b"connection: close"


@dataclass(frozen=True)
class Load:
    """One request, sent repeatedly; `NUMBER` in its body, if any, is replaced by a number counting up from `first`."""

    port: int
    path: str
    body: str | None = None
    key: str = "bench-key"
    connections: int = 16
    seconds: float = 1.0
    first: int = 0
    rate: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """The request's method."""
        return "GET" if self.body is None else "POST"

    @property
    def sent_headers(self) -> dict[str, str]:
        """The request's headers, except those on its connection and length."""
        return {"apiKey": self.key, "content-type": "application/json", **self.headers}


def requests_per_second(load: Load) -> float:
    """Measure the rate in a closed loop, with wrk if it is installed."""
    wrk = shutil.which("wrk")
    return _by_wrk(wrk, load) if wrk else _in_process(load)["rate"]


@dataclass(frozen=True)
class Latencies:
    """When requests were due, by `time.monotonic`, and the seconds until they were answered."""

    due: list[float]
    taken: list[float]

    def within(self, start: float, end: float) -> list[float]:
        """Return the latencies of the requests that were due from `start` to `end`."""
        return [taken for due, taken in zip(self.due, self.taken, strict=True) if start <= due < end]


class Running:
    """Open-loop load that runs until it is stopped."""

    def __init__(self, load: Load) -> None:
        self._process = _started(load)

    def stop(self) -> Latencies:
        """Stop the load; return what was measured."""
        out, _ = self._process.communicate("stop\n")
        return Latencies(**_answer(self._process, out))


def _started(load: Load) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    assert process.stdin
    process.stdin.write(json.dumps(asdict(load)) + "\n")
    process.stdin.flush()
    return process


def _in_process(load: Load) -> dict[str, float]:
    process = _started(load)
    out, _ = process.communicate()
    return cast("dict[str, float]", _answer(process, out))


def _answer(process: subprocess.Popen[str], out: str) -> dict[str, list[float]]:
    if process.returncode:
        raise RuntimeError("the load generator failed")
    return cast("dict[str, list[float]]", json.loads(out))


def _by_wrk(wrk: str, load: Load) -> float:
    seconds = max(1, round(load.seconds))
    command = [wrk, "-t1", f"-c{load.connections}", f"-d{seconds}s"]
    command += [part for name, value in load.sent_headers.items() for part in ("-H", f"{name}: {value}")]
    with tempfile.TemporaryDirectory() as folder:
        if load.body is not None:
            script = Path(folder) / "post.lua"
            script.write_text(_lua(load.body, load.first), encoding="utf-8")
            command += ["-s", str(script)]
        url = f"http://127.0.0.1:{load.port}{load.path}"
        out = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    rate = _RATE.search(out)
    if rate is None or "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(f"wrk reported errors:\n{out}")
    return float(rate[1])


def _lua(body: str, first: int) -> str:
    before, found, after = body.partition(NUMBER)
    if not found:
        return f'wrk.method = "POST"\nwrk.body = [==[{body}]==]\n'
    return f"""
local number = {first}
wrk.method = "POST"
request = function()
  number = number + 1
  return wrk.format(nil, nil, nil, [==[{before}]==] .. string.format("%0{len(NUMBER)}d", number) .. [==[{after}]==])
end
"""


class _Connection(asyncio.Protocol):
    """One connection, which calls back with itself when an answer is complete."""

    def __init__(self, on_answer: Callable[[_Connection], None]) -> None:
        self._on_answer = on_answer
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._missing = 0
        self.closes = False
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._missing or self._buffer:
            raise RuntimeError("the server closed a connection") from exc

    def send(self, request: bytes) -> None:
        assert self._transport
        self._transport.write(request)

    def close(self) -> None:
        assert self._transport
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if self._buffer[9:10] != b"2":
                sys.exit(f"the server answered {self._buffer[:300]!r}")
            head = self._buffer[:end].lower()
            self.closes = _CLOSES in head
            at = head.index(_KEY_WORD) + len(_KEY_WORD)
            line_end = head.find(b"\r\n", at)
            length = int(head[at : line_end if line_end > 0 else end])
            self._missing = length - (len(self._buffer) - end - 4)
            self._buffer = b""
        if not self._missing:
            self._on_answer(self)


class _Generator:
    def __init__(self, load: Load) -> None:
        self._load = load
        self._number = load.first
        body = (load.body or "").encode()
        headers = "".join(f"{name}: {value}\r\n" for name, value in load.sent_headers.items())
        head = (
            f"{load.method} {load.path} HTTP/1.1\r\nhost: 127.0.0.1:{load.port}\r\n{headers}"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self._before, found, self._after = (head.encode() + body).partition(_NUMBER)
        self._counts = bool(found)
        self._connections: list[_Connection] = []

    def _request(self) -> bytes:
        if not self._counts:
            return self._before
        self._number += 1
        return b"%s%09d%s" % (self._before, self._number, self._after)

    async def connect(self, on_answer: Callable[[_Connection], None]) -> None:
        for _ in range(self._load.connections):
            self._connections.append(await self._connected(on_answer))

    async def _connected(self, on_answer: Callable[[_Connection], None]) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(lambda: _Connection(on_answer), "127.0.0.1", self._load.port)
        return connection

    async def closed(self) -> dict[str, float]:
        count = 0
        reopening: set[asyncio.Task[None]] = set()

        def on_answer(connection: _Connection) -> None:
            nonlocal count
            count += 1
            if connection.closes:
                task = asyncio.ensure_future(reopen(connection))
                reopening.add(task)
                task.add_done_callback(reopening.discard)
            else:
                connection.send(self._request())

        async def reopen(connection: _Connection) -> None:
            connection.close()
            (await self._connected(on_answer)).send(self._request())

        await self.connect(on_answer)
        for connection in self._connections:
            connection.send(self._request())
        await asyncio.sleep(_WARM_UP_SECONDS)
        start, before = time.monotonic(), count
        await asyncio.sleep(self._load.seconds)
        return {"rate": (count - before) / (time.monotonic() - start)}

    async def open(self) -> dict[str, list[float]]:
        due_list: list[float] = []
        taken: list[float] = []
        free: deque[_Connection] = deque()
        waiting: deque[float] = deque()
        idle = asyncio.Event()

        def on_answer(connection: _Connection) -> None:
            due_list.append(connection.due)
            taken.append(time.monotonic() - connection.due)
            free.append(connection)
            send_some()

        def send_some() -> None:
            while free and waiting:
                connection = free.popleft()
                connection.due = waiting.popleft()
                connection.send(self._request())
            if not waiting and len(free) == len(self._connections):
                idle.set()

        await self.connect(on_answer)
        free.extend(self._connections)
        loop = asyncio.get_running_loop()
        stop = loop.run_in_executor(None, sys.stdin.readline)
        start, number = time.monotonic(), 0
        while not stop.done():
            due = start + number / self._load.rate
            number += 1
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            waiting.append(due)
            idle.clear()
            send_some()
        await idle.wait()
        return {"due": due_list, "taken": taken}

    async def run(self) -> dict[str, float] | dict[str, list[float]]:
        return await (self.open() if self._load.rate else self.closed())


def main() -> None:
    """Read a load from standard input, generate it, and print what was measured."""
    load = Load(**json.loads(sys.stdin.readline()))
    try:
        import uvloop
    except ImportError:
        measured = asyncio.run(_Generator(load).run())
    else:
        measured = uvloop.run(_Generator(load).run())
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
