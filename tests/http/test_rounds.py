"""Short changes that come in one round of the event loop are made together; who comes alone is not kept waiting."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reprompt_mock.clock import SECOND
from reprompt_mock.engine import batches, clock, settings
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.engine.writing import Work, Writing
from reprompt_mock.errors import BatchNotFound, StorageFailed
from reprompt_mock.http.offload import Offload
from reprompt_mock.http.rounds import Rounds, join
from reprompt_mock.http.turns import MOST_TOGETHER
from reprompt_mock.settings import load
from tests.stores import database_of


class Made:
    """Changes that are made at once; each gives its name."""

    def __init__(self) -> None:
        self.together: list[tuple[Any, list[Any]]] = []

    def __call__(self, world: Any, works: Any) -> list[Any]:
        """Make changes."""
        self.together.append((world, [*works]))
        return [ValueError(work) if work == "refused" else work for work in works]


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def rounds(made: Made) -> Any:
    return Rounds(made)


def joined(rounds: Any, world: Any, *names: Any) -> list[asyncio.Future[Any]]:
    """Join the round that has begun."""
    return [join(rounds.gathering(), world, name) for name in names]


def test_the_first_of_a_round_is_left_to_itself_and_the_others_are_made_at_its_end(rounds: Any, made: Made) -> None:
    async def run() -> None:
        assert rounds.gathering() is None
        later = [*joined(rounds, "a", "second"), *joined(rounds, "b", "third"), *joined(rounds, "a", "fourth")]
        assert not made.together
        assert await asyncio.gather(*later) == ["second", "third", "fourth"]
        assert made.together == [("a", ["second", "fourth"]), ("b", ["third"])]

    asyncio.run(run())


def test_as_long_as_many_come_the_first_of_a_round_is_made_with_the_others(rounds: Any, made: Made) -> None:
    async def run() -> None:
        for size in (1, 3, 2, 1, 1):
            made.together.clear()
            is_alone = rounds.gathering() is None
            await asyncio.gather(*joined(rounds, "a", *range(size - is_alone)))
            await asyncio.sleep(0)
            seen.append((size, is_alone, [len(works) for _, works in made.together]))

    seen: list[Any] = []
    asyncio.run(run())
    assert seen == [(1, True, []), (3, True, [2]), (2, False, [2]), (1, False, [1]), (1, True, [])]


def test_each_is_told_what_became_of_it_unless_it_was_given_up_before(rounds: Any, made: Made) -> None:
    async def run() -> None:
        rounds.gathering()
        gone, refused, last = joined(rounds, "a", "gone", "refused", "last")
        (alone,) = joined(rounds, "b", "gone as well")
        gone.cancel()
        alone.cancel()
        assert [str(one) for one in await asyncio.gather(refused, last, return_exceptions=True)] == ["refused", "last"]
        assert made.together == [("a", ["refused", "last"])]

    asyncio.run(run())


def test_many_are_made_in_parts(rounds: Any, made: Made) -> None:
    async def run() -> None:
        rounds.gathering()
        assert await asyncio.gather(*joined(rounds, "a", *range(40))) == [*range(40)]
        assert [len(works) for _, works in made.together] == [MOST_TOGETHER, MOST_TOGETHER, 8]

    asyncio.run(run())


def test_all_are_told_of_a_defect_in_making_them() -> None:
    def broken(*_: Any) -> Any:
        raise LookupError

    async def run() -> None:
        rounds: Any = Rounds(broken)
        rounds.gathering()
        outcomes = await asyncio.gather(*joined(rounds, "a", 1, 2), *joined(rounds, "b", 3), return_exceptions=True)
        assert [type(one) for one in outcomes] == [LookupError] * 3

    asyncio.run(run())


def test_a_round_that_its_loop_did_not_end_keeps_nobody_waiting(rounds: Any) -> None:
    loop = asyncio.new_event_loop()

    async def run() -> Any:
        return rounds.gathering()

    for _ in range(2):
        assert loop.run_until_complete(run()) is None
        loop.close()
        loop = asyncio.new_event_loop()
    loop.close()


# With an engine


def world(offload: Offload) -> World:
    return offload.engine.worlds.peek("acme")


def to_create(batch_id: str, jobs: int = 1) -> BatchToCreate:
    places = [PlaceToEnrich(f"{batch_id}-{number}", b'{"name":"Shop"}', ("phone",)) for number in range(jobs)]
    return BatchToCreate(batch_id, "B", places, kick_off=True)


def ids(offload: Offload) -> list[str]:
    page = offload.engine.read(world(offload), batches.page, "", limit=500, offset=0)
    return [batch.id for batch, _, _ in page.batches][::-1]


def created(offload: Offload, *requests: BatchToCreate) -> list[Any]:
    """Create batches in one round; return what became of each."""

    async def run() -> list[Any]:
        tasks = [offload.create(world(offload), request) for request in requests]
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(run())


def test_creates_that_come_together_share_a_commit_and_end_as_if_they_had_come_alone(offload: Offload) -> None:
    statements: list[str] = []
    database_of(offload.engine)._writer.set_trace_callback(statements.append)
    answers = created(offload, *(to_create(f"b{number}") for number in range(9)))

    assert statements.count("COMMIT") == 2  # the first makes itself
    assert sum(one.startswith("UPDATE world") for one in statements) == 2
    assert ids(offload) == [one.value.batch.id for one in answers] == [f"b{number}" for number in range(9)]
    assert all(view.status.name == "pending" for view in (one.value for one in answers))


def test_what_changes_together_is_in_the_row_of_the_world(tmp_path: Path) -> None:
    """A create before and after, settings and time: the row has all of it, though it is written once."""
    settings_ = load({"clock": "paused", "db": str(tmp_path / "db")}, environ={})
    works: list[Work[Any]] = [
        lambda writing: batches.create(writing, to_create("first")),
        lambda writing: settings.change(writing, {"seed": 7}),
        lambda writing: clock.advance(writing, 90 * SECOND),
        lambda writing: batches.create(writing, to_create("last")),
    ]
    with closing(Engine(settings_)) as engine:
        engine.write_all(world(Offload(engine)), works)
        before = world(Offload(engine)).state
    with closing(Engine(settings_)) as engine:
        after = world(Offload(engine)).state
        assert after._replace(clock=before.clock) == before
        assert after.clock.now(0) == before.clock.now(0)
        assert ids(Offload(engine)) == ["first", "last"]


def test_one_that_is_refused_undoes_nothing_but_itself(offload: Offload) -> None:
    async def run() -> list[Any]:
        there = world(offload)
        calls: list[Any] = [offload.create(there, to_create(name)) for name in ("a", "b", "c")]
        calls.insert(2, offload.write(there, batches.update, "missing", name="N", refresh=None))
        return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = asyncio.run(run())

    assert [type(one) for one in outcomes if isinstance(one, Exception)] == [BatchNotFound]
    assert ids(offload) == ["a", "b", "c"]


def test_requests_that_are_given_up_leave_a_new_world_usable(offload: Offload) -> None:
    async def run() -> None:
        there = world(offload)
        calls = [asyncio.ensure_future(offload.create(there, to_create(name))) for name in ("a", "b")]
        for one in calls:
            asyncio.get_running_loop().call_soon(one.cancel)  # after both have joined, and before the round ends
        offload._rounds.gathering()
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(run())

    assert created(offload, to_create("c"))[0].value.batch.id == "c"
    assert ids(offload) == ["c"]


def test_one_that_turns_out_to_be_long_goes_on_in_a_thread(offload: Offload) -> None:
    seen: list[bool] = []

    def weighed(writing: Writing) -> None:
        seen.append(threading.current_thread() is threading.main_thread())
        writing.weigh(501)

    async def run() -> None:
        there = world(offload)
        await asyncio.gather(offload.create(there, to_create("a")), offload.write(there, weighed))

    asyncio.run(run())

    assert seen == [True, True, False]  # in its turn it is tried here once more
    assert ids(offload) == ["a"]


def test_they_do_not_wait_on_the_event_loop_for_whoever_writes(offload: Offload) -> None:
    held, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with offload.engine.store.lock:
            held.set()
            ended.wait(timeout=10)

    async def run() -> None:
        calls = [asyncio.ensure_future(offload.create(world(offload), to_create(name))) for name in ("a", "b", "c")]
        for _ in range(5):
            await asyncio.sleep(0)  # they have found the lock taken
        ended.set()
        await asyncio.gather(*calls)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(timeout=10)
    asyncio.run(run())
    holder.join(timeout=10)

    assert sorted(ids(offload)) == ["a", "b", "c"]


def test_what_cannot_be_stored_is_told_to_all_and_none_is_there(
    offload: Offload, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = database_of(offload.engine)

    def full(size: int) -> None:
        raise OSError(28, "No space left on device")

    created(offload, to_create("before"))
    monkeypatch.setattr(database, "_take_room", full)
    outcomes = created(offload, *(to_create(name) for name in ("a", "b", "c")))
    monkeypatch.undo()

    assert [type(one) for one in outcomes] == [StorageFailed] * 3
    assert ids(offload) == ["before"]
    created(offload, to_create("after"))
    assert ids(offload) == ["before", "after"]


def test_changes_of_a_world_that_was_forgotten_meanwhile_are_seen_and_lost(offload: Offload) -> None:
    there = world(offload)
    created(offload, to_create("before"))

    async def run() -> list[Any]:
        calls = [asyncio.ensure_future(offload.create(there, to_create(name))) for name in ("a", "b", "c")]
        await asyncio.sleep(0)
        offload.engine.forget(there)
        return await asyncio.gather(*calls)

    assert [one.value.batch.id for one in asyncio.run(run())] == ["a", "b", "c"]
    assert ids(offload) == []
