"""Sessions of many kinds: strict interpreters, bare environments, repeated tests, reports."""

from __future__ import annotations

import pytest

from tests.tools.project import Project

TESTS = """
import pytest
from stranger import create, results

def test_that_works(reprompt_mock):
    results(reprompt_mock, "a")

@pytest.mark.reprompt_mock(clock="running")
def test_of_a_running_world(reprompt_mock_env):
    create(reprompt_mock_env, "a")
    reprompt_mock_env.assert_called("create_batch")
"""

INTERPRETERS = {
    "development mode with errors for warnings": ("-X", "dev", "-W", "error"),
    "optimized": ("-O",),
    "without docstrings": ("-OO",),
    "isolated from the user's site": ("-s", "-E"),
    "without bytecode files": ("-B",),
    "bytes warnings": ("-bb",),
}


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_it_works_in_a_strict_or_stripped_interpreter(project: Project, interpreter: str) -> None:
    project.write("test_it.py", TESTS)

    # Without assert statements pytest warns by itself.
    strict = () if interpreter.startswith(("optimized", "without doc")) else ("-W", "error")
    lax = () if strict else ("-o", "filterwarnings=")
    project.run(*strict, *lax, python=INTERPRETERS[interpreter]).assert_passed(tests=2)


ENVIRONMENTS = {
    "no home": {"HOME": "", "USERPROFILE": ""},
    "a home that is not there": {"HOME": "/nowhere/at/all"},
    "a strange language": {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"},
    "no path": {"PATH": ""},
    "a service of Kubernetes": {"REPROMPT_MOCK_SERVICE_HOST": "192.0.2.1", "REPROMPT_MOCK_PORT": "tcp://192.0.2.1:80"},
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_works_in_a_strange_environment(project: Project, environment: str) -> None:
    project.write("test_it.py", TESTS)

    project.run(environ=ENVIRONMENTS[environment]).assert_passed(tests=2)


def test_it_works_where_a_test_leaves_the_working_directory_and_deletes_it(project: Project) -> None:
    project.write(
        "test_it.py",
        TESTS,
        """
        import os

        def test_that_deletes_its_directory(reprompt_mock, tmp_path):
            here = os.getcwd()
            gone = tmp_path / "gone"
            gone.mkdir()
            os.chdir(gone)
            gone.rmdir()
            try:
                results(reprompt_mock, "a")
            finally:
                os.chdir(here)
        """,
    )

    project.run().assert_passed(tests=3)


def test_a_suite_that_does_not_use_the_fixture_loads_and_starts_nothing(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import sys
        import threading

        def test_that_uses_no_emulator():
            heavy = {"fastapi", "starlette", "uvicorn", "sqlmodel", "sqlalchemy", "pydantic", "faker", "httpx2"}
            assert not heavy & {name.partition(".")[0] for name in sys.modules}
            assert [thread.name for thread in threading.enumerate()] == ["MainThread"]
        """,
    )
    project.write("test_of_the_fixture.py", "def test_it(reprompt_mock): pass\n")

    project.run("test_it.py").assert_passed(tests=1)
    deselected = project.run("-k", "uses_no_emulator")
    deselected.assert_passed(tests=1)


def test_only_collecting_starts_nothing(project: Project) -> None:
    project.write("test_it.py", TESTS)
    project.write(
        "conftest.py",
        """
        import threading

        def pytest_unconfigure():
            print("threads:", [thread.name for thread in threading.enumerate()])
        """,
    )

    session = project.run("--collect-only", "-s")

    assert session.code == 0, session.output
    assert "threads: ['MainThread']" in session.output


def test_the_junit_file_has_the_last_requests_of_a_failing_test(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import call, create

        def test_that_fails(reprompt_mock):
            create(reprompt_mock, "a")
            assert call(reprompt_mock, "GET", "/batches/none")[0] == 200

        @pytest.fixture
        def stores(reprompt_mock):
            create(reprompt_mock, "a")
            raise RuntimeError

        def test_whose_fixture_fails(stores):
            pass

        def test_that_passes(reprompt_mock):
            create(reprompt_mock, "a")
        """,
    )

    session = project.run()

    session.assert_failed("test_that_fails", "test_whose_fixture_fails")
    failed = session.report("test_that_fails")
    assert "1 POST /v1/t-" in failed, failed
    assert "/batches/none → 404" in failed, failed
    assert "1 POST /v1/t-" in session.report("test_whose_fixture_fails")
    assert "POST /v1/t-" not in session.report("test_that_passes")


def test_the_junit_file_of_workers_has_them_too(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import create

        @pytest.mark.parametrize("number", range(2))
        def test_that_fails(reprompt_mock, number):
            create(reprompt_mock, "a")
            raise AssertionError
        """,
    )

    session = project.run("-n2", plugins=["xdist"])

    session.assert_failed("test_that_fails[0]", "test_that_fails[1]")
    assert all("1 POST /v1/t-" in session.report(name) for name in session.cases)


def test_asserting_a_batch_is_no_request_of_the_client(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import create

        @pytest.mark.reprompt_mock(poll_advance=60, rate_limit=0.001)
        def test_that_asserts(reprompt_mock):
            create(reprompt_mock, "a")
            fault = reprompt_mock.faults.add(match={"operation": "get_batch"}, then={"status": 503}, times=1)
            anything = reprompt_mock.faults.add(then={"abort": "reset"})
            before = reprompt_mock.clock.now

            for _ in range(3):
                batch = reprompt_mock.assert_batch("b", pending=1, completed=0)

            assert batch["jobs"]["pending"] == ["a"]
            assert reprompt_mock.clock.now == before
            assert [(each["seen"], each["served"]) for each in reprompt_mock.faults.list()] == [(0, 0), (0, 0)]
            assert [entry["operation"] for entry in reprompt_mock.journal.find()] == ["create_batch"]
            reprompt_mock.assert_called("get_batch", times=0)
        """,
    )

    project.run().assert_passed(tests=1)


def test_each_example_of_hypothesis_has_a_fresh_world_as_the_mark_made_it(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from hypothesis import HealthCheck, given, settings, strategies
        from stranger import create

        @pytest.mark.reprompt_mock(failure_rate=1)
        @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(names=strategies.lists(strategies.sampled_from("abcdef"), min_size=1, unique=True))
        def test_that_all_fail(reprompt_mock, names):
            reprompt_mock.fresh()
            create(reprompt_mock, *names)
            reprompt_mock.clock.settle()
            reprompt_mock.assert_batch("b", failed=len(names))
            reprompt_mock.assert_called("create_batch", times=1)

        @settings(max_examples=15, deadline=None)
        @given(names=strategies.lists(strategies.sampled_from("abcdef"), min_size=1, unique=True))
        def test_of_the_factory(reprompt_mock_factory, names):
            mock = reprompt_mock_factory(failure_rate=1)
            create(mock, *names)
            mock.clock.settle()
            mock.assert_batch("b", failed=len(names))
        """,
    )

    project.run(plugins=["hypothesispytest"]).assert_passed(tests=2)


@pytest.mark.parametrize("method", ["signal", "thread"])
def test_a_time_limit_ends_a_test_and_the_next_is_served(project: Project, method: str) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import call, results

        @pytest.mark.timeout(2)
        def test_that_waits(reprompt_mock):
            reprompt_mock.faults.add(then={"delay_seconds": 3600})
            call(reprompt_mock, "GET", "/batches")

        def test_of_later(reprompt_mock):
            results(reprompt_mock, "a")
        """,
    )

    session = project.run(f"--timeout-method={method}", plugins=["timeout"])

    if method == "thread":  # it ends the whole process, as it documents
        assert session.code == 1, session.output
        assert "Timeout" in session.output
    else:
        session.assert_failed("test_that_waits")


def test_a_temporary_folder_that_is_not_there_is_passed_over(project: Project) -> None:
    project.write("test_it.py", TESTS)

    project.run(environ={"TMPDIR": str(project.folder / "missing")}).assert_passed(tests=2)


def test_a_session_leaves_no_files_behind(project: Project) -> None:
    scratch = project.folder / "scratch"
    scratch.mkdir()
    project.write("test_it.py", TESTS)

    project.run(environ={"TMPDIR": str(scratch)}).assert_passed(tests=2)

    assert [file for file in scratch.iterdir() if not file.name.startswith("pytest-of-")] == []


def test_other_ways_to_write_tests_use_the_fixture_as_any_test_does(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import random
        import unittest
        import httpx
        import pytest
        from stranger import HAMBURG, OSAKA, batch_of, results

        class OfUnittest(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _take(self, reprompt_mock):
                self.mock = reprompt_mock

            def test_in_a_test_case(self):
                results(self.mock, "a")

        def test_with_parts(reprompt_mock, subtests):
            for inputs in (HAMBURG, OSAKA):
                with subtests.test(inputs=inputs):
                    results(reprompt_mock, "a", inputs=inputs)
                reprompt_mock.fresh()

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test_in_a_loop(reprompt_mock):
            url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment/batches"
            async with httpx.AsyncClient(headers={"apiKey": reprompt_mock.api_key}, timeout=20) as http:
                (await http.post(url, json=batch_of("a"))).raise_for_status()
                reprompt_mock.clock.settle()
                assert (await http.get(f"{url}/b")).json()["status"] == "completed"

        @pytest.fixture
        def before():
            random.seed(7)
            return [random.random(), random.random()]

        def test_of_random_numbers(before, reprompt_mock):
            random.seed(7)
            first = random.random()
            results(reprompt_mock, "a")
            assert [first, random.random()] == before
        """,
    )

    project.run(plugins=["anyio"]).assert_passed(tests=4)


@pytest.mark.parametrize("mode", ["each", "loadscope", "loadgroup", "worksteal"])
def test_workers_are_served_however_tests_are_dealt_out(project: Project, mode: str) -> None:
    project.write(
        "test_it.py",
        """
        import pytest
        from stranger import create

        @pytest.mark.parametrize("number", range(6))
        def test_that_works(reprompt_mock, number):
            assert sum(reprompt_mock.counts().values()) == 0
            create(reprompt_mock, "a")
        """,
    )

    session = project.run("-n2", "--dist", mode, plugins=["xdist"])

    assert session.code == 0, session.output
    assert f"{12 if mode == 'each' else 6} passed" in session.output
