"""Measurements inside the emulator's process; run by the Python of the measured version.

micro.py results BODY REPEATS    microseconds to build one result of a create's places
micro.py tick DB REPEATS         microseconds per tick with nothing due
micro.py conduct COUNT REPEATS   milliseconds to judge as many exchanges
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from reprompt_mock.api.bodies import parse_batch
from reprompt_mock.engine import batches, clock
from reprompt_mock.engine.doors import Engine
from reprompt_mock.settings import load
from reprompt_mock.store import jobs

if TYPE_CHECKING:
    from reprompt_mock.engine.reading import Reading

_TICKS = 1000
_MICRO = 1e6


def results(body: bytes, repeats: int) -> list[float]:
    """Measure building one result, from a job's stored columns to the dict to be written as JSON."""
    engine = Engine(load({"clock": "paused"}, environ={}))
    try:
        engine.write(engine.worlds.peek("bench"), batches.create, parse_batch(body, max_jobs=10**6))
        world = engine.worlds.peek("bench")
        engine.write(world, clock.settle)
        return engine.read(world, _timed, repeats)
    finally:
        engine.close()


def _timed(reading: Reading, repeats: int) -> list[float]:
    everything = jobs.Selection(reading.state.row, reading.now)
    stored = list(jobs.results(reading.session, everything, limit=10**6, offset=0, total=10**6))
    samples = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        for job in stored:
            reading.decoded.result(reading.session, job)
        samples.append((time.perf_counter() - start) / len(stored) * _MICRO)
    return samples[1:]


def tick(db: str, repeats: int) -> list[float]:
    """Measure a tick with nothing due, on a full database."""
    engine = Engine(load({"clock": "paused", "db": db}, environ={}))
    try:
        while engine.has_work():
            engine.tick()
        samples = []
        for _ in range(repeats):
            start = time.perf_counter()
            for _ in range(_TICKS):
                engine.tick()
            samples.append((time.perf_counter() - start) / _TICKS * _MICRO)
        return samples
    finally:
        engine.close()


_STORY = (
    ("create_batch", (0, 0, 3), None, (3, "places", "attributes")),
    *[("get_batch", (0, 0, 3), None, ())] * 5,
    ("get_batch", (3, 0, 0), None, ()),
    *[("get_jobs", (1, 0, 0), (offset, 1, 18, 0), ()) for offset in range(18)],
)
"""What a client does with a batch: operation, counts, page, work."""


def conduct(count: int, repeats: int) -> list[float]:
    """Measure judging clients that poll batches and read their results in pages."""
    from reprompt_mock.conduct.history import Standards
    from reprompt_mock.conduct.judge import judge
    from reprompt_mock.conduct.seen import packed, unpacked

    kept = []
    for number in range(count):
        batch, step = divmod(number, len(_STORY))
        operation, counts, page, work = _STORY[step]
        now = (batch * 60 + step * 5) * 10**6
        request = batch * 100 + (1 if operation == "get_batch" else step)
        told = (200, 7, "client", number % 8, request, None, 0, "agent")
        fields = (number, operation, now, now, 1000, *told, f"batch-{batch}", counts, page, work, None, None)
        kept.append(packed(fields))
    samples = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        judge(unpacked(kept), Standards())
        samples.append((time.perf_counter() - start) * 1e3)
    return samples[1:]


def _measured(what: str, source: str, count: int) -> list[float]:
    if what == "conduct":
        return conduct(int(source), count)
    return results(Path(source).read_bytes(), count) if what == "results" else tick(source, count)


if __name__ == "__main__":
    what, source, count = sys.argv[1:]
    print(json.dumps(_measured(what, source, int(count))))
