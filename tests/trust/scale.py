"""How much the tests of this folder try: little with `make test`, much with `make soak`."""

from __future__ import annotations

import os
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

SOAK = os.environ.get("SOAK") == "1"


def tries(quick: int, soak: int) -> int:
    """Give how often to try something."""
    return soak if SOAK else quick


def try_histories(
    machine: type[RuleBasedStateMachine], record_property: Callable[[str, object], None], *, quick: int, soak: int
) -> None:
    """Try random histories, and record how many there are."""
    histories, steps = tries(quick, soak), tries(20, 50)
    record_property("histories", histories)
    record_property("steps of each, at most", steps)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=not SOAK,
            suppress_health_check=list(HealthCheck),
        ),
    )
