"""Snapshots: a whole world as one document, which answers as before wherever it is put."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import zlib
from base64 import b64encode
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.settings import load
from reprompt_mock.store.snapshot import COLUMNS
from tests.conftest import LONDON, Org


def take(org: Org) -> dict[str, Any]:
    response = org.control("GET", "/snapshot")
    assert response.status_code == 200, response.text
    return dict(response.json())


def put(org: Org, snapshot: Any) -> Any:
    response = org.control("PUT", "/snapshot", snapshot)
    assert response.status_code == 200, response.text
    return response.json()


def restored(org: Org) -> Org:
    """Put an organization's snapshot into a fresh one."""
    other = org.other()
    put(other, take(org))
    return other


def everything(org: Org) -> dict[str, Any]:
    """Read all that a world shows, its name and its journal aside."""
    batches = org.get("/batches", limit=500)["batches"]
    return {
        "batches": batches,
        "statuses": [org.batch(batch["id"], enrichments="websites,names,menu") for batch in batches],
        "jobs": org.get("/jobs"),
        "alone": org.get("/jobs", excludeBatches=True),
        "days": org.get("/jobs", groupBy="day"),
        "clock": org.control("GET", "/clock").json(),
        "settings": org.control("GET", "/settings").json(),
        "rules": org.control("GET", "/rules").json(),
        "faults": org.control("GET", "/faults").json(),
        "counts": {**org.control("GET").json(), "org_slug": ""},
    }


def busy(org: Org) -> None:
    """Let a world have something of everything, in the middle of its life."""
    org.set(seed=11, failure_rate=0.3, attribute_error_rate=0.2, workers=3, batch_failure_threshold=0.4)
    org.control("PATCH", "/clock", {"now": "2026-01-31T23:59:50Z"})
    rules = [
        {"match": {"place_id": "held-*"}, "then": {"hold": "queued", "seconds": 9}},
        {"match": {"place_id": "pinned-*"}, "then": {"outcome": "completed", "outputs": {"website": "https://a.example"}}},
        {"match": {"place_id": "late-*"}, "then": {"outcome": "failed", "error": "too late"}, "times": 3},
    ]  # fmt: skip
    assert org.control("POST", "/rules", rules).status_code == 201
    places = [f"p-{number}" for number in range(12)]
    org.create(*places, "held-1", "pinned-1", "late-1", "mock-flaky-1", "mock-stuck-1", batch_id="first")
    org.settle()
    org.post("/batches/first/reprocess", {"failed_only": False, "refresh": True, "attribute_set": "all"})
    org.advance(3)
    org.create(*places, "late-2", batch_name="Größe %_")
    org.create("p-1", "new", batch_id="first", attributes=["names", "menu"])
    org.create("upload-1", batch_id="uploads", kick_off_jobs_now=False, attributes=[])
    org.call("PUT", "/batches/uploads", json={"refresh": True})
    org.post("/jobs", {"place_id": "alone", "inputs": {**LONDON, "note": "naïve 😀"}})
    org.post("/enrich", {"place_id": "at-once", "inputs": LONDON})
    fault = {"match": {"operation": "get_attributes"}, "then": {"status": 503}, "skip": 1, "times": 2}
    org.control("POST", "/faults", [fault])
    org.call("GET", "/attributes")
    org.advance(1)


def test_a_world_answers_as_before_in_another(org: Org) -> None:
    busy(org)

    other = restored(org)

    assert everything(other) == everything(org)


