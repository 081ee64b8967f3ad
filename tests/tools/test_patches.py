"""mocker.patch of what a server lives on: neither the emulator nor a later test notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reprompt_mock import RepromptMock
from tests.tools import stranger
from tests.tools.project import Project

PYTEST_MOCK = "pytest_mock"

HEAD = """
import json
import pathlib
import pytest
from reprompt_mock import RepromptMock
from stranger import OSAKA, assert_time_passes, call, create, results

PLACES = ("a", "mock-partial-b", "mock-ok-c")

@pytest.fixture
def patched(mocker):
    PATCH

def found(mock):
    return json.loads(json.dumps(results(mock, *PLACES, inputs=OSAKA)))
"""

CLOCKS = {
    "monotonic stands": 'mocker.patch("time.monotonic", return_value=1.0)',
    "monotonic goes back": 'mocker.patch("time.monotonic", side_effect=range(10**9, 0, -1))',
    "monotonic_ns stands": 'mocker.patch("time.monotonic_ns", return_value=1)',
    "time stands": 'mocker.patch("time.time", return_value=1.0)',
    "time_ns stands": 'mocker.patch("time.time_ns", return_value=1)',
    "perf_counter stands": 'mocker.patch("time.perf_counter", return_value=1.0)',
    "sleep does not": 'mocker.patch("time.sleep")',
}


@pytest.mark.parametrize("patch", CLOCKS)
def test_a_world_runs_on_under_a_patched_clock_and_the_session_ends(project: Project, patch: str) -> None:
    project.write(
        "test_it.py",
        HEAD.replace("PATCH", CLOCKS[patch]),
        """
        pytestmark = pytest.mark.reprompt_mock(clock="running")

        def test_patched_before(patched, reprompt_mock):
            assert_time_passes(reprompt_mock)

        def test_patched_after(reprompt_mock, patched):
            assert_time_passes(reprompt_mock)

        def test_that_starts_one(patched):
            with RepromptMock(clock="running") as mock:
                assert_time_passes(mock)
        """,
    )

    project.run(plugins=[PYTEST_MOCK]).assert_passed(tests=3)


@pytest.fixture(scope="module")
def truth() -> Iterator[Any]:
    """What an emulator finds where nothing is patched."""
    with RepromptMock(clock="paused") as mock:
        yield stranger.results(mock, "a", "mock-partial-b", "mock-ok-c", inputs=stranger.OSAKA)


OTHERS = {
    "open reads another text": 'mocker.patch("builtins.open", mocker.mock_open(read_data="{}"))',
    "open is refused": 'mocker.patch("builtins.open", side_effect=PermissionError("no"))',
    "io.open is refused": 'mocker.patch("io.open", side_effect=PermissionError("no"))',
    "read_text reads another text": 'mocker.patch("pathlib.Path.read_text", return_value="{}")',
    "read_bytes reads nothing": 'mocker.patch("pathlib.Path.read_bytes", return_value=b"")',
    "nothing exists": 'mocker.patch("os.stat", side_effect=FileNotFoundError("no"))',
    "nothing is imported": 'mocker.patch("importlib.import_module", side_effect=ImportError("no"))',
    "datetime is a mock": 'mocker.patch("datetime.datetime")',
    "uuid4 is a constant": 'mocker.patch("uuid.uuid4", return_value="constant")',
    "os.urandom is constant": 'mocker.patch("os.urandom", return_value=b"0" * 16)',
    "the environment is empty": 'mocker.patch.dict("os.environ", clear=True)',
    "the environment is another's": 'mocker.patch.dict("os.environ", {"REPROMPT_MOCK_FAILURE_RATE": "one"})',
    "threads are mocks": 'mocker.patch("threading.Thread")',
    "loggers are mocks": 'mocker.patch("logging.getLogger")',
}


@pytest.mark.parametrize("patch", OTHERS)
def test_what_a_patched_test_is_the_first_to_need_is_right_in_it_and_after_it(
    project: Project, truth: Any, patch: str
) -> None:
    project.write("truth.json", json.dumps(truth))
    project.write(
        "test_it.py",
        HEAD.replace("PATCH", OTHERS[patch]),
        """
        TRUTH = json.loads(pathlib.Path("truth.json").read_bytes())

        def test_patched_before(patched, reprompt_mock):
            assert found(reprompt_mock) == TRUTH

        def test_patched_after(reprompt_mock, patched):
            assert found(reprompt_mock) == TRUTH

        def test_of_later(reprompt_mock):
            assert found(reprompt_mock) == TRUTH
        """,
    )

    project.run(plugins=[PYTEST_MOCK]).assert_passed(tests=3)


SOCKETS = {
    "socket is a mock": 'mocker.patch("socket.socket")',
    "socket is refused": 'mocker.patch("socket.socket", side_effect=AssertionError("no network in tests"))',
    "socketpair is refused": 'mocker.patch("socket.socketpair", side_effect=OSError("no"))',
    "create_connection is refused": 'mocker.patch("socket.create_connection", side_effect=OSError("no"))',
    "getaddrinfo is refused": 'mocker.patch("socket.getaddrinfo", side_effect=OSError("no"))',
    "selectors are mocks": 'mocker.patch("selectors.DefaultSelector")',
}


@pytest.mark.parametrize("patch", SOCKETS)
def test_the_handle_works_where_the_test_may_not_use_sockets(project: Project, patch: str) -> None:
    project.write(
        "test_it.py",
        HEAD.replace("PATCH", SOCKETS[patch]),
        """
        def test_patched_before(patched, reprompt_mock):
            before = reprompt_mock.clock.now
            assert 30 <= (reprompt_mock.clock.advance(30) - before).total_seconds() < 60
            reprompt_mock.faults.add(match={"operation": "get_batch"}, then={"status": 503})
            assert reprompt_mock.counts()["pending"] == 0
            assert reprompt_mock.journal.find() == []

        def test_of_later(reprompt_mock):
            results(reprompt_mock, "a")
        """,
    )

    project.run(plugins=[PYTEST_MOCK]).assert_passed(tests=2)


NO_START = {
    "the loop's own sockets": 'mocker.patch("socket.socketpair", side_effect=OSError("none today"))',
    "no more files": 'mocker.patch("selectors.DefaultSelector", side_effect=OSError("none today"))',
    "no more threads": 'mocker.patch("threading.Thread.start", side_effect=RuntimeError("none today"))',
}


@pytest.mark.parametrize("patch", NO_START)
def test_what_keeps_an_emulator_from_starting_is_raised_as_a_sentence_or_does_not_matter(
    project: Project, patch: str
) -> None:
    project.write(
        "test_it.py",
        HEAD.replace("PATCH", NO_START[patch]),
        """
        def test_patched(patched):
            try:
                with RepromptMock(clock="paused") as mock:
                    results(mock, "a")
            except Exception as error:
                assert "none today" in str(error)

        def test_of_later():
            with RepromptMock(clock="paused") as mock:
                results(mock, "a")
        """,
    )

    project.run(plugins=[PYTEST_MOCK]).assert_passed(tests=2)


def test_the_handle_of_an_emulator_that_never_started_was_closed_or_starts_twice_says_so_at_once(
    project: Project,
) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from reprompt_mock import RepromptMock

        def test_before_start():
            mock = RepromptMock()
            with pytest.raises(Exception, match="start") as refusal:
                mock.counts()
            assert "Traceback" not in str(refusal.value)
            mock.close()

        def test_after_close():
            with RepromptMock() as mock:
                mock.counts()
            with pytest.raises(Exception, match="closed|stopped"):
                mock.counts()

        def test_started_twice():
            with RepromptMock() as mock, pytest.raises(Exception, match="already"):
                mock.start()
        """,
    )

    session = project.run("--durations=0", "-vv")

    session.assert_passed(tests=3)
    assert all(float(case.get("time", "99")) < 20 for case in session.cases.values()), session.output
