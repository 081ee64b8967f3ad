"""The requests that several emulators on one schema saw are one journal, and their limits are one limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from reprompt_mock.engine import barrier
from reprompt_mock.real_time import monotonic_seconds
from reprompt_mock.server import ServerThread
from tests.conftest import LONDON, Org
from tests.control.test_fault_connections import connected, one_answer, request
from tests.control.waiting import client, org_of, start
from tests.processes import PATIENCE_SECONDS, eventually

JOB = b'{"batch_id": "late", "batch_name": "B", "attribute_set": "core", "jobs": [{"place_id": "a", "inputs": %s}]}'
SMALL = JOB % str(LONDON).replace("'", '"').encode()


@pytest.fixture
def servers(address: str) -> Iterator[list[ServerThread]]:
    """Two emulators on one schema, each behind a socket."""
    servers = [start(db=address), start(db=address)]
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def orgs(servers: list[ServerThread]) -> Iterator[tuple[Org, Org]]:
    """An organization of both."""
    with client(servers[0]) as first, client(servers[1]) as second:
        yield org_of(first, "acme"), org_of(second, "acme")


def test_all_show_one_journal(orgs: tuple[Org, Org]) -> None:
    for org in orgs * 2:
        org.get("/batches")
    journals = [org.control("GET", "/journal").json() for org in orgs]
    assert journals[0] == journals[1]
    assert [request["sequence"] for request in journals[0]["requests"]] == [1, 2, 3, 4]
    times = [request["real_time"] for request in journals[0]["requests"]]
    assert times == sorted(times)


def test_a_journal_that_one_clears_is_empty_for_all(orgs: tuple[Org, Org]) -> None:
    first, second = orgs
    first.get("/batches")
    second.get("/batches")
    assert first.control("DELETE", "/journal").status_code == 204
    assert second.control("GET", "/journal").json() == {"requests": [], "dropped": 0}
    second.get("/batches")
    assert [request["sequence"] for request in first.control("GET", "/journal").json()["requests"]] == [1]


def test_a_journal_outlives_a_restored_snapshot(orgs: tuple[Org, Org]) -> None:
    first, second = orgs
    first.get("/batches")
    snapshot_ = first.control("GET", "/snapshot").json()
    assert second.control("PUT", "/snapshot", snapshot_).status_code == 200
    assert len(first.control("GET", "/journal").json()["requests"]) == 1


def test_a_client_is_judged_by_what_all_saw(orgs: tuple[Org, Org]) -> None:
    for org in orgs * 2:
        org.get("/batches")
    verdicts = [org.control("GET", "/conduct").json() for org in orgs]
    assert verdicts[0] == verdicts[1]
    assert verdicts[0]["judged"] == 4


def test_a_rate_limit_counts_the_requests_to_all(orgs: tuple[Org, Org]) -> None:
    first, _ = orgs
    first.set(rate_limit=5)
    start = monotonic_seconds()
    answers = [org.call("GET", "/batches").status_code for org in orgs * 12]
    seconds = monotonic_seconds() - start
    assert 5 <= answers.count(200) <= 5 + 5 * seconds + 1
    assert set(answers) <= {200, 429}


def test_a_request_under_way_while_another_restores_a_snapshot_is_in_the_journal(orgs: tuple[Org, Org]) -> None:
    first, second = orgs
    first.get("/batches")
    taken = first.control("GET", "/snapshot").json()
    whole = request(first, "POST", "/batches", SMALL)
    with connected(first) as connection:
        connection.sendall(whole[:-1])
        eventually(lambda: len(journal(second)) == 2)
        assert second.control("PUT", "/snapshot", taken).status_code == 200
        first.get("/batches")
        connection.sendall(whole[-1:])
        assert one_answer(connection).head.startswith(b"http/1.1 200")
    assert [entry["sent"] for entry in journal(second)] == ["whole"] * 3
    assert [entry["carried_out"] for entry in journal(first)] == [True] * 3
    assert [org.batch("late")["status"] for org in orgs] == ["pending"] * 2


def test_requests_under_way_while_another_forgets_their_world_are_forgotten(orgs: tuple[Org, Org]) -> None:
    first, second = orgs
    first.get("/batches")
    whole = request(first, "POST", "/batches", SMALL)
    with connected(first) as connection:
        connection.sendall(whole[:-1])
        eventually(lambda: len(journal(second)) == 2)
        assert second.control("DELETE").status_code == 204
        connection.sendall(whole[-1:])
        one_answer(connection)
    assert [journal(org) for org in orgs] == [[], []]


def test_a_request_under_way_to_what_can_be_no_organization_is_in_nobodys_way(orgs: tuple[Org, Org]) -> None:
    first, second = orgs
    with connected(first) as connection:
        nobody = Org(first.http, "%00%ff", first.headers)
        connection.sendall(request(nobody, "POST", "/batches", SMALL)[:-1])
        for number in range(1, 4):
            first.get("/batches")
            assert len(journal(second)) == number


def test_a_reader_waits_until_others_have_written(orgs: tuple[Org, Org], servers: list[ServerThread]) -> None:
    """However seldom they write by themselves."""
    first, second = orgs
    first.get("/batches")
    second.control("GET", "/journal")
    for server in servers:
        reports: Any = server.app.engine.records
        reports.interval_seconds = 3600
    eventually(lambda: len(journal(second)) == 1)
    for number in range(2, 6):
        first.get("/batches")
        assert len(journal(second)) == number
        assert second.control("GET", "/conduct").json()["judged"] == number


def test_a_reader_does_not_wait_long_for_one_that_was_killed(
    orgs: tuple[Org, Org], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(barrier, "_PATIENCE_SECONDS", 0.05)
    orgs[0].get("/batches")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO peer VALUES (1, 0, 0, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT))"
        )
    start = monotonic_seconds()
    assert len(journal(orgs[1])) == 1
    assert monotonic_seconds() - start < PATIENCE_SECONDS / 2


def test_what_a_client_that_left_had_asked_for_is_carried_out_or_recorded_as_not(
    orgs: tuple[Org, Org], address: str
) -> None:
    """Though it left before the write could begin."""
    first, second = orgs
    first.get("/batches")
    with psycopg.connect(address) as connection:
        connection.execute("SELECT FROM world WHERE slug = 'acme' FOR UPDATE")
        with connected(first) as line:
            line.sendall(request(first, "POST", "/batches", SMALL))
            eventually(lambda: len(journal(second)) == 2)
    eventually(lambda: journal(second)[1]["sent"] is not None)
    entry = journal(second)[1]
    assert (entry["sent"], entry["carried_out"]) == ("client_gone", True)
    assert second.batch("late")["status"] == "pending"


def journal(org: Org) -> list[dict[str, object]]:
    """Return the requests of the journal."""
    return list(org.control("GET", "/journal").json()["requests"])
