"""What strangers write into marks, tables and options: understood, or answered with a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from reprompt_mock import RepromptMock
from tests.tools.project import STRICT, Project

ONE_TEST = """
from stranger import create, results

def test_it(reprompt_mock):
    results(reprompt_mock, "a")
"""


def test_marks_of_module_class_and_function_merge_and_take_rules(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import create

        pytestmark = pytest.mark.reprompt_mock(seed=7, failure_rate=1)

        def end_of(mock, *place_ids):
            create(mock, *place_ids)
            mock.clock.settle()
            counts = mock.counts()
            return counts["completed"], counts["failed"]

        def test_of_the_module(reprompt_mock):
            assert end_of(reprompt_mock, "a", "b") == (0, 2)

        GOOD = {"match": {"place_id": "good-*"}, "then": {"outcome": "completed"}}

        @pytest.mark.reprompt_mock(workers=3, rules=[GOOD])
        class TestOfAClass:
            def test_that_adds_nothing(self, reprompt_mock):
                settings = reprompt_mock.settings.get()
                assert (settings["seed"], settings["failure_rate"], settings["workers"]) == (7, 1, 3)
                assert end_of(reprompt_mock, "a", "good-1") == (1, 1)

            @pytest.mark.reprompt_mock(failure_rate=0, seed=8)
            def test_that_decides_otherwise(self, reprompt_mock):
                settings = reprompt_mock.settings.get()
                assert (settings["seed"], settings["failure_rate"], settings["workers"]) == (8, 0, 3)
                assert end_of(reprompt_mock, "a", "good-1") == (2, 0)

            @pytest.mark.reprompt_mock(rules=[{"match": {"place_id": "*"}, "then": {"outcome": "failed"}}])
            def test_whose_rules_come_last(self, reprompt_mock):
                assert len(reprompt_mock.rules.list()) in (1, 2)
                assert end_of(reprompt_mock, "a", "good-1") == (0, 2)
        """,
    )

    project.run().assert_passed(tests=4)


