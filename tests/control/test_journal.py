"""The journal: what a world saw of its requests."""

from __future__ import annotations

import itertools
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.evidence import Archive
from reprompt_mock.exchange import BODY_BYTES, Exchange, Sent
from reprompt_mock.handle.types import JournalEntry
from reprompt_mock.journal import Filter, Journal
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org
from tests.processes import eventually

_slugs = (f"seen-{number}" for number in itertools.count())
FIELDS = [
    "sequence", "time", "real_time", "operation", "method", "path", "query", "headers", "body", "status",
    "answer_headers", "facts", "sent", "carried_out", "connection", "request_on_connection", "duration_seconds",
    "fault", "rules",
]  # fmt: skip


@pytest.fixture(scope="module")
def live() -> Iterator[Org]:
    """An organization of an emulator behind a real socket, which keeps five requests."""
    server = ServerThread(load({"port": 0, "clock": "paused", "journal_size": 5}, environ={}))
    server.start()
    with httpx2.Client(base_url=server.url, trust_env=False, timeout=10) as client:
        yield Org(cast("TestClient", client), "live", {"apiKey": "test-key"})
    server.stop()


def journal(org: Org, query: str = "") -> list[dict[str, Any]]:
    response = org.control("GET", f"/journal{query}")
    assert response.status_code == 200, response.text
    return list(response.json()["requests"])


# Fields


def test_an_entry_tells_everything_about_a_request_and_its_answer(org: Org) -> None:
    org.control("PATCH", "/clock", {"now": "2026-01-31T09:30:00Z"})
    org.call("GET", "/jobs?batchId=none&limit=5&limit=6&empty=", headers={"X-Trace": "abc"})

    (entry,) = journal(org)

    assert list(entry) == FIELDS == list(JournalEntry.__annotations__)
    assert entry["time"] == "2026-01-31T09:30:00.000000Z"
    assert entry["real_time"] != entry["time"]
    assert entry["headers"]["x-trace"] == "abc"
    assert entry["duration_seconds"] >= 0
    assert {key: entry[key] for key in ("sequence", "operation", "method", "path", "query", "body", "status")} == {
        "sequence": 1,
        "operation": "get_jobs",
        "method": "GET",
        "path": f"/v1/{org.slug}/place_enrichment/jobs",
        "query": {"batchId": "none", "limit": ["5", "6"], "empty": ""},
        "body": None,
        "status": 404,
    }
    assert entry["fault"] is None
    assert entry["rules"] == []


def test_the_newest_is_last_and_sequences_count_up(org: Org) -> None:
    for path in ("/attributes", "/jobs", "/batches"):
        org.get(path)

    assert [(entry["sequence"], entry["operation"]) for entry in journal(org)] == [
        (1, "get_attributes"),
        (2, "get_jobs"),
        (3, "list_batches"),
    ]


def test_virtual_time_is_that_of_the_moment_when_the_request_came(org: Org) -> None:
    org.control("PATCH", "/clock", {"now": "2026-01-31T09:30:00Z"})
    org.set(poll_advance=60)
    org.create("a", batch_id="b")
    org.batch("b")
    org.batch("b")

    assert [entry["time"][11:16] for entry in journal(org)] == ["09:30", "09:30", "09:31"]


def test_a_path_is_shown_as_it_reads_decoded(org: Org) -> None:
    org.get("/attributes")
    org.call("GET", "/jobs/caf%C3%A9%20%2F1")

    assert journal(org)[-1]["path"].endswith("/jobs/café /1")


def test_requests_of_no_operation_are_recorded_without_one(org: Org) -> None:
    org.get("/attributes")
    org.call("GET", "/nowhere")
    org.call("PATCH", "/batches")
    org.http.get(f"/v1/{org.slug}/openapi.json")

    assert [(entry["operation"], entry["status"]) for entry in journal(org)[1:]] == [
        (None, 404),
        (None, 405),
        (None, 200),
    ]


def test_refused_requests_are_recorded_in_a_world_that_exists_and_make_none(org: Org) -> None:
    def refused() -> list[int]:
        calls = [org.http.get(f"/v1/{org.slug}/place_enrichment/jobs"), org.call("GET", "/batches/none")]
        return [response.status_code for response in calls]

    assert refused() == [401, 404]
    assert journal(org) == []
    org.get("/attributes")
    assert refused() == [401, 404]
    assert [entry["status"] for entry in journal(org)] == [200, 401, 404]


