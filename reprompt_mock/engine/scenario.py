"""Scenario: a world's rules and faults, and which fault hits a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.faults import Fault
    from reprompt_mock.scenario import Scenario


def show(reading: Reading) -> Scenario:
    """Return a world's rules and faults."""
    return reading.state.scenario


def change(writing: Writing, edit: Callable[[Scenario], Scenario]) -> Scenario:
    """Change a world's rules or faults; return the result."""
    writing.set_scenario(edit(writing.scenario))
    return writing.scenario


def meet_fault(writing: Writing, method: str, path: str, operation: str | None, *, digest: str) -> Fault | None:
    """Count a request, identified by `digest`, against a world's faults; return the fault that hits it, if any."""
    scenario, fault = writing.scenario.meet(writing.settings.seed, method, path, operation, digest=digest)
    if scenario is not writing.scenario:
        writing.set_scenario(scenario)
    return fault
