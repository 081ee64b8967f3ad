"""Where work runs, decided in this one place: on the event loop where it is short, in a thread where it is not."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from reprompt_mock.engine import batches, clock, release, reprocess, results, scenario, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprompt_mock.engine.doors import Engine, Written
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Writing

P = ParamSpec("P")
T = TypeVar("T")

_WRITERS = 2
"""Threads that write: one that does, one that prepares; the others wait their turn on the event loop."""
_LONG_JOBS = 500
_LONG_BYTES = 64 * 1024
_RESULT_JOBS = 5
"""A result takes as long as so many jobs elsewhere."""


def _all(*_: Any, **__: Any) -> float:
    return inf


def _batch(reading: Reading, batch_id: str, *_: Any, **__: Any) -> float:
    return batches.size(reading, batch_id)


_WEIGHTS: Mapping[Callable[..., Any], Callable[..., float]] = {
    batches.create: lambda _, request: len(request.places),
    batches.status: _batch,
    batches.delete: _batch,
    batches.mark: lambda _, batch_ids, **__: len(batch_ids),
    reprocess.batch: _batch,
    reprocess.places: lambda _, place_ids, __: _RESULT_JOBS * len(place_ids),
    results.page: lambda _, __, *, limit, **___: _RESULT_JOBS * limit,
    results.days: _all,
    clock.poll: _all,
    clock.change: _all,
    clock.advance: _all,
    clock.settle: _all,
    release.release: _all,
    scenario.change: _all,
    snapshot.written: _all,
    snapshot.restore: _all,
}
"""How many jobs a use case goes through, by its arguments; those that are not named are short."""


class Offload:
    """Runs use cases so that the event loop never waits for the write lock or for long work.

    Args:
        engine: the engine.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writers = CapacityLimiter(_WRITERS)

    async def prepare(self, work: Callable[[bytes], T], body: bytes) -> T:
        """Read a body, which needs no world."""
        if len(body) <= _LONG_BYTES:
            return work(body)
        return await to_thread.run_sync(work, body, limiter=self._writers)

    async def read(
        self, world: World, work: Callable[Concatenate[Reading, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a use case that reads a world."""
        # What is due in it, or just being committed, makes it long.
        if world.is_due() or self.engine.is_publishing(world) or self._is_long(world, work, args, kwargs):
            return await to_thread.run_sync(partial(self.engine.read, world, work, *args, **kwargs))
        return self.engine.read(world, work, *args, **kwargs)

    async def write(
        self, world: World, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Written[T]:
        """Run a use case that changes a world."""
        if not self._is_long(world, work, args, kwargs):
            with self.engine.store.try_lock() as free:
                if free:
                    return self.engine.write(world, work, *args, **kwargs)
        return await to_thread.run_sync(partial(self.engine.write, world, work, *args, **kwargs), limiter=self._writers)

    async def across(self, work: Callable[[], T]) -> T:
        """Run work that goes through several worlds."""
        return await to_thread.run_sync(work, limiter=self._writers)

    def _is_long(
        self, world: World, work: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> bool:
        weigh = _WEIGHTS.get(work)
        if weigh is None:
            return False
        if weigh is _batch:
            return self.engine.read(world, _batch, args[0]) > _LONG_JOBS
        return weigh(None, *args, **kwargs) > _LONG_JOBS
