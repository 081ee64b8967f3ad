"""The one place that decides where work runs: short work on the event loop, long work in a thread."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from anyio import CancelScope, from_thread, to_thread

from reprompt_mock.engine import (
    batches,
    clock,
    conduct,
    downloads,
    release,
    reprocess,
    results,
    scenario,
    slices,
    snapshot,
    together,
)
from reprompt_mock.engine.relief import is_relief
from reprompt_mock.engine.weight import TooLong
from reprompt_mock.http.lanes import Lanes
from reprompt_mock.http.rounds import Rounds, join
from reprompt_mock.http.turns import Change, Turns, next_changes
from reprompt_mock.organizations import is_slug

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprompt_mock.conduct.verdict import Verdict
    from reprompt_mock.engine.batches import BatchView
    from reprompt_mock.engine.conduct import Opinion
    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.submissions import BatchToCreate
    from reprompt_mock.engine.together import Outcome
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Work, Writing, Written
    from reprompt_mock.http.rounds import Gathered
    from reprompt_mock.journal import Journal

P = ParamSpec("P")
T = TypeVar("T")

_WRITERS = 2
"""Threads for writes: one writes while one prepares; further writes wait on the event loop."""
_REMOTE_THREADS = 8
"""Threads for reads of a store on a server, and as many for writes: most of the time they wait for its answers."""
_LONG_JOBS = 500
_LONG_BYTES = 64 * 1024


_LONG = frozenset(
    {
        results.days,
        downloads.open_link,
        downloads.part,
        clock.change,
        release.release,
        scenario.change,
        snapshot.written,
        snapshot.restore,
    }
)
"""Use cases that may process all jobs of a world, or many rules."""
_WEIGHTS: Mapping[Callable[..., Any], Callable[..., float]] = {
    batches.create: lambda request: len(request.places),
    batches.mark: lambda batch_ids, **_: len(batch_ids),
    reprocess.places: lambda place_ids, _: results.JOBS_A_RESULT * len(place_ids),
}
"""How many jobs a use case processes, from its arguments; others report it themselves once they know (`weigh`)."""


class Offload:
    """Runs use cases without ever blocking the event loop on the write lock or on long work.

    Args:
        engine: the engine.

    Attributes:
        is_shared: whether other processes have the worlds as well; then all work waits for the server, in a thread.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_shared = engine.store.is_shared
        self._lanes = Lanes(readers=_REMOTE_THREADS, writers=_REMOTE_THREADS if self.is_shared else _WRITERS)
        self._arrivals: Turns[str, None] = Turns(self._look)
        self._turns = Turns(self._make_there if self.is_shared else self._make_in_turn, next_changes)
        self._rounds = Rounds(self._make_here)

    async def prepare(self, work: Callable[[bytes], T], body: bytes) -> T:
        """Parse a body, which does not need a world."""
        if len(body) <= _LONG_BYTES:
            return work(body)
        return await to_thread.run_sync(work, body, limiter=self._lanes.writers)

    async def arrive(self, org_slug: str) -> World:
        """Return the world that a request means, up to date."""
        if not self.is_shared or not is_slug(org_slug):
            return self.engine.worlds.peek(org_slug)
        return await self._arrivals.take(org_slug, None)  # type: ignore[no-any-return] # what `_look` gives

    async def _look(self, org_slug: str, requests: Sequence[None]) -> Sequence[World]:
        """Look at a world on the server for requests that came together."""
        world = await to_thread.run_sync(self.engine.arrive, org_slug, limiter=self._lanes.readers)
        return [world] * len(requests)

    async def _make_there(self, world: World, changes: Sequence[Change], most_jobs: float = inf) -> list[Outcome]:
        make = partial(together.outcomes, self.engine, world, [change.work for change in changes], most_jobs)
        return await to_thread.run_sync(make, limiter=self._lanes.writers)

    async def _make_in_turn(self, world: World, changes: Sequence[Change]) -> list[Outcome]:
        """Run use cases that change a world together: here if nobody else writes by now, else in a thread."""
        made = self._make_here(world, [change.work for change in changes])
        return [one for one in made if one is not None] or await self._make_there(world, changes, _LONG_JOBS)

    async def keep(self, world: World) -> None:
        """Create a world for all who share the store, after a request that only read it."""
        if world.state.key is None:
            await to_thread.run_sync(self.engine.catch_up, world, limiter=self._lanes.writers)

    async def read(
        self, world: World, work: Callable[Concatenate[Reading, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a use case that reads a world."""
        if self.is_shared:
            work_there = partial(self.engine.read, world, work, *args, **kwargs)
            return await to_thread.run_sync(work_there, limiter=self._lanes.readers)
        # Applying what is due, or waiting for a commit in progress, makes a read long.
        if not (world.is_due() or self.engine.is_publishing(world) or _is_long(work, args, kwargs)):
            with suppress(TooLong):
                return self.engine.try_read(_LONG_JOBS, world, work, *args, **kwargs)
        return await to_thread.run_sync(partial(self.engine.read, world, work, *args, **kwargs))

    async def write(
        self, world: World, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Written[T]:
        """Run a use case that changes a world."""
        is_long = _is_long(work, args, kwargs)
        if not (self.is_shared or is_long):
            others = None if is_relief(work) else self._rounds.gathering()
            if others is None:
                written = self._at_once(world, work, *args, **kwargs)
            else:
                written = await _together(others, world, partial(_applied, work, args, kwargs))
            if written is None and not self._lanes.slices.value:
                async with self._lanes.slices:
                    written = self._at_once(world, work, *args, **kwargs)
            if written is not None:
                return written
        if self.is_shared or not (is_long or is_relief(work)):
            with suppress(TooLong):  # then it is made by itself
                # The type is that of what `work` gives.
                return await self._turns.take(world, Change(partial(_applied, work, args, kwargs), is_long))  # type: ignore[no-any-return]
        return await to_thread.run_sync(
            partial(self.engine.write, world, work, *args, **kwargs), limiter=self._lanes.writers
        )

    def _make_here(self, world: World, works: Sequence[Work[Any]]) -> Sequence[Outcome | None]:
        """Run use cases that change a world together, or none of them if they have to wait for the lock."""
        with self.engine.store.try_lock() as free:
            return together.outcomes(self.engine, world, works, _LONG_JOBS) if free else [None] * len(works)

    def _at_once(
        self, world: World, work: Callable[Concatenate[Writing, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Written[T] | None:
        """Run a use case that changes a world, unless it has to wait for the lock or is long."""
        with self.engine.store.try_lock() as free, suppress(TooLong):
            if free:
                return self.engine.try_write(_LONG_JOBS, world, work, *args, **kwargs)
        return None

    async def create(self, world: World, request: BatchToCreate) -> Written[BatchView]:
        """Create a batch; a big one in slices, one after another, so that small writes come in between."""
        if self.is_shared or not slices.is_worth(request):
            return await self.write(world, batches.create, request)
        async with self._lanes.slices:
            pause = partial(from_thread.run, self._let_others_in)
            return await to_thread.run_sync(slices.create, self.engine, world, request, pause)

    async def _let_others_in(self) -> None:
        """Let those that wait for the end of a slice come first."""
        self._lanes.slices.release()
        with CancelScope(shield=True):
            await self._lanes.slices.acquire()

    async def forget(self, world: World) -> None:
        """Forget a world."""
        if self.is_shared:
            await self.across(partial(self.engine.forget, world))
            return
        with self.engine.store.try_lock() as free:
            if free:
                self.engine.forget(world)
                return
        await self.across(partial(self.engine.forget, world))

    async def judge(self, world: World) -> Verdict:
        """Judge the client of a world by its finished requests."""
        if self.is_shared:
            return (await to_thread.run_sync(self._judge, world, limiter=self._lanes.readers)).verdict
        case = conduct.case_of(self.engine, world)
        known = conduct.known(world, case)
        if known or len(case.exchanges) <= _LONG_JOBS:
            return known or conduct.opinion_on(world, case).verdict
        return (await to_thread.run_sync(conduct.opinion_on, world, case)).verdict

    def _judge(self, world: World) -> Opinion:
        return conduct.opinion_on(world, conduct.case_of(self.engine, world))

    async def journal(self, world: World) -> Journal:
        """Return the journal of a world, to be read."""
        if self.is_shared:
            return await to_thread.run_sync(self.engine.records.journal, world, limiter=self._lanes.readers)
        return self.engine.records.journal(world)

    async def count(self, world: World, operation: str) -> int:
        """Count the requests of an operation in a world."""
        if self.is_shared:
            return await to_thread.run_sync(self.engine.records.count, world, operation, limiter=self._lanes.readers)
        return self.engine.records.count(world, operation)

    async def clear(self, world: World) -> None:
        """Forget a world's requests."""
        if self.is_shared:
            await to_thread.run_sync(self.engine.records.clear, world, limiter=self._lanes.writers)
        else:
            self.engine.records.clear(world)

    async def take_token(self, world: World, key: str) -> None:
        """Count a request against the rate limit of a key that all emulators share.

        Raises:
            TooManyRequests: it exceeds the limit.
        """
        await to_thread.run_sync(self.engine.remote.take_token, world, key, limiter=self._lanes.writers)

    async def across(self, work: Callable[[], T]) -> T:
        """Run work that involves several worlds."""
        return await to_thread.run_sync(work, limiter=self._lanes.writers)


async def _together(others: Gathered, world: World, change: Work[T]) -> Written[T] | None:
    """Make a change with others of its round, unless it has to wait for the lock or is long."""
    with suppress(TooLong):
        return await join(others, world, change)  # type: ignore[no-any-return] # the value of `change`
    return None


def _applied(work: Callable[..., T], args: tuple[Any, ...], kwargs: Mapping[str, Any], writing: Writing) -> T:
    return work(writing, *args, **kwargs)


def _is_long(work: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    if work in _LONG:
        return True
    weigh = _WEIGHTS.get(work)
    return weigh is not None and weigh(*args, **kwargs) > _LONG_JOBS
