"""Faults: what happens to requests, over real connections."""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from starlette.testclient import TestClient

from reprompt_mock import RepromptMock
from reprompt_mock.app import create_app
from reprompt_mock.faults import Abort, Cut, Effect, Fault, Per, RequestMatch
from reprompt_mock.operations import OPERATION_IDS
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org

_slugs = (f"faulty-{number}" for number in itertools.count())
BATCH = {"batch_id": "b", "batch_name": "B", "attribute_set": "core", "jobs": [{"place_id": "a", "inputs": LONDON}]}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    thread = ServerThread(load({"port": 0, "clock": "paused"}, environ={}))
    thread.start()
    yield thread
    thread.stop()


@pytest.fixture(scope="module")
def client(server: ServerThread) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, trust_env=False, timeout=10) as one:
        yield one


@pytest.fixture
def live(client: httpx2.Client) -> Org:
    """A fresh organization of an emulator behind a real socket."""
    return Org(cast("TestClient", client), next(_slugs), {"apiKey": "test-key"})


def add(org: Org, then: dict[str, Any], **fields: Any) -> str:
    """Add a fault; its `match` keys may be given flat."""
    match = {key: fields.pop(key) for key in ("method", "path", "operation") if key in fields}
    response = org.control("POST", "/faults", {"match": match, "then": then, **fields})
    assert response.status_code == 201, response.text
    return str(response.json()["ids"][0])


def shown(org: Org) -> list[dict[str, Any]]:
    return list(org.control("GET", "/faults").json()["faults"])


def counts(org: Org) -> list[tuple[int, int]]:
    return [(fault["seen"], fault["served"]) for fault in shown(org)]


def statuses(org: Org, count: int, path: str = "/attributes", method: str = "GET") -> list[int]:
    return [org.call(method, path).status_code for _ in range(count)]


# What is accepted and shown


def test_a_fault_is_shown_as_it_was_written_with_its_id_and_its_counts(org: Org) -> None:
    written = {
        "match": {"operation": "get_batch", "method": "GET", "path": "*/batches/*"},
        "skip": 1,
        "times": 2,
        "probability": 0.5,
        "when": "after",
        "per": "request",
        "then": {
            "status": 503,
            "body": {"a": [1]},
            "headers": {"Retry-After": {"date_in_seconds": 3}, "X-A": "b"},
            "delay_seconds": 0.5,
            "abort": "truncate",
            "as": "chunk",
        },
    }

    response = org.control("POST", "/faults", written)

    assert response.status_code == 201
    assert shown(org) == [{"id": response.json()["ids"][0], **written, "seen": 0, "served": 0}]