def test_the_control_api_is_not_recorded(org: Org) -> None:
    org.get("/attributes")
    org.settle()
    org.set(failure_rate=0.5)

    assert len(journal(org)) == 1


def test_worlds_have_journals_of_their_own(org: Org) -> None:
    other = org.other()
    org.get("/attributes")
    other.get("/jobs")

    assert [entry["operation"] for entry in journal(org)] == ["get_attributes"]
    assert [entry["operation"] for entry in journal(other)] == ["get_jobs"]


def test_reading_the_journal_of_an_unused_world_makes_none(org: Org) -> None:
    assert org.control("GET", "/journal").json() == {"requests": [], "dropped": 0}
    assert org.control("DELETE", "/journal").status_code == 204
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


# Filters


@pytest.mark.parametrize(
    ("query", "sequences"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("?method=GET", [2, 3, 5]),
        ("?method=post", [1, 4]),
        ("?operation=get_batch", [2, 3]),
        ("?operation=nothing", []),
        ("?status=404", [3, 4]),
        ("?path=*/batches/*", [2, 3, 4]),
        ("?path=/batches", []),
        ("?limit=2", [4, 5]),
        ("?limit=0", []),
        ("?limit=99", [1, 2, 3, 4, 5]),
        ("?method=GET&status=200&limit=1", [5]),
        ("?operation=get_batch&status=404", [3]),
    ],
)
def test_the_journal_is_filtered(query: str, sequences: list[int], org: Org) -> None:
    org.create("a", batch_id="b")
    org.batch("b")
    org.call("GET", "/batches/none")
    org.call("POST", "/batches/none/reprocess")
    org.get("/attributes")

    assert [entry["sequence"] for entry in journal(org, query)] == sequences


@pytest.mark.parametrize("query", ["?status=many", "?limit=-1", "?limit=x"])
def test_a_filter_that_cannot_be_is_refused(query: str, org: Org) -> None:
    assert org.control("GET", f"/journal{query}").status_code == 422


# Keys


@pytest.mark.parametrize(
    "headers",
    [
        {"apiKey": "s3cret"},
        {"APIKEY": "s3cret"},
        {"Authorization": "Bearer s3cret"},
        {"authorization": "bearer   s3cret"},
        {"Authorization": "s3cret", "apiKey": "s3cret"},
        {"Authorization": "Basic s3cret", "apiKey": "s3cret"},
    ],
)
def test_whatever_is_accepted_as_a_key_is_redacted(headers: dict[str, str], org: Org) -> None:
    response = org.http.get(f"/v1/{org.slug}/place_enrichment/attributes", headers=headers)
    assert response.status_code == 200

    text = json.dumps(journal(org))

    assert "s3cret" not in text
    assert text.count("[redacted]") == len(headers)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("apiKey=s3cret&limit=2", {"apiKey": "[redacted]", "limit": "2"}),
        ("limit=2&api_key=s3cret", {"limit": "2", "api_key": "[redacted]"}),
        ("x-api-key=s3cret;TOKEN=s3cret", {"x-api-key": "[redacted]"}),
        ("name=2;token=s3cret", {"name": "2;token=[redacted]"}),
        ("apiKey=s3;cret&apiKey=s3cret", None),
        ("api%4Bey=s3cret", {"apiKey": "[redacted]"}),
        ("+apiKey%5B%5D=s3cret", {" apiKey[]": "[redacted]"}),
        ("api%5Fkey%3Ds3cret=1", {"api_key": "[redacted]"}),
        ("apiKey=&limit=2", {"apiKey": "[redacted]", "limit": "2"}),
        ("name=caf%C3%A9+%26+bar", {"name": "café & bar"}),
        ("monkey=1&keys=2", {"monkey": "1", "keys": "2"}),
    ],
)
def test_a_key_in_a_query_is_redacted(query: str, shown: dict[str, str] | None, org: Org) -> None:
    """contract A5: it is not read there, but it is one."""
    org.http.get(f"/v1/{org.slug}/place_enrichment/batches?{query}", headers=org.headers)

    recorded = journal(org)

    assert "cret" not in json.dumps(recorded)
    assert shown is None or recorded[0]["query"] == shown
    assert ("key_in_url" in {one["rule"] for one in org.control("GET", "/conduct").json()["findings"]}) == (
        "[redacted]" in json.dumps(recorded[0]["query"])
    )


