"""Processes: an emulator in one of its own, tests in several, clients in children."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from tests.tools.project import STRICT, Project

IN_A_PROCESS = '[tool.reprompt-mock]\nserver = "process"\n'
SERVERS = {"in a thread": "", "in a process": IN_A_PROCESS}
TESTS = """
import os
import pathlib
import pytest
from reprompt_mock import RepromptMock
from stranger import OSAKA, assert_time_passes, call, create, results

@pytest.mark.reprompt_mock(clock="running")
def test_of_time(reprompt_mock):
    assert_time_passes(reprompt_mock)

def test_of_results(reprompt_mock):
    results(reprompt_mock, "a", inputs=OSAKA)
    reprompt_mock.assert_batch("b", completed=1)
    assert reprompt_mock.snapshot()
"""


def children_of(marker: str) -> list[int]:
    """The living processes whose environment has a marker."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if marker.encode() in environ and command:
            found.append(int(folder.name))
    return found


def has_ended(process: int) -> bool:
    """Wait until a process that is no child of this one has ended, or for so long that it never will."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    with os.fdopen(descriptor, closefd=True):
        return bool(select.select([descriptor], [], [], 20)[0])


def test_an_emulator_of_its_own_process_serves_a_session_and_ends_with_it(project: Project) -> None:
    project.write("pyproject.toml", STRICT, IN_A_PROCESS)
    project.write(
        "test_it.py",
        TESTS,
        """
        def test_that_it_is_another_process(reprompt_mock):
            import sys
            assert "fastapi" not in sys.modules
            assert "sqlmodel" not in sys.modules

        def test_of_an_emulator_of_its_own():
            with RepromptMock(server="process", seed=7) as mock:
                results(mock, "a")
                assert mock.settings.get()["seed"] == 7

        def test_that_none_is_left_open():
            mock = RepromptMock(server="process").start()
            mock.close()
            mock.close()
        """,
    )
    marker = f"STRANGER_MARK={project.folder}"

    project.run(environ={"STRANGER_MARK": str(project.folder)}).assert_passed(tests=5)

    assert children_of(marker) == []


def test_an_emulator_of_its_own_process_dies_with_a_session_that_is_killed(project: Project) -> None:
    project.write("pyproject.toml", STRICT, IN_A_PROCESS)
    project.write(
        "test_it.py",
        """
        import os
        import signal

        def test_that_is_killed(reprompt_mock):
            reprompt_mock.clock.settle()
            os.kill(os.getpid(), signal.SIGKILL)
        """,
    )
    marker = f"STRANGER_MARK={project.folder}"

    session = project.run(environ={"STRANGER_MARK": str(project.folder)})

    assert session.code == -9, session.output
    assert all(map(has_ended, children_of(marker)))
    assert children_of(marker) == []


@pytest.mark.parametrize("server", SERVERS)
def test_workers_have_an_emulator_each_and_end(project: Project, server: str) -> None:
    project.write("pyproject.toml", STRICT, SERVERS[server])
    project.write(
        "test_it.py",
        """
        import pathlib
        import pytest
        from stranger import create

        @pytest.mark.parametrize("number", range(8))
        def test_that_works(reprompt_mock, worker_id, number):
            create(reprompt_mock, "a")
            pathlib.Path(f"{worker_id}-{reprompt_mock.url.rpartition(':')[2]}").touch()
        """,
    )

    project.run("-n2", "--dist", "load", plugins=["xdist"]).assert_passed(tests=8)

    servers = [file.name for file in project.folder.glob("gw?-*")]
    assert len(servers) == 2


CHILD = """
import multiprocessing
import pickle
import pytest
from reprompt_mock import RepromptMock
from stranger import create

def work(mock, name, queue):
    mock.rules.add(match={"place_id": "a"}, then={"outcome": "failed"})
    create(mock, "a")
    queue.put((name, mock.url, mock.org_slug, mock.api_key))

@pytest.mark.parametrize("method", METHODS)
def test_a_child_uses_the_handle(reprompt_mock, method):
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    child = context.Process(target=work, args=(reprompt_mock, method, queue))
    child.start()
    assert queue.get(timeout=30) == (method, reprompt_mock.url, reprompt_mock.org_slug, reprompt_mock.api_key)
    child.join(30)
    assert child.exitcode == 0
    reprompt_mock.clock.settle()
    reprompt_mock.assert_batch("b", failed=1)

def test_a_copy_by_pickle_is_a_handle_on_the_same_world():
    with RepromptMock(org_slug="acme", api_key="k", control_token="t0ken", clock="paused") as mock:
        copy = pickle.loads(pickle.dumps(mock))
        assert (copy.url, copy.org_slug, copy.api_key) == (mock.url, "acme", "k")
        create(mock, "a")
        copy.clock.settle()
        assert mock.counts()["completed"] == 1
        copy.close()
        assert mock.counts()["completed"] == 1
"""


@pytest.mark.parametrize("server", SERVERS)
def test_a_handle_goes_to_child_processes_and_through_pickle(project: Project, server: str) -> None:
    project.write(
        "pyproject.toml", "[tool.pytest.ini_options]\n", SERVERS[server]
    )  # fork in a process with threads is worth a warning of Python's own
    project.write("test_it.py", CHILD.replace("METHODS", '["fork", "spawn", "forkserver"]'))

    project.run().assert_passed(tests=4)


def test_a_command_of_the_projects_own_is_served_by_the_environment(project: Project) -> None:
    project.write(
        "command.py",
        """
        import json
        import os
        import urllib.request

        base = f"{os.environ['REPROMPT_BASE_URL']}/{os.environ['REPROMPT_ORG_SLUG']}/place_enrichment"
        request = urllib.request.Request(f"{base}/batches", headers={"apiKey": os.environ["REPROMPT_API_KEY"]})
        print(json.load(urllib.request.urlopen(request, timeout=20)))
        """,
    )
    project.write(
        "test_it.py",
        """
        import subprocess
        import sys

        def test_of_the_command(reprompt_mock_env):
            done = subprocess.run([sys.executable, "command.py"], capture_output=True, text=True, timeout=30)
            assert done.returncode == 0, done.stderr
            reprompt_mock_env.assert_called("list_batches", times=1, status=200)
        """,
    )

    project.run().assert_passed(tests=1)