def test_a_list_of_faults_is_taken_whole_or_not_at_all(org: Org) -> None:
    good, bad = {"then": {"status": 503}}, {"then": {"status": 99}}

    assert org.control("POST", "/faults", [good, bad]).json()["detail"][0]["loc"][:2] == ["body", 1]
    assert shown(org) == []
    assert len(org.control("POST", "/faults", [good, good]).json()["ids"]) == 2


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"then": {"status": 199}}, "Input should be greater than or equal to 200"),
        ({"then": {"status": 600}}, "Input should be less than or equal to 599"),
        ({"then": {"delay_seconds": -1}}, "Input should be greater than or equal to 0"),
        ({"then": {"abort": "explode"}}, "Input should be 'reset', 'close' or 'truncate'"),
        ({"then": {}, "when": "during"}, "Input should be 'before' or 'after'"),
        ({"then": {}, "probability": 1.5}, "Input should be less than or equal to 1"),
        ({"then": {}, "skip": -1}, "Input should be greater than or equal to 0"),
        ({"then": {}, "times": 0}, "Input should be greater than or equal to 1"),
        (
            {"match": {"operation": "get_batches"}, "then": {}},
            "unknown operation 'get_batches'; did you mean get_batch?",
        ),
        ({"match": {"url": "*"}, "then": {}}, "unknown key 'url'"),
        ({"then": {"delay": 1}}, "unknown key 'delay'; did you mean delay_seconds?"),
        ({"then": {"headers": {"A B": "c"}}}, "headers need a plain ASCII name and value"),
        ({"then": {"headers": {"A": "b\r\nSet-Cookie: c"}}}, "headers need a plain ASCII name and value"),
        ({"match": {}}, "Field required"),
        ({"then": {"abort": "truncate", "as": "zip"}}, "Input should be 'length', 'chunk' or 'gzip'"),
        ({"then": {"abort": "truncate", "cut": "gzip"}}, "unknown key 'cut'"),
        ({"then": {"as": "gzip"}}, "as says where an answer is cut: it needs abort truncate"),
        ({"then": {"abort": "close", "as": "chunk"}}, "as says where an answer is cut: it needs abort truncate"),
        ({"then": {"abort": "reset", "status": 503}}, "reset and close send no answer"),
        ({"then": {"abort": "close", "body": "x"}}, "reset and close send no answer"),
        ({"then": {"abort": "close", "headers": {"X-A": "b"}}}, "reset and close send no answer"),
        ({"then": {"abort": "reset", "stale_after_seconds": 1}}, "use either abort or stale_after_seconds"),
        ({"then": {"abort": "truncate", "stale_after_seconds": 0}}, "use either abort or stale_after_seconds"),
        ({"then": {"stale_after_seconds": -1}}, "Input should be greater than or equal to 0"),
        ({"then": {"stale_after_seconds": 3601}}, "Input should be less than or equal to 3600"),
        ({"then": {"status": 204, "body": "x"}}, "answers with status 204, 205 or 304 have no body"),
        ({"then": {"status": 304, "abort": "truncate"}}, "answers with status 204, 205 or 304 have no body"),
        ({"then": {"body": "", "abort": "truncate"}}, "an empty body cannot be cut"),
        ({"then": {}, "per": "client"}, "Input should be 'arrival' or 'request'"),
        ({"then": {}, "per": "request", "times": 1001}, "per request, skip and times are at most 1000"),
        ({"then": {}, "per": "request", "skip": 1001}, "per request, skip and times are at most 1000"),
        ({"then": {"headers": {"Retry-After": {"date_in_second": 3}}}}, "unknown key 'date_in_second'; did you mean"),
        ({"then": {"headers": {"Retry-After": {}}}}, "Field required"),
        ({"then": {"headers": {"Retry-After": {"date_in_seconds": 1e9}}}}, "Input should be less than or equal to"),
        ({"then": {"headers": {"Retry-After": {"date_in_seconds": "soon"}}}}, "Input should be a valid number"),
        ({"then": {"headers": {"Retry-After": 3}}}, "Input should be a valid string"),
        ({"then": {"headers": {"A B": {"date_in_seconds": 1}}}}, "headers need a plain ASCII name and value"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_was_meant(body: Any, sentence: str, org: Org) -> None:
    response = org.control("POST", "/faults", body)

    assert response.status_code == 422
    assert sentence in response.json()["detail"][0]["msg"]


def test_a_body_that_is_nested_too_deeply_to_be_sent_is_refused(org: Org) -> None:
    deep: Any = "x"
    for _ in range(250):
        deep = [deep]

    response = org.control("POST", "/faults", {"then": {"body": deep}})

    assert response.status_code == 422
    assert "nested too deeply" in response.json()["detail"][0]["msg"]


def test_faults_are_deleted_one_by_one_or_all(org: Org) -> None:
    first, second, third = (add(org, {"status": 503}) for _ in range(3))

    assert org.control("DELETE", f"/faults/{second}").status_code == 204
    assert [fault["id"] for fault in shown(org)] == [first, third]
    assert org.control("DELETE", f"/faults/{second}").json() == {"detail": f"The fault {second!r} was not found."}
    assert org.control("DELETE", "/faults").status_code == 204
    assert shown(org) == []
    assert statuses(org, 1) == [200]


def test_faults_are_of_one_world_and_none_touches_the_control_api(org: Org) -> None:
    add(org, {"status": 503})

    assert statuses(org, 1) == [503]
    assert statuses(org.other(), 1) == [200]
    assert org.control("GET").status_code == 200
    assert org.http.get("/openapi.json").status_code == 200


# Which requests match


@pytest.mark.parametrize(
    ("match", "method", "path", "matches"),
    [
        ({}, "GET", "/attributes", True),
        ({"method": "get"}, "GET", "/attributes", True),
        ({"method": "POST"}, "GET", "/attributes", False),
        ({"path": "*/attributes"}, "GET", "/attributes", True),
        ({"path": "/attributes"}, "GET", "/attributes", False),
        ({"path": "*/jobs/*"}, "GET", "/jobs/a%20b", True),
        ({"path": "*/jobs/a b"}, "GET", "/jobs/a%20b", True),
        ({"path": "*/JOBS/*"}, "GET", "/jobs/a", False),
        ({"operation": "get_attributes"}, "GET", "/attributes", True),
        ({"operation": "get_jobs"}, "GET", "/jobs", True),
        ({"operation": "get_jobs"}, "GET", "/jobs/a", False),
        ({"operation": "get_job"}, "GET", "/jobs/reprocess", True),
        ({"operation": "reprocess_jobs"}, "POST", "/jobs/reprocess", True),
        ({"operation": "get_batch"}, "GET", "/batches/refresh", True),
        ({"operation": "refresh_batches"}, "POST", "/batches/refresh", True),
        ({"operation": "get_batch", "method": "POST"}, "GET", "/batches/b", False),
        ({"path": "*/nowhere"}, "GET", "/nowhere", True),
        ({"operation": "get_attributes"}, "GET", "/nowhere", False),
    ],
)
def test_a_fault_is_for_the_requests_that_all_of_its_match_fits(
    match: dict[str, str], method: str, path: str, matches: bool, org: Org
) -> None:
    add(org, {"status": 599}, **match)

    assert (org.call(method, path).status_code == 599) is matches


CALLS = {
    "create_batch": ("POST", "/batches"),
    "get_batch": ("GET", "/batches/b"),
    "list_batches": ("GET", "/batches"),
    "get_jobs": ("GET", "/jobs"),
    "reprocess_batch": ("POST", "/batches/b/reprocess"),
    "delete_batch": ("DELETE", "/batches/b"),
    "update_batch": ("PUT", "/batches/b"),
    "refresh_batches": ("POST", "/batches/refresh"),
    "create_job": ("POST", "/jobs"),
    "get_job": ("GET", "/jobs/a/b"),
    "delete_job": ("DELETE", "/jobs/a"),
    "reprocess_jobs": ("POST", "/jobs/reprocess"),
    "enrich": ("POST", "/enrich"),
    "get_attributes": ("GET", "/attributes"),
    "create_export": ("POST", "/exports"),
    "list_exports": ("GET", "/exports"),
    "get_export": ("GET", "/exports/e"),
    "download_export": ("GET", "/exports/e/download"),
    "download_artifact": ("GET", "/exports/artifacts/t"),
}


@pytest.mark.parametrize("operation", OPERATION_IDS)
def test_every_operation_can_be_named_and_is_hit_alone(operation: str, org: Org) -> None:
    add(org, {"status": 599}, operation=operation)

    hit = [name for name, (method, path) in CALLS.items() if org.call(method, path).status_code == 599]

    assert hit == [operation]


def test_a_fault_comes_before_the_key_is_looked_at(org: Org) -> None:
    add(org, {"status": 503})

    response = org.http.get(f"/v1/{org.slug}/place_enrichment/attributes")

    assert response.status_code == 503


# Counting


def test_skip_lets_the_first_through_and_times_serves_so_many_then(org: Org) -> None:
    add(org, {"status": 503}, skip=2, times=3)

    assert statuses(org, 7) == [200, 200, 503, 503, 503, 200, 200]
    assert counts(org) == [(7, 3)]


def test_the_newest_fault_that_matches_alone_counts_even_when_it_is_used_up(org: Org) -> None:
    add(org, {"status": 500})
    add(org, {"status": 503}, times=1, operation="get_attributes")

    assert statuses(org, 2) == [503, 200]
    assert statuses(org, 1, "/jobs") == [500]
    assert counts(org) == [(1, 1), (2, 1)]


def test_requests_that_do_not_match_are_not_counted(org: Org) -> None:
    add(org, {"status": 503}, skip=1, operation="get_jobs")

    statuses(org, 3)

    assert counts(org) == [(0, 0)]
    assert statuses(org, 2, "/jobs") == [200, 503]


def pattern(org: Org, seed: int, **fields: Any) -> list[bool]:
    """Which of forty requests a fault hits, in a world of a seed."""
    org.set(seed=seed)
    add(org, {"status": 503}, **fields)
    return [status == 503 for status in statuses(org, 40)]


def test_probability_is_drawn_from_the_seed(org: Org) -> None:
    first = pattern(org, 7, probability=0.5)

    assert 8 <= sum(first) <= 32
    assert pattern(org.other(), 7, probability=0.5) == first
    assert pattern(org.other(), 8, probability=0.5) != first


def test_the_draw_comes_after_skip_and_before_times(org: Org) -> None:
    free = pattern(org, 7, probability=0.5)
    limited = pattern(org.other(), 7, probability=0.5, skip=5, times=4)

    hits = [number for number, hit in enumerate(free) if hit and number >= 5][:4]
    assert [number for number, hit in enumerate(limited) if hit] == hits


# Counting requests instead of arrivals


def many(org: Org, *limits: int) -> list[int]:
    """Ask for jobs with these limits, each of which makes a request of its own."""
    return [org.call("GET", f"/jobs?limit={limit}").status_code for limit in limits]


def test_per_request_a_repeat_meets_the_same_fault_again(org: Org) -> None:
    add(org, {"status": 503}, times=1, per="request")

    assert many(org, 1, 1, 2, 1, 2) == [503, 503, 200, 503, 200]
    assert counts(org) == [(5, 3)]


def test_per_request_skip_lets_a_request_through_however_often_it_comes(org: Org) -> None:
    add(org, {"status": 503}, skip=2, times=2, per="request")

    assert many(org, 1, 1, 2, 3, 2, 3, 1, 4, 5, 4, 5) == [200, 200, 200, 503, 200, 503, 200, 503, 200, 503, 200]


def test_per_request_without_times_all_after_skip_are_hit(org: Org) -> None:
    add(org, {"status": 503}, skip=1, per="request")

    assert many(org, 1, 2, 3, 1, 2) == [200, 503, 503, 200, 503]


REPEATED = ("POST", "/batches?a=1", b'{"a": 1}')


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(("PUT", *REPEATED[1:]), id="method"),
        pytest.param(("POST", "/jobs?a=1", REPEATED[2]), id="path"),
        pytest.param(("POST", "/batches?a=2", REPEATED[2]), id="query"),
        pytest.param((*REPEATED[:2], b'{"a": 2}'), id="body"),
        pytest.param((*REPEATED[:2], b""), id="no-body"),
    ],
)
def test_requests_differ_by_method_path_query_and_body(other: tuple[str, str, bytes], org: Org) -> None:
    add(org, {"status": 599}, times=1, per="request")
    calls = [(*REPEATED, {}), (*other, {}), (*REPEATED, {"X-Try": "2"}), (*other, {})]

    met = [org.call(method, path, content=body, headers=headers).status_code for method, path, body, headers in calls]

    assert [status == 599 for status in met] == [True, False, True, False]