def test_a_world_goes_on_identically_in_another(org: Org) -> None:
    busy(org)
    other = restored(org)
    shown = []

    for one in (org, other):
        statuses = [one.call("GET", "/attributes").status_code for _ in range(4)]
        one.control("DELETE", "/faults")
        steps = [everything(one)]
        for seconds in (0.5, 2, 20):
            one.advance(seconds)
            steps.append(everything(one))
        released = one.control("POST", "/release", {}).json()
        settled = one.settle()
        one.create("late-3", "late-4", "p-1", batch_id="third")
        one.post("/batches/first/reprocess", {"failed_only": False, "use_previous_invocation_params": True})
        settled_again = one.settle()
        again = one.create("x", batch_name="Same body")["id"], one.create("x", batch_name="Same body")["id"]
        (new_rule,) = one.control("POST", "/rules", {"then": {"seconds": 1}}).json()["ids"]
        shown.append([statuses, steps, released, settled, settled_again, again, new_rule, everything(one)])

    assert shown[0] == shown[1]
    assert shown[0][0] == [503, 503, 200, 200]
    assert shown[0][2] == {"released": 1}


def test_a_rule_with_times_left_serves_as_many_as_were_left(org: Org) -> None:
    org.control("POST", "/rules", {"then": {"outcome": "failed"}, "times": 3})
    org.create("a", "b", batch_id="first")

    other = restored(org)
    other.create("c", "d", batch_id="second")
    other.settle()

    assert other.batch("second")["jobs"]["failed"] == ["c"]


def test_generated_ids_go_on_where_they_were(org: Org) -> None:
    ids = [org.create("a")["id"], org.create("a")["id"]]

    other = restored(org)

    assert other.create("a")["id"] not in ids
    assert other.control("GET").json()["batches"] == 3


def test_a_running_clock_runs_on_from_the_time_of_the_snapshot(org: Org) -> None:
    org.control("PATCH", "/clock", {"now": "2026-01-31T09:30:00Z", "running": True, "speed": 1000})
    snapshot = take(org)

    other = org.other()
    put(other, snapshot)

    clock = other.control("GET", "/clock").json()
    assert (clock["running"], clock["speed"]) == (True, 1000)
    assert clock["now"] >= snapshot["clock"]["now"] >= "2026-01-31T09:30:00"
    assert clock["now"] < "2026-02-01"


def test_the_snapshot_takes_the_place_of_what_was_there(org: Org) -> None:
    org.create("a", batch_id="b")
    other = org.other()
    other.control("PATCH", "/clock", {"now": "2099-01-01T00:00:00Z"})
    other.control("POST", "/rules", {"then": {"outcome": "failed"}})
    other.create("x", "y", batch_id="old")
    other.settle()

    put(other, take(org))

    assert everything(other) == everything(org)
    assert other.call("GET", "/batches/old").status_code == 404
    assert other.call("GET", "/jobs/x").status_code == 404


def test_a_world_can_be_put_back_into_itself_again_and_again(org: Org) -> None:
    busy(org)
    before, snapshot = everything(org), take(org)

    for _ in range(3):
        org.settle()
        org.create("y", batch_id="later")
        put(org, snapshot)
        assert everything(org) == before


def test_a_snapshot_of_a_snapshot_answers_as_the_first(org: Org) -> None:
    busy(org)

    assert everything(restored(restored(org))) == everything(org)


def test_put_answers_with_the_counts_and_the_clock(org: Org) -> None:
    org.create("a", batch_id="b")
    other = org.other()

    assert put(other, take(org)) == {**org.control("GET").json(), "org_slug": other.slug}


def test_an_unused_world_has_a_snapshot_and_is_not_made_by_it(org: Org) -> None:
    snapshot = take(org)

    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]
    assert put(org.other(), snapshot)["batches"] == 0


def test_a_snapshot_survives_a_restart(tmp_path: Path, org: Org) -> None:
    busy(org)
    settings = {"db": tmp_path / "mock.db", "clock": "paused"}
    with TestClient(create_app(load(settings, environ={}))) as http:
        put(Org(http, "acme", org.headers), take(org))
    with TestClient(create_app(load(settings, environ={}))) as http:
        assert everything(Org(http, "acme", org.headers)) == everything(org)


