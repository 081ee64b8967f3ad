"""What waits under one key is served together, in its order; long changes by themselves."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from reprompt_mock.http.turns import MOST_TOGETHER, Change, Turns, next_changes


class World:
    """A world by its identity."""


class Made:
    """Changes that are made when it is said; each gives its name, or raises what its name stands for."""

    def __init__(self) -> None:
        self.together: list[list[Any]] = []
        self.may_go_on = asyncio.Event()

    async def __call__(self, _: Any, changes: Any) -> list[Any]:
        """Make changes."""
        works = [change.work for change in changes]
        self.together.append(works)
        await self.may_go_on.wait()
        return [ValueError(work) if str(work).startswith("refused") else work for work in works]


class Looks:
    """Looks that end when they are told to; each gives its number."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, asyncio.Future[Any]]] = []

    async def __call__(self, slug: str, requests: Any) -> Any:
        """Look."""
        end: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.begun.append((slug, end))
        return [await end] * len(requests)


async def _turn() -> None:
    """Let all tasks do what they can."""
    for _ in range(5):
        await asyncio.sleep(0)


def _asked(turns: Any, world: World, *names: str) -> list[asyncio.Task[Any]]:
    return [
        asyncio.create_task(turns.take(world, Change(cast("Any", name), name.startswith("long")))) for name in names
    ]


def test_what_comes_during_a_change_is_made_together_after_it() -> None:
    async def run() -> None:
        made, world = Made(), World()
        turns: Any = Turns(made, next_changes)
        tasks = _asked(turns, world, "a")
        await _turn()
        tasks += _asked(turns, world, "b", "refused", "c")
        others = _asked(turns, World(), "of another world")
        await _turn()
        assert made.together == [["a"], ["of another world"]]
        made.may_go_on.set()
        outcomes = await asyncio.gather(*tasks, *others, return_exceptions=True)
        assert [str(outcome) for outcome in outcomes] == ["a", "b", "refused", "c", "of another world"]
        assert isinstance(outcomes[2], ValueError)
        assert made.together[2:] == [["b", "refused", "c"]]

    asyncio.run(run())


def test_a_long_change_keeps_its_place_and_is_made_alone() -> None:
    async def run() -> None:
        made, world = Made(), World()
        turns: Any = Turns(made, next_changes)
        tasks = _asked(turns, world, "a")
        await _turn()
        tasks += _asked(turns, world, "b", "c", "long", "long too", "d")
        made.may_go_on.set()
        await asyncio.gather(*tasks)
        assert made.together == [["a"], ["b", "c"], ["long"], ["long too"], ["d"]]

    asyncio.run(run())


def test_only_so_many_changes_are_made_together() -> None:
    async def run() -> None:
        made, world = Made(), World()
        turns: Any = Turns(made, next_changes)
        made.may_go_on.set()
        await asyncio.gather(*_asked(turns, world, *map(str, range(2 * MOST_TOGETHER + 1))))
        assert [len(together) for together in made.together] == [MOST_TOGETHER, MOST_TOGETHER, 1]

    asyncio.run(run())


def test_a_change_that_is_given_up_before_its_turn_is_not_made() -> None:
    async def run() -> None:
        made, world = Made(), World()
        turns: Any = Turns(made, next_changes)
        first, second, third = _asked(turns, world, "a", "b", "c")
        await _turn()
        for task in (first, second):
            task.cancel()
        await _turn()
        made.may_go_on.set()
        assert await third == "c"
        assert made.together[0][0] == "a"
        assert "b" not in [name for together in made.together[1:] for name in together]

    asyncio.run(run())


def test_what_breaks_where_changes_are_made_leaves_nobody_waiting() -> None:
    async def broken(*_: Any) -> Any:
        raise KeyError

    async def run() -> None:
        world = World()
        turns: Any = Turns(broken)
        for _ in range(2):
            with pytest.raises(KeyError):
                await turns.take(world, None)

    asyncio.run(run())


def test_a_task_that_is_cancelled_before_it_begins_keeps_nobody_waiting() -> None:
    """As where all tasks of a loop are cancelled that goes on afterwards."""

    async def run() -> None:
        made, world = Made(), World()
        made.may_go_on.set()
        turns: Any = Turns(made, next_changes)
        (first,) = _asked(turns, world, "a")
        await asyncio.sleep(0)  # it has begun a turn, whose task has not begun
        (serving,) = asyncio.all_tasks() - {first, asyncio.current_task()}
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        (later,) = _asked(turns, world, "b")
        assert await later == "b"
        assert made.together == [["b"]]

    asyncio.run(run())


def test_who_comes_during_a_look_shares_the_next_one() -> None:
    async def run() -> None:
        looks = Looks()
        arrivals: Any = Turns(looks)
        first = asyncio.create_task(arrivals.take("acme", None))
        await _turn()
        later = [asyncio.create_task(arrivals.take("acme", None)) for _ in range(3)]
        other = asyncio.create_task(arrivals.take("other", None))
        await _turn()
        assert [slug for slug, _ in looks.begun] == ["acme", "other"]
        looks.begun[0][1].set_result("old")
        await _turn()
        assert (await first, [task.done() for task in later]) == ("old", [False] * 3)
        assert [slug for slug, _ in looks.begun] == ["acme", "other", "acme"]
        looks.begun[2][1].set_result("new")
        looks.begun[1][1].set_result("another")
        assert [await task for task in later] == ["new"] * 3
        assert await other == "another"

    asyncio.run(run())


def test_a_failure_is_that_of_all_who_waited_and_of_nobody_later() -> None:
    async def run() -> None:
        looks = Looks()
        arrivals: Any = Turns(looks)
        tasks = [asyncio.create_task(arrivals.take("acme", None)) for _ in range(2)]
        await _turn()
        looks.begun[0][1].set_exception(OSError("lost"))
        for task in tasks:
            with pytest.raises(OSError, match="lost"):
                await task
        await _turn()
        later = asyncio.create_task(arrivals.take("acme", None))
        await _turn()
        looks.begun[-1][1].set_result("there")
        assert await later == "there"

    asyncio.run(run())


def test_a_request_that_is_given_up_takes_no_other_with_it() -> None:
    async def run() -> None:
        looks = Looks()
        arrivals: Any = Turns(looks)
        tasks = [asyncio.create_task(arrivals.take("acme", None)) for _ in range(2)]
        await _turn()
        tasks[0].cancel()
        await _turn()
        looks.begun[0][1].set_result("there")
        assert await tasks[1] == "there"
        assert tasks[0].cancelled()

    asyncio.run(run())
