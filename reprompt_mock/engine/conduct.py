"""Conduct: the case of a world's client, which is judged apart from the world, since that may take long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.conduct.history import Standards
from reprompt_mock.conduct.judge import judge
from reprompt_mock.conduct.seen import unpacked
from reprompt_mock.real_time import monotonic_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.conduct.verdict import Verdict
    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.world import World

_REST = 20
"""The factor by which an opinion on a changed case outlasts the time it took to form."""


class Case(NamedTuple):
    """The finished exchanges of a world in their compact form, how many were lost, and by what they are judged."""

    exchanges: Sequence[bytes]
    dropped: int
    standards: Standards

    @property
    def mark(self) -> tuple[Any, ...]:
        """What differs if anything about the case does: no two exchanges are alike in their numbers and times."""
        return len(self.exchanges), self.dropped, self.exchanges[-1] if self.exchanges else None, self.standards

    def judged(self) -> Verdict:
        """Judge the client."""
        return judge(unpacked(self.exchanges), self.standards, self.dropped)


class Opinion(NamedTuple):
    """The whole verdict on a case as it was, and how many requests have come since.

    `mark` is that of the case; `at` and `seconds` say when it was judged, and how long that took in real time.
    """

    verdict: Verdict
    mark: tuple[Any, ...]
    at: float
    seconds: float
    since: int = 0


def case_of(engine: Engine, world: World) -> Case:
    """Return the case of a world's client as it is now."""
    return Case(*engine.records.evidence(world), Standards(world.settings.conduct_poll_seconds))


def known(world: World, case: Case) -> Verdict | None:
    """Return the verdict on a case if it was judged before, None otherwise."""
    opinion: Opinion | None = world.opinion
    return opinion.verdict if opinion and opinion.mark == case.mark else None


def opinion_on(world: World, case: Case) -> Opinion:
    """Judge the case of a world's client, which is remembered until the case changes."""
    start = monotonic_seconds()
    verdict = known(world, case) or case.judged()
    world.opinion = Opinion(verdict, case.mark, start, monotonic_seconds() - start)
    return world.opinion


def recent_opinion(engine: Engine, world: World) -> Opinion:
    """Return an opinion on a world's client, formed so seldom that it takes a small share of the time."""
    case, opinion = case_of(engine, world), world.opinion
    if opinion and monotonic_seconds() - opinion.at < _REST * opinion.seconds:
        size, dropped, *_ = opinion.mark
        since = len(case.exchanges) + case.dropped - size - dropped
        if since >= 0:
            return opinion._replace(since=since)
    return opinion_on(world, case)