@pytest.mark.parametrize("name", ["X-API-Key", "api-key", "Token", "X-Auth-Token", "Cookie", "Proxy-Authorization"])
def test_a_key_in_a_header_that_is_not_read_is_redacted(name: str, org: Org) -> None:
    """contract A5: clients mistake it."""
    org.http.get(f"/v1/{org.slug}/place_enrichment/batches", headers={**org.headers, name: "s3cret"})

    recorded = journal(org)

    assert "s3cret" not in json.dumps(recorded)
    assert recorded[0]["headers"][name.lower()] == "[redacted]"


# Bodies


def test_a_body_is_shown_as_the_json_that_it_is(org: Org) -> None:
    org.create("a", batch_id="b", batch_name="Größe")

    body = journal(org)[0]["body"]

    assert body["batch_name"] == "Größe"
    assert body["jobs"] == [{"place_id": "a", "inputs": LONDON}]


@pytest.mark.parametrize(
    ("content", "shown"),
    [(b"{broken", "{broken"), (b"\xff\xfe", "��"), (b"", None), (b"null", None), (b'"x"', "x")],
)
def test_a_body_that_is_no_json_is_shown_as_text(content: bytes, shown: Any, org: Org) -> None:
    org.get("/attributes")
    org.call("POST", "/batches", content=content)

    assert journal(org)[-1]["body"] == shown


def test_a_body_that_is_nested_too_deeply_is_shown_as_text(org: Org) -> None:
    org.get("/attributes")
    deep = b"[" * 600 + b"]" * 600
    org.call("POST", "/batches", content=deep)

    assert journal(org)[-1]["body"] == deep.decode()


def test_sixty_four_kilobytes_of_a_body_are_kept(org: Org) -> None:
    org.get("/attributes")
    padding = BODY_BYTES - len(json.dumps({"pad": ""}))
    whole = json.dumps({"pad": "x" * padding})
    assert len(whole) == BODY_BYTES
    org.call("POST", "/batches", content=whole)
    org.call("POST", "/batches", content=whole + " and more")

    fits, cut = (entry["body"] for entry in journal(org)[-2:])

    assert fits == json.loads(whole)
    assert cut == fits


def test_the_body_of_a_request_that_a_fault_stopped_is_kept(org: Org) -> None:
    org.control("POST", "/faults", {"then": {"status": 503}})
    org.call("POST", "/batches", json={"batch_name": "lost"})

    assert journal(org)[-1]["body"] == {"batch_name": "lost"}


# How much is kept


def test_the_oldest_requests_make_room_and_are_counted_as_dropped(live: Org) -> None:
    live.control("DELETE")
    for number in range(8):
        live.call("GET", f"/jobs/{number}")
    # The first requests of an unused world were refused with 404, which makes none.
    assert live.control("GET", "/journal").json() == {"requests": [], "dropped": 0}

    for _ in range(8):
        live.get("/attributes")

    kept = live.control("GET", "/journal").json()
    assert [entry["sequence"] for entry in kept["requests"]] == [4, 5, 6, 7, 8]
    assert kept["dropped"] == 3


class Ended:
    """A request that is over as soon as it has come."""

    def __init__(self, body: bytes = b"") -> None:
        self.sequence = self.era = 0
        self.size = len(body)
        self._body = body

    operation: str | None = None

    def exchange(self) -> Exchange:
        return Exchange(
            None, "GET", "/", b"", (), self._body, 0, 0, 0.0, 200, (), {}, Sent.whole, True, None, None, None, None, ()
        )

    def evidence(self) -> bytes:
        return b"[]"


def record(kept: Journal, body: bytes = b"") -> None:
    request = Ended(body)
    kept.arrive(request)
    kept.end(request)


def test_the_bodies_of_all_requests_together_are_bounded() -> None:
    kept = Journal(10**6, Archive().open())
    for _ in range(1000):
        record(kept, b"x" * BODY_BYTES)

    found = kept.find(Filter())
    assert len(found) * BODY_BYTES <= 16 * 2**20
    assert kept.dropped == 1000 - len(found)


def test_a_journal_of_no_size_keeps_nothing_and_counts() -> None:
    kept = Journal(0, Archive().open())
    record(kept)

    assert (kept.find(Filter()), kept.dropped) == ([], 1)


