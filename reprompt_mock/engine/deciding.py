"""Deciding: what a submission's jobs are decided with, inside a transaction or before one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.scenario import Scenario
    from reprompt_mock.world_settings import WorldSettings


class Deciding(Protocol):
    """A world as decisions see it: `Writing` in a transaction, `slices.Draft` before one.

    Attributes:
        now: the virtual time in microseconds.
        acted: ids of the rules that took effect, in order.
        known: the keys of documents committed before, by token.
        interned: the keys of documents found or written since, by token.
    """

    now: int
    acted: list[str]
    known: Mapping[Any, int]
    interned: dict[Any, int]

    @property
    def settings(self) -> WorldSettings:
        """The settings in force."""
        ...

    @property
    def scenario(self) -> Scenario:
        """The rules and faults in force."""
        ...

    def set_scenario(self, scenario: Scenario) -> None:
        """Replace the rules and faults."""
        ...

    def intern(self, token: Any, value: Any) -> int:
        """Find or write a document that is not known by its token; return its key."""
        ...

    def document(self, key: int) -> Any:
        """Read a document."""
        ...
