"""Reading: one state of a world at one moment of its time, as use cases see it."""

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
    """One state of a world at one moment of its time; its transaction begins when it is first needed.

    Attributes:
        world: the world.
        state: its state.
        views: views of this state that were read already.
        now: its time in microseconds.
        decoded: what rows refer to, decoded.
        most_jobs: how many jobs may be gone through.
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
        """The key of the world's row, None while nothing is stored in it."""
        return self.state.key

    @property
    def session(self) -> Session:
        """The read transaction."""
        if self._session is None:
            self._context = self._begin()
            self._session = self._context.__enter__()
        return self._session

    def weigh(self, jobs: int) -> None:
        """Say how many jobs will be gone through.

        Raises:
            TooLong: they are more than may be here.
        """
        weight.check(jobs, self.most_jobs)

    def end(self, error: BaseException | None = None) -> None:
        """End the transaction, with the error that ended the use case, where there is one."""
        if self._context is not None:
            self._context.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
