"""While others write and time runs: requests wait for the lock together, and return to the event loop soon."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, nullcontext
from typing import Any

import pytest

from reprompt_mock.clock import SECOND
from reprompt_mock.engine import batches
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.http.arrivals import Arrivals
from reprompt_mock.http.offload import Offload
from reprompt_mock.http.turns import MOST_TOGETHER, Turns
from reprompt_mock.settings import load
from tests.stores import database_of

DAY = 86_400 * SECOND


class Time:
    """The machine's time in microseconds, which moves when it is said."""

    now = 1_800_000_000 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def running(time: Time) -> Iterator[Offload]:
    """The way to an engine whose worlds move with `time`."""
    with closing(Engine(load({"clock": "running"}, environ={}), real=time)) as engine:
        yield Offload(engine)


def due(offload: Offload, time: Time, jobs: int) -> World:
    """Give a world in which a batch of some jobs is due."""
    world = offload.engine.worlds.peek("acme")
    offload.engine.write(world, batches.create, to_create("moving", jobs))
    time.now += DAY
    assert world.is_due()
    return world


def to_create(name: str, jobs: int = 1) -> BatchToCreate:
    places = [PlaceToEnrich(f"p{number}", b'{"name":"Shop"}', ("websites",)) for number in range(jobs)]
    return BatchToCreate(name, name, places, kick_off=True)


def thread(*_: Any) -> threading.Thread:
    """Work that gives the thread that it runs in."""
    return threading.current_thread()


def commits(offload: Offload) -> list[str]:
    """Give a list that the commits from now on are added to."""
    seen: list[str] = []
    database_of(offload.engine)._writer.set_trace_callback(lambda one: seen.append(one) if one == "COMMIT" else None)
    return seen


def while_taken(offload: Offload, *starts: Callable[[], Coroutine[Any, Any, Any]]) -> list[Any]:
    """Start calls while another thread has the lock, release it once they have met it; give what they return."""
    held, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with offload.engine.store.lock:
            held.set()
            ended.wait(timeout=10)

    async def run() -> list[Any]:
        calls = [asyncio.ensure_future(start()) for start in starts]
        for _ in range(5):
            await asyncio.sleep(0)
        ended.set()
        return await asyncio.gather(*calls)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(timeout=10)
    try:
        return asyncio.run(run())
    finally:
        holder.join(timeout=10)


def test_changes_that_find_the_lock_taken_share_a_commit_after_it(offload: Offload) -> None:
    world, seen = offload.engine.worlds.peek("acme"), commits(offload)
    names = [f"b{number}" for number in range(MOST_TOGETHER + 1)]
    starts = [lambda name=name: offload.create(world, to_create(name)) for name in names]
    views = while_taken(offload, *starts)

    assert len(seen) == 2  # the first begins to wait for the lock, and the others for the first
    assert [view.value.batch.id for view in views] == names


def test_a_change_after_those_that_waited_is_made_on_the_event_loop(offload: Offload) -> None:
    world = offload.engine.worlds.peek("acme")

    async def twice() -> list[threading.Thread]:
        return [(await offload.write(world, thread)).value for _ in range(2)]

    first, second = while_taken(offload, twice)[0]
    assert first is not threading.current_thread()
    assert second is threading.current_thread()


def test_reads_that_find_the_lock_taken_are_served_by_one_look_at_what_is_due(running: Offload, time: Time) -> None:
    world, seen = due(running, time, 3), commits(running)
    reads = [lambda: running.read(world, batches.status, "moving")] * 9
    views = while_taken(running, *reads)

    assert len(seen) == 1
    assert {view.status.name for view in views} <= {"completed", "failed"}


@pytest.mark.parametrize(("jobs", "inline"), [(500, True), (501, False)])
def test_what_is_due_is_applied_on_the_event_loop_where_that_is_short(
    jobs: int, inline: bool, running: Offload, time: Time
) -> None:
    world = due(running, time, jobs)

    async def read() -> threading.Thread:
        return await running.read(world, thread)

    async def write() -> threading.Thread:
        return (await running.write(world, thread)).value

    for start in (read, write):
        assert (asyncio.run(start()) is threading.current_thread()) == inline
        assert not world.is_due()
        running.engine.write(world, batches.create, to_create("moving", jobs))
        time.now += DAY


def test_what_falls_due_on_the_way_to_a_read_does_not_make_the_event_loop_wait(
    running: Offload, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = due(running, time, 1)
    monkeypatch.setattr(running, "_calm", lambda _: nullcontext(enter_result=True))  # it was not due yet
    reader = while_taken(running, lambda: running.read(world, thread))

    assert reader != [threading.current_thread()]
    assert not world.is_due()


def test_many_batches_are_as_long_as_one(running: Offload, time: Time) -> None:
    world = due(running, time, 1)
    for number in range(6):
        running.engine.write(world, batches.create, to_create(f"b{number}", 100))
    assert asyncio.run(running.read(world, thread)) is threading.current_thread()
    time.now += DAY
    assert asyncio.run(running.read(world, thread)) is not threading.current_thread()


def test_a_forgotten_world_is_read_as_it_was_and_does_not_return(running: Offload, time: Time) -> None:
    world = due(running, time, 1)
    running.engine.forget(world)
    asyncio.run(running.read(world, thread))
    while_taken(running, lambda: running.read(world, thread))

    assert running.engine.worlds.find("acme") is None


def test_who_waits_on_an_event_loop_does_not_keep_another_loop_waiting() -> None:
    """Both kinds of waiting: for a turn, and for a look."""
    main = threading.current_thread()

    async def made(*_: Any) -> Any:
        if threading.current_thread() is main:
            await asyncio.Event().wait()
        return ["made"]

    world: Any = object()
    turns: Any = Turns(made)
    looks: Any = Arrivals(made)

    async def run() -> None:
        waiting = [
            asyncio.ensure_future(turns.take(world, thread, is_long=False)),
            asyncio.ensure_future(looks.of("a")),
        ]
        for _ in range(3):
            await asyncio.sleep(0)
        assert await asyncio.to_thread(asyncio.run, turns.take(world, thread, is_long=False)) == "made"
        assert await asyncio.to_thread(asyncio.run, looks.of("a")) == ["made"]
        assert not any(one.done() for one in waiting)
        for one in waiting:
            one.cancel()

    asyncio.run(run())
