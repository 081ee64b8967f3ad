"""Reading: one state of a world at one moment of its time, as use cases see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """

    __slots__ = ("_begin", "_session", "decoded", "now", "state", "views", "world")

    def __init__(
        self,
        world: World,
        present: Present,
        now: int,
        decoded: Decoded,
        begin: Callable[[], Session],
    ) -> None:
        self.world = world
        self.state, self.views = present
        self.now = now
        self.decoded = decoded
        self._begin = begin
        self._session: Session | None = None

    @property
    def key(self) -> int | None:
        """The key of the world's row, None while nothing is stored in it."""
        return self.state.key

    @property
    def session(self) -> Session:
        """The read transaction."""
        if self._session is None:
            self._session = self._begin()
        return self._session