def test_bodies_differ_however_late_they_do(org: Org) -> None:
    add(org, {"status": 599}, times=1, per="request")
    bodies = [b" " * 200_000 + end for end in (b"1", b"2", b"1")]

    met = [org.call("POST", "/batches", content=body).status_code for body in bodies]

    assert [status == 599 for status in met] == [True, False, True]


def test_per_request_probability_is_drawn_once_for_each_whatever_their_order(org: Org) -> None:
    limits = list(range(1, 41))
    add(org, {"status": 503}, probability=0.5, per="request")
    first = dict(zip(limits, many(org, *limits), strict=True))
    other = org.other()
    add(other, {"status": 503}, probability=0.5, per="request")

    assert 8 <= sum(status == 503 for status in first.values()) <= 32
    assert many(org, *limits) == list(first.values())
    assert many(other, *limits[::-1]) == list(first.values())[::-1]


def test_requests_are_known_again_after_a_restart(tmp_path: Path) -> None:
    settings = {"db": tmp_path / "mock.db", "clock": "paused"}
    with TestClient(create_app(load(settings, environ={}))) as http:
        org = Org(http, "acme", {"apiKey": "k"})
        add(org, {"status": 503}, skip=1, times=1, per="request")
        assert many(org, 1, 2, 3) == [200, 503, 200]
    with TestClient(create_app(load(settings, environ={}))) as http:
        org = Org(http, "acme", {"apiKey": "k"})
        assert many(org, 3, 2, 1, 4) == [200, 503, 200, 200]
        assert counts(org) == [(7, 2)]


