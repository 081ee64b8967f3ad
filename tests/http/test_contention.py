"""While others write: short changes wait for the lock together, and return to the event loop soon."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.writing import Writing
from reprompt_mock.http.offload import Offload
from reprompt_mock.http.turns import MOST_TOGETHER, Turns
from reprompt_mock.store.session import Session
from tests.http.test_offload import thread
from tests.stores import database_of


def to_create(name: str) -> BatchToCreate:
    return BatchToCreate(name, name, [PlaceToEnrich("p", b'{"name":"Shop"}', ("websites",))], kick_off=True)


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
    views = while_taken(offload, *[partial(offload.create, world, to_create(name)) for name in names])

    assert len(seen) == 2  # the first begins to wait for the lock, and the others for the first
    assert [view.value.batch.id for view in views] == names


def test_a_change_after_those_that_waited_is_made_on_the_event_loop(offload: Offload) -> None:
    world = offload.engine.worlds.peek("acme")

    async def twice() -> list[threading.Thread]:
        return [(await offload.write(world, thread)).value for _ in range(2)]

    first, second = while_taken(offload, twice)[0]
    assert first is not threading.current_thread()
    assert second is threading.current_thread()


def test_a_long_change_that_waited_is_made_by_itself(offload: Offload) -> None:
    world = offload.engine.worlds.peek("acme")
    sessions: dict[str, list[Session]] = {"short": [], "long": []}

    def short(writing: Writing) -> None:
        sessions["short"].append(writing.session)

    def long(writing: Writing) -> None:
        writing.weigh(501)
        sessions["long"].append(writing.session)

    while_taken(offload, *[partial(offload.write, world, change) for change in (short, long, short, long, short)])

    first, second = sessions["long"]
    assert first is not second
    assert not any(one is other for one in sessions["long"] for other in sessions["short"])


def test_who_waits_for_a_turn_on_an_event_loop_does_not_keep_another_loop_waiting() -> None:
    main = threading.current_thread()

    async def made(*_: Any) -> Any:
        if threading.current_thread() is main:
            await asyncio.Event().wait()
        return ["made"]

    async def run() -> None:
        world: Any = object()
        turns: Any = Turns(made)
        waiting = asyncio.ensure_future(turns.take(world, thread))
        for _ in range(3):
            await asyncio.sleep(0)
        assert await asyncio.to_thread(asyncio.run, turns.take(world, thread)) == "made"
        assert not waiting.done()
        waiting.cancel()

    asyncio.run(run())
