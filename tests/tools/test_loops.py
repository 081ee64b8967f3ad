"""Green threads and other event loops: whoever patches all is served, whoever patches half has a server process."""

from __future__ import annotations

import pytest

from tests.tools.project import LAX, Project

TESTS = """
import pytest
from reprompt_mock import RepromptMock
from stranger import OSAKA, assert_time_passes, results

@pytest.mark.reprompt_mock(clock="running")
def test_of_the_fixture(reprompt_mock):
    assert_time_passes(reprompt_mock)

def test_of_results(reprompt_mock):
    results(reprompt_mock, "a", inputs=OSAKA)
"""
OWN = """
def test_of_an_emulator_of_its_own():
    with RepromptMock(clock="running") as mock:
        assert_time_passes(mock)
"""
ONE_ALONE = """
def test_of_an_emulator_of_its_own():
    # All loops of green threads run in one thread, and asyncio allows one loop in a thread.
    with pytest.raises(Exception, match="loop"):
        RepromptMock().start()
"""

FULL = {
    "gevent": "from gevent import monkey\nmonkey.patch_all()\n",
    "eventlet": "import eventlet\neventlet.monkey_patch()\n",
    "nest_asyncio": "import nest_asyncio\nnest_asyncio.apply()\n",
    "uvloop": "import asyncio, uvloop\nasyncio.set_event_loop_policy(uvloop.EventLoopPolicy())\n",
    "nest_asyncio and uvloop": (
        "import asyncio, nest_asyncio, uvloop\n"
        "nest_asyncio.apply()\n"
        "asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())\n"
    ),
}
GREEN = ("gevent", "eventlet")
PARTIAL = {
    "gevent, sockets alone": "from gevent import monkey\nmonkey.patch_socket()\nmonkey.patch_select()\n",
    "gevent without threads": "from gevent import monkey\nmonkey.patch_all(thread=False)\n",
    "gevent without sockets": "from gevent import monkey\nmonkey.patch_all(socket=False, select=False)\n",
    "eventlet without threads": "import eventlet\neventlet.monkey_patch(thread=False)\n",
}


@pytest.mark.parametrize("patch", FULL)
def test_an_emulator_in_the_process_works_where_all_is_patched(project: Project, patch: str) -> None:
    project.write("pyproject.toml", LAX)
    project.write("conftest.py", FULL[patch])
    project.write("test_it.py", TESTS, ONE_ALONE if patch in GREEN else OWN)

    project.run().assert_passed(tests=3)


@pytest.mark.parametrize("patch", [*PARTIAL, *GREEN])
def test_an_emulator_in_a_process_of_its_own_works_whatever_is_patched(project: Project, patch: str) -> None:
    project.write("pyproject.toml", LAX, '[tool.reprompt-mock]\nserver = "process"\n')
    project.write("conftest.py", {**FULL, **PARTIAL}[patch])
    project.write("test_it.py", TESTS, OWN.replace('(clock="', '(server="process", clock="'))

    project.run().assert_passed(tests=3)


def test_it_serves_a_test_that_runs_a_loop_of_its_own(project: Project) -> None:
    project.write(
        "test_it.py",
        """
        import asyncio
        import httpx
        from reprompt_mock import RepromptMock
        from stranger import batch_of

        async def work(mock):
            mock.rules.add(then={"seconds": 2})
            url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/batches"
            async with httpx.AsyncClient(headers={"apiKey": mock.api_key}, timeout=20) as http:
                (await http.post(url, json=batch_of("a"))).raise_for_status()
                mock.clock.settle()
                return (await http.get(f"{url}/b")).json()["status"]

        def test_in_a_loop(reprompt_mock):
            assert asyncio.run(work(reprompt_mock)) == "completed"

        def test_started_in_a_loop():
            async def start():
                with RepromptMock(clock="paused") as mock:
                    return await work(mock)

            assert asyncio.run(start()) == "completed"
        """,
    )

    project.run().assert_passed(tests=2)
