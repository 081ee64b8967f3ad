"""CSV exports (contract K)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from tests.conftest import LONDON, Org

DAY = 24 * 3600
WEEK = 7 * DAY
FIXED = ["batch_id", "batch_name", "place_id", "status"]


def create(org: Org, *batch_ids: str, key: str | None = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return org.call("POST", "/exports", json={"batch_ids": list(batch_ids)}, headers=headers)


def export(org: Org, *batch_ids: str, key: str | None = None) -> Any:
    """Make an export that is a job of its own, however few rows it has."""
    org.set(export_inline_rows=0)
    response = create(org, *batch_ids, key=key)
    assert response.status_code == 202, response.text
    return response.json()


def status(org: Org, made: Any) -> Any:
    return org.get(f"/exports/{made['id']}")


def link(org: Org, made: Any) -> Any:
    return org.call("GET", f"/exports/{made['id']}/download", follow_redirects=False)


def fetch(org: Org, made: Any) -> Any:
    """Download an export as a browser does, without a key."""
    response = link(org, made)
    assert response.status_code == 307, response.text
    return org.http.get(response.headers["location"])


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def two(org: Org, *, attributes: list[str] | None = None) -> None:
    org.create("a-1", "a-2", batch_id="a", batch_name="First", attributes=attributes)
    org.create("b-1", batch_id="b", batch_name="Second", attributes=attributes)
    org.settle()


# K1


@pytest.mark.parametrize(
    "body", [{}, {"batch_ids": []}, {"batch_ids": None}, {"batch_ids": [7]}, {"batch_ids": "a"}, []]
)
def test_a_create_names_at_least_one_batch(body: Any, org: Org) -> None:
    """contract K1: at least one, else 422."""
    assert org.call("POST", "/exports", json=body).status_code == 422
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


def test_a_batch_that_is_not_there_is_not_found_and_nothing_is_made(org: Org) -> None:
    """contract K1: 404, nothing made."""
    assert create(org, "a").status_code == 404
    org.create("a-1", batch_id="a")
    org.set(export_inline_rows=0)
    response = create(org, "a", "none")
    assert (response.status_code, "none" in response.json()["detail"]) == (404, True)
    assert org.get("/exports") == {"exports": [], "next_cursor": None}


def test_another_organizations_batch_is_not_found(org: Org) -> None:
    """contract K1, A6: a batch that the org does not have."""
    org.create("a-1", batch_id="a")
    other = org.other()
    other.create("b-1", batch_id="b")
    assert create(other, "a").status_code == 404


def test_one_batch_is_always_answered_with_its_csv(org: Org) -> None:
    """contract K1: one batch always: 200 text/csv."""
    two(org)
    org.set(export_inline_rows=0, export_inline_bytes=0)
    response = create(org, "a", "a")
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == "text/csv"
    assert [row["place_id"] for row in rows(response.text)] == ["a-1", "a-2"]


@pytest.mark.parametrize(
    ("gates", "expected"),
    [
        ({}, 200),
        ({"export_inline_rows": 3}, 200),
        ({"export_inline_rows": 2}, 202),
        ({"export_inline_bytes": 200}, 202),
        ({"export_inline_bytes": 10**6}, 200),
    ],
)
def test_several_batches_are_answered_at_once_under_the_gate(gates: Any, expected: int, org: Org) -> None:
    """contract K1: several whose rows stay under the gate, by rows and by bytes."""
    two(org)
    org.set(**gates)
    response = create(org, "a", "b")
    assert response.status_code == expected
    if expected == 200:
        assert [row["place_id"] for row in rows(response.text)] == ["a-1", "a-2", "b-1"]
    else:
        assert response.json()["status"] == "queued"


def test_the_gate_of_bytes_is_exact(org: Org) -> None:
    """contract K1: a CSV of at most `export_inline_bytes`."""
    two(org)
    size = len(create(org, "a", "b").content)
    org.set(export_inline_bytes=size)
    assert create(org, "a", "b").status_code == 200
    org.set(export_inline_bytes=size - 1)
    assert create(org, "a", "b").status_code == 202


def test_a_batch_that_is_sent_twice_is_exported_once(org: Org) -> None:
    """contract K1: sending a batch twice: once."""
    two(org)
    assert export(org, "b", "a", "b")["batch_ids"] == ["b", "a"]


# K2


@pytest.mark.parametrize("batch_ids", [["a", "b"], ["b", "a"], ["a", "b", "a"]])
def test_the_same_key_and_set_gives_the_original_export(batch_ids: list[str], org: Org) -> None:
    """contract K2: its present status, even where a batch is gone by now."""
    two(org)
    made = export(org, "a", "b", key="k")
    assert create(org, *batch_ids, key="k").json() == made
    org.settle()
    org.call("DELETE", "/batches/a")
    again = create(org, *batch_ids, key="k")
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (202, made["id"], "completed")
    assert len(org.get("/exports")["exports"]) == 1


def test_the_same_key_with_another_set_is_a_conflict(org: Org) -> None:
    """contract K2: 409, before anything is said of the batches."""
    two(org)
    export(org, "a", "b", key="k")
    assert create(org, "a", key="k").status_code == 409
    assert create(org, "none", key="k").status_code == 409


def test_without_a_key_each_call_makes_a_new_one(org: Org) -> None:
    """contract K2: and a key counts per organization."""
    two(org)
    assert export(org, "a", "b")["id"] != export(org, "a", "b")["id"]
    other = org.other()
    two(other)
    made = export(org, "a", "b", key="k")
    other.set(export_inline_rows=0)
    assert create(other, "b", "a", key="k").status_code == 202
    assert create(org, "a", "b", key="k").json()["id"] == made["id"]


def test_an_empty_key_is_refused_before_the_batches_are_looked_for(org: Org) -> None:
    """contract K2: an empty one is 422; what is judged first: 401, 422, the key, 404."""
    assert create(org, "none", key="").status_code == 422
    assert org.call("POST", "/exports", json={"batch_ids": ["none"]}, headers={"apiKey": ""}).status_code == 401


def test_a_key_is_kept_until_a_week_after_the_export_ended(org: Org) -> None:
    """contract K2: then it is free."""
    two(org)
    made = export(org, "a", "b", key="k")
    org.settle()
    org.advance(WEEK - 60)
    assert create(org, "a", "b", key="k").json()["id"] == made["id"]
    org.advance(61)
    assert create(org, "a", "b", key="k").json()["id"] != made["id"]


def test_an_inline_answer_makes_no_export_and_stores_no_key(org: Org) -> None:
    """contract K2: it is not listed."""
    two(org)
    assert create(org, "a", key="k").status_code == 200
    assert create(org, "b", key="k").status_code == 200
    assert org.get("/exports")["exports"] == []


# K3


def test_the_life_of_an_export(org: Org) -> None:
    """contract K3, K4: queued, running, completed, expired; what each shows."""
    org.control("PATCH", "/clock", {"now": "2026-01-31T12:00:00Z"})
    two(org)
    made = export(org, "a", "b")
    path = f"/v1/{org.slug}/place_enrichment/exports/{made['id']}"
    assert str(UUID(made["id"])) == made["id"]
    assert list(made) == [
        "id", "status", "batch_ids", "batch_names", "created_at", "updated_at", "status_url", "download_url", "error",
        "metadata", "expired",
    ]  # fmt: skip
    assert made["batch_names"] == {"a": "First", "b": "Second"}
    assert made["status_url"] == path
    assert (made["status"], made["metadata"], made["download_url"], made["error"]) == ("queued", None, None, None)
    seen = [made]
    while seen[-1]["status"] != "completed":
        org.advance(0.25)
        seen.append(status(org, made))
    states = [one["status"] for one in seen]
    assert sorted(states, key=["queued", "running", "completed"].index) == states
    assert {"queued", "running", "completed"} == set(states)
    assert all(one["download_url"] is None for one in seen[:-1])
    done = seen[-1]
    assert done["download_url"] == f"{path}/download"
    assert done["metadata"]["rows_exported"] == 3
    assert made["created_at"] < done["updated_at"] <= org.control("GET", "/clock").json()["now"]
    org.advance(WEEK)
    gone = status(org, made)
    assert (gone["status"], gone["expired"], gone["download_url"]) == ("expired", True, None)
    assert gone["metadata"] == done["metadata"]


def test_a_deleted_batch_has_no_name(org: Org) -> None:
    """contract K3: `batch_names` leaves out a batch deleted since; a new name is shown."""
    two(org)
    made = export(org, "a", "b")
    org.call("PUT", "/batches/b", json={"batch_name": "Other"})
    org.call("DELETE", "/batches/a")
    assert status(org, made)["batch_names"] == {"b": "Other"}
    assert status(org, made)["batch_ids"] == ["a", "b"]


def test_a_batch_that_was_deleted_and_created_again_is_another(org: Org) -> None:
    """contract K3: `batch_names` and the file leave out the same batches."""
    two(org)
    made = export(org, "a", "b")
    org.call("DELETE", "/batches/b")
    org.create("b-2", batch_id="b", batch_name="New")
    org.advance(DAY)
    assert status(org, made)["batch_names"] == {"a": "First"}
    assert {row["batch_id"] for row in rows(fetch(org, made).text)} == {"a"}


def test_the_addresses_work_as_they_are(org: Org) -> None:
    """contract K3: paths relative to the host."""
    two(org)
    made = export(org, "a", "b")
    org.settle()
    done = org.http.get(made["status_url"], headers=org.headers).json()
    assert org.http.get(done["download_url"], headers=org.headers).status_code == 200


def test_ids_are_by_hash(org: Org) -> None:
    """contract K3, D1: the same in any organization with the same seed."""
    two(org)
    other = org.other()
    two(other)
    ours, theirs = ([export(one, "a", "b")["id"] for _ in range(2)] for one in (org, other))
    assert ours == theirs
    assert len(set(ours)) == 2


# K4


@pytest.mark.parametrize(("queued", "running"), [(10, 100), (0, 0), (0, 50)])
def test_times_are_drawn_around_the_settings(queued: float, running: float, org: Org) -> None:
    """contract K4: by hash, ±50 %, at least one started ten thousand rows."""
    two(org)
    org.set(export_queued_seconds=queued, export_seconds_per_10000_rows=running)
    made = [export(org, "a", "b") for _ in range(5)]
    org.settle()
    timings = [status(org, one)["metadata"] for one in made]
    assert all(queued / 2 <= one["queued_seconds"] <= queued * 1.5 for one in timings)
    assert all(running / 2 <= one["running_seconds"] <= running * 1.5 for one in timings)
    if running:
        assert len({one["running_seconds"] for one in timings}) == 5


def test_a_share_of_exports_fails(org: Org) -> None:
    """contract K4: `export_failure_rate`; a failed one says why, has no file, and never expires."""
    two(org)
    org.set(export_failure_rate=1)
    made = export(org, "a", "b")
    org.settle()
    failed = status(org, made)
    assert (failed["status"], failed["download_url"], failed["metadata"]) == ("failed", None, None)
    assert failed["error"]
    assert link(org, made).status_code == 409
    org.advance(2 * WEEK)
    assert status(org, made)["status"] == "failed"


def test_a_batch_id_lets_an_export_fail(org: Org) -> None:
    """contract K4: `mock-export-fail-`."""
    org.create("a", batch_id="mock-export-fail-1")
    org.create("b", batch_id="b")
    made = export(org, "b", "mock-export-fail-1")
    org.settle()
    assert status(org, made)["status"] == "failed"
    assert create(org, "mock-export-fail-1").status_code == 200, "it binds exports that make a job"


def test_a_batch_id_lets_an_export_stay_running(org: Org) -> None:
    """contract K4: `mock-export-stuck-`; settle does not wait for it."""
    org.create("a", batch_id="mock-export-stuck-1")
    org.create("b", batch_id="b")
    org.settle()
    made = export(org, "b", "mock-export-stuck-1")
    assert org.settle()["unfinished"] == 0
    org.advance(10 * WEEK)
    assert status(org, made)["status"] == "running"
    assert org.control("GET").json()["exports"]["running"] == 1


def test_a_batch_id_lets_an_export_not_be_started(org: Org) -> None:
    """contract K4, B5: 502 and a failed export; with the key a retry is a new attempt."""
    org.create("a", batch_id="mock-export-undispatched-1")
    org.create("b", batch_id="b")
    org.set(export_inline_rows=0)
    answers = [create(org, "b", "mock-export-undispatched-1", key="k") for _ in range(2)]
    assert [one.status_code for one in answers] == [502, 502]
    listed = org.get("/exports")["exports"]
    assert [one["status"] for one in listed] == ["failed", "failed"]
    assert all(one["error"] for one in listed)
    assert create(org, "mock-export-undispatched-1").status_code == 200


def test_settle_finishes_exports_and_counts_jobs_alone(org: Org) -> None:
    """interface.md: settle finishes them too, `unfinished` counts jobs alone; so for a batch of theirs."""
    two(org)
    made, other = export(org, "a", "b"), org.create("c", batch_id="c", kick_off_jobs_now=False)
    assert org.control("POST", "/clock/settle", {"batch_id": other["id"]}).json()["advanced_seconds"] == 0
    assert org.control("POST", "/clock/settle", {"batch_id": "a"}).json()["unfinished"] == 0
    assert status(org, made)["status"] == "completed"
    assert org.settle()["unfinished"] == 1
    counted = org.control("GET").json()["exports"]
    assert counted == {"queued": 0, "running": 0, "completed": 1, "failed": 0, "expired": 0}


# K5


@pytest.mark.parametrize("path", ["/exports/none", "/exports/none/download"])
def test_an_unknown_export_is_not_found(path: str, org: Org) -> None:
    """contract K5: 404, and so another organization's."""
    assert org.call("GET", path, follow_redirects=False).status_code == 404
    two(org)
    made = export(org, "a", "b")
    other = org.other()
    two(other)
    assert other.call("GET", path.replace("none", made["id"]), follow_redirects=False).status_code == 404


