"""The rows of PostgreSQL, whose floor is the emulator itself on a file; they need a server, or are left out."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from bench import journeys, rows
from bench.figures import Goal, Measured
from bench.load import requests_per_second

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.load import Load
    from bench.rows import Bench, Names
    from bench.servers import Server

_LISTS = Goal(1.67)
_SMALL = {"get": (False, Goal(0.40, at_least=True)), "post": (True, Goal(0.30, at_least=True))}
_JOURNEY = {"create": Goal(1.8), "settle": Goal(1.8), "status": _LISTS, "page": _LISTS}
_INSIDE = {
    "insert": ("insert {places:,} jobs", Goal(2)),
    "recount": ("recount {places:,} jobs", Goal(1.6)),
    "status": ("read the status of {places:,} jobs", Goal(1.5)),
    "page": ("read the rows of a page of {page:,}", Goal(1.3)),
    "never-kept": ("read the status of {batch} jobs that was never kept", Goal(6)),
    "create-one": ("create one job", Goal(8)),
    "list": ("read a page of {list_batches:,} batches", Goal(1.8)),
}
_TWO = {
    "two-own": ("POST /batches, 1 job, two processes on worlds of their own ÷ one", ("first", "second")),
    "two-one": ("POST /batches, 1 job, two processes on one world ÷ one", ("first", "first")),
}


@cache
def _schemas() -> Callable[[], str | None] | None:
    """Return what makes an empty schema on a server; without a server say so and return None."""
    try:
        from tests.stores import MISSING, new_schema, server

        reason = None if server() else MISSING
    except ImportError as error:
        reason = str(error)
    if reason is None:
        return new_schema
    print(f"the rows of PostgreSQL are left out: {reason}", file=sys.stderr)
    return None


def _rows(*names: str) -> Callable[[rows.Measure], rows.Measure]:
    def register(measure: rows.Measure) -> rows.Measure:
        def measured(bench: Bench, chosen: Names) -> Iterator[Measured]:
            if _schemas() is not None:
                yield from measure(bench, frozenset(name.removeprefix("postgres-") for name in chosen))

        rows.rows(*(f"postgres-{name}" for name in names))(measured)
        return measure

    return register


def _new_schema() -> str:
    make = _schemas()
    address = make and make()
    assert address is not None
    return address


@contextmanager
def _both(bench: Bench) -> Iterator[tuple[Server, Server]]:
    """Serve the emulator in a schema and on a file."""
    with bench.bay.ours(_new_schema()) as remote, bench.bay.ours(bench.bay.file()) as local:
        yield remote, local


def _line(name: str, operation: str, unit: str, goal: Goal | None, samples: Sequence[Sequence[float]]) -> Measured:
    return Measured(f"postgres-{name}", f"{operation}, PostgreSQL ÷ file", unit, goal, *samples)


@_rows(*_SMALL)
def small(bench: Bench, chosen: Names) -> Iterator[Measured]:
    operations = rows.operations(bench.sizes)
    with _both(bench) as servers:
        for server in servers:
            rows.put_small_batch(server, bench.sizes.batch)
        for name, (is_post, goal) in _SMALL.items():
            if name in chosen:
                yield _line(name, operations[name], "requests/s", goal, bench.rates(*servers, post=is_post))


@_rows(*_JOURNEY)
def journey(bench: Bench, chosen: Names) -> Iterator[Measured]:
    with _both(bench) as (remote, local):
        sides = (journeys.Ours(remote, bench.sizes), journeys.Ours(local, bench.sizes))
        for name, goal, samples in rows.journey_lines(sides, bench, chosen, _JOURNEY):
            yield _line(name, rows.operations(bench.sizes)[name], "ms", goal, samples)


@_rows("list")
def list_batches(bench: Bench, _: Names) -> Iterator[Measured]:
    sizes = bench.sizes
    with _both(bench) as servers:
        yield _line("list", rows.operations(sizes)["list"], "ms", _LISTS, rows.changed_lists(servers, sizes))


@_rows(*(f"inside-{name}" for name in _INSIDE))
def inside(bench: Bench, chosen: Names) -> Iterator[Measured]:
    """Measure the store's part of each operation, without HTTP, each side in a process of its own."""
    sizes = bench.sizes
    shape = (sizes.places, sizes.page, sizes.list_batches, sizes.batch, sizes.repeats)
    sides = [bench.bay.inside(db, *shape) for db in (_new_schema(), str(bench.bay.file()))]
    for name, (operation, goal) in _INSIDE.items():
        if f"inside-{name}" in chosen:
            samples = [side[name] for side in sides]
            yield _line(f"inside-{name}", f"{operation.format(**vars(sizes))}, in process", "ms", goal, samples)


@_rows(*_TWO)
def two(bench: Bench, chosen: Names) -> Iterator[Measured]:
    """Compare two processes on a schema with one; what is gained depends on the processors that are left to them."""
    schema = _new_schema()
    with bench.bay.ours(schema) as first, bench.bay.ours(schema) as second:
        for name, (operation, slugs) in _TWO.items():
            if name in chosen:
                together, alone = [], []
                for _ in range(bench.sizes.repeats):
                    loads = [_to(bench, *pair) for pair in zip((first, second), slugs, strict=True)]
                    together.append(_rate(loads))
                    alone.append(_rate([_to(bench, first, "first")]))
                yield Measured(f"postgres-{name}", operation, "requests/s", None, together, alone)


def _to(bench: Bench, server: Server, slug: str) -> Load:
    load = bench.small_load(server, post=True, rate=0.0)
    return replace(load, path=f"/v1/{slug}/place_enrichment/batches")


def _rate(loads: Sequence[Load]) -> float:
    with ThreadPoolExecutor(len(loads)) as threads:
        return sum(threads.map(requests_per_second, loads))
