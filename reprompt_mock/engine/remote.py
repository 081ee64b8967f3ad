"""The two doors where worlds are on a server: each transaction reads the row of its world before anything else.

What is in memory serves only as long as the row has the same version. A use case runs again where its transaction was
rolled back by the server, so it sees what others have stored meanwhile.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from hashlib import blake2b
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

from reprompt_mock.engine.reading import Reading
from reprompt_mock.engine.world import Present, Views
from reprompt_mock.engine.writing import run_all
from reprompt_mock.errors import StoreSilent, TooManyRequests
from reprompt_mock.real_time import monotonic_seconds
from reprompt_mock.store import buckets, requests, worlds
from reprompt_mock.store.session import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from reprompt_mock.engine.decoded import Decoded
    from reprompt_mock.engine.registry import Registry
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.writing import Work, Writing
    from reprompt_mock.store.buckets import Taken
    from reprompt_mock.store.session import Session, Store
    from reprompt_mock.store.worlds import Found, WorldState

T = TypeVar("T")

_TRIES = 3
_PATIENCE_SECONDS = 5.0
"""How long a write waits for others of its process to the same world."""
_PRUNE_SECONDS = 60.0  # how often memory is freed of worlds that are gone
_DUE: Any = object()
_KEY_BYTES = 16


class Remote:
    """The doors to worlds on a server.

    Args:
        store: the store.
        registry: the worlds.
        decoded: the cache of what rows refer to.
        real: reads real time in microseconds.
    """

    def __init__(self, store: Store, registry: Registry, decoded: Decoded, real: Callable[[], int]) -> None:
        self._store = store
        self._registry = registry
        self._decoded = decoded
        self._real = real
        self._losses = 0
        self._pruned = monotonic_seconds()

    def arrive(self, slug: str) -> World:
        """Return the world that a request means, as others have left it by now.

        Raises:
            StoreSilent: the server does not answer.
        """
        return again(lambda: self._arrived(slug))

    def _arrived(self, slug: str) -> World:
        losses, world = self._drop_doubtful(), self._registry.peek(slug)
        known = world.state
        found, present = worlds.glimpsed(self._store, slug), None
        if found is not None and not (self._drop_doubtful() == losses and found.is_of(known)):
            with self._store.read(worlds.finding(slug)) as session:
                found = worlds.found(session, slug)
                present = Present(worlds.read(session, found.key), Views()) if found else None
        if known.key is not None and (found is None or found.identity != known.identity):  # forgotten elsewhere
            self._registry.drop(world)
            world = self._registry.peek(slug)
        if present is not None:
            world.take_later(present)
            self._registry.keep(world)
        return world

    def every(self) -> list[World]:
        """Return all worlds."""

        def once() -> list[str]:
            with self._store.read() as session:
                return worlds.slugs(session)

        return [self._registry.peek(slug) for slug in again(once)]

    def _prune(self) -> None:
        """Drop the worlds that others have forgotten, once in a while; a request to one drops it at once."""
        if monotonic_seconds() - self._pruned < _PRUNE_SECONDS:
            return
        self._pruned = monotonic_seconds()
        known = list(self._registry)  # before looking which there are

        def once() -> dict[str, Found]:
            with self._store.read() as session:
                return worlds.all_found(session)

        found = again(once)
        for world in known:
            there = found.get(world.slug)
            if world.state.key is not None and (there is None or there.identity != world.state.identity):
                self._registry.drop(world)

    def due(self) -> list[World]:
        """Return the worlds in which a transition is due."""
        self._prune()

        def once() -> list[str]:
            with self._store.read() as session:
                return worlds.due(session, self._real())

        return [self._registry.peek(slug) for slug in again(once)]

    def read(
        self, most_jobs: float, world: World, work: Callable[[Reading], T], catch_up: Callable[[World], None]
    ) -> T:
        """Run a use case that reads a world, after what is due in it has happened.

        Raises:
            TooLong: it goes through more than `most_jobs`.
            StoreSilent: the server does not answer.
        """

        def once(*, is_caught_up: bool) -> T:
            losses, known = self._drop_doubtful(), world.present
            with self._store.read(worlds.finding(world.slug)) as session:
                known = known if self._drop_doubtful() == losses else world.present
                present = self._present(session, world, known)
                now = world.now_in(present.state)
                if is_caught_up and not world.forgotten:  # by a change that came after the request
                    now = present.state.calm(now)
                if present.state.is_due(now) and not world.forgotten:
                    return _DUE  # type: ignore[no-any-return] # stands for no value
                return work(Reading(world, present, now, self._decoded, lambda: nullcontext(session), most_jobs))

        value = again(lambda: once(is_caught_up=False))
        while value is _DUE:
            catch_up(world)
            value = again(lambda: once(is_caught_up=True))
        return value

    def write(self, most_jobs: float, world: World, works: Iterable[Work[T]]) -> list[tuple[T, Writing]]:
        """Run use cases that change a world, one after another; all is stored or, on an exception, nothing.

        Raises:
            Forgotten: the world was forgotten meanwhile, so the changes are lost.
            TooLong: one goes through more than `most_jobs`.
            StoreSilent, StorageFailed, OutcomeUnknown: nothing was stored, or none can tell.
        """

        def once() -> list[tuple[T, Writing]]:
            with self._store.write(worlds.locking(world.slug)) as session:
                state = self._taken(session, world)
                changes = run_all(session, world, state, works, real=self._real, most_jobs=most_jobs)
            world.publish_later(changes[-1][1].state, changes[-1][1].documents)
            return changes

        with turn(world):
            return again(once)

    def take_token(self, world: World, key: str) -> None:
        """Count a request against the rate limit of a key.

        Raises:
            TooManyRequests: the request exceeds the world's `rate_limit`.
        """
        rate = world.settings.rate_limit
        mark = blake2b(key.encode(), key=self._store.salt, digest_size=_KEY_BYTES).digest()

        def once() -> Taken:
            with self._store.write() as session:
                return buckets.take(session, world.slug, mark, rate=rate, now=self._real())

        taken = again(once)
        if not taken.is_taken:
            raise TooManyRequests(seconds=max(1, ceil((1 - taken.tokens) / rate)))

    def forget(self, world: World) -> None:
        """Make a world unreachable, in the database and in memory."""

        def once() -> None:
            with self._store.write() as session:
                found = worlds.locked(session, world.slug)
                if found is not None:
                    worlds.forget(session, found.key)
                buckets.clear(session, world.slug)
                requests.clear(session, world.slug, self._real())

        with turn(world):
            again(once)
            self._registry.drop(world)

    def _present(self, session: Session, world: World, known: Present) -> Present:
        """Return the state of a world that a transaction sees, with the cached views of it if there are any.

        Args:
            session: the transaction.
            world: the world.
            known: what was known of it before the transaction began.
        """
        found = worlds.found(session, world.slug)
        if world.forgotten or (found is not None and found.is_of(known.state)):
            return known
        if found is None:
            return known if known.state.key is None else self._registry.unused()
        present = Present(worlds.read(session, found.key), Views())
        world.take_later(present)
        return present

    def _taken(self, session: Session, world: World) -> WorldState:
        """Lock a world's row, creating it if it is missing; return its state, which others may replace meanwhile."""
        self._drop_doubtful()
        state = world.state
        if world.forgotten:  # others may have written since; what this writes is rolled back
            is_there = state.key is not None and worlds.is_locked(session, state.key)
            return worlds.read(session, state.row) if is_there else _buried(session, state)
        found = worlds.locked(session, world.slug)
        if found is None:
            if state.key is not None:  # forgotten elsewhere
                state = self._registry.unused().state
            key = worlds.insert_first(session, world.slug, state)
            if key is not None:
                return state._replace(key=key)
            found = worlds.locked(session, world.slug)
        if found is None:
            raise Interrupted(reason="the world was forgotten meanwhile")
        return state if found.is_of(state) else worlds.read(session, found.key)

    def _drop_doubtful(self) -> int:
        """Drop what is cached after a connection was lost: a server that crashed may have lost its latest changes.

        Return how many were lost; what is cached holds while no more are, as the beginning of a transaction notices.
        """
        losses = self._store.losses
        if losses != self._losses:
            self._decoded.clear()
            for world in self._registry:
                world.doubt()
            self._losses = losses  # only now, for others who look
        return losses


def _buried(session: Session, state: WorldState) -> WorldState:
    return state._replace(key=worlds.insert(session, None, state))


def again(work: Callable[[], T]) -> T:
    """Run a transaction, and repeat it if the server has rolled it back.

    Raises:
        StoreSilent: the server has done so again and again.
    """
    for _ in range(_TRIES):
        try:
            return work()
        except Interrupted as error:
            reason = error.reason
    raise StoreSilent(reason=reason)


@contextmanager
def turn(world: World) -> Iterator[None]:
    """Wait for the writers of this process that came before; they would only hold more connections.

    Raises:
        StoreSilent: they take too long.
    """
    if not world.turn.acquire(timeout=_PATIENCE_SECONDS):
        raise StoreSilent(reason="other requests hold the world")
    try:
        yield
    finally:
        world.turn.release()
