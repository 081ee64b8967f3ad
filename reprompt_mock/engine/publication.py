"""Publication: from the commit of a change until its state is in place, readers of that world wait."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprompt_mock.engine.world import World

_PATIENCE_SECONDS = 30.0


class Publication:
    """The publication under way, of one world at most: the holder of the store's write lock begins and ends it."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._lock = Lock()

    def is_of(self, world: World) -> bool:
        """Return whether a reader of this world would have to wait for a commit."""
        return self._world is world

    def begin(self, world: World) -> None:
        """Let readers of this world wait until what is committed next is in place."""
        if self._lock.acquire(timeout=_PATIENCE_SECONDS):
            self._world = world

    def end(self, world: World) -> None:
        """Let readers of this world go on, where they were made to wait."""
        if self._world is world:
            self._world = None
            self._lock.release()

    def wait(self, world: World) -> None:
        """Wait until what was committed to this world is in place, 30 seconds at most."""
        if self._world is world and self._lock.acquire(timeout=_PATIENCE_SECONDS):
            self._lock.release()
