"""The rows about whole batches: operations that change or copy one, measured against its create, and memory."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from bench import places, share
from bench.figures import Goal, Measured
from bench.rows import Bench, Names, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.servers import Server

_MB = 2**20
_FILL = 50_000
_ENRICHMENTS = "phoneNumber,website,open_closed_status"
_HOLD = orjson.dumps({"then": {"hold": "queued"}})
_AGAIN = orjson.dumps({"failed_only": False, "refresh": True})
_DAY = orjson.dumps({"seconds": 86_400})


def _batches(world: str) -> str:
    return f"/v1/{world}/place_enrichment/batches"


def _create(server: Server, world: str, body: bytes) -> float:
    return server.timed("POST", _batches(world), body)


def _settle(server: Server, world: str) -> None:
    server.call("POST", f"/_mock/orgs/{world}/clock/settle", b"{}")


def _replace(server: Server, world: str, body: bytes) -> tuple[float, float]:
    created = _create(server, world, body)
    return _create(server, world, body), created


def _reprocess(server: Server, world: str, body: bytes) -> tuple[float, float]:
    created = _create(server, world, body)
    _settle(server, world)
    return server.timed("POST", f"{_batches(world)}/big/reprocess", _AGAIN), created


def _release(server: Server, world: str, body: bytes) -> tuple[float, float]:
    created = _create(server, f"free-{world}", body)
    server.call("POST", f"/_mock/orgs/{world}/rules", _HOLD)
    _create(server, world, body)
    _settle(server, world)
    return server.timed("POST", f"/_mock/orgs/{world}/release", b"{}"), created


def _enrichments(server: Server, world: str, body: bytes) -> tuple[float, float]:
    _create(server, world, body)
    _settle(server, world)
    status = server.timed("GET", f"{_batches(world)}/big")
    return server.timed("GET", f"{_batches(world)}/big?enrichments={_ENRICHMENTS}"), status


_STEPS: dict[str, tuple[str, float, Callable[[Server, str, bytes], tuple[float, float]]]] = {
    "replace": ("an append that replaces {} places ÷ their create", 1.2, _replace),
    "reprocess": ("reprocess {} places ÷ their create", 1.2, _reprocess),
    "release": ("release {} held places ÷ their create", 1.2, _release),
    "enrichments": ("status of {} with three enrichments ÷ without", 2.0, _enrichments),
}


@rows(*_STEPS)
def whole_batches(bench: Bench, chosen: Names) -> Iterator[Measured]:
    sizes = bench.sizes
    body = places.body(sizes.places, batch_id="big")
    for name, (operation, limit, step) in _STEPS.items():
        if name in chosen:
            with bench.bay.ours() as server:
                pairs = [step(server, f"{name}-{number}", body) for number in range(sizes.repeats + 1)][1:]
            samples = [list(side) for side in zip(*pairs, strict=True)]
            yield Measured(name, operation.format(f"{sizes.places:,}"), "ms", Goal(limit), *samples)


def _fill(server: Server, world: str, count: int) -> float:
    """Store as many places in one batch; return the milliseconds that their creates took."""
    jobs = [places.body(min(_FILL, count - start), batch_id="big", first=start) for start in range(0, count, _FILL)]
    return sum(_create(server, world, body) for body in jobs)


def _copies(server: Server, number: int, count: int) -> tuple[float, float]:
    world = f"copied-{number}"
    created = _fill(server, world, count)
    _settle(server, world)
    snapshots: list[bytes] = []
    taken = _timed_answer(server, f"/_mock/orgs/{world}/snapshot", snapshots)
    put = server.timed("PUT", f"/_mock/orgs/{world}-again/snapshot", snapshots[0])
    for used in (world, f"{world}-again"):
        server.call("DELETE", f"/_mock/orgs/{used}")
    return taken + put, created


def _timed_answer(server: Server, path: str, kept: list[bytes]) -> float:
    return server.timed("GET", path, kept=kept)


@rows("snapshot")
def snapshot(bench: Bench, _: Names) -> Iterator[Measured]:
    count = bench.sizes.snapshot
    with bench.bay.ours() as server:
        pairs = [_copies(server, number, count) for number in range(bench.sizes.repeats + 1)][1:]
    operation = f"snapshot and restore a world of {count:,} places ÷ their create"
    yield Measured("snapshot", operation, "ms", Goal(1.5), *[list(side) for side in zip(*pairs, strict=True)])


def _peak(server: Server, act: Callable[[], object]) -> float:
    """Return how many MB the process's memory rises at most during an act; needs Linux.

    Raises:
        OSError: the system does not tell.
    """
    process = Path("/proc") / str(server.process.pid)
    (process / "clear_refs").write_text("5")
    before = _said(process, "VmRSS")
    act()
    return (_said(process, "VmHWM") - before) / 1024


def _said(process: Path, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+)", (process / "status").read_text())
    if found is None:
        raise OSError(f"{process} does not tell {name}")
    return int(found[1])


@rows("create-memory")
def create_memory(bench: Bench, _names: Names) -> Iterator[Measured]:
    body = places.body(bench.sizes.places)
    risen = []
    for _repeat in range(bench.sizes.repeats):
        with bench.bay.ours() as server:
            _create(server, "warm", places.template())
            risen.append(_peak(server, partial(_create, server, "bench", body)))
    operation = f"peak memory of a create of {bench.sizes.places:,} beyond idle ÷ its body"
    yield Measured("create-memory", operation, "MB", Goal(6), risen, [len(body) / _MB])


@rows("snapshot-memory", "restore-memory")
def snapshot_memory(bench: Bench, chosen: Names) -> Iterator[Measured]:
    count = bench.sizes.snapshot
    documents: list[bytes] = []
    risen: list[list[float]] = [[], []]
    for _ in range(bench.sizes.repeats):
        with bench.bay.ours(bench.bay.file()) as server:
            _fill(server, "bench", count)
            _settle(server, "bench")
            documents.clear()
            risen[0].append(_peak(server, partial(_timed_answer, server, "/_mock/orgs/bench/snapshot", documents)))
        with bench.bay.ours() as server:
            _create(server, "warm", places.template())
            risen[1].append(_peak(server, partial(server.call, "PUT", "/_mock/orgs/again/snapshot", documents[0])))
    labels = {"snapshot-memory": "taking a snapshot", "restore-memory": "restoring a snapshot"}
    for (name, label), samples in zip(labels.items(), risen, strict=True):
        if name in chosen:
            operation = f"peak memory of {label} of {count:,} places beyond idle ÷ the document"
            yield Measured(name, operation, "MB", Goal(3), samples, [len(documents[0]) / _MB])


@rows("database-size")
def database_size(bench: Bench, _: Names) -> Iterator[Measured]:
    body = places.body(bench.sizes.places)
    sizes = []
    for settled in (False, True):
        db = bench.bay.file()
        with bench.bay.ours(db) as server:
            _create(server, "bench", body)
            if settled:
                _settle(server, "bench")
        sizes.append(sum(file.stat().st_size for file in db.parent.glob(f"{db.name}*")) / _MB)
    operation = f"size of a database of {bench.sizes.places:,} places ÷ the places as JSON"
    yield Measured("database-size", operation, "MB", Goal(1.6), sizes, [len(body) / _MB])


def _pages(server: Server, world: str, count: int, page: int) -> float:
    path = f"/v1/{world}/place_enrichment/jobs?batchId=big&limit={page}&offset="
    return sum(server.timed("GET", f"{path}{offset}") for offset in range(0, count, page))


def _exported(server: Server, world: str) -> tuple[float, float]:
    """Export two batches, of which one is large; return the milliseconds until the CSV was read, and the peak memory.

    Two, since the export of a single batch is answered inline.
    """
    api = f"/v1/{world}/place_enrichment/exports"
    spent: list[float] = []

    def act() -> None:
        spent.append(server.timed("POST", api, b'{"batch_ids":["big","one"]}'))
        export = orjson.loads(server.call("GET", api))["exports"][0]["id"]
        spent.append(server.timed("POST", f"/_mock/orgs/{world}/clock/advance", _DAY))
        address = server.location(f"{api}/{export}/download")
        spent.append(server.timed("GET", address))

    risen = _peak(server, act)
    return sum(spent), risen


@rows("export", "export-memory")
def export(bench: Bench, chosen: Names) -> Iterator[Measured]:
    count, page = bench.sizes.export, bench.sizes.results_page
    exported, paged, risen = [], [], []
    for _ in range(1 if count > 200_000 else bench.sizes.repeats):
        with bench.bay.ours(bench.bay.file()) as server:
            server.call("PATCH", "/_mock/orgs/bench/settings", b'{"export_inline_rows":1}')
            _fill(server, "bench", count)
            _create(server, "bench", places.body(1, batch_id="one"))
            _settle(server, "bench")
            _pages(server, "bench", page, page)
            taken, memory = _exported(server, "bench")
            exported.append(count / taken * 1e3)
            risen.append(memory)
            paged.append(count / _pages(server, "bench", count, page) * 1e3)
    lines = [
        Measured("export", f"export {count:,} rows ÷ their pages", "rows/s", Goal(0.8, at_least=True), exported, paged),
        Measured("export-memory", f"peak memory of an export of {count:,} beyond idle", "MB", Goal(64, "MB"), risen),
    ]
    yield from (line for line in lines if line.name in chosen)


@rows("test")
def test(bench: Bench, _: Names) -> Iterator[Measured]:
    samples = share.measure(bench.bay.target, bench.sizes)
    operation = "a test's share: a fresh world, create 3, settle, status, results, forgotten; without pytest and client"
    yield Measured("test", operation, "ms", Goal(4.2, "ms"), samples)
