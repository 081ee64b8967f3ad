"""Measurements inside the emulator's process; run by the Python of the measured version.

micro.py results BODY REPEATS    microseconds to build one result of a create's places
micro.py tick DB REPEATS         microseconds per tick with nothing due
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


if __name__ == "__main__":
    what, source, count = sys.argv[1:]
    measured = results(Path(source).read_bytes(), int(count)) if what == "results" else tick(source, int(count))
    print(json.dumps(measured))