def test_a_download_redirects_to_a_signed_address_without_a_key(org: Org) -> None:
    """contract K5: 307, on the emulator itself; no key and no rate limit."""
    two(org)
    made = export(org, "a", "b")
    org.settle()
    org.set(rate_limit=0.001)
    response = link(org, made)
    address = urlsplit(response.headers["location"]).path
    assert address.startswith(f"/v1/{org.slug}/place_enrichment/exports/artifacts/")
    files = [org.http.get(address) for _ in range(3)]
    assert [one.status_code for one in files] == [200, 200, 200]
    assert files[0].headers["content-type"].partition(";")[0] == "text/csv"
    assert len(rows(files[0].text)) == 3


def test_a_signed_address_is_good_for_an_hour(org: Org) -> None:
    """contract K5: of virtual time; after that 403, as for one that was not signed here."""
    two(org)
    made = export(org, "a", "b")
    org.settle()
    address = link(org, made).headers["location"]
    org.advance(3599)
    assert org.http.get(address).status_code == 200
    org.advance(1)
    assert org.http.get(address).status_code == 403
    assert fetch(org, made).status_code == 200


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda token: token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        lambda token: "A" + token,
        lambda token: token.replace(".", ""),
        lambda token: token + ".x",
        lambda _: "x",
        lambda _: "é.é",
        lambda _: "%00",
    ],
)
def test_an_address_that_was_not_signed_here_is_refused(spoilt: Callable[[str], str], org: Org) -> None:
    """contract K5: 403, whatever was changed about it."""
    two(org)
    made = export(org, "a", "b")
    org.settle()
    folder, _, token = link(org, made).headers["location"].rpartition("/")
    assert org.http.get(f"{folder}/{spoilt(token)}").status_code == 403