def test_requests_are_known_again_after_a_snapshot_is_put_back(org: Org) -> None:
    add(org, {"status": 503, "headers": {"Retry-After": {"date_in_seconds": 1}}}, skip=1, times=1, per="request")
    many(org, 1, 2, 3)
    snapshot = org.control("GET", "/snapshot").json()
    other = org.other()

    assert other.control("PUT", "/snapshot", snapshot).status_code == 200

    assert many(other, 3, 2, 1, 4) == [200, 503, 200, 200]
    assert counts(other) == [(7, 2)]


@pytest.mark.parametrize(("times", "kept"), [(3, 3), (None, 0)])
def test_what_is_kept_of_requests_is_bounded_by_skip_and_times(times: int | None, kept: int) -> None:
    fault = Fault(RequestMatch(), Effect(status=503), skip=2, times=times, per=Per.request, id="f")

    for number in [*range(100), *range(100)]:
        fault, _ = fault.meet(0, str(number))

    assert fault.skipped == ("0", "1")
    assert fault.hit == tuple(map(str, range(2, 2 + kept)))
    assert (fault.seen, fault.served) == (200, 2 * kept if times else 196)


@pytest.mark.parametrize(("probability", "hit"), [(0, 0), (1, 40)])
def test_probability_zero_never_hits_and_one_always_does(probability: float, hit: int, org: Org) -> None:
    assert sum(pattern(org, 3, probability=probability)) == hit
    assert counts(org) == [(40, hit)]


