"""What is measured inside the emulator's process; run by the Python of the version that is measured.

micro.py results BODY REPEATS    microseconds per result of a create's places
micro.py tick DB REPEATS         microseconds per tick where nothing is due
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from reprompt_mock.api.bodies import parse_batch
from reprompt_mock.engine import Engine
from reprompt_mock.engine.views import ResultQuery
from reprompt_mock.settings import load

_TICKS = 1000
_MICRO = 1e6


def results(body: bytes, repeats: int) -> list[float]:
    """Measure one result, from the row to the dict."""
    engine = Engine(load({"clock": "paused"}, environ={}))
    try:
        batch = engine.create_batch(engine.worlds.peek("bench"), parse_batch(body, max_jobs=10**6)).batch
        world = engine.worlds.peek("bench")
        engine.settle(world)
        query = ResultQuery(batch.id)
        samples = []
        for _ in range(repeats + 1):
            start = time.perf_counter()
            page = engine.results(world, query, limit=10**6, offset=0)
            samples.append((time.perf_counter() - start) / len(page.jobs) * _MICRO)
        return samples[1:]
    finally:
        engine.close()


def tick(db: str, repeats: int) -> list[float]:
    """Measure a tick where nothing is due, of a database that is full already."""
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
