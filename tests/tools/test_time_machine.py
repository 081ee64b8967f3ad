"""time-machine: whenever a test believes to live, the emulator keeps real time, also where time goes back."""

from __future__ import annotations

import pytest

from tests.tools.project import Project

HEAD = """
from datetime import UTC, datetime, timedelta
import pytest
import time_machine
from reprompt_mock import RepromptMock
from stranger import assert_time_passes, call, create, eventually, is_now

pytestmark = pytest.mark.reprompt_mock(clock="running")
"""

TRAVELS = {
    "to the past, where time stands still": 'time_machine.travel("2001-01-01", tick=False)',
    "to the past, where time passes": 'time_machine.travel("2001-01-01", tick=True)',
    "to the future, where time stands still": 'time_machine.travel("2099-01-01", tick=False)',
    "to the future, where time passes": 'time_machine.travel("2099-01-01", tick=True)',
}


@pytest.mark.parametrize("travel", TRAVELS)
def test_a_world_runs_on_in_a_test_that_travels(project: Project, travel: str) -> None:
    project.write(
        "test_it.py",
        HEAD,
        f"""
        @{TRAVELS[travel]}
        def test_that_travels(reprompt_mock):
            assert not is_now(datetime.now(UTC).timestamp())
            assert_time_passes(reprompt_mock)

        @{TRAVELS[travel]}
        def test_that_starts_an_emulator():
            with RepromptMock(clock="running") as mock:
                assert_time_passes(mock)
        """,
    )

    project.run().assert_passed(tests=2)


def test_a_world_neither_stands_nor_jumps_where_the_machines_clock_does(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        HOURS = (-1, 5, -200, 1000, -3)

        def test_that_jumps(reprompt_mock):
            create(reprompt_mock, "a")
            with time_machine.travel(datetime.now(UTC)) as traveller:
                for hours in HOURS:
                    before = reprompt_mock.clock.now
                    traveller.shift(timedelta(hours=hours))
                    assert is_now(reprompt_mock.clock.now.timestamp())
                    eventually(lambda: reprompt_mock.clock.now > before)
                assert_waits_for_the_limit(reprompt_mock, traveller)
                reprompt_mock.journal.clear()
                assert call(reprompt_mock, "GET", "/batches/b")[0] == 200
                (entry,) = reprompt_mock.journal.find()
                assert 0 <= entry["duration_seconds"] < 60

        def assert_waits_for_the_limit(mock, traveller):
            mock.settings.update(rate_limit=1)
            while call(mock, "GET", "/batches")[0] != 429:
                pass
            traveller.shift(timedelta(days=-1))
            eventually(lambda: call(mock, "GET", "/batches")[0] == 200)
            mock.settings.update(rate_limit=0)

        def test_that_comes_after(reprompt_mock):
            assert_time_passes(reprompt_mock)
        """,
    )

    project.run().assert_passed(tests=2)