def test_an_address_is_good_in_its_own_world_alone(org: Org) -> None:
    """contract K5: the secret lives with the world, and is in no snapshot."""
    two(org)
    made = export(org, "a", "b")
    org.settle()
    address = link(org, made).headers["location"]
    snapshot = org.control("GET", "/snapshot").json()
    other = org.other()
    assert other.http.put(f"/_mock/orgs/{other.slug}/snapshot", json=snapshot).status_code == 200
    assert other.http.get(address.replace(org.slug, other.slug)).status_code == 403
    assert fetch(other, made).text == fetch(org, made).text
    assert org.http.get(address).status_code == 200
    org.control("DELETE")
    assert org.http.get(address).status_code == 404


def test_what_cannot_be_downloaded_says_so(org: Org) -> None:
    """contract K5: 409 not completed, 410 expired."""
    two(org)
    made = export(org, "a", "b")
    assert link(org, made).status_code == 409
    org.settle()
    org.advance(WEEK - 60)
    address = link(org, made).headers["location"]
    org.advance(60)
    assert link(org, made).status_code == 410
    assert org.http.get(address).status_code == 410


# K6


def test_exports_are_listed_newest_first_in_pages_that_stay_right(org: Org) -> None:
    """contract K6: an opaque cursor that stays right while exports are added; null on the last page."""
    two(org)
    made = [export(org, "a", "b")["id"] for _ in range(5)]
    first = org.get("/exports", limit=2)
    assert [one["id"] for one in first["exports"]] == made[:2:-1]
    export(org, "a", "b")
    second = org.get("/exports", limit=2, cursor=first["next_cursor"])
    assert [one["id"] for one in second["exports"]] == [made[2], made[1]]
    last = org.get("/exports", limit=2, cursor=second["next_cursor"])
    assert ([one["id"] for one in last["exports"]], last["next_cursor"]) == ([made[0]], None)
    assert org.get("/exports", limit=6)["next_cursor"] is None
    assert len(org.get("/exports")["exports"]) == 6