def test_counts_and_draws_go_on_after_a_restart(tmp_path: Path) -> None:
    settings = {"db": tmp_path / "mock.db", "clock": "paused"}
    seen: list[int] = []
    for number in range(3):
        with TestClient(create_app(load(settings, environ={}))) as http:
            org = Org(http, "acme", {"apiKey": "k"})
            if number == 0:
                add(org, {"status": 503, "headers": {"X-A": "b"}}, skip=1, times=3, probability=0.7)
            seen += statuses(org, 4)
            kept = counts(org)

    with TestClient(create_app(load({"clock": "paused"}, environ={}))) as http:
        org = Org(http, "other", {"apiKey": "k"})
        add(org, {"status": 503}, skip=1, times=3, probability=0.7)
        assert statuses(org, 12) == seen
        assert counts(org) == kept


# Before and after


def test_before_stores_nothing(org: Org) -> None:
    add(org, {"status": 503}, operation="create_batch", times=1)

    assert org.call("POST", "/batches", json=BATCH).status_code == 503
    assert org.call("GET", "/batches/b").status_code == 404
    assert org.control("GET").json()["batches"] == 0


def test_after_carries_the_request_out_and_loses_its_answer(org: Org) -> None:
    add(org, {"status": 503}, operation="create_batch", when="after", times=1)
    nameless = {key: value for key, value in BATCH.items() if key != "batch_id"}

    assert org.call("POST", "/batches", json=nameless).status_code == 503
    assert org.call("POST", "/batches", json=nameless).status_code == 200
    assert org.control("GET").json()["batches"] == 2


def test_after_a_request_that_is_refused_the_client_still_sees_the_fault(org: Org) -> None:
    add(org, {"status": 502}, when="after")

    assert org.call("POST", "/batches", json={}).status_code == 502


# What is answered


@pytest.mark.parametrize(
    ("then", "status", "kind", "body"),
    [
        ({"status": 503}, 503, "application/json", b'{"detail":"This answer is simulated, as a fault asks."}'),
        ({"status": 502, "body": "<h1>Bad</h1>"}, 502, "text/plain; charset=utf-8", b"<h1>Bad</h1>"),
        ({"status": 500, "body": {"a": [1, "é"]}}, 500, "application/json", '{"a":[1,"é"]}'.encode()),
        ({"body": []}, 200, "application/json", b"[]"),
        ({"body": ""}, 200, "text/plain; charset=utf-8", b""),
        ({"status": 204}, 204, "application/json", b""),
        ({"body": "{no", "headers": {"Content-Type": "text/x"}}, 200, "text/x", b"{no"),
    ],
)  # fmt: skip
def test_the_answer_is_what_the_fault_says(
    then: dict[str, Any], status: int, kind: str, body: bytes, live: Org
) -> None:
    add(live, then)

    response = live.call("GET", "/attributes")

    assert (response.status_code, response.headers["content-type"], response.content) == (status, kind, body)


def test_headers_are_added_to_the_answer_of_the_fault(live: Org) -> None:
    add(live, {"status": 429, "headers": {"Retry-After": "7", "X-Request-Id": "x", "Content-Length": "99999"}})

    response = live.call("GET", "/attributes")

    assert response.headers["retry-after"] == "7"
    assert response.headers["x-request-id"] == "x"
    assert int(response.headers["content-length"]) == len(response.content)


@pytest.mark.parametrize("seconds", [3, 0, 0.25, -3600, 86400 * 400])
def test_a_header_may_be_a_date_relative_to_now(seconds: float, org: Org) -> None:
    add(org, {"status": 503, "headers": {"Retry-After": {"date_in_seconds": seconds}}})

    before = time.time()
    written = org.call("GET", "/attributes").headers["retry-after"]
    after = time.time()

    date = parsedate_to_datetime(written)
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", written)
    assert before + seconds <= date.timestamp() <= after + seconds + 1


