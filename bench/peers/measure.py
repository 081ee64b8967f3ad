"""Measures the emulator and its peers: every operation on all of them in turn, in rounds."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from bench.figures import percentile
from bench.load import requests_per_second
from bench.peers.canned import recorded
from bench.peers.catalogue import OURS, Peer, Site
from bench.servers import ROOT, Refused, Server, free_port, until_answered

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.peers.canned import Answers
    from bench.peers.requests import Operations
    from bench.servers import Bay

_IDLE_SECONDS = 0.5
_APART = 10**6
"""How far the numbers of two loads are apart, so that no place is sent twice."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured; each field is a command-line option."""

    rounds: int = 5
    seconds: float = 1.0
    connections: int = 16
    batch: int = 10
    places: int = 50_000
    single: int = 300


@dataclass
class Samples:
    """What was measured, by row and name of the server; what was refused, by step and name; who did not start."""

    taken: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    refused: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, row: str, name: str, value: float) -> None:
        """Add a sample."""
        self.taken[row][name].append(value)


@dataclass
class Side:
    """A server that runs during all rounds."""

    peer: Peer
    server: Server
    operations: Operations


Step = Callable[[Side], dict[str, float]]


class Arena:
    """Starts the emulator and its peers.

    Args:
        bay: where they store and log.
        answers: what peers answer from.
        installed: the folders of the peers' packages, by name.
    """

    def __init__(self, bay: Bay, answers: Answers, installed: dict[str, Path]) -> None:
        self._bay = bay
        self._installed = installed
        self._answers = answers
        self._files: dict[str, Path] = {}

    def _folder(self, peer: Peer) -> Path:
        """Return the folder of a peer's files, written at the first call."""
        if peer.name not in self._files:
            folder = self._files[peer.name] = self._bay.file()
            folder.mkdir()
            for name, content in peer.files(self._answers).items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(content)
        return self._files[peer.name]

    def cold_start(self, peer: Peer) -> tuple[Server, float]:
        """Start a server; return it with the milliseconds to its first answer.

        Raises:
            RuntimeError: it does not answer.
        """
        site = Site(self._installed.get(peer.name, ROOT), self._folder(peer), self._bay.file(), free_port())
        command = peer.command(site)
        log = self._bay.file()
        with log.open("wb") as said:
            started = time.perf_counter()
            server = Server(self._bay.launch(command, ROOT, said), site.port)
        try:
            return server, until_answered(server, started, peer.first.sent)
        except RuntimeError as error:
            raise RuntimeError(f"{peer.name} did not start: {_last_line(log)}") from error

    @contextmanager
    def running(self, peer: Peer) -> Iterator[Server]:
        """Run a server."""
        server, _ = self.cold_start(peer)
        try:
            yield server
        finally:
            server.stop()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def answers_of_ours(bay: Bay, sizes: Sizes) -> Answers:
    """Return what the emulator answers to the operations."""
    with bay.ours() as server:
        return recorded(server, batch=sizes.batch, count=sizes.places)


def measure(arena: Arena, peers: Sequence[Peer], sizes: Sizes) -> Samples:
    """Measure the emulator and peers in rounds, after one to warm up.

    Within a round each operation is measured on all of them in turn, from round to round in the opposite order, so that
    what slows the machine slows all.
    """
    samples = Samples()
    with ExitStack() as stack:
        sides = []
        for peer in (OURS, *peers):
            try:
                server = stack.enter_context(arena.running(peer))
                sides.append(_ready(peer, server, sizes))
            except (RuntimeError, OSError) as error:
                if peer is OURS:
                    raise
                samples.left_out[peer.name] = str(error)
                print(f"{peer.name} is left out: {error}", file=sys.stderr, flush=True)
        for number in range(sizes.rounds + 1):
            _round(arena, sides[:: -1 if number % 2 else 1], number, sizes, samples)
    return samples


def _ready(peer: Peer, server: Server, sizes: Sizes) -> Side:
    operations = peer.operations(sizes.batch)
    if peer.stores:
        for request in operations.setup:
            request.sent(server)
    return Side(peer, server, operations)


def _round(arena: Arena, sides: Sequence[Side], number: int, sizes: Sizes, samples: Samples) -> None:
    label = f"round {number} of {sizes.rounds}" if number else "warming up"
    for name, step in _steps(arena, sizes, number).items():
        if number == 0 and name == "create":
            continue  # it takes some peers many seconds
        print(f"{label}: {name}", file=sys.stderr, flush=True)
        for side in sides:
            if side.peer.name in samples.refused[name]:
                continue
            try:
                measured = step(side)
            except (RuntimeError, OSError) as error:
                _refuse(samples, name, side.peer, error)
                continue
            if number:
                for row, value in measured.items():
                    samples.add(row, side.peer.name, value)


def _refuse(samples: Samples, name: str, peer: Peer, error: Exception) -> None:
    """Note that a peer cannot do something; the emulator must be able to do everything."""
    if peer is OURS:
        raise error
    samples.refused[name][peer.name] = f"refused: {error.status}" if isinstance(error, Refused) else "failed"
    print(f"{peer.name}, {name}: {error}", file=sys.stderr, flush=True)


def _steps(arena: Arena, sizes: Sizes, number: int) -> dict[str, Step]:
    """Return the steps of a round by name; each measures one or more rows."""
    return {
        "start": partial(_start, arena),
        "get": partial(_rate, "get", sizes, number),
        "single": partial(_single, sizes),
        "post": partial(_rate, "post", sizes, number),
        "create": partial(_create, sizes, number),
    }


def _start(arena: Arena, side: Side) -> dict[str, float]:
    server, answered = arena.cold_start(side.peer)
    try:
        time.sleep(_IDLE_SECONDS)
        return {"start": answered, "memory": server.memory()}
    finally:
        server.stop()


def _rate(name: str, sizes: Sizes, number: int, side: Side) -> dict[str, float]:
    request = side.operations.get if name == "get" else side.operations.post
    load = request.load(side.server, connections=sizes.connections, seconds=sizes.seconds, first=(number + 1) * _APART)
    return {name: requests_per_second(load)}


def _single(sizes: Sizes, side: Side) -> dict[str, float]:
    request = side.operations.get
    taken = [_milliseconds(partial(request.sent, side.server)) for _ in range(sizes.single)]
    return {"p50": percentile(taken, 0.5), "p99": percentile(taken, 0.99)}


def _create(sizes: Sizes, number: int, side: Side) -> dict[str, float]:
    requests = side.operations.create(sizes.places, number)

    def act() -> None:
        for request in requests:
            request.sent(side.server)

    return {"create": _milliseconds(act)}


def _milliseconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1e3