@pytest.mark.parametrize("cursor", ["", "x", "MQ", "W10", "W251bGxd", "WzBd", "Wy0xXQ", "é", "[1]", "WzFd=", "WzEuNV0"])
def test_a_malformed_cursor_is_refused(cursor: str, org: Org) -> None:
    """contract K6: 400."""
    two(org)
    export(org, "a", "b")
    assert org.call("GET", "/exports", params={"cursor": cursor}).status_code == 400


@pytest.mark.parametrize(("limit", "expected"), [(0, 422), (1, 200), (200, 200), (201, 422), ("x", 422)])
def test_a_page_has_1_to_200_exports(limit: Any, expected: int, org: Org) -> None:
    """contract K6: limit 1…200."""
    assert org.call("GET", "/exports", params={"limit": limit}).status_code == expected


def test_exports_are_listed_by_their_present_status(org: Org) -> None:
    """contract K6: an unknown status: empty list."""
    org.create("s", batch_id="mock-export-stuck-1")
    two(org)
    done = export(org, "a", "b")
    org.settle()
    stuck = export(org, "a", "mock-export-stuck-1")
    org.advance(10)
    waiting = export(org, "a", "b")
    found = {
        name: [one["id"] for one in org.get("/exports", status=name)["exports"]]
        for name in ("queued", "running", "completed", "failed", "expired", "unknown", "QUEUED", "")
    }
    assert found["queued"] == [waiting["id"]]
    assert found["running"] == [stuck["id"]]
    assert found["completed"] == [done["id"]]
    assert not any(found[name] for name in ("failed", "expired", "unknown", "QUEUED", ""))
    assert org.get("/exports", status="completed", limit=1)["next_cursor"] is None


