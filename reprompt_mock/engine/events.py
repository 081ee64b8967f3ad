"""Events: notices that something in a world has changed; what is stored has been committed by then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from threading import Lock
from typing import NamedTuple


class Kind(StrEnum):
    """The kind of thing that changed."""

    world = "world"
    batch = "batch"
    clock = "clock"
    scenario = "scenario"
    request = "request"
    export = "export"


class Change(NamedTuple):
    """A change: its world, its kind, and the id of the batch or export if it concerns a single one."""

    org_slug: str
    kind: Kind
    subject: str | None = None


Listener = Callable[[Sequence[Change]], None]
"""It gets what changed together at once; it must be fast, and must not raise."""


class Events:
    """Passes changes to listeners in the thread that made them."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._changing = Lock()

    @property
    def are_heard(self) -> bool:
        """Whether anybody listens; asking costs less than publishing."""
        return bool(self._listeners)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call a listener with all changes from now on; return a function that removes it."""
        with self._changing:
            self._listeners = (*self._listeners, listener)

        def stop() -> None:
            with self._changing:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return stop

    def publish(self, changes: list[Change]) -> None:
        """Pass changes to the listeners, without duplicates."""
        if not (self._listeners and changes):
            return
        different = [*dict.fromkeys(changes)] if len(changes) > 1 else changes
        for listener in self._listeners:
            listener(different)
