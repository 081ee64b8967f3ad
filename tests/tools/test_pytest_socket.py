"""pytest-socket: the handle needs no socket, and a test without sockets spoils nothing for later ones."""

from __future__ import annotations

import pytest

from tests.tools.project import Project

TESTS = """
import pytest
from reprompt_mock import RepromptMock
from stranger import create, results

def test_without_sockets(reprompt_mock):
    reprompt_mock.rules.add(then={"outcome": "failed"})
    reprompt_mock.clock.advance(30)
    assert reprompt_mock.journal.find() == []

def test_whose_client_is_stopped(reprompt_mock):
    with pytest.raises(Exception, match="socket"):
        create(reprompt_mock, "a")
    assert reprompt_mock.journal.find() == []

@pytest.mark.enable_socket
def test_with_a_mark(reprompt_mock):
    results(reprompt_mock, "a")

def test_with_a_fixture(socket_enabled, reprompt_mock):
    results(reprompt_mock, "a")

def test_without_sockets_again(reprompt_mock):
    assert sum(reprompt_mock.counts().values()) == 0
"""


def test_tests_that_may_and_may_not_use_sockets_live_in_one_session(project: Project) -> None:
    project.write("test_it.py", TESTS)

    project.run("--disable-socket", plugins=["pytest_socket"]).assert_passed(tests=5)


@pytest.mark.parametrize("options", [("--allow-hosts=127.0.0.1",), ("--disable-socket", "--allow-unix-socket")])
def test_hosts_and_families_that_are_allowed_suffice(project: Project, options: tuple[str, ...]) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import results

        def test_of_the_handle(reprompt_mock):
            assert reprompt_mock.clock.settle().unfinished == 0

        @pytest.mark.enable_socket
        def test_of_a_client(reprompt_mock):
            results(reprompt_mock, "a")
        """,
    )

    project.run(*options, plugins=["pytest_socket"]).assert_passed(tests=2)


def test_a_host_that_is_allowed_in_a_mark_suffices(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import results

        @pytest.mark.allow_hosts(["127.0.0.1"])
        def test_of_a_client(reprompt_mock):
            results(reprompt_mock, "a")
        """,
    )

    project.run("--allow-hosts=192.0.2.1", plugins=["pytest_socket"]).assert_passed(tests=1)