def test_the_paused_clock_of_a_fresh_world_stands_still_before_anything_else_is_done(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        from stranger import create

        def test_it(reprompt_mock):
            first = reprompt_mock.clock.now
            assert [reprompt_mock.clock.now for _ in range(20)] == [first] * 20
            create(reprompt_mock, "a")
            assert reprompt_mock.clock.now == first

        def test_of_the_factory(reprompt_mock_factory):
            mock = reprompt_mock_factory()
            assert mock.clock.now == mock.clock.now
        """,
    )

    project.run().assert_passed(tests=2)


MARKS = {
    "positional": ("@pytest.mark.reprompt_mock(0.3)", ["keyword"]),
    "a dict": ('@pytest.mark.reprompt_mock({"failure_rate": 0.3})', ["keyword"]),
    "misspelt": ("@pytest.mark.reprompt_mock(falure_rate=0.3)", ["falure_rate", "did you mean failure_rate?"]),
    "a rule misspelt": (
        '@pytest.mark.reprompt_mock(rules=[{"then": {"outcom": "failed"}}])',
        ["outcom", "did you mean outcome?"],
    ),
    "of the server": ("@pytest.mark.reprompt_mock(port=8780)", ["port"]),
}


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_that_cannot_be_meant_is_answered_with_a_sentence(project: Project, mark: str) -> None:
    written, words = MARKS[mark]
    project.write("test_it.py", f"import pytest\n\n{written}\ndef test_it(reprompt_mock):\n    pass\n")

    session = project.run()

    session.assert_failed("test_it")
    told = session.report("test_it")
    assert all(word in told for word in words), session.output


TABLES = {
    "an underscore": ("[tool.reprompt_mock]\nfailure_rate = 1\n", "reprompt-mock]"),
    "a port": ("[tool.reprompt-mock]\nport = 8780\n", "port"),
    "a host": ('[tool.reprompt-mock]\nhost = "0.0.0.0"\n', "host"),
    "a file": ('[tool.reprompt-mock]\ndb = "never-made.db"\n', "db"),
    "an unknown server": ('[tool.reprompt-mock]\nserver = "proces"\n', "process"),
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_cannot_be_followed_is_not_ignored_in_silence(project: Project, table: str) -> None:
    written, word = TABLES[table]
    project.write("pyproject.toml", "[tool.pytest.ini_options]\n", written)
    project.write("test_it.py", ONE_TEST)

    session = project.run()

    told = re.sub(r"^(rootdir|plugins|configfile|- generated).*", "", session.output, flags=re.MULTILINE)
    assert re.search(rf"reprompt-mock.*{re.escape(word)}|{re.escape(word)}.*reprompt-mock", told), session.output
    assert "Traceback" not in session.output
    assert not (project.folder / "never-made.db").exists()


def test_a_table_above_the_folder_that_pytest_takes_for_the_root_is_found(project: Project) -> None:
    project.write("pyproject.toml", "[tool.reprompt-mock]\nfailure_rate = 1\nseed = 11\n")
    project.write("services/places/pytest.ini", "[pytest]\n")
    project.write(
        "services/places/test_it.py",
        """
        def test_it(reprompt_mock):
            settings = reprompt_mock.settings.get()
            assert (settings["failure_rate"], settings["seed"]) == (1, 11)
        """,
    )

    project.run(within="services/places").assert_passed(tests=1)


def test_the_nearest_table_counts_and_one_of_others_does_not_hide_it(project: Project) -> None:
    project.write("pyproject.toml", "[tool.reprompt-mock]\nseed = 11\n")
    project.write("services/pyproject.toml", "[tool.reprompt-mock]\nseed = 12\n")
    project.write("services/places/pyproject.toml", STRICT)
    project.write(
        "services/places/test_it.py",
        """
        def test_it(reprompt_mock):
            assert reprompt_mock.settings.get()["seed"] == 12
        """,
    )

    project.run(within="services/places").assert_passed(tests=1)


def test_keys_in_the_table_let_each_test_in(project: Project) -> None:
    project.write(
        "pyproject.toml",
        STRICT,
        """
        [tool.reprompt-mock]
        api_keys = { "key-of-acme" = "acme", "key-of-all" = "*" }
        """,
    )
    project.write(
        "test_it.py",
        """
        from stranger import call, results

        def test_it(reprompt_mock):
            results(reprompt_mock, "a")

        def test_that_other_keys_are_refused(reprompt_mock):
            reprompt_mock.api_key = "unknown"
            assert call(reprompt_mock, "GET", "/batches")[0] in (401, 403)
        """,
    )

    project.run().assert_passed(tests=2)


def test_the_plugin_may_be_named_in_a_conftest_beside_its_entry_point(project: Project) -> None:
    project.write("conftest.py", 'pytest_plugins = ["reprompt_mock.pytest_plugin"]\n')
    project.write("test_it.py", ONE_TEST)

    project.run().assert_passed(tests=1)


def test_the_plugin_may_be_named_on_the_command_line_by_its_module(project: Project) -> None:
    project.write("test_it.py", ONE_TEST)

    project.run("-p", "reprompt_mock.pytest_plugin").assert_passed(tests=1)


@pytest.fixture(scope="module")
def emulator() -> Iterator[RepromptMock]:
    with RepromptMock() as mock:
        yield mock


@pytest.mark.parametrize("form", ["{url}", "{url}/", "{url}/v1", "{url}/v1/", "{address}"])
def test_a_running_emulators_address_is_understood_however_it_is_written(
    project: Project, emulator: RepromptMock, form: str
) -> None:
    written = form.format(url=emulator.url, address=emulator.url.removeprefix("http://"))
    project.write(
        "test_it.py",
        f"""
        from stranger import results

        def test_it(reprompt_mock):
            assert (reprompt_mock.url, reprompt_mock.base_url) == ("{emulator.url}", "{emulator.url}/v1")
            results(reprompt_mock, "a")
        """,
    )

    project.run("--reprompt-mock-url", written).assert_passed(tests=1)
    project.run(environ={"REPROMPT_MOCK_URL": written}).assert_passed(tests=1)


def test_the_factory_gives_worlds_to_wider_fixtures_and_fresh_gives_a_world_back_as_it_was_made(
    project: Project,
) -> None:
    project.write("pyproject.toml", STRICT, "[tool.reprompt-mock]\nseed = 5\n")
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import create

        @pytest.fixture(scope="module")
        def failing(reprompt_mock_factory):
            mock = reprompt_mock_factory(failure_rate=1)
            create(mock, "a")
            mock.clock.settle()
            return mock

        @pytest.fixture(scope="session")
        def running(reprompt_mock_factory):
            return reprompt_mock_factory(clock="running", seed=6)

        slugs = set()

        @pytest.mark.parametrize("number", range(2))
        def test_of_wider_fixtures(failing, running, reprompt_mock, number):
            slugs.update(mock.org_slug for mock in (failing, running, reprompt_mock))
            assert failing.counts()["failed"] == 1
            assert failing.settings.get()["seed"] == 5
            assert running.clock.running
            assert running.settings.get()["seed"] == 6
            assert sum(reprompt_mock.counts().values()) == 0
            assert len(slugs) == 3 + number

        def test_that_the_factorys_settings_are_checked(reprompt_mock_factory):
            with pytest.raises(Exception, match="did you mean failure_rate"):
                reprompt_mock_factory(falure_rate=1)

        @pytest.mark.reprompt_mock(failure_rate=1, seed=9)
        def test_of_fresh(reprompt_mock):
            before = reprompt_mock.settings.get()
            create(reprompt_mock, "a")
            reprompt_mock.settings.update(failure_rate=0, seed=1)
            reprompt_mock.faults.add(then={"status": 503})
            reprompt_mock.fresh()
            assert reprompt_mock.settings.get() == before
            assert reprompt_mock.faults.list() == []
            assert reprompt_mock.journal.find() == []
            assert sum(reprompt_mock.counts().values()) == 0
            create(reprompt_mock, "a")
            reprompt_mock.clock.settle()
            assert reprompt_mock.counts()["failed"] == 1
        """,
    )

    project.run().assert_passed(tests=4)
