"""Emulators in processes of their own on a database: what is acknowledged is stored, whatever ends meanwhile."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tests.conftest import LONDON
from tests.postgres.proxy import proxied
from tests.processes import Served, environment, eventually, serve

SECRET = "opensesame"
MOST_BETWEEN_BREAKS = 40


def create(served: Served, name: str) -> int:
    """Create a batch under its name; return the status."""
    body = {
        "batch_id": name,
        "batch_name": name,
        "attribute_set": "core",
        "jobs": [{"place_id": "p", "inputs": LONDON}],
    }
    return served.http.post("/v1/acme/place_enrichment/batches", json=body, headers={"apiKey": "k"}).status_code


def stored(served: Served) -> list[str]:
    """Return the ids of all batches."""
    page = served.http.get("/v1/acme/place_enrichment/batches?limit=500", headers={"apiKey": "k"}).json()
    return [batch["id"] for batch in page["batches"]]


def test_a_killed_process_loses_nothing_that_it_acknowledged(address: str) -> None:
    acknowledged: list[str] = []
    with serve("--port", "0", "--clock", "paused", "--db", address) as first:
        acknowledged += [name for name in map(str, range(20)) if create(first, name) == 200]
        first.kill()
    with serve("--port", "0", "--clock", "paused", "--db", address, "--db-wait", "30") as second:
        assert sorted(stored(second)) == sorted(acknowledged)
        assert create(second, "more") == 200


def test_processes_that_meet_a_world_at_once_make_one(address: str) -> None:
    with ExitStack() as stack:
        options = ("--port", "0", "--clock", "paused", "--db", address)
        with ThreadPoolExecutor(4) as threads:
            started = threads.map(lambda _: stack.enter_context(serve(*options)), range(4))
            all_served = list(started)
            made = list(threads.map(lambda number: create(all_served[number % 4], str(number)), range(24)))
        assert made == [200] * 24
        assert [sorted(stored(served), key=int) for served in all_served] == [[str(n) for n in range(24)]] * 4
        worlds = [served.http.get("/_mock/orgs").json()["orgs"] for served in all_served]
        assert [[world["batches"] for world in some] for some in worlds] == [[24]] * 4


def test_connections_that_are_cut_under_load_lose_and_double_nothing(address: str) -> None:
    """Every request ends in its answer or a 503, and a 200 means stored, once."""
    with proxied(address) as proxy, serve("--port", "0", "--clock", "paused", "--db", proxy.address) as served:
        assert create(served, "first") == 200
        with proxy.breaking(5, MOST_BETWEEN_BREAKS):
            answers = {str(number): create(served, str(number)) for number in range(150)}
        found = stored(served)
    acknowledged = {name for name, status in answers.items() if status == 200}
    assert set(answers.values()) == {200, 503}
    assert len(acknowledged) > 10
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))


def test_while_the_server_is_gone_requests_end_with_503_and_go_on_when_it_is_back(address: str) -> None:
    with proxied(address) as proxy, serve("--port", "0", "--clock", "paused", "--db", proxy.address) as served:
        assert create(served, "first") == 200
        assert served.http.get("/readyz").status_code == 200
        proxy.cut(stay_closed=True)
        assert create(served, "second") == 503
        with ThreadPoolExecutor(1) as thread:
            probe = thread.submit(served.http.get, "/readyz")
            assert served.http.get("/livez").status_code == 200
            assert probe.result().status_code == 503
        proxy.is_open = True
        eventually(lambda: served.http.get("/readyz").status_code == 200)
        assert stored(served) == ["first"]
        assert create(served, "second") == 200


def test_a_slow_network_makes_other_requests_wait_no_longer(address: str) -> None:
    """Health and the document answer at once while requests wait for the database."""
    with proxied(address, delay=0.01) as proxy, serve("--port", "0", "--db", proxy.address) as served:
        with ThreadPoolExecutor(8) as threads:
            waiting = [threads.submit(create, served, str(number)) for number in range(16)]
            assert served.http.get("/livez").status_code == 200
            assert not all(future.done() for future in waiting)
            assert {future.result() for future in waiting} == {200}
        assert len(stored(served)) == 16


def test_a_start_that_fails_says_so_in_a_line_without_the_password() -> None:
    variables = environment(REPROMPT_MOCK_DB=f"postgresql://me:{SECRET}@127.0.0.1:1/mine")
    command = [sys.executable, "-m", "reprompt_mock", "serve", "--port", "0"]
    ran = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "postgresql://127.0.0.1:1/mine" in ran.stderr
    assert SECRET not in ran.stderr + ran.stdout
