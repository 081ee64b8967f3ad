"""Events: signals that something in a world changed, published once the change is committed."""

from __future__ import annotations

from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(StrEnum):
    """What changed."""

    world = "world"
    batch = "batch"
    clock = "clock"
    scenario = "scenario"
    export = "export"


class Change(NamedTuple):
    """A committed change: in which world, of what, and the id of the batch where it is one batch's."""

    org_slug: str
    kind: Kind
    batch_id: str | None = None


class Events:
    """Passes changes on to whoever listens, in the thread that made them; a listener must be quick and not raise."""

    def __init__(self) -> None:
        self._listeners: tuple[Callable[[Change], None], ...] = ()
        self._changing = Lock()

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call a listener for every change from now on; give the function that ends this."""
        with self._changing:
            self._listeners = (*self._listeners, listener)

        def stop() -> None:
            with self._changing:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return stop

    def publish(self, changes: list[Change]) -> None:
        """Tell the listeners about changes."""
        if not (self._listeners and changes):
            return
        for change in dict.fromkeys(changes):
            for listener in self._listeners:
                listener(change)