# K7


def test_the_csv_has_what_the_results_say(org: Org) -> None:
    """contract K7: original, enriched, status, confidence, reasoning; rows in order of the batch ids."""
    two(org, attributes=["websites", "openingHours"])
    table = rows(create(org, "b", "a").text)
    results = {job["place_id"]: job for job in org.get("/jobs")["jobs"]}
    assert [(row["batch_id"], row["batch_name"], row["place_id"]) for row in table] == [
        ("b", "Second", "b-1"), ("a", "First", "a-1"), ("a", "First", "a-2"),
    ]  # fmt: skip
    for row in table:
        result = results[row["place_id"]]
        assert row["status"] == result["status"] == "completed"
        assert row["name_original"] == LONDON["name"]
        assert float(row["latitude_original"]) == LONDON["latitude"]
        assert row["website_enriched"] == (result["outputs"]["website"] or "")
        assert row["website_status"] == "RUN"
        assert row["website_confidence"] == result["confidence_scores"]["website"]
        assert row["website_reasoning"] == result["reasoning"]["website"]
        hours = row["opening_hours_enriched"]
        assert (json.loads(hours) if hours else None) == result["outputs"]["opening_hours"]
        always = row["is_open_24h_enriched"]
        assert (json.loads(always) if always else None) == result["outputs"]["is_open_24h"]


