"""Measures the emulator and its peers: each round starts all of them, and takes every operation in turn."""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from bench.figures import percentile
from bench.load import requests_per_second
from bench.peers.canned import recorded
from bench.peers.catalogue import OURS, Peer, Site
from bench.servers import ROOT, Refused, Server, free_port, until_answered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bench.peers.canned import Answers
    from bench.peers.requests import Operations, Request
    from bench.servers import Bay

Measures = dict[str, float]
"""What was measured, by the names of rows."""
_IDLE_SECONDS = 2.0
_APART = 10**6
"""How far the numbers of two loads are apart, so that no job is sent twice."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured; each field is a command-line option.

    A rate is measured for `seconds`, after `warm` seconds of the same load.
    """

    rounds: int = 5
    warm: float = 2.0
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

    def add(self, peer: Peer, measures: Measures) -> None:
        """Add a sample to some rows."""
        for row, value in measures.items():
            self.taken[row][peer.name].append(value)


@dataclass(frozen=True)
class Side:
    """A server that runs during a round."""

    peer: Peer
    server: Server

    def operations(self, sizes: Sizes) -> Operations:
        """Return what is sent to it."""
        return self.peer.operations(sizes.batch)


Started = tuple[Side, Measures]
"""A server, and what its start took."""


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


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def answers_of_ours(bay: Bay, sizes: Sizes) -> Answers:
    """Return what the emulator answers to the operations."""
    with bay.ours() as server:
        return recorded(server, batch=sizes.batch, count=sizes.places)


def measure(arena: Arena, peers: Sequence[Peer], sizes: Sizes) -> Samples:
    """Measure the emulator and peers in rounds, each of which starts all of them.

    Within a round each operation is measured on all of them in turn, from round to round in the opposite order, so that
    what slows the machine slows all. The first round only starts them, which compiles Python's modules.
    """
    samples = Samples()
    for number in range(sizes.rounds + 1):
        present = [peer for peer in (OURS, *peers) if peer.name not in samples.left_out]
        _say(f"round {number} of {sizes.rounds}: start" if number else "first start")
        with ExitStack() as stack:
            sides = _started(arena, present[:: -1 if number % 2 else 1], sizes, samples, stack)
            if number:
                _round(sides, number, sizes, samples)
    return samples


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _started(arena: Arena, peers: Sequence[Peer], sizes: Sizes, samples: Samples, stack: ExitStack) -> list[Started]:
    """Start servers, which the stack stops; leave out the peers that do not start."""
    started = []
    for peer in peers:
        try:
            started.append(_start(arena, peer, sizes, stack))
        except (RuntimeError, OSError) as error:
            if peer is OURS:
                raise
            samples.left_out[peer.name] = str(error)
            _say(f"{peer.name} is left out: {error}")
    return started


def _start(arena: Arena, peer: Peer, sizes: Sizes, stack: ExitStack) -> Started:
    server, answered = arena.cold_start(peer)
    stack.callback(server.stop)
    side = Side(peer, server)
    setup = side.operations(sizes).setup if peer.stores else ()
    measures = {"start": answered, "usable": answered + _milliseconds(partial(_send, server, setup))}
    time.sleep(_IDLE_SECONDS)
    return side, measures | {"memory": server.memory()}


def _send(server: Server, requests: Sequence[Request]) -> None:
    for request in requests:
        request.sent(server)


def _round(started: Sequence[Started], number: int, sizes: Sizes, samples: Samples) -> None:
    for side, taken in started:
        samples.add(side.peer, taken)
    for name, step in _STEPS.items():
        _say(f"round {number} of {sizes.rounds}: {name}")
        for side, _ in started:
            if side.peer.name not in samples.refused[name]:
                try:
                    samples.add(side.peer, step(side, sizes))
                except (RuntimeError, OSError) as error:
                    _refuse(samples, name, side.peer, error)


def _refuse(samples: Samples, name: str, peer: Peer, error: Exception) -> None:
    """Note that a peer cannot do something; the emulator must be able to do everything."""
    if peer is OURS:
        raise error
    samples.refused[name][peer.name] = f"refused: {error.status}" if isinstance(error, Refused) else "failed"
    _say(f"{peer.name}, {name}: {error}")


def _rate(name: str, side: Side, sizes: Sizes) -> Measures:
    operations = side.operations(sizes)
    request = operations.get if name == "get" else operations.post
    load = request.load(side.server, sizes.connections)
    requests_per_second(replace(load, seconds=sizes.warm))
    return {name: requests_per_second(replace(load, seconds=sizes.seconds, first=_APART))}


def _single(side: Side, sizes: Sizes) -> Measures:
    request = side.operations(sizes).get
    taken = [_milliseconds(partial(request.sent, side.server)) for _ in range(sizes.single)]
    return {"p50": percentile(taken, 0.5), "p99": percentile(taken, 0.99)}


def _create(side: Side, sizes: Sizes) -> Measures:
    requests = side.operations(sizes).create(sizes.places)
    return {"create": _milliseconds(partial(_send, side.server, requests))}


_STEPS: dict[str, Callable[[Side, Sizes], Measures]] = {
    "get": partial(_rate, "get"),
    "single": _single,
    "post": partial(_rate, "post"),
    "create": _create,
}
"""The steps of a round; each measures one or more rows."""


def _milliseconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1e3
