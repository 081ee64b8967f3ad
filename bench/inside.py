"""What a store takes for the hot operations, measured in one process by the Python of the measured version.

inside.py DB PLACES PAGE LIST SMALL REPEATS   milliseconds by operation, as JSON, with a sample for each repeat
"""

from __future__ import annotations

import json
import sys
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

sys.path.append(str(Path(__file__).parent.parent))  # after the measured version

from bench import places
from reprompt_mock.api.bodies import parse_batch
from reprompt_mock.engine import batches as use_cases
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.identifiers import fingerprint_of
from reprompt_mock.engine.world import Present, Views
from reprompt_mock.settings import load
from reprompt_mock.store import batches, jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.writing import Writing

_QUICK_TIMES = 100
_LIST_TIMES = 5
_numbers = count()


class Inside:
    """The operations on one database; each returns milliseconds.

    Args:
        db: the file or the address.
        places: how many places a large batch has.
        page: how many a page of results.
        listed: how many batches a page of batches.
        small: how many places a small batch has.
    """

    def __init__(self, db: str, places_: int, page: int, listed: int, small: int) -> None:
        self.engine = Engine(load({"clock": "paused", "db": db}, environ={}))
        self._page, self._listed = page, listed
        self._body = parse_batch(places.body(places_, batch_id="big"), max_jobs=10**6)
        self._one = places.template()
        self._create("small", parse_batch(places.body(small, batch_id="small"), max_jobs=10**6))
        for number in range(listed):
            self._create("listed", parse_batch(places.body(1, batch_id=f"batch-{number}"), max_jobs=10**6))

    def _create(self, slug: str, request: Any) -> None:
        self.engine.write(self.engine.arrive(slug), use_cases.create, request)

    def measure(self, number: int) -> dict[str, list[float]]:
        """Measure everything once, in a world of its own."""
        slug = f"big-{number}"
        inserted = self._inserting(slug)
        read = partial(self._reading, slug)
        return {
            "insert": [inserted],
            "recount": [self._recount(slug)],
            "status": [read(_status)],
            "page": [read(partial(_page, limit=self._page, offset=part * self._page)) for part in range(2)],
            "never-kept": [self._never_kept() for _ in range(_QUICK_TIMES)],
            "create-one": [self._create_one(slug) for _ in range(_QUICK_TIMES)],
            "list": [self._reading("listed", partial(_listed, limit=self._listed)) for _ in range(_LIST_TIMES)],
        }

    def _inserting(self, slug: str) -> float:
        """Create a large batch; return how long its jobs' rows took."""
        insert, taken = jobs.insert, list[float]()

        def timed_insert(*arguments: Any, **named: Any) -> None:
            taken.append(_timed(partial(insert, *arguments, **named)))

        with patch.object(jobs, "insert", timed_insert):
            self._create(slug, self._body)
        return sum(taken)

    def _recount(self, slug: str) -> float:
        def work(writing: Writing) -> float:
            return _timed(lambda: batches.recount_all(writing.session, writing.key, writing.now))

        return self.engine.write(self.engine.arrive(slug), work).value

    def _reading(self, slug: str, work: Callable[[Reading], float]) -> float:
        return self.engine.read(self.engine.arrive(slug), work)

    def _never_kept(self) -> float:
        world = self.engine.arrive("small")
        world.present = Present(world.state, Views())
        return _timed(lambda: self.engine.read(self.engine.arrive("small"), use_cases.status, "small"))

    def _create_one(self, slug: str) -> float:
        body = self._one.replace(places.NUMBER.encode(), b"%09d" % next(_numbers))
        request = parse_batch(body, max_jobs=10**6)._replace(fingerprint=fingerprint_of(body))
        return _timed(lambda: self._create(slug, request))


def _timed(work: Callable[[], Any]) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1e3


def _status(reading: Reading) -> float:
    _ = reading.session  # begins the transaction
    return _timed(lambda: use_cases.status(reading, "big"))


def _page(reading: Reading, *, limit: int, offset: int) -> float:
    found = batches.find(reading.session, reading.state.row, "big")
    assert found is not None
    chosen = jobs.Selection(reading.state.row, reading.now, batch=found.pk)
    total = found.counts.total
    return _timed(lambda: list(jobs.results(reading.session, chosen, limit=limit, offset=offset, total=total)))


def _listed(reading: Reading, *, limit: int) -> float:
    return _timed(lambda: batches.page(reading.session, reading.state.row, "", limit=limit, offset=0))


def main(db: str, *sizes: str) -> None:
    """Measure, after a round to warm up, and print the samples."""
    *shape, repeats = map(int, sizes)
    inside = Inside(db, *shape)
    samples: dict[str, list[float]] = {}
    try:
        for number in range(repeats + 1):
            for name, taken in inside.measure(number).items():
                samples.setdefault(name, []).extend(taken if number else ())
    finally:
        inside.engine.close()
    print(json.dumps(samples))


if __name__ == "__main__":
    main(*sys.argv[1:])