def test_the_rows_of_the_world_that_was_replaced_are_removed(tmp_path: Path) -> None:
    app = create_app(load({"clock": "paused"}, environ={}))
    with TestClient(app) as http:
        org = Org(http, "acme", {"apiKey": "k"})
        org.create("a", "b", batch_id="b")
        put(org, take(org))
        app.engine.tick()
        app.engine.tick()
        with app.engine.store.read() as session:
            assert session.value("SELECT count(*) FROM job") == 2
            assert session.value("SELECT count(*) FROM world") == 1


# What is not in it


def test_neither_journal_nor_keys_are_in_a_snapshot() -> None:
    settings = {"api_keys": {"s3cret-key": "*"}, "revoked_api_keys": ["0ld-key"], "clock": "paused"}
    with TestClient(create_app(load(settings, environ={}))) as http:
        org = Org(http, "acme", {"apiKey": "s3cret-key", "X-Seen": "in-the-journal"})
        org.create("a", batch_id="b")
        snapshot = take(org)
        written = json.dumps(snapshot)
        put(org.other(), snapshot)
        assert org.other().control("GET", "/journal").json()["requests"] == []
        assert len(org.control("GET", "/journal").json()["requests"]) == 1

    assert snapshot.keys() == {"version", "clock", "settings", "scenario", "data", "digest"}
    assert not [word for word in ("s3cret-key", "0ld-key", "in-the-journal", org.slug) if word in written]


def test_a_restore_leaves_the_journal_of_the_world_alone(org: Org) -> None:
    org.get("/attributes")

    put(org, take(org))

    assert len(org.control("GET", "/journal").json()["requests"]) == 1


# Other languages

LAG = COLUMNS["job"].index("lag")
LARGE = 2**53
INPUTS = """{"name": "A", "city": "B", "big": 123456789012345678901234567890, "id64": 9223372036854775807,
 "precise": [0.1000000000000000055511151231257827, {"tiny": 1e-400}], "odd": "\\u2028 \\ud83d\\ude00 é"}"""


def numbers(value: Any) -> list[float]:
    """Find every number in JSON data."""
    if isinstance(value, dict | list):
        return [found for one in (value.values() if isinstance(value, dict) else value) for found in numbers(one)]
    return [value] if isinstance(value, int | float) else []


def rounded(text: str) -> str:
    """Read and write JSON as JavaScript does, which has doubles alone."""
    return json.dumps(json.loads(text, parse_int=lambda digits: int(float(digits))))


def by_node(text: str) -> str:
    """Let Node itself read and write JSON."""
    script = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf-8'))))"
    return subprocess.run(["node", "-e", script], input=text, capture_output=True, encoding="utf-8", check=True).stdout


def late(org: Org, *, scenario: bool) -> None:
    """Let a world have every large number that it can: a seed, times far ahead, numbers of places, rules and faults."""
    org.set(seed=2**62 + 1)
    org.control("PATCH", "/clock", {"now": "9000-01-31T09:30:00.123457Z"})
    if scenario:
        outputs = {"website": {"id64": 2**60 + 1}}
        assert org.control("POST", "/rules", {"then": {"outcome": "completed", "outputs": outputs}}).status_code == 201
        fault = {"match": {"operation": "get_attributes"}, "then": {"status": 503, "body": {"id64": 2**60 + 1}}}
        assert org.control("POST", "/faults", fault).status_code == 201
    job = f'{{"place_id": "p", "inputs": {INPUTS}}}'
    body = f'{{"batch_id": "b", "batch_name": "x", "attribute_set": "core", "jobs": [{job}]}}'
    assert org.call("POST", "/batches", content=body.encode()).status_code == 200
    org.settle()
    org.post("/batches/b/reprocess", {"failed_only": False})
    org.advance(1.5)


def shown(org: Org) -> list[str]:
    """Read what a world shows as the text that it is."""
    paths = ("/batches", "/batches/b", "/jobs", "/jobs?groupBy=day", "/attributes")
    return [org.call("GET", path).text for path in paths] + [
        org.control("GET", path).text for path in ("/clock", "/settings", "/rules")
    ]


