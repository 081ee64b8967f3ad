"""Records: the requests that the worlds of this process saw, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.engine.world import World
    from reprompt_mock.journal import Journal, Recorded


class Records:
    """The journals of worlds that no other process has; `Reports` does the same for those that others have as well."""

    def arrive(self, world: World, request: Recorded) -> None:
        """Record a request that came."""
        world.journal.arrive(request)

    def end(self, world: World, request: Recorded) -> None:
        """Record that a request is over."""
        world.journal.end(request)

    def withdraw(self, world: World, request: Recorded) -> None:
        """Take a request back that turned out to be none of this world's."""
        world.journal.withdraw(request)

    def journal(self, world: World) -> Journal:
        """Return the journal of a world, to be read."""
        return world.journal

    def count(self, world: World, operation: str) -> int:
        """Count the requests of an operation in a world."""
        return world.journal.count(operation)

    def clear(self, world: World) -> None:
        """Forget a world's requests, those under way too."""
        world.journal.clear()

    def evidence(self, world: World) -> tuple[Sequence[bytes], int]:
        """Return the finished exchanges of a world in their compact form, and how many were dropped."""
        evidence = world.journal.evidence
        return evidence.exchanges(), evidence.dropped

    def close(self) -> None:
        """Do nothing: what is in memory ends with the process."""
