"""freezegun: whatever a test freezes, the emulator keeps real time and the session ends."""

from __future__ import annotations

import pytest

from tests.tools.project import Project

FREEZES = {
    "decorator": """
        @freeze_time("2020-02-02 20:20:20")
        def test_frozen(mock):
            assert datetime.now(UTC).year == 2020
            assert_time_passes(mock)
    """,
    "with": """
        def test_frozen(mock):
            with freeze_time("2020-02-02 20:20:20"):
                assert_time_passes(mock)
            assert_time_passes_again(mock)
    """,
    "fixture-before-ours": """
        @pytest.fixture
        def frozen():
            with freeze_time("2020-02-02 20:20:20") as clock:
                yield clock

        def test_frozen(frozen, mock):
            assert_time_passes(mock)
            frozen.tick(3600)
            assert_time_passes_again(mock)
    """,
    "fixture-after-ours": """
        @pytest.fixture
        def frozen(reprompt_mock):
            with freeze_time("2099-02-02 20:20:20") as clock:
                yield clock

        def test_frozen(mock, frozen):
            assert_time_passes(mock)
            frozen.move_to("2001-01-01")
            assert_time_passes_again(mock)
    """,
    "tick": """
        @freeze_time("2020-02-02 20:20:20", tick=True)
        def test_frozen(mock):
            assert_time_passes(mock)
    """,
    "real_asyncio": """
        @freeze_time("2020-02-02 20:20:20", real_asyncio=True)
        def test_frozen(mock):
            assert_time_passes(mock)
    """,
    "session": """
        @pytest.fixture(scope="session", autouse=True)
        def frozen():
            with freeze_time("2020-02-02 20:20:20"):
                yield

        def test_frozen(mock):
            assert_time_passes(mock)
    """,
}

HEAD = """
from datetime import UTC, datetime, timedelta
import pytest
from freezegun import freeze_time
from reprompt_mock import RepromptMock
from stranger import assert_time_passes, call, is_now, results

pytestmark = pytest.mark.reprompt_mock(clock="running")

@pytest.fixture
def mock(reprompt_mock):
    return reprompt_mock

def assert_time_passes_again(mock):
    call(mock, "DELETE", "/batches/b")
    assert_time_passes(mock)
"""


@pytest.mark.parametrize("freeze", FREEZES)
def test_a_world_runs_on_in_a_frozen_test_and_the_session_ends(project: Project, freeze: str) -> None:
    project.write("test_it.py", HEAD, FREEZES[freeze])

    project.run().assert_passed(tests=1)


def test_it_is_started_and_stopped_where_the_conftest_freezes_everything(project: Project) -> None:
    project.write(
        "conftest.py",
        """
        from freezegun import freeze_time

        frozen = freeze_time("2020-02-02 20:20:20")
        frozen.start()
        """,
    )
    project.write(
        "test_it.py",
        HEAD,
        """
        def test_frozen(mock):
            assert datetime.now(UTC).year == 2020
            assert_time_passes(mock)
    """,
    )

    project.run().assert_passed(tests=1)


FRAMEWORKS = """
def assert_frameworks_are_whole():
    from datetime import date
    import fastapi
    import fastapi.testclient
    import pydantic

    class Visit(pydantic.BaseModel):
        at: datetime
        on: date

    app = fastapi.FastAPI()

    @app.post("/visits")
    def visit(visit: Visit) -> Visit:
        return visit

    visited = {"at": "2031-02-02T20:20:20Z", "on": "2031-02-02"}
    assert fastapi.testclient.TestClient(app).post("/visits", json=visited).json() == visited
"""


@pytest.mark.parametrize("server", ["thread", "process"])
def test_what_was_loaded_in_a_freeze_is_whole_when_it_has_ended(project: Project, server: str) -> None:
    project.write(
        "conftest.py",
        """
        from freezegun import freeze_time

        frozen = freeze_time("2020-02-02 20:20:20")
        frozen.start()
        """,
    )
    project.write(
        "test_it.py",
        HEAD,
        FRAMEWORKS,
        f"""
        from conftest import frozen

        def test_frozen():
            with RepromptMock(server="{server}", clock="running") as mock:
                assert datetime.now(UTC).year == 2020
                assert_time_passes(mock)

        def test_of_later():
            frozen.stop()
            with RepromptMock(clock="running") as mock:
                assert datetime.now(UTC).year > 2020
                assert_time_passes(mock)
            assert_frameworks_are_whole()
        """,
    )

    project.run().assert_passed(tests=2)


def test_frameworks_that_a_conftest_loads_before_and_in_a_freeze_are_whole(project: Project) -> None:
    project.write(
        "conftest.py",
        """
        import datetime
        from freezegun import freeze_time
        from pydantic import BaseModel

        frozen = freeze_time("2020-02-02 20:20:20")
        frozen.start()
        is_frozen = datetime.datetime.now().year == 2020
        """,
    )
    project.write(
        "test_it.py",
        HEAD,
        FRAMEWORKS,
        """
        import conftest
        import datetime as module

        def test_frozen(mock):
            assert conftest.is_frozen
            assert module.datetime is datetime
            assert module.datetime.now().year == module.date.today().year == 2020
            assert_time_passes(mock)

        def test_a_second_freeze_and_its_end(mock):
            with freeze_time("2031-01-01"):
                assert datetime.now(UTC).year == 2031
                with RepromptMock(clock="running") as another:
                    assert_time_passes(another)
                assert datetime.now(UTC).year == 2031
            assert datetime.now(UTC).year == 2020
            conftest.frozen.stop()
            assert datetime.now(UTC).year > 2020
            assert_frameworks_are_whole()
        """,
    )

    project.run().assert_passed(tests=2)


def test_an_emulator_that_a_frozen_test_is_the_first_to_start_works_and_stops(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        @freeze_time("2020-02-02 20:20:20")
        def test_frozen():
            with RepromptMock(clock="running") as mock:
                assert_time_passes(mock)

        def test_started_before_and_stopped_in_the_freeze():
            mock = RepromptMock(clock="running").start()
            with freeze_time("2099-02-02"):
                assert_time_passes(mock)
                mock.close()
    """,
    )

    project.run().assert_passed(tests=2)


def test_a_paused_world_is_aligned_with_the_frozen_time_by_its_clock(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        @pytest.mark.reprompt_mock(clock="paused")
        @freeze_time("2031-02-02 20:20:20")
        def test_frozen(mock):
            assert is_now(mock.clock.now.timestamp())
            mock.clock.set(datetime.now(UTC))
            assert mock.clock.now == datetime(2031, 2, 2, 20, 20, 20, tzinfo=UTC)
            results(mock, "a")
            created = datetime.fromisoformat(call(mock, "GET", "/batches/b")[1]["created_at"])
            assert created == datetime.now(UTC)
            assert mock.clock.now > created
    """,
    )

    project.run().assert_passed(tests=1)