# What acted


def test_the_fault_that_hit_is_named_and_one_that_let_through_is_not(org: Org) -> None:
    response = org.control("POST", "/faults", {"then": {"status": 503}, "skip": 1, "times": 1})
    (fault_id,) = response.json()["ids"]
    for _ in range(3):
        org.call("GET", "/attributes")

    assert [(one["status"], one["fault"]) for one in journal(org)] == [(200, None), (503, fault_id), (200, None)]


def test_an_error_that_the_client_asked_for_is_told_apart(org: Org) -> None:
    org.get("/attributes")
    org.call("GET", "/attributes", headers={"Prefer": "code=503"})

    assert (journal(org)[-1]["status"], journal(org)[-1]["fault"]) == (503, "prefer")


def test_the_rules_that_decided_are_named_and_those_that_did_not_are_not(org: Org) -> None:
    rules = [
        {"match": {"place_id": "bad-*"}, "then": {"outcome": "failed"}},
        {"match": {"place_id": "nowhere"}, "then": {"outcome": "failed"}},
        {"match": {"attempt": 2}, "then": {"seconds": 1}},
    ]
    bad, _, second = org.control("POST", "/rules", rules).json()["ids"]
    org.create("bad-1", "bad-2", "good", "mock-ok-1", batch_id="b")
    org.batch("b")
    org.settle()
    org.post("/batches/b/reprocess")

    assert [one["rules"] for one in journal(org)] == [[bad], [], [bad, second]]


def test_a_rule_that_lets_an_enrichment_fail_is_named(org: Org) -> None:
    (rule_id,) = org.control("POST", "/rules", {"then": {"outcome": "failed"}}).json()["ids"]
    assert org.call("POST", "/enrich", json={"place_id": "a", "inputs": LONDON}).status_code == 404

    assert [(one["status"], one["rules"]) for one in journal(org)] == [(404, [rule_id])]


@pytest.mark.parametrize("abort", ["reset", "truncate"])
def test_an_aborted_request_has_no_status(abort: str, live: Org) -> None:
    live.get("/attributes")
    response = live.control("POST", "/faults", {"then": {"abort": abort}, "times": 1})
    (fault_id,) = response.json()["ids"]

    with pytest.raises(httpx2.TransportError):
        live.call("GET", "/attributes")
    live.get("/attributes")

    assert [(one["status"], one["fault"]) for one in journal(live)][-2:] == [(None, fault_id), (200, None)]
    live.control("DELETE", "/faults")


def test_a_request_whose_client_went_away_before_its_answer_is_recorded_once(live: Org) -> None:
    live.get("/attributes")
    live.control("DELETE", "/journal")
    live.control("POST", "/faults", {"then": {"delay_seconds": 3600}})
    address = httpx2.URL(str(cast("Any", live.http).base_url))
    with socket.create_connection((str(address.host), address.port or 0)) as connection:
        connection.sendall(
            f"GET /v1/{live.slug}/place_enrichment/jobs HTTP/1.1\r\nHost: a\r\napiKey: k\r\n\r\n".encode()
        )
    eventually(lambda: [one["sent"] for one in journal(live, "?operation=get_jobs")] == ["client_gone"])

    live.control("DELETE", "/faults")


# How long it lasts


def test_the_journal_is_cleared_alone(org: Org) -> None:
    org.create("a", batch_id="b")

    assert org.control("DELETE", "/journal").status_code == 204

    assert journal(org) == []
    assert org.batch("b")["id"] == "b"
    assert [one["operation"] for one in journal(org)] == ["get_batch"]


def test_a_world_that_is_forgotten_takes_its_journal_with_it(org: Org) -> None:
    org.get("/attributes")
    org.control("DELETE")

    assert journal(org) == []


def test_the_journal_does_not_survive_a_reset_of_everything_nor_a_restart(tmp_path: Path) -> None:
    settings = {"db": tmp_path / "mock.db", "clock": "paused"}
    with TestClient(create_app(load(settings, environ={}))) as http:
        org = Org(http, "acme", {"apiKey": "k"})
        org.create("a")
        http.post("/_mock/reset")
        assert journal(org) == []
        org.create("a")
        assert len(journal(org)) == 1
    with TestClient(create_app(load(settings, environ={}))) as http:
        assert journal(Org(http, "acme", {"apiKey": "k"})) == []
