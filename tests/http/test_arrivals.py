"""Requests that arrive together share a look at their world, but none that began before they came."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reprompt_mock.http.arrivals import Arrivals


class Looks:
    """Looks that end when they are told to; each gives its number."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, asyncio.Future[Any]]] = []

    async def __call__(self, slug: str) -> Any:
        """Look."""
        end: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.begun.append((slug, end))
        return await end


async def _turn() -> None:
    """Let all tasks do what they can."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_who_comes_during_a_look_shares_the_next_one() -> None:
    async def run() -> None:
        looks = Looks()
        arrivals: Any = Arrivals(looks)
        first = asyncio.create_task(arrivals.of("acme"))
        await _turn()
        later = [asyncio.create_task(arrivals.of("acme")) for _ in range(3)]
        other = asyncio.create_task(arrivals.of("other"))
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
        arrivals: Any = Arrivals(looks)
        tasks = [asyncio.create_task(arrivals.of("acme")) for _ in range(2)]
        await _turn()
        looks.begun[0][1].set_exception(OSError("lost"))
        for task in tasks:
            with pytest.raises(OSError, match="lost"):
                await task
        await _turn()
        later = asyncio.create_task(arrivals.of("acme"))
        await _turn()
        looks.begun[-1][1].set_result("there")
        assert await later == "there"

    asyncio.run(run())


def test_a_request_that_is_given_up_takes_no_other_with_it() -> None:
    async def run() -> None:
        looks = Looks()
        arrivals: Any = Arrivals(looks)
        tasks = [asyncio.create_task(arrivals.of("acme")) for _ in range(2)]
        await _turn()
        tasks[0].cancel()
        await _turn()
        looks.begun[0][1].set_result("there")
        assert await tasks[1] == "there"
        assert tasks[0].cancelled()

    asyncio.run(run())