def test_a_snapshot_has_no_number_that_javascript_would_round(org: Org) -> None:
    late(org, scenario=True)
    snapshot = take(org)

    assert snapshot["settings"]["seed"] == str(2**62 + 1)
    assert max(map(abs, numbers(snapshot))) < LARGE
    assert "123456789012345678901234567890" in json.dumps(snapshot)


@pytest.mark.parametrize(
    "passed_on",
    [
        rounded,
        pytest.param(
            by_node,
            marks=pytest.mark.skipif(shutil.which("node") is None, reason="the machine has no node, which is tried"),
        ),
    ],
)
@pytest.mark.parametrize("scenario", [False, True])
def test_a_snapshot_survives_a_language_of_doubles(org: Org, scenario: bool, passed_on: Callable[[str], str]) -> None:
    late(org, scenario=scenario)
    text = org.control("GET", "/snapshot").text
    assert isinstance(json.loads(text)["scenario"], str) is scenario
    other = org.other()

    response = org.http.put(f"/_mock/orgs/{other.slug}/snapshot", content=passed_on(text).encode())

    assert response.status_code == 200, response.text
    assert shown(other) == shown(org)
    for one in (org, other):
        one.advance(2.5)
        one.create("q", batch_id="b")
        one.settle()
    assert shown(other) == shown(org)


@pytest.mark.parametrize("version", [2, 3])
def test_a_snapshot_of_an_earlier_version_is_read(version: int, org: Org) -> None:
    """In version 3 jobs had no lag, in version 2 there were no exports either."""
    org.create("a", "mock-fail-1", batch_id="b")
    org.settle()
    snapshot = take(org)
    gone = {"export": None, "artifact": None} if version == 2 else {}
    jobs = [[*row[:LAG], *row[LAG + 1 :]] for row in snapshot["data"]["job"]]
    other = org.other()

    put(other, resealed({**snapshot, "version": version}, job=jobs, **gone))

    assert shown(other) == shown(org)


def test_a_snapshot_of_version_1_is_read(org: Org) -> None:
    """Its large numbers were no text."""
    late(org, scenario=False)
    snapshot = take(org)
    first = resealed(
        {
            **snapshot,
            "version": 1,
            "settings": {**snapshot["settings"], "seed": 2**62 + 1},
        },
        **{
            table: [[int(cell) if isinstance(cell, str) and cell.isdecimal() else cell for cell in row] for row in rows]
            for table, rows in snapshot["data"].items()
        },
    )
    assert max(numbers(first["data"])) > LARGE
    other = org.other()

    put(other, first)

    assert shown(other) == shown(org)


def test_the_journal_shows_a_body_whose_numbers_would_be_rounded_as_it_came(org: Org) -> None:
    late(org, scenario=False)
    small = org.call("PUT", "/batches/b", json={"batch_name": "y"})
    assert small.status_code == 200

    journal = org.control("GET", "/journal").json()

    bodies = {entry["operation"]: entry["body"] for entry in journal["requests"]}
    assert "123456789012345678901234567890" in bodies["create_batch"]
    assert bodies["update_batch"] == {"batch_name": "y"}
    assert max(map(abs, numbers(journal))) < LARGE


# Broken ones


