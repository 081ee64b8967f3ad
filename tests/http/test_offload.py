"""Where work runs: short work on the event loop, long work in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from anyio import Event, create_task_group, from_thread
from anyio.lowlevel import checkpoint

from reprompt_mock.engine import batches, clock, results, slices
from reprompt_mock.engine.reading import Reading
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.engine.writing import Writing
from reprompt_mock.errors import BatchNotFound
from reprompt_mock.http.offload import Offload
from reprompt_mock.store import jobs as stored_jobs
from reprompt_mock.store.columns import NewJobs
from reprompt_mock.store.session import Session

LONG_BODY = 64 * 1024 + 1


def thread(*_: Any) -> threading.Thread:
    """Work that gives the thread that it runs in."""
    return threading.current_thread()


def is_inline(offload: Offload, start: Callable[[], Any]) -> bool:
    """Run something that awaits `thread`; give whether it ran on the event loop."""

    async def run() -> bool:
        return bool(await start() is threading.current_thread())

    return asyncio.run(run())


@pytest.mark.parametrize(("size", "inline"), [(0, True), (LONG_BODY - 1, True), (LONG_BODY, False)])
def test_a_long_body_is_read_in_a_thread(offload: Offload, size: int, inline: bool) -> None:
    assert is_inline(offload, lambda: offload.prepare(thread, b"x" * size)) == inline


def test_work_across_worlds_runs_in_a_thread(offload: Offload) -> None:
    assert not is_inline(offload, lambda: offload.across(thread))


def test_short_work_in_a_world_runs_on_the_event_loop(offload: Offload) -> None:
    world = offload.engine.worlds.peek("acme")

    assert is_inline(offload, lambda: offload.read(world, thread))


@pytest.mark.parametrize(("jobs", "inline"), [(500, True), (501, False)])
def test_work_that_finds_itself_long_begins_anew_in_a_thread(offload: Offload, jobs: int, inline: bool) -> None:
    world = offload.engine.worlds.peek("acme")

    def weighed(work: Reading | Writing) -> threading.Thread:
        work.weigh(jobs)
        return threading.current_thread()

    async def write() -> threading.Thread:
        return (await offload.write(world, weighed)).value

    assert is_inline(offload, lambda: offload.read(world, weighed)) == inline
    assert is_inline(offload, write) == inline


def places(size: int) -> list[PlaceToEnrich]:
    return [PlaceToEnrich(f"p{number}", b'{"name":"Shop"}', ()) for number in range(size)]


def create(offload: Offload, world: World, size: int) -> None:
    offload.engine.write(world, batches.create, BatchToCreate("b", "B", places(size), kick_off=False))


@pytest.mark.parametrize(("size", "inline"), [(100, True), (101, False)])
def test_a_page_is_long_by_the_results_that_it_has(offload: Offload, size: int, inline: bool) -> None:
    world = offload.engine.worlds.peek("acme")
    create(offload, world, size)

    def page(reading: Reading) -> threading.Thread:
        results.page(reading, results.ResultQuery("b"), limit=1000, offset=0)
        return threading.current_thread()

    assert is_inline(offload, lambda: offload.read(world, page)) == inline


@pytest.mark.parametrize(("size", "inline"), [(500, True), (501, False)])
def test_moving_the_clock_is_long_by_the_jobs_of_the_world(offload: Offload, size: int, inline: bool) -> None:
    world = offload.engine.worlds.peek("acme")
    create(offload, world, size)

    def moved(move: Callable[[Writing], Any]) -> Callable[[], Any]:
        def work(writing: Writing) -> threading.Thread:
            move(writing)
            return threading.current_thread()

        async def write() -> threading.Thread:
            return (await offload.write(world, work)).value

        return write

    moves = (clock.settle, lambda writing: clock.advance(writing, 1), lambda writing: clock.poll(writing, "b"))
    assert [is_inline(offload, moved(move)) for move in moves] == [inline] * len(moves)


def test_a_world_is_forgotten_at_once_unless_another_change_is_under_way(
    offload: Offload, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, seen = offload.engine.worlds.peek("acme"), []
    create(offload, world, 1)
    monkeypatch.setattr(offload.engine, "forget", lambda _: seen.append(threading.current_thread()))
    asyncio.run(offload.forget(world))

    assert seen == [threading.current_thread()]


def test_a_change_never_waits_for_the_write_lock_on_the_event_loop(offload: Offload) -> None:
    world, locked, ended = offload.engine.worlds.peek("acme"), threading.Event(), threading.Event()

    def hold() -> None:
        with offload.engine.store.lock:
            locked.set()
            ended.wait(timeout=10)

    async def write() -> threading.Thread:
        change = asyncio.ensure_future(offload.write(world, thread))
        for _ in range(5):
            await asyncio.sleep(0)  # it has found the lock taken, in its turn too
        ended.set()
        return (await change).value

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(timeout=10)
    inline = is_inline(offload, write)
    holder.join(timeout=10)

    assert not inline


def test_a_small_write_comes_between_the_slices_of_a_big_create(
    offload: Offload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "_SLICE_JOBS", 10)
    world, other = offload.engine.worlds.peek("big"), offload.engine.worlds.peek("small")
    insert, order = stored_jobs.insert, list[str]()
    may_write: Event

    def watched(session: Session, new: NewJobs) -> None:
        if not order:
            order.append("first slice")
            from_thread.run(reach_the_lock)
        insert(session, new)

    async def reach_the_lock() -> None:
        """Let the small write find the lock taken."""
        may_write.set()
        for _ in range(3):
            await checkpoint()

    def write(writing: Writing) -> threading.Thread:
        order.append("small")
        return threading.current_thread()

    async def both() -> None:
        nonlocal may_write
        may_write = Event()
        async with create_task_group() as together:
            together.start_soon(offload.create, world, BatchToCreate("b", "B", places(30), kick_off=False))
            await may_write.wait()
            assert (await offload.write(other, write)).value is threading.current_thread()
            with pytest.raises(BatchNotFound):
                offload.engine.read(world, batches.status, "b")
            order.append("told")

    monkeypatch.setattr(stored_jobs, "insert", watched)
    asyncio.run(both())

    assert order == ["first slice", "small", "told"]
    assert offload.engine.read(world, batches.status, "b").batch.counts.total == 30
