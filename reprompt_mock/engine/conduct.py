"""Conduct: the case of a world's client, which is judged apart from the world, since that may take long."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.conduct.history import Standards
from reprompt_mock.conduct.judge import judge
from reprompt_mock.conduct.seen import unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.conduct.verdict import Verdict
    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.world import World


class Case(NamedTuple):
    """The finished exchanges of a world in their compact form, how many were lost, and by what they are judged."""

    exchanges: Sequence[bytes]
    dropped: int
    standards: Standards

    def judged(self) -> Verdict:
        """Judge the client."""
        return judge(unpacked(self.exchanges), self.standards, self.dropped)


def case_of(engine: Engine, world: World) -> Case:
    """Return the case of a world's client as it is now."""
    return Case(*engine.records.evidence(world), Standards(world.settings.conduct_poll_seconds))
