"""Changes of one world that come together: one transaction makes them all, one after another."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Work, Writing, Written

    Outcome: TypeAlias = Written[Any] | Exception


def outcomes(engine: Engine, world: World, works: Sequence[Work[Any]], most_jobs: float = inf) -> list[Outcome]:
    """Run use cases that change a world in their order, none through more than `most_jobs`; return what became of each.

    If one of them refuses, all are run again, each in a transaction of its own: a refusal undoes nothing but itself.
    """
    refusals: list[Exception] = []

    def watched(work: Work[Any]) -> Work[Any]:
        def run(writing: Writing) -> Any:
            try:
                return work(writing)
            except Exception as error:
                refusals.append(error)
                raise

        return run

    try:
        return [*engine.write_all(world, [watched(work) for work in works], most_jobs)]
    except Exception as error:  # noqa: BLE001 - each request handles it as its own
        # What the store fails to do concerns all of them, whatever is asked of it.
        if len(works) == 1 or not any(error is refusal for refusal in refusals):
            return [error] * len(works)
    return [outcome for work in works for outcome in outcomes(engine, world, [work], most_jobs)]
