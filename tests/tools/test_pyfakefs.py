"""pyfakefs and few descriptors: what the emulator reads, it has read before any test."""

from __future__ import annotations

import pytest

from tests.tools.project import Project

HEAD = """
import os
import pathlib
import pytest
from reprompt_mock import RepromptMock
from stranger import HAMBURG, OSAKA, call, create, results

LAGOS = {"name": "Danfo Kitchen", "latitude": 6.4541, "longitude": 3.3947}
"""


def test_the_fixture_works_beside_a_false_file_system_in_either_order(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        seen = {}

        def test_ours_first(reprompt_mock, fs):
            pathlib.Path("/only-here").write_text("x")
            seen["japan"] = results(reprompt_mock, "a", inputs=OSAKA)

        def test_theirs_first(fs, reprompt_mock):
            assert not os.path.exists("/only-here")
            assert results(reprompt_mock, "a", inputs=OSAKA) == seen["japan"]

        def test_of_a_country_that_is_new(fs, reprompt_mock):
            seen["nigeria"] = results(reprompt_mock, "a", inputs=LAGOS)

        def test_of_later(reprompt_mock):
            assert results(reprompt_mock, "a", inputs=OSAKA) == seen["japan"]

        def test_of_later_too(reprompt_mock):
            assert results(reprompt_mock, "a", inputs=LAGOS) == seen["nigeria"]
        """,
    )

    project.run(plugins=["fakefs"]).assert_passed(tests=5)


def test_an_emulator_is_started_and_stopped_in_a_false_file_system(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        def test_that_starts_one(fs):
            with RepromptMock(clock="paused") as mock:
                results(mock, "a")

        def test_that_starts_one_later():
            with RepromptMock(clock="paused") as mock:
                results(mock, "a", inputs=OSAKA)
        """,
    )

    project.run(plugins=["fakefs"]).assert_passed(tests=2)


@pytest.mark.parametrize("server", ["thread", "process"])
def test_a_false_file_system_is_there_again_when_an_emulator_has_started_and_ended(
    project: Project, server: str
) -> None:
    project.write(
        "test_it.py",
        HEAD,
        f"""
        from pyfakefs.fake_filesystem_unittest import Patcher, TestCase

        def assert_works():
            pathlib.Path("/only-here").write_text("x")
            mock = RepromptMock(server="{server}", clock="paused").start()
            assert os.listdir("/only-here/..") and not pathlib.Path("/usr").exists()
            results(mock, "a")
            mock.close()
            assert pathlib.Path("/only-here").read_text() == "x"
            assert not pathlib.Path("/usr").exists()

        def test_of_the_fixture(fs):
            assert_works()

        class TestOfUnittest(TestCase):
            def setUp(self):
                self.setUpPyfakefs()

            def test_that_starts_one(self):
                assert_works()

        def test_of_a_block():
            with Patcher():
                assert_works()
            assert not pathlib.Path("/only-here").exists() and pathlib.Path("/usr").exists()

        def test_of_one_that_is_paused_by_the_test(fs):
            fs.pause()
            with RepromptMock(server="{server}", clock="paused") as mock:
                assert pathlib.Path("/usr").exists()
                results(mock, "a")
            assert pathlib.Path("/usr").exists()
            fs.resume()
            assert_works()
        """,
    )

    project.run(plugins=["fakefs"]).assert_passed(tests=4)


def test_an_emulator_ends_in_a_false_file_system_and_leaves_nothing(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        import tempfile

        KEPT = os.environ["TMPDIR"] = str(pathlib.Path.cwd() / "kept")
        os.mkdir(KEPT)
        mock = RepromptMock(clock="paused").start()

        def test_that_ends_it(fs):
            results(mock, "a")
            mock.close()

        def test_of_later():
            assert os.listdir(KEPT) == []
        """,
    )

    project.run(plugins=["fakefs"]).assert_passed(tests=2)


def test_a_failing_test_in_a_false_file_system_is_reported_with_its_requests(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        def test_that_fails(fs, reprompt_mock):
            create(reprompt_mock, "a")
            raise AssertionError
        """,
    )

    session = project.run(plugins=["fakefs"])

    session.assert_failed("test_that_fails")
    assert "POST /v1/t-" in session.output


def test_a_session_with_few_descriptors_works(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        @pytest.mark.parametrize("inputs", [HAMBURG, OSAKA, LAGOS])
        def test_that_works(reprompt_mock, inputs):
            results(reprompt_mock, "a", "b", inputs=inputs)
        """,
    )

    project.run(descriptors=64).assert_passed(tests=3)


def test_where_no_descriptor_is_left_what_is_needed_first_is_answered_and_right_afterwards(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        @pytest.fixture
        def exhausted():
            taken = []
            try:
                while True:
                    taken.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                pass
            for _ in range(2):  # of the client's call: its own socket, and the server's side of it
                os.close(taken.pop())
            yield
            for number in taken:
                os.close(number)

        seen = {}

        def test_exhausted(reprompt_mock, exhausted):
            seen["japan"] = results(reprompt_mock, "a", inputs=OSAKA)

        def test_of_later(reprompt_mock):
            assert results(reprompt_mock, "a", inputs=OSAKA) == seen["japan"]
        """,
    )

    project.run(descriptors=64).assert_passed(tests=2)


def test_an_emulator_for_which_no_descriptor_is_left_says_so_instead_of_waiting(project: Project) -> None:
    project.write(
        "test_it.py",
        HEAD,
        """
        @pytest.mark.parametrize("left", range(12))
        def test_exhausted(left):
            taken = []
            try:
                while True:
                    taken.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                pass
            for _ in range(left):
                os.close(taken.pop())
            try:
                with RepromptMock(clock="paused"):
                    pass
            except Exception as error:
                for number in taken:
                    os.close(number)
                taken.clear()
                assert str(error)
            finally:
                for number in taken:
                    os.close(number)

        def test_of_later():
            with RepromptMock(clock="paused") as mock:
                results(mock, "a")
        """,
    )

    project.run(descriptors=64).assert_passed(tests=13)
