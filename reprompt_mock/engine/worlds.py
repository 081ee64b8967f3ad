"""Worlds: their counts and clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.batch_status import Counts
from reprompt_mock.engine.clock import ClockView, show
from reprompt_mock.store import exports, worlds

if TYPE_CHECKING:
    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.writing import Writing


class WorldSummary(NamedTuple):
    """How many batches, jobs and exports a world has, and its clock."""

    org_slug: str
    batches: int
    jobs: Counts
    exports: dict[str, int]
    clock: ClockView


def summary(reading: Reading) -> WorldSummary:
    """Return a world's counts and clock; the counts of an unused world are zero."""
    if reading.key is None:
        return WorldSummary(reading.world.slug, 0, Counts(), dict.fromkeys(exports.STATUSES, 0), show(reading))
    counted = worlds.counts(reading.session, reading.key)
    exported = exports.counts(reading.session, reading.key, now=reading.now)
    return WorldSummary(reading.world.slug, *counted, exported, show(reading))


def intervene(writing: Writing, weight: int) -> None:
    """Note that a test has changed something, for all who share the world."""
    writing.state = writing.state._replace(interventions=writing.state.interventions + weight)


def touch(_: Reading) -> None:
    """Use a world without reading anything."""
