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

    _Gathered = dict[World, list[Waiting]]


class Rounds:
    """Gathers the changes of each round, except a first one after a round that had no others: it is made at once.

    So a change that comes alone does not wait, and as long as many come, each round takes one commit.

    Args:
        make: makes some changes of a world, and returns the outcome of each, or None if it cannot do so now.
    """

    def __init__(self, make: Callable[[World, Sequence[Work[Any]]], Sequence[Outcome | None]]) -> None:
        self._make = make
        self._round: tuple[asyncio.AbstractEventLoop, _Gathered] | None = None
        self._is_busy = False

    def is_alone(self) -> bool:
        """Return whether a change is to be made at once, as the first of a round; else it is to `join` the others.

        Those of another event loop have a round of their own.
        """
        loop = asyncio.get_running_loop()
        if self._round is not None and self._round[0] is loop:
            return False
        self._round = loop, {}
        loop.call_soon(self._end, self._round[1])
        return not self._is_busy

    def join(self, world: World, work: Work[Any]) -> asyncio.Future[Any]:
        """Add a change to those that are made at the end of the round that has begun.

        Return its future outcome: its value, None if it cannot be made now, or why it failed.
        """
        loop, gathered = self._round  # type: ignore[misc] # it has begun
        mine = Waiting(work, is_long=False, outcome=loop.create_future())
        gathered.setdefault(world, []).append(mine)
        return mine.outcome

    def _end(self, gathered: _Gathered) -> None:
        if self._round is not None and self._round[1] is gathered:
            self._round = None
        first = 1 if self._is_busy else 0  # in a busy round the first is among them
        self._is_busy = sum(map(len, gathered.values())) > first
        for world, waiting in gathered.items():
            for start in range(0, len(waiting), MOST_TOGETHER):
                chosen = [one for one in waiting[start : start + MOST_TOGETHER] if not one.outcome.done()]
                for one, outcome in zip(chosen, self._make(world, [one.work for one in chosen]), strict=True):
                    report(one.outcome, outcome)
