"""Events: small signals that something has changed; whoever has the headers misses nothing from then on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, cast

import httpx2
import pytest

from reprompt_mock.control import events as events_module
from reprompt_mock.engine.events import Change, Kind
from reprompt_mock.real_time import monotonic_seconds
from reprompt_mock.server import ServerThread
from tests.conftest import Org
from tests.control.waiting import Event, client, follow, org_of, start
from tests.processes import PATIENCE_SECONDS, eventually
from tests.stores import of_one_emulator

ALL = "/_mock/events"


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    server = start()
    yield server
    server.stop()


@pytest.fixture
def live(server: ServerThread, org: Org) -> Iterator[Org]:
    """A fresh organization behind a real socket."""
    with client(server) as http:
        yield org_of(http, org.slug)


def path(org: Org) -> str:
    return f"/_mock/orgs/{org.slug}/events"


def http_of(org: Org) -> httpx2.Client:
    return cast("httpx2.Client", org.http)


def listeners(server: ServerThread) -> int:
    return sum(map(len, server.app.engine.signals._rings.values()))


def test_every_kind_of_change_is_told_with_its_world_and_what_it_concerns(live: Org) -> None:
    with follow(http_of(live), path(live)) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["cache-control"] == "no-store"
        begin = stream.next()
        assert (begin.event, begin.data) == (None, None)
        live.create("a", batch_id="b")
        assert stream.until("batch").data == {"org_slug": live.slug, "id": "b"}
        assert stream.until("request").data == {"org_slug": live.slug, "id": None}
        live.advance(100)
        for kind in ("clock", "world"):
            assert stream.until(kind).data == {"org_slug": live.slug, "id": None}
        live.control("POST", "/rules", {"then": {"outcome": "failed"}})
        assert stream.until("scenario").data == {"org_slug": live.slug, "id": None}
        live.set(export_inline_rows=0)
        live.create("a", batch_id="c")
        export = live.call("POST", "/exports", json={"batch_ids": ["b", "c"]}).json()["id"]
        assert stream.until("export").data == {"org_slug": live.slug, "id": export}
        live.control("DELETE")
        assert stream.until("world").data == {"org_slug": live.slug, "id": None}


@pytest.mark.parametrize(
    "change",
    [
        lambda org: org.create("a", batch_id="b"),
        lambda org: org.call("PUT", "/batches/b", json={"batch_name": "C"}),
        lambda org: org.post("/batches/b/reprocess", {"failed_only": False}),
        lambda org: org.post("/jobs/reprocess", {"place_ids": ["a"]}),
        lambda org: org.post(
            "/jobs", {"place_id": "x", "inputs": {"name": "A", "full_address": "B"}, "attributes": []}
        ),
        lambda org: org.post(
            "/enrich", {"place_id": "x", "inputs": {"name": "A", "full_address": "B"}, "attributes": ["websites"]}
        ),
        lambda org: org.call("DELETE", "/jobs/a"),
        lambda org: org.control("POST", "/release", {}),
        lambda org: org.call("DELETE", "/batches/b"),
    ],
)
def test_whatever_changes_jobs_or_batches_is_told(live: Org, change: Any) -> None:
    live.control("POST", "/rules", {"match": {"place_id": "h"}, "then": {"hold": "queued"}})
    live.create("a", "h", batch_id="b")
    with follow(http_of(live), path(live)) as stream:
        change(live)
        assert stream.until("batch").data["org_slug"] == live.slug


def test_a_request_is_told_when_it_comes_when_it_is_over_and_when_it_is_forgotten(live: Org) -> None:
    live.get("/batches")
    with follow(http_of(live), path(live)) as stream:
        live.control("POST", "/faults", {"match": {"operation": "list_batches"}, "then": {"delay_seconds": 1}})
        stream.until("scenario")
        slow = threading.Thread(target=live.call, args=("GET", "/batches"))
        slow.start()
        stream.until("request")
        journal = live.control("GET", "/journal").json()["requests"]
        assert [one["sent"] for one in journal] == ["whole", None]
        stream.until("request")
        slow.join(PATIENCE_SECONDS)
        assert live.control("GET", "/journal").json()["requests"][-1]["sent"] == "whole"
        live.control("DELETE", "/journal")
        stream.until("request")


def test_one_stream_tells_of_one_world_the_other_of_all(live: Org) -> None:
    other = org_of(http_of(live), f"{live.slug}-other")
    with follow(http_of(live), ALL) as every, follow(http_of(live), path(live)) as own:
        other.create("a", batch_id="theirs")
        live.create("a", batch_id="ours")
        assert own.until("batch").data == {"org_slug": live.slug, "id": "ours"}
        assert every.until("batch", other.slug).data["id"] == "theirs"
        assert every.until("batch", live.slug).data["id"] == "ours"


def test_whoever_has_the_headers_misses_nothing(live: Org) -> None:
    for number in range(20):
        with follow(http_of(live), path(live)) as stream:
            live.create("a", batch_id=f"b-{number}")
            assert stream.until("batch").data["id"] == f"b-{number}"


@of_one_emulator
def test_signals_are_told_at_most_ten_a_second_and_the_last_is_never_lost(live: Org, server: ServerThread) -> None:
    engine = server.app.engine
    with follow(http_of(live), path(live)) as stream:
        stream.next()
        began = monotonic_seconds()
        for number in range(2000):
            engine.events.publish([Change(live.slug, Kind.batch, f"b-{number}")])
        last = engine.signals.id_of(engine.signals.now())
        told = [stream.next()]
        while told[-1].id != last:
            told.append(stream.next())
        lasted = monotonic_seconds() - began
    assert len(told) <= 10 * lasted + 1
    numbers = [engine.signals.number_of(str(one.id)) for one in told]
    assert numbers == sorted({number for number in numbers if number is not None})


# Coming back


@of_one_emulator
def test_a_client_that_comes_back_is_told_what_came_meanwhile(live: Org) -> None:
    with follow(http_of(live), path(live)) as stream:
        live.control("POST", "/faults", {"match": {"operation": "enrich"}, "then": {"status": 503}})
        last = stream.until("scenario")
    live.advance(1)
    for batch_id in ("b", "b", "c", "c"):
        live.create("a", batch_id=batch_id)
    live.control("PATCH", "/settings", {"seed": 3})
    with follow(http_of(live), path(live), Last_Event_ID=str(last.id)) as stream:
        assert stream.next() == Event(last.id, None, None)
        told = [stream.next() for _ in range(4)]
    assert [one.event for one in told] == ["clock", "batch", "request", "world"]
    assert told[1].data["id"] is None, "it was not a single batch"


@pytest.mark.parametrize("last", ["", "nonsense", "00000000-5", "1-2-3"])
def test_a_client_that_comes_back_too_late_is_told_so(live: Org, last: str) -> None:
    with follow(http_of(live), path(live), Last_Event_ID=last) as stream:
        missed = stream.next()
        assert (missed.event, missed.data) == ("missed", {})
        live.create("a", batch_id="b")
        assert stream.until("batch").data["id"] == "b"
    with follow(http_of(live), path(live), Last_Event_ID=str(missed.id)) as stream:
        assert stream.next().event is None
        assert stream.until("batch").data["id"] == "b"


# Ends


def test_a_stop_ends_the_streams_at_once() -> None:
    server = start()
    with client(server) as http:
        ends: list[list[Event]] = []
        ready = threading.Barrier(6)

        def listen() -> None:
            with follow(http, ALL) as stream:
                told = [stream.next()]
                ready.wait(PATIENCE_SECONDS)
                with pytest.raises(EOFError):
                    stream.until("nothing")
                ends.append(told)

        threads = [threading.Thread(target=listen) for _ in range(5)]
        for thread in threads:
            thread.start()
        ready.wait(PATIENCE_SECONDS)
        began = monotonic_seconds()
        server.stop()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
    assert [len(told) for told in ends] == [1] * 5
    assert monotonic_seconds() - began < 5


@of_one_emulator
def test_a_client_that_goes_is_no_longer_told(live: Org, server: ServerThread) -> None:
    with follow(http_of(live), path(live)) as stream:
        stream.next()
        assert listeners(server) == 1
    eventually(lambda: listeners(server) == 0)


def test_a_silent_stream_says_that_it_is_alive(live: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "_SILENT_SECONDS", 0.01)
    with follow(http_of(live), path(live)) as stream:
        lines = [next(stream.lines) for _ in range(4)]
    assert lines[2:] == [": nothing has changed", ""]


def test_a_head_of_events_has_their_headers_and_ends(live: Org) -> None:
    for where in (ALL, path(live)):
        with follow(http_of(live), where) as stream:
            expected = dict(stream.response.headers)
        response = live.http.head(where)
        assert (response.status_code, response.content) == (200, b"")
        assert {"transfer-encoding": "chunked", **response.headers, "date": expected["date"]} == expected


# Who may listen


@pytest.mark.parametrize("where", [ALL, "/_mock/orgs/acme/events"])
def test_events_have_the_guard_and_the_token_of_the_control_api(where: str) -> None:
    server = start(control_token="secret")
    with client(server) as http:
        assert http.get(where).status_code == 401
        assert http.get(where, headers={"Authorization": "Bearer other"}).status_code == 401
        allowed = {"Authorization": "Bearer secret"}
        assert http.get(where, headers={**allowed, "Origin": "http://page.example"}).status_code == 403
        assert http.get(where, headers={**allowed, "Host": "page.example"}).status_code == 403
        with follow(http, where, **allowed) as stream:
            assert stream.next().id
    server.stop()


def test_a_name_that_no_organization_can_have_has_no_events(org: Org) -> None:
    assert org.http.get("/_mock/orgs/-/events").status_code == 404