@pytest.mark.parametrize("way", ["at once", "as a job"])
def test_a_csv_of_many_rows_has_each_of_them_once_in_the_order_of_the_results(way: str, org: Org) -> None:
    """contract K7; some jobs were replaced, and some have gone."""
    for first, last in ((0, 1_100), (1_100, 2_150), (1_000, 1_200), (2_150, 2_151), (2_151, 3_152)):
        org.advance(60)
        org.create(*(f"p-{number}" for number in range(first, last)), batch_id="a")
    for gone in ("p-0", "p-999", "p-1000", "p-2150", "p-3151"):
        assert org.call("DELETE", f"/jobs/{gone}").status_code == 200
    org.create("later", batch_id="b")

    if way == "at once":
        text = create(org, "a").text
    else:
        made = export(org, "a", "b")
        org.settle()
        text = fetch(org, made).text

    found = [row["place_id"] for row in rows(text) if row["batch_id"] == "a"]
    assert found == [job["place_id"] for job in org.get("/jobs", batchId="a")["jobs"]]
    assert found == sorted(found, key=lambda place_id: int(place_id[2:]))
    assert len(found) == 3_147


def test_the_columns_are_in_the_catalogues_order_and_none_is_blank(org: Org) -> None:
    """contract K7: then inputs that match none, by first appearance; blank columns are dropped, the first four stay."""
    jobs = [
        {"place_id": "p", "inputs": {**LONDON, "zebra": "z", "apple": None, "website": "https://x.example"}},
        {"place_id": "q", "inputs": {**LONDON, "mango": ["m", 1], "apple": "", "zebra": ""}},
    ]
    org.post("/batches", {"batch_id": "b", "batch_name": "", "jobs": jobs, "attributes": ["phoneNumbers", "websites"]})
    org.settle()
    response = create(org, "b")
    header = next(csv.reader(io.StringIO(response.text)))
    assert header[:4] == FIXED
    assert header[4] == "website_original"
    fields = list(dict.fromkeys(name.rpartition("_")[0] for name in header[4:]))
    assert fields.index("website") < fields.index("phone") < fields.index("zebra") < fields.index("mango")
    assert "apple_original" not in header
    assert not [name for name in header if name.startswith(("categories_", "input_type"))]
    table = rows(response.text)
    assert not [name for name in header[4:] if not any(row[name] for row in table)]
    assert [row["mango_original"] for row in table] == ["", '["m",1]']


def test_the_csv_is_as_the_standard_has_it(org: Org) -> None:
    """contract K7: RFC 4180 with CRLF, UTF-8; cells that begin with = + - @ stay as they are."""
    names = ["=1+1", "+1", "-1", "@x", 'say "hi"', "a,b", "line\nbreak", "line\r\nbreak", "東京 😀", "\ufeffx"]
    jobs = [{"place_id": f"p{number}", "inputs": {**LONDON, "name": name}} for number, name in enumerate(names)]
    org.post("/batches", {"batch_id": "b", "batch_name": "=2+3", "jobs": jobs, "attributes": ["cuisine"]})
    raw = create(org, "b").content
    text = raw.decode("utf-8")
    assert [row["name_original"] for row in rows(text)] == names
    assert {row["batch_name"] for row in rows(text)} == {"=2+3"}
    assert text.endswith("\r\n")
    assert text.count("\r\n") == len(names) + 1 + 1, "one of them stands in a cell"


def test_an_empty_batch_has_a_header_line_alone(org: Org) -> None:
    """contract K7: the first four columns always stay."""
    org.create(batch_id="b")
    assert create(org, "b").text == ",".join(FIXED) + "\r\n"


