"""Changes of one world that wait are made together, in their order; long ones by themselves."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reprompt_mock.http.turns import MOST_TOGETHER, Turns


class World:
    """A world by its identity."""


class Made:
    """Changes that are made when it is said; each gives its name, or raises what its name stands for."""

    def __init__(self) -> None:
        self.together: list[list[Any]] = []
        self.may_go_on = asyncio.Event()

    async def __call__(self, _: Any, works: Any) -> list[Any]:
        """Make changes."""
        self.together.append([*works])
        await self.may_go_on.wait()
        return [ValueError(work) if str(work).startswith("refused") else work for work in works]


async def _turn() -> None:
    """Let all tasks do what they can."""
    for _ in range(5):
        await asyncio.sleep(0)


def _asked(turns: Any, world: World, *names: str) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(turns.take(world, name, is_long=name.startswith("long"))) for name in names]


def test_what_comes_during_a_change_is_made_together_after_it() -> None:
    async def run() -> None:
        made, world = Made(), World()
        turns: Any = Turns(made)
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
        turns: Any = Turns(made)
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
        turns: Any = Turns(made)
        made.may_go_on.set()
        await asyncio.gather(*_asked(turns, world, *map(str, range(2 * MOST_TOGETHER + 1))))
        assert [len(together) for together in made.together] == [MOST_TOGETHER, MOST_TOGETHER, 1]

    asyncio.run(run())


def test_a_change_that_is_given_up_before_its_turn_is_not_made() -> None:
    async def run() -> None:
        made, world = Made(), World()
        turns: Any = Turns(made)
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
                await turns.take(world, "a", is_long=False)

    asyncio.run(run())