def sealed(data: dict[str, Any]) -> str:
    return blake2b(orjson.dumps(data, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def resealed(snapshot: dict[str, Any], **tables: Any) -> dict[str, Any]:
    """Change tables of a snapshot as somebody would who knows how it is sealed."""
    data = {key: value for key, value in {**snapshot["data"], **tables}.items() if value is not None}
    return {**snapshot, "data": data, "digest": sealed(data)}


EXPORT = [[900, "e", None, "[]", 1, 1, 2, None, 1, 1]]


def first_of(snapshot: dict[str, Any], table: str) -> dict[str, Any]:
    """Give the first row of a table by column."""
    return dict(zip(COLUMNS[table], snapshot["data"][table][0], strict=True))


def with_first(snapshot: dict[str, Any], table: str, **changes: Any) -> dict[str, Any]:
    """Change columns of the first row of a table."""
    row = {**first_of(snapshot, table), **changes}
    return resealed(snapshot, **{table: [[*row.values()], *snapshot["data"][table][1:]]})


BROKEN: dict[str, Any] = {
    "not-an-object": lambda _: [],
    "empty": lambda _: {},
    "another-version": lambda one: {**one, "version": 5},
    "scenario-of-no-json": lambda one: {**one, "scenario": "{"},
    "scenario-of-another-form": lambda one: {**one, "scenario": "[1]"},
    "time-in-words": lambda one: resealed(one, batch=[[*row[:4], "noon", *row[5:]] for row in one["data"]["batch"]]),
    "unknown-key": lambda one: {**one, "journal": []},
    "no-data": lambda one: {key: value for key, value in one.items() if key != "data"},
    "changed-data": lambda one: {**one, "data": {**one["data"], "job": one["data"]["job"][:1]}},
    "changed-digest": lambda one: {**one, "digest": "0" * 32},
    "unknown-setting": lambda one: {**one, "settings": {**one["settings"], "sped": 2}},
    "impossible-setting": lambda one: {**one, "settings": {**one["settings"], "failure_rate": 2}},
    "time-without-a-zone": lambda one: {**one, "clock": {**one["clock"], "now": "2026-01-31T09:30:00"}},
    "time-before-1970": lambda one: {**one, "clock": {**one["clock"], "now": "1969-12-31T23:59:59Z"}},
    "broken-rule": lambda one: {**one, "scenario": {**one["scenario"], "rules": [{"id": "r", "then": {"x": 1}}]}},
    "missing-table": lambda one: resealed(one, job=None),
    "short-row": lambda one: resealed(one, job=[[1, 2]]),
    "dangling-batch": lambda one: resealed(one, batch=[]),
    "dangling-document": lambda one: resealed(one, document=[]),
    "dangling-submission": lambda one: resealed(one, submission=[]),
    "a-row-twice": lambda one: resealed(one, batch=one["data"]["batch"] * 2),
    "history-of-another-form": lambda one: resealed(one, document=[[row[0], "{}"] for row in one["data"]["document"]]),
    "attributes-of-another-form": lambda one: resealed(
        one, document=[[row[0], f'{{"a":{row[0]}}}'] for row in one["data"]["document"]]
    ),
    "list-of-no-names": lambda one: resealed(
        one, document=[[row[0], row[1].replace('["names","menu"]', "[1]")] for row in one["data"]["document"]]
    ),
    "submission-without-settings": lambda one: with_first(one, "submission", settings="[]"),
    "outcome-of-no-status": lambda one: with_first(one, "job", outcome=5),
    "unknown-hold": lambda one: with_first(one, "job", hold=-3),
    "place-without-a-name": lambda one: with_first(one, "job", place="{}"),
    "place-of-no-object": lambda one: with_first(one, "job", place="[1]"),
    "time-before-its-submission": lambda one: with_first(one, "job", queued_at=1),
    "enriched-before-1970": lambda one: with_first(one, "job", lag=-1, last_enriched=-1),
    "times-out-of-order": lambda one: with_first(one, "job", finished_at=first_of(one, "job")["queued_at"]),
    "an-end-without-an-outcome": lambda one: with_first(one, "job", outcome=None),
    "submitted-before-1970": lambda one: with_first(one, "submission", at=-(2**63)),
    "created-before-1970": lambda one: with_first(one, "batch", created_at=-1),
    "created-after-the-last-time": lambda one: with_first(one, "batch", created_at=2**62),
    "times-out-of-order-around-none": lambda one: with_first(
        one, "job", started_at=None, finished_at=first_of(one, "job")["queued_at"] - 1
    ),
    "time-with-a-fraction": lambda one: with_first(one, "job", finished_at=2e15 + 0.5),
    "enriched-after-all-clocks": lambda one: with_first(one, "job", last_enriched=str(2**62)),
    "damaged-file": lambda one: resealed(one, export=EXPORT, artifact=[[901, 900, 0, "AAAA"]]),
    "row-of-no-list": lambda one: resealed(one, job=[*one["data"]["job"], "a"]),
    "row-of-objects": lambda one: resealed(one, body=[[{}, {}]]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_snapshot_is_refused_and_changes_nothing(name: str, org: Org) -> None:
    busy(org)
    before = everything(org)

    response = org.control("PUT", "/snapshot", BROKEN[name](take(org)))

    assert response.status_code == 422, response.text
    assert response.json()["detail"]
    assert everything(org) == before


def test_what_is_broken_above_is_broken_by_itself(org: Org) -> None:
    """The same changes to what they change, but of what is whole, are taken."""
    busy(org)
    snapshot = take(org)

    for whole in (
        with_first(snapshot, "job", finished_at=float(first_of(snapshot, "job")["finished_at"])),
        with_first(snapshot, "job", finished_at=str(2**62)),
        resealed(snapshot, export=EXPORT, artifact=[[901, 900, 0, b64encode(zlib.compress(b"a")).decode()]]),
    ):
        put(org.other(), whole)


def test_a_broken_snapshot_makes_no_world(org: Org) -> None:
    assert org.control("PUT", "/snapshot", {}).status_code == 422
    assert org.http.put(f"/_mock/orgs/{org.slug}/snapshot", content=b"\xff").status_code == 422
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


def test_keys_of_any_order_and_spacing_are_the_same_snapshot(org: Org) -> None:
    busy(org)
    other = org.other()
    shuffled = json.dumps(dict(reversed(take(org).items())), indent=2, ensure_ascii=True)

    response = org.http.put(f"/_mock/orgs/{other.slug}/snapshot", content=shuffled)

    assert response.status_code == 200, response.text
    assert everything(other) == everything(org)


def test_whoever_writes_a_snapshot_anew_may_space_and_escape_it_as_they_like(org: Org) -> None:
    org.create("ä", batch_id="b")
    other = org.other()

    response = org.http.put(f"/_mock/orgs/{other.slug}/snapshot", content=json.dumps(take(org), indent=1))

    assert response.status_code == 200, response.text
    assert everything(other) == everything(org)


def test_a_snapshot_without_what_no_job_needs_is_taken_of_a_restored_world(org: Org) -> None:
    org.create("a", batch_id="gone", attributes=["menuItems"])
    org.settle()
    org.call("DELETE", "/batches/gone")
    org.create("a", batch_id="b")

    again = restored(org)

    assert everything(again) == everything(org)
    assert "menuItems" in json.dumps(take(org)["data"]["document"])
    assert "menuItems" not in json.dumps(take(again)["data"]["document"])


# Size


def test_a_snapshot_says_how_long_it_is_and_comes_as_long(org: Org) -> None:
    for number in range(5):
        org.create(*(f"p-{number}-{place}" for place in range(900)), batch_id="b")

    response = org.control("GET", "/snapshot")

    assert int(response.headers["content-length"]) == len(response.content) > 2**19
    assert "transfer-encoding" not in response.headers


def test_the_byte_limit_does_not_bind_a_snapshot() -> None:
    with TestClient(create_app(load({"clock": "paused", "max_body_bytes": 4096}, environ={}))) as http:
        org = Org(http, "acme", {"apiKey": "k"})
        for number in range(20):
            org.create(*(f"p-{number}-{place}" for place in range(10)), batch_id="b")
        snapshot = take(org)
        assert len(json.dumps(snapshot)) > 10 * 4096
        assert org.call("POST", "/batches", json=snapshot).status_code == 413

        put(org.other(), snapshot)


def test_ten_thousand_places_are_taken_and_put_in_seconds(org: Org) -> None:
    org.create(*(f"p-{number}" for number in range(10_000)), batch_id="b")
    other = org.other()

    started = time.process_time()  # not what others of a busy machine take
    put(other, take(org))

    assert time.process_time() - started < 5
    other.settle()
    assert len(other.batch("b")["jobs"]["completed"]) == 10_000