CHANGES: dict[str, Callable[[Org], Any]] = {
    "a delete of a batch": lambda org: org.call("DELETE", "/batches/a"),
    "a delete of a place": lambda org: org.call("DELETE", "/jobs/a-1"),
    "a reprocess": lambda org: org.post("/batches/b/reprocess", {"failed_only": False, "refresh": True}),
    "a reprocess of places": lambda org: org.post("/jobs/reprocess", {"place_ids": ["b-1"], "refresh": True}),
    "a replacement": lambda org: org.create("a-1", "a-3", batch_id="a", attributes=["categories"]),
    "an append": lambda org: org.create("a-3", "a-4", batch_id="a"),
    "a new name": lambda org: org.call("PUT", "/batches/a", json={"batch_name": "Other"}),
    "other settings": lambda org: org.set(seed=9, not_found_rate=1, failure_rate=1),
    "a restart of held jobs": lambda org: org.control("POST", "/release", {}),
    "a week less a minute": lambda org: org.advance(WEEK - 60),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("moment", ["running", "completed"])
def test_an_export_shows_what_was_true_when_it_ran(change: str, moment: str, org: Org) -> None:
    """contract K7: at its virtual `running` moment, whatever changes after."""
    org.control("POST", "/rules", {"match": {"place_id": "a-2"}, "then": {"hold": "queued"}})
    two(org)
    org.set(export_queued_seconds=0, export_seconds_per_10000_rows=0 if moment == "completed" else 100)
    expected = create(org, "a", "b").text
    made = export(org, "a", "b")
    assert status(org, made)["status"] == moment

    CHANGES[change](org)
    CHANGES["a delete of a place"](org)
    org.settle()

    assert fetch(org, made).text == expected
    assert status(org, made)["metadata"]["rows_exported"] == 3


def test_an_export_that_does_not_run_yet_sees_the_change(org: Org) -> None:
    """contract K7: its rows and names are those of the moment at which it runs, also if one advance jumps past it."""
    two(org)
    org.set(export_queued_seconds=100)
    made = export(org, "a", "b")
    org.call("DELETE", "/batches/b")
    org.create("a-3", batch_id="a")
    org.call("PUT", "/batches/a", json={"batch_name": "Other"})
    org.advance(10_000)
    org.create("a-4", batch_id="a")
    org.settle()
    table = rows(fetch(org, made).text)
    assert [(row["place_id"], row["batch_name"]) for row in table] == [(f"a-{n}", "Other") for n in (1, 2, 3)]
    assert status(org, made)["metadata"]["rows_exported"] == 3


def test_a_job_that_ran_later_is_shown_as_it_was(org: Org) -> None:
    """contract K7: what was true at that moment, not at the download."""
    org.set(pending_seconds=1000, export_queued_seconds=0)
    org.create("a-1", batch_id="a")
    org.create("b-1", batch_id="b")
    made = export(org, "a", "b")
    org.settle()
    assert {row["status"] for row in rows(fetch(org, made).text)} == {"pending"}
    assert {row["status"] for row in rows(create(org, "a").text)} == {"completed"}


def test_exports_survive_a_snapshot(org: Org) -> None:
    """contract K7: written files and those that are derived."""
    two(org)
    written = export(org, "a", "b")
    org.settle()
    before = fetch(org, written).text
    org.call("DELETE", "/jobs/a-1")
    derived, waiting = export(org, "a", "b"), None
    org.settle()
    after = fetch(org, derived).text
    waiting = export(org, "b", "a")
    other = org.other()
    snapshot = org.control("GET", "/snapshot").json()
    assert other.http.put(f"/_mock/orgs/{other.slug}/snapshot", json=snapshot).status_code == 200
    assert [one["id"] for one in other.get("/exports")["exports"]] == [one["id"] for one in (waiting, derived, written)]
    assert (fetch(other, written).text, fetch(other, derived).text) == (before, after)
    for one in (org, other):
        one.settle()
    assert fetch(other, waiting).text == fetch(org, waiting).text


def test_faults_and_the_journal_know_exports(org: Org) -> None:
    """contract K, K5: by the names of their operations, the signed address too."""
    two(org)
    made = export(org, "a", "b")
    org.settle()
    address = link(org, made).headers["location"]
    for operation in ("create_export", "list_exports", "get_export", "download_export", "download_artifact"):
        org.control("POST", "/faults", {"match": {"operation": operation}, "then": {"status": 503}, "times": 1})
    assert create(org, "a", "b").status_code == 503
    assert org.call("GET", "/exports").status_code == 503
    assert org.call("GET", f"/exports/{made['id']}").status_code == 503
    assert link(org, made).status_code == 503
    assert org.http.get(address).status_code == 503
    assert org.http.get(address).status_code == 200
    seen = [entry["operation"] for entry in org.control("GET", "/journal").json()["requests"]]
    assert seen[-6:] == [
        "create_export", "list_exports", "get_export", "download_export", "download_artifact", "download_artifact",
    ]  # fmt: skip