def test_a_date_may_be_added_to_the_real_answer(org: Org) -> None:
    add(org, {"headers": {"Last-Modified": {"date_in_seconds": -60}}})

    response = org.call("GET", "/attributes")

    assert parsedate_to_datetime(response.headers["last-modified"]).timestamp() <= time.time() - 59
    assert response.json()["custom"] == []


def test_headers_alone_are_added_to_the_real_answer(live: Org) -> None:
    add(live, {"headers": {"X-Extra": "1", "Transfer-Encoding": "chunked", "Content-Type": "text/html"}})

    response = live.call("GET", "/attributes")

    assert response.status_code == 200
    assert response.headers["x-extra"] == "1"
    assert response.headers["content-type"] == "text/html"
    assert "transfer-encoding" not in response.headers
    assert json.loads(response.content)["custom"] == []


def test_a_fault_that_does_nothing_is_counted(live: Org) -> None:
    add(live, {})

    assert statuses(live, 2) == [200, 200]
    assert counts(live) == [(2, 2)]


def test_a_connection_stays_usable_after_a_fault_that_did_not_read_the_body(live: Org) -> None:
    add(live, {"status": 503}, times=1)
    body = {**BATCH, "jobs": [{"place_id": f"p-{number}", "inputs": LONDON} for number in range(3000)]}

    assert [live.call("POST", "/batches", json=body).status_code for _ in range(2)] == [503, 200]


# Asked for by the client


@pytest.mark.parametrize(
    ("preference", "status"),
    [
        ("code=503", 503),
        ("code=400", 400),
        ("code=599", 599),
        ("code=404, wait=10", 404),
        ("respond-async; code=418", 418),
        ('code="503"', 503),
        ("Code = 503", 503),
        ("code=399", 200),
        ("code=600", 200),
        ("code=5030", 200),
        ("code=", 200),
        ("encode=503", 200),
        ("return=minimal", 200),
    ],
)
def test_a_client_may_ask_for_an_error_itself(preference: str, status: int, org: Org) -> None:
    response = org.call("GET", "/attributes", headers={"Prefer": preference})

    assert response.status_code == status
    if status != 200:
        assert response.json() == {"detail": "This answer is simulated, as a fault asks."}


def test_what_a_client_asks_for_comes_before_the_faults_which_do_not_count_it(org: Org) -> None:
    add(org, {"status": 500})

    assert org.call("POST", "/batches", json=BATCH, headers={"Prefer": "code=503"}).status_code == 503
    assert counts(org) == [(0, 0)]
    org.control("DELETE", "/faults")
    assert org.call("GET", "/batches/b").status_code == 404


def test_an_error_that_is_asked_for_makes_no_world(org: Org) -> None:
    assert org.call("GET", "/attributes", headers={"Prefer": "code=503"}).status_code == 503
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


# The decision alone


def test_meeting_a_request_is_a_pure_function_of_the_fault_and_the_seed() -> None:
    fault = Fault(RequestMatch(), Effect(status=503), skip=1, times=1, id="f")

    met = []
    for _ in range(3):
        fault, hits = fault.meet(0)
        met.append((fault.seen, fault.served, hits))

    assert met == [(1, 0, False), (2, 1, True), (3, 1, False)]


# The guide


GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "broken-networks.md").read_text(encoding="utf-8")


def snippets(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_the_faults_that_the_guide_shows_as_json_are_accepted(org: Org) -> None:
    rows = re.findall(r"^\| [^`|]+ \| `(\{[^`]+\})` \|", GUIDE, re.MULTILINE)
    faults = [json.loads(snippet) for snippet in snippets("json")] + [{"then": json.loads(then)} for then in rows]

    response = org.control("POST", "/faults", faults)

    assert response.status_code == 201, response.text
    assert len(rows) == 6
    assert len(faults) == 12


def test_the_faults_that_the_guide_shows_in_python_are_accepted(server: ServerThread) -> None:
    with RepromptMock.connect(server.url, org_slug=next(_slugs), api_key="k") as mock:
        for snippet in snippets("python"):
            exec(compile(snippet, "broken-networks.md", "exec"), {"mock": mock})

        assert len(mock.faults.list()) == 6


def test_the_guide_names_every_effect() -> None:
    effects = [*Abort, *Cut, "delay_seconds", "stale_after_seconds", "date_in_seconds", "per"]

    assert [effect for effect in effects if not re.search(rf"[`\"]{effect}[`\"]", GUIDE)] == []
