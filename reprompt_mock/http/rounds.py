"""Short changes on the event loop: those that come in one round of it are made together, so a commit serves them all.

A round of the loop takes what many connections have sent by then, one request after another.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from reprompt_mock.http.turns import MOST_TOGETHER, Waiting, report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reprompt_mock.engine.together import Outcome
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Work

    Gathered = dict[World, list[Waiting[Work[Any]]]]
    """The changes that wait for the end of a round, by world."""


class Rounds:
    """Gathers the changes of each round, except a first one after a round that had no others: it is made at once.

    So a change that comes alone does not wait, and as long as many come, each round takes a commit for each world. An
    event loop has rounds of its own.

    Args:
        make: makes some changes of a world, and returns the outcome of each, or None if it cannot do so now.
    """

    def __init__(self, make: Callable[[World, Sequence[Work[Any]]], Sequence[Outcome | None]]) -> None:
        self._make = make
        self._round: tuple[asyncio.AbstractEventLoop, Gathered] | None = None
        self._is_busy = False

    def gathering(self) -> Gathered | None:
        """Return the changes of this round, for `join`, or None if the next change is to be made at once."""
        loop, current = asyncio.get_running_loop(), self._round
        if current is not None and current[0] is loop:
            return current[1]
        gathered: Gathered = {}
        self._round = loop, gathered
        loop.call_soon(self._end, gathered)
        return gathered if self._is_busy else None

    def _end(self, gathered: Gathered) -> None:
        if self._round is not None and self._round[1] is gathered:
            self._round = None
        first = 1 if self._is_busy else 0  # in a busy round the first is among them
        self._is_busy = sum(map(len, gathered.values())) > first
        for world, waiting in gathered.items():
            for start in range(0, len(waiting), MOST_TOGETHER):
                self._make_some(world, waiting[start : start + MOST_TOGETHER])

    def _make_some(self, world: World, waiting: Sequence[Waiting[Work[Any]]]) -> None:
        chosen = [one for one in waiting if not one.outcome.done()]
        if not chosen:  # all were given up
            return
        outcomes: Sequence[Outcome | None]
        try:
            outcomes = self._make(world, [one.item for one in chosen])
        except Exception as error:  # noqa: BLE001 - each request handles it as its own
            outcomes = [error] * len(chosen)
        report(chosen, outcomes)


def join(gathered: Gathered, world: World, work: Work[Any]) -> asyncio.Future[Any]:
    """Add a change to those that are made at the end of a round.

    Return its future outcome: its value, None if it cannot be made now, or why it failed.
    """
    mine = Waiting(work, asyncio.get_running_loop().create_future())
    gathered.setdefault(world, []).append(mine)
    return mine.outcome
