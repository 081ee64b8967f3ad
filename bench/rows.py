"""The rows: one function for each, or for several that share work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from bench import journeys, places, unmatched
from bench.figures import Goal, Measured, percentile
from bench.load import Load, Running, requests_per_second
from reprompt_mock.attributes import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.servers import Bay, Server
    from bench.sizes import Sizes

_API = "/v1/bench/place_enrichment"
_FILL = 50_000
_IDLE_SECONDS = 0.5
_AROUND_CREATE_SECONDS = 0.3
_LIST_SAMPLES = 5
"""The factor by which a list gets more samples, since it takes only a few milliseconds."""
_POINTS = 200
_WORLDS_SAMPLES = 2
"""The same for requests beside paused worlds, which have the tightest limit."""

Names = frozenset[str]


class Bench:
    """What rows share: sizes, servers and a full database."""

    def __init__(self, bay: Bay, sizes: Sizes) -> None:
        self.bay = bay
        self.sizes = sizes
        self._runs = 0

    @cached_property
    def full_database(self) -> Path:
        """A database with many jobs in two worlds: half of them are finished, half due later."""
        db = self.bay.file()
        rest = self.sizes.stored
        with self.bay.ours(db) as server:
            while rest > 0:
                count = min(_FILL, rest)
                world = "finished" if rest > self.sizes.stored // 2 else "unfinished"
                server.call("POST", f"/v1/{world}/place_enrichment/batches", places.body(count))
                rest -= count
            server.call("POST", "/_mock/orgs/finished/clock/settle", b"{}")
        return db

    def rate(self, server: Server, *, post: bool = False) -> float:
        """Return how many small requests a server answers per second."""
        self._runs += 1
        return requests_per_second(self._load(server, post=post))

    def small_load(self, server: Server, *, post: bool, rate: float) -> Load:
        """Return a load of small requests at a rate."""
        self._runs += 1
        return self._load(server, post=post, rate=rate)

    def _load(self, server: Server, *, post: bool, rate: float = 0.0) -> Load:
        return Load(
            server.port,
            f"{_API}/batches" if post else f"{_API}/batches/small",
            places.template().decode() if post else None,
            connections=self.sizes.connections,
            seconds=self.sizes.seconds,
            first=self._runs * 10**6 % 10**9,
            rate=rate,
        )

    def rates(
        self, first: Server, second: Server, *, post: bool = False, times: int = 1
    ) -> tuple[list[float], list[float]]:
        """Measure the rates of two servers, alternating."""
        pairs = [(self.rate(first, post=post), self.rate(second, post=post)) for _ in range(self.sizes.repeats * times)]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


Measure = Callable[[Bench, Names], Iterator[Measured]]


@dataclass(frozen=True)
class Group:
    """Rows that are measured together."""

    names: tuple[str, ...]
    measure: Measure


GROUPS: list[Group] = []


def rows(
    *names: str,
) -> Callable[[Measure], Measure]:
    def register(
        measure: Measure,
    ) -> Measure:
        GROUPS.append(Group(names, measure))
        return measure

    return register


def put_small_batch(server: Server, count: int) -> bytes:
    """Store the batch that small GETs read; return its status."""
    server.call("POST", f"{_API}/batches", places.body(count, batch_id="small"))
    return server.call("GET", f"{_API}/batches/small")


@rows("get")
def get(bench: Bench, _: Names) -> Iterator[Measured]:
    with bench.bay.ours() as ours:
        answer = put_small_batch(ours, bench.sizes.batch)
        with bench.bay.floor("get", answer) as floor:
            rates = bench.rates(ours, floor)
    operation = f"GET /batches/{{id}}, {bench.sizes.batch} jobs, an unchanged batch again and again"
    yield Measured("get", operation, "requests/s", Goal(0.70, at_least=True), *rates)


_FIRST_READS = 100


def _first_reads(servers: tuple[Server, Server], sizes: Sizes, changed: tuple[bool, bool]) -> list[list[float]]:
    """Measure GETs in microseconds, each right after an append to its batch, so that no cached answer is valid."""
    append = places.body(1, batch_id="small")
    samples: list[list[float]] = [[], []]
    for number in range(sizes.repeats * _FIRST_READS + 1):
        for server, kept, changes in zip(servers, samples, changed, strict=True):
            if changes:
                server.call("POST", f"{_API}/batches", append)
            taken = server.timed("GET", f"{_API}/batches/small") * 1e3
            if number:
                kept.append(taken)
    return samples


@rows("get-first")
def get_first(bench: Bench, _: Names) -> Iterator[Measured]:
    with bench.bay.ours() as ours:
        answer = put_small_batch(ours, bench.sizes.batch)
        with bench.bay.floor("get", answer) as floor:
            samples = _first_reads((ours, floor), bench.sizes, (True, False))
    operation = f"GET /batches/{{id}}, {bench.sizes.batch} jobs, 1 connection, first read after a change"
    yield Measured("get-first", operation, "µs", None, *samples)


@rows("post")
def post(bench: Bench, _: Names) -> Iterator[Measured]:
    with bench.bay.ours() as ours:
        answer = ours.call("POST", f"{_API}/batches", places.template())
        with bench.bay.floor("post", answer) as floor:
            rates = bench.rates(ours, floor, post=True)
    yield Measured("post", "POST /batches, 1 job", "requests/s", Goal(0.46, at_least=True), *rates)


@rows("post-sql")
def post_with_sql(bench: Bench, _: Names) -> Iterator[Measured]:
    with bench.bay.ours() as ours, bench.bay.same_sql() as floor:
        rates = bench.rates(ours, floor, post=True)
    operation = "POST /batches, 1 job ÷ a bare route with the same statements"
    yield Measured("post-sql", operation, "requests/s", Goal(0.95, at_least=True), *rates)


_JOURNEY_GOALS = {
    "create": Goal(1.5),
    "status": Goal(1.2),
    "page": Goal(1.6),
    "settle": Goal(1.2),
    "flow": Goal(1.5),
}


def operations(sizes: Sizes) -> dict[str, str]:
    return {
        "get": f"GET /batches/{{id}}, {sizes.batch} jobs",
        "post": "POST /batches, 1 job",
        "create": f"create {sizes.places:,} places",
        "status": f"status of {sizes.places:,}",
        "page": f"one page of {sizes.page:,} core results",
        "settle": f"settle {sizes.places:,}",
        "flow": f"create → settle → all results of {sizes.places:,} in pages of {sizes.results_page:,}",
        "list": f"a page of {sizes.list_batches:,} batches of {sizes.list_jobs:,} jobs each",
    }


def journey_lines(
    sides: tuple[journeys.Side, journeys.Side], bench: Bench, chosen: Names, goals: dict[str, Goal]
) -> Iterator[tuple[str, Goal, list[list[float]]]]:
    steps = {step for name in chosen for step in (("settle", "results") if name == "flow" else (name,))}
    if steps & {"page", "status"}:
        steps.add("settle")
    samples = journeys.travel(sides, bench.sizes, steps)
    for name, goal in goals.items():
        if name in chosen:
            yield name, goal, journeys.summed(samples) if name == "flow" else samples[name]


@rows(*_JOURNEY_GOALS)
def journey(bench: Bench, chosen: Names) -> Iterator[Measured]:
    with bench.bay.ours() as server, bench.bay.floor("store") as floor_server:
        ours = journeys.Ours(server, bench.sizes)
        floor = journeys.Floor(floor_server, bench.sizes, *ours.shape())
        lines = list(journey_lines((ours, floor), bench, chosen, _JOURNEY_GOALS))
    for name, goal, samples in lines:
        yield Measured(name, operations(bench.sizes)[name], "ms", goal, *samples)


_LISTED = "/v1/listed/place_enrichment/batches"


def _put_list(server: Server, sizes: Sizes) -> None:
    template = places.body(sizes.list_jobs, batch_id=f"batch-{places.NUMBER}")
    for number in range(sizes.list_batches):
        server.call("POST", _LISTED, template.replace(places.NUMBER.encode(), b"%09d" % number, 1))


def _lists(
    servers: tuple[Server, Server], paths: tuple[str, str], sizes: Sizes, changed: tuple[bool, bool]
) -> list[list[float]]:
    """Measure lists; where `changed`, each right after a job was added to one of its batches."""
    samples: list[list[float]] = [[], []]
    for number in range(sizes.repeats * _LIST_SAMPLES + 1):
        for server, path, kept, changes in zip(servers, paths, samples, changed, strict=True):
            if changes:
                server.call("POST", _LISTED, _one_more(number))
            kept.append(server.timed("GET", path))
    return [kept[1:] for kept in samples]


def _one_more(number: int) -> bytes:
    body = places.template().replace(places.NUMBER.encode(), b"%09d" % number)
    return body.replace(b"{", b'{"batch_id":"batch-%s",' % places.NUMBER.encode(), 1)


def changed_lists(servers: tuple[Server, Server], sizes: Sizes) -> list[list[float]]:
    """Measure pages of many batches on two emulators, each right after a change."""
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda server: _put_list(server, sizes), servers))
    path = f"{_LISTED}?limit={sizes.list_batches}"
    return _lists(servers, (path, path), sizes, (True, True))


@rows("list")
def list_batches(bench: Bench, _: Names) -> Iterator[Measured]:
    sizes = bench.sizes
    with bench.bay.ours() as ours, bench.bay.floor("store") as floor:
        _put_list(ours, sizes)
        floor.call("POST", f"/add_batches?count={sizes.list_batches}&jobs={sizes.list_jobs}")
        paths = (f"{_LISTED}?limit={sizes.list_batches}", f"/batches?limit={sizes.list_batches}")
        samples = _lists((ours, floor), paths, sizes, (True, False))
    yield Measured("list", operations(sizes)["list"], "ms", Goal(2.5), *samples)


@rows("timeline")
def timeline(bench: Bench, _: Names) -> Iterator[Measured]:
    sizes = bench.sizes
    with bench.bay.ours() as server:
        server.call("POST", f"{_API}/batches", places.body(sizes.places))
        path = f"/_mock/orgs/bench/timeline?points={_POINTS}"
        samples = [server.timed("GET", path) for _ in range(sizes.repeats * _LIST_SAMPLES + 1)]
    operation = f"a timeline of {sizes.places:,} jobs at {_POINTS} points"
    yield Measured("timeline", operation, "ms", Goal(60, "ms"), samples[1:])


@rows("tick")
def tick(bench: Bench, _: Names) -> Iterator[Measured]:
    micro = bench.bay.micro("tick", bench.full_database, str(bench.sizes.repeats))
    operation = f"a tick with nothing due, {bench.sizes.stored:,} jobs stored"
    yield Measured("tick", operation, "ms", Goal(0.1, "ms"), [taken / 1e3 for taken in micro])


_STORED = ("get", "post", *_JOURNEY_GOALS, "list")


@rows(*(f"stored-{name}" for name in _STORED))
def stored(bench: Bench, chosen: Names) -> Iterator[Measured]:
    """Compare each operation on a database with many jobs in other worlds with the same on an empty database."""
    sizes = bench.sizes
    names = frozenset(name.removeprefix("stored-") for name in chosen)
    described = operations(sizes)

    def line(name: str, unit: str, samples: Sequence[Sequence[float]]) -> Measured:
        operation = f"{described[name]}, {sizes.stored:,} jobs stored ÷ empty"
        return Measured(f"stored-{name}", operation, unit, Goal(1.15), *samples)

    with bench.bay.ours(bench.full_database) as full, bench.bay.ours(bench.bay.file()) as empty:
        for server in (full, empty):
            put_small_batch(server, sizes.batch)
        if "get" in names:
            yield line("get", "µs", _first_reads((full, empty), sizes, (True, True)))
        if "post" in names:
            # The time per request, so that more is worse, as in the other lines.
            rates = bench.rates(full, empty, post=True)
            yield line("post", "µs", [[1e6 / rate for rate in side] for side in rates])
        if names & _JOURNEY_GOALS.keys():
            sides = (journeys.Ours(full, sizes), journeys.Ours(empty, sizes))
            for name, _, samples in journey_lines(sides, bench, names, _JOURNEY_GOALS):
                yield line(name, "ms", samples)
        if "list" in names:
            yield line("list", "ms", changed_lists((full, empty), sizes))


@rows("p99-get", "p99-post")
def tail_latency(bench: Bench, chosen: Names) -> Iterator[Measured]:
    sizes = bench.sizes
    kinds = (
        ("p99-get", "small GETs", False, sizes.get_rate, Goal(100, "ms")),
        ("p99-post", "small POSTs", True, sizes.post_rate, Goal(60, "ms")),
    )
    body = places.body(sizes.places)
    for name, label, is_post, rate, goal in kinds:
        if name not in chosen:
            continue
        with bench.bay.ours() as server:
            put_small_batch(server, sizes.batch)
            samples = [
                percentile(
                    _beside_create(server, bench.small_load(server, post=is_post, rate=rate), body, number), 0.99
                )
                for number in range(sizes.repeats)
            ]
        operation = f"p99 of {label} at {rate:g}/s, while {sizes.places:,} places are created"
        yield Measured(name, operation, "ms", goal, samples)


def _beside_create(server: Server, load: Load, body: bytes, number: int) -> list[float]:
    running = Running(load)
    time.sleep(_AROUND_CREATE_SECONDS * 2)
    start = time.monotonic()
    server.call("POST", f"/v1/created-{number}/place_enrichment/batches", body)
    end = time.monotonic()
    time.sleep(_AROUND_CREATE_SECONDS)
    latencies = running.stop().within(start, end)
    if not latencies:
        raise RuntimeError("the create was over before a small request was due: use more places or a higher rate")
    return [taken * 1e3 for taken in latencies]


@rows("start", "ready", "memory")
def start(bench: Bench, chosen: Names) -> Iterator[Measured]:
    bay = bench.bay
    answers: list[list[float]] = [[], []]
    readies: list[list[float]] = [[], []]
    memories: list[list[float]] = [[], []]
    for number in range(bench.sizes.repeats + 1):
        for which, begin in enumerate((bay.cold_start, bay.cold_start_of_bare)):
            server, answered, ready = begin()
            if number:  # the first run compiles
                answers[which].append(answered)
                readies[which].append(ready)
                if "memory" in chosen:
                    time.sleep(_IDLE_SECONDS)
                    memories[which].append(server.memory())
            server.stop()
    lines = [
        Measured("start", "cold start to the first health answer", "ms", Goal(1.15), *answers),
        Measured("ready", "cold start to the ready line", "ms", Goal(1.4), *readies),
        Measured("memory", "idle memory", "MB", Goal(1.3), *memories),
    ]
    yield from (line for line in lines if line.name in chosen)


@rows("worlds")
def worlds(bench: Bench, _: Names) -> Iterator[Measured]:
    with ExitStack() as stack:
        beside, alone = (stack.enter_context(_with_small_batch(bench)) for _ in range(2))
        one = places.template()
        for number in range(bench.sizes.worlds):
            beside.call("POST", f"/v1/paused-{number}/place_enrichment/batches", one)
        rates = bench.rates(beside, alone, times=_WORLDS_SAMPLES)
    operation = f"GET /batches/{{id}} beside {bench.sizes.worlds:,} paused worlds with unfinished jobs"
    yield Measured("worlds", operation, "requests/s", Goal(0.97, at_least=True), *rates)


@contextmanager
def _with_small_batch(bench: Bench) -> Iterator[Server]:
    with bench.bay.ours() as server:
        put_small_batch(server, bench.sizes.batch)
        yield server


@rows("conduct")
def conduct(bench: Bench, _: Names) -> Iterator[Measured]:
    samples = bench.bay.micro("conduct", str(bench.sizes.exchanges), str(bench.sizes.repeats))
    operation = f"a verdict on {bench.sizes.exchanges:,} requests, in process"
    yield Measured("conduct", operation, "ms", Goal(100, "ms"), samples)


_RULES_GOALS = {100: Goal(1.2), 1_000: Goal(1.5)}


@rows(*(f"rules-{count}" for count in _RULES_GOALS))
def under_rules(bench: Bench, chosen: Names) -> Iterator[Measured]:
    sizes = bench.sizes
    body = places.body(sizes.places)
    for count, goal in _RULES_GOALS.items():
        if f"rules-{count}" in chosen:
            with bench.bay.ours() as server:
                samples = _creates_under_rules(server, body, unmatched.rules(count), sizes)
            operation = f"create {sizes.places:,} places under {count:,} rules that match none ÷ without rules"
            yield Measured(f"rules-{count}", operation, "ms", goal, *samples)


def _creates_under_rules(server: Server, body: bytes, rules: bytes, sizes: Sizes) -> list[list[float]]:
    """Measure creates with and without rules in turn, each in its own world."""
    samples: list[list[float]] = [[], []]
    for number in range(sizes.repeats + 1):
        for world, kept in zip((f"ruled-{number}", f"free-{number}"), samples, strict=True):
            if world.startswith("ruled"):
                server.call("POST", f"/_mock/orgs/{world}/rules", rules)
            taken = server.timed("POST", f"/v1/{world}/place_enrichment/batches", body)
            if number:
                kept.append(taken)
    return samples


@rows("faults-1000")
def under_faults(bench: Bench, _: Names) -> Iterator[Measured]:
    with ExitStack() as stack:
        under, without = (stack.enter_context(_with_small_batch(bench)) for _ in range(2))
        under.call("POST", "/_mock/orgs/bench/faults", unmatched.faults(1_000))
        samples: list[list[float]] = [[], []]
        for number in range(bench.sizes.repeats * _FIRST_READS + 1):
            for server, kept in zip((under, without), samples, strict=True):
                taken = server.timed("GET", f"{_API}/batches/small") * 1e3
                if number:
                    kept.append(taken)
    operation = "GET /batches/{id}, 1 connection, under 1,000 faults that match nothing ÷ without faults"
    yield Measured("faults-1000", operation, "µs", Goal(1.3), *samples)


@rows("post-running", "get-running")
def running(bench: Bench, names: Names) -> Iterator[Measured]:
    """Compare a world in which time runs, so that the jobs of thousands of small batches move, with one that stands."""
    rates: dict[str, list[tuple[float, float]]] = {"post-running": [], "get-running": []}
    with ExitStack() as stack:
        moving, standing = (stack.enter_context(_with_small_batch(bench)) for _ in range(2))
        moving.call("PATCH", "/_mock/orgs/bench/clock", b'{"running": true}')
        for _ in range(bench.sizes.repeats):
            for name, pairs in rates.items():
                is_post = name == "post-running"
                pairs.append((bench.rate(moving, post=is_post), bench.rate(standing, post=is_post)))
    goals = {"post-running": Goal(0.6, at_least=True), "get-running": None}
    described = {"post-running": "POST /batches, 1 job", "get-running": "GET /batches/{id}, a second later"}
    for name in filter(names.__contains__, rates):
        sides = [list(side) for side in zip(*rates[name], strict=True)]
        yield Measured(name, f"{described[name]}, time runs ÷ stands", "requests/s", goals[name], *sides)


@rows("result")
def result(bench: Bench, _: Names) -> Iterator[Measured]:
    # By name, since the set `all` is the same as `core` (contract D6).
    body = bench.bay.file(places.body(bench.sizes.micro, attributes=tuple(CATALOGUE)))
    samples = bench.bay.micro("results", body, str(bench.sizes.repeats))
    yield Measured("result", "one result with all attributes, built in process", "µs", Goal(60, "µs"), samples)
