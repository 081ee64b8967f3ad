"""Reading: one state of a world at one virtual time, as use cases see it."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from reprompt_mock.engine import weight

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from reprompt_mock.engine.decoded import Decoded
    from reprompt_mock.engine.world import Present, World
    from reprompt_mock.store.session import Session


class Reading:
    """One state of a world at one virtual time; its transaction begins when first needed.

    Attributes:
        world: the world.
        state: its state.
        views: cached views of this state.
        now: the virtual time in microseconds.
        decoded: cache of what rows refer to.
        most_jobs: the limit on jobs processed here.
    """

    __slots__ = ("_begin", "_context", "_session", "decoded", "most_jobs", "now", "state", "views", "world")

    def __init__(
        self,
        world: World,
        present: Present,
        now: int,
        decoded: Decoded,
        begin: Callable[[], AbstractContextManager[Session]],
        most_jobs: float = inf,
    ) -> None:
        self.world = world
        self.state, self.views = present.state, present.views
        self.now = now
        self.decoded = decoded
        self.most_jobs = most_jobs
        self._begin = begin
        self._context: AbstractContextManager[Session] | None = None
        self._session: Session | None = None

    @property
    def key(self) -> int | None:
        """The key of the world's row; None while the world stores nothing."""
        return self.state.key

    @property
    def session(self) -> Session:
        """The read transaction."""
        if self._session is None:
            self._context = self._begin()
            self._session = self._context.__enter__()
        return self._session

    def weigh(self, jobs: int) -> None:
        """Declare how many jobs will be processed.

        Raises:
            TooLong: `jobs` exceeds `most_jobs`.
        """
        weight.check(jobs, self.most_jobs)

    def end(self, error: BaseException | None = None) -> None:
        """End the transaction, passing on the error that ended the use case, if any."""
        if self._context is not None:
            self._context.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
