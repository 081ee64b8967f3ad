"""Publication: readers of a world wait from the commit of a change until its new state is in place."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprompt_mock.engine.world import World

_PATIENCE_SECONDS = 30.0


class Publication:
    """The current publication, of at most one world; the holder of the store's write lock begins and ends it."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._lock = Lock()

    def is_of(self, world: World) -> bool:
        """Return whether a reader of this world would have to wait for a commit."""
        return self._world is world

    def begin(self, world: World) -> None:
        """Make readers of this world wait until the next committed state is in place."""
        if self._lock.acquire(timeout=_PATIENCE_SECONDS):
            self._world = world

    def end(self, world: World) -> None:
        """Let waiting readers of this world continue."""
        if self._world is world:
            self._world = None
            self._lock.release()

    def wait(self, world: World) -> None:
        """Wait until the committed state of this world is in place, for at most 30 seconds."""
        if self._world is world and self._lock.acquire(timeout=_PATIENCE_SECONDS):
            self._lock.release()
