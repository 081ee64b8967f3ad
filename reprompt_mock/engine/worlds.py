"""Worlds: their counts and clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.batch_status import Counts
from reprompt_mock.engine.clock import ClockView, show
from reprompt_mock.store import worlds

if TYPE_CHECKING:
    from reprompt_mock.engine.reading import Reading


class WorldSummary(NamedTuple):
    """How many batches and jobs a world has, and its clock."""

    org_slug: str
    batches: int
    jobs: Counts
    clock: ClockView


def summary(reading: Reading) -> WorldSummary:
    """Count what is in a world; an unused one shows zeros."""
    counted = (0, Counts()) if reading.key is None else worlds.counts(reading.session, reading.key)
    return WorldSummary(reading.world.slug, *counted, show(reading))


def touch(_: Reading) -> None:
    """Read nothing: a use of the world like any other."""
