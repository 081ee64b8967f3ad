"""Contract I, and what belongs to it elsewhere: G9, F2's days, F8's DELETE, D7's strictness."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from reprompt_mock.attributes import CATALOGUE, CORE
from reprompt_mock.engine import jobs, results, settings
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.submissions import PlaceToEnrich
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org

ROUTES = {
    "/batches": {"get", "post"},
    "/batches/{batch_id}": {"get", "put", "delete"},
    "/batches/{batch_id}/reprocess": {"post"},
    "/batches/refresh": {"post"},
    "/jobs": {"get", "post"},
    "/jobs/{place_id}": {"get", "delete"},
    "/jobs/reprocess": {"post"},
    "/enrich": {"post"},
    "/attributes": {"get"},
    "/exports": {"get", "post"},
    "/exports/{export_id}": {"get"},
    "/exports/{export_id}/download": {"get"},
    "/exports/artifacts/{token}": {"get"},
}
EVERYTHING = {"failed_only": False, "incomplete_only": False}


def place(place_id: str | None = None, **fields: Any) -> dict[str, Any]:
    """Give a job of its own, as create_job and enrich take it."""
    return {**({} if place_id is None else {"place_id": place_id}), "inputs": LONDON, **fields}


def listed(org: Org) -> dict[str, Any]:
    return {batch["id"]: batch for batch in org.get("/batches", limit=500)["batches"]}


def all_counts(org: Org) -> dict[str, int]:
    return dict(org.control("GET").json()["jobs"])


def answered(org: Org, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    response = org.call(method, path, json=body)
    return response.status_code, response.json()


# I1: deleting batches


def test_deleting_a_batch_says_so(org: Org) -> None:
    """contract I1: DELETE /batches/{id} answers {status, message}."""
    org.create("a", batch_id="b")

    assert answered(org, "DELETE", "/batches/b") == (200, {"status": "success", "message": "Deleted batch b"})


def test_a_deleted_batch_is_gone_with_its_jobs_and_no_other(org: Org) -> None:
    """contract I1: the batch, its status, its results and its place in the list are gone; others stay."""
    org.create("a", "shared", batch_id="gone")
    org.create("shared", "b", batch_id="stays")
    org.settle()

    org.call("DELETE", "/batches/gone")

    assert org.call("GET", "/batches/gone").status_code == 404
    assert org.call("GET", "/jobs", params={"batchId": "gone"}).status_code == 404
    assert list(listed(org)) == ["stays"]
    assert org.call("GET", "/jobs/a").status_code == 404
    assert org.get("/jobs/shared")["status"] == "completed"
    assert [job["place_id"] for job in org.get("/jobs")["jobs"]] == ["shared", "b"]
    assert sum(all_counts(org).values()) == 2


def test_a_batch_may_be_deleted_while_it_runs_and_its_id_used_again(org: Org) -> None:
    """contract I1: a deleted batch leaves nothing, so its id makes a new batch."""
    org.create("a", batch_id="b", batch_name="Old")
    org.advance(1.6)
    org.call("DELETE", "/batches/b")
    org.settle()

    created = org.create("c", batch_id="b", batch_name="New")

    assert (created["batch_name"], created["jobs"]["pending"]) == ("New", ["c"])
    assert all_counts(org)["pending"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("DELETE", "/batches/none", None), ("PUT", "/batches/none", {"refresh": True}), ("DELETE", "/jobs/none", None)],
)
def test_what_is_unknown_cannot_be_deleted_or_changed(method: str, path: str, body: Any, org: Org) -> None:
    """contract I1, F8, B4: an unknown batch or place is 404, and makes no world."""
    status, answer = answered(org, method, path, body)

    assert status == 404
    assert "none" in answer["detail"]
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


def test_another_organizations_batch_is_unknown(org: Org) -> None:
    """contract I1, A6: another org's batch can be neither deleted nor changed nor marked."""
    other = org.other()
    other.create("a", batch_id="theirs")
    org.create("a", batch_id="mine")

    assert org.call("DELETE", "/batches/theirs").status_code == 404
    assert org.call("PUT", "/batches/theirs", json={"batch_name": "x"}).status_code == 404
    assert org.post("/batches/refresh", {"batch_ids": ["theirs"]})["missing"] == ["theirs"]
    assert listed(other)["theirs"]["refresh"] is False


# I1: changing batches


@pytest.mark.parametrize(
    ("change", "name", "refresh"),
    [
        ({}, "Old", True),
        ({"batch_name": "New"}, "New", True),
        ({"refresh": False}, "Old", False),
        ({"batch_name": "New", "refresh": False}, "New", False),
        ({"batch_name": None, "refresh": None}, "Old", True),
        ({"batch_name": "New", "owner": 1}, "New", True),
        ({"batch_name": ""}, "", True),
    ],
)
def test_a_change_of_a_batch_leaves_omitted_fields(change: Any, name: str, refresh: bool, org: Org) -> None:
    """contract I1: PUT /batches/{id} takes batch_name and refresh; omitted fields stay."""
    org.create("a", batch_id="b", batch_name="Old")
    org.call("PUT", "/batches/b", json={"refresh": True})

    assert answered(org, "PUT", "/batches/b", change) == (200, {"status": "success", "message": "Updated batch b"})

    assert (listed(org)["b"]["batch_name"], listed(org)["b"]["refresh"]) == (name, refresh)
    assert org.batch("b")["batch_name"] == name


def test_a_renamed_batch_is_found_by_its_new_name_only(org: Org) -> None:
    """contract I1, H2: the list searches the name that the batch has now, in any case."""
    org.create("a", batch_id="b", batch_name="Spring")
    org.call("PUT", "/batches/b", json={"batch_name": "HÉRISSON 100%"})

    assert org.get("/batches", query="spring")["total"] == 0
    assert org.get("/batches", query="hérisson 100%")["total"] == 1


def test_a_change_touches_neither_jobs_nor_times(org: Org) -> None:
    """contract I1: jobs, results and created_at stay as they are."""
    org.create("a", "mock-fail-1", batch_id="b")
    org.settle()
    before, results = org.batch("b"), org.results("b")
    org.advance(100)

    org.call("PUT", "/batches/b", json={"batch_name": "New", "refresh": True})

    assert org.batch("b") == {**before, "batch_name": "New"}
    assert org.results("b") == results


@pytest.mark.parametrize("body", [{"refresh": "maybe"}, {"batch_name": 5}, {"batch_name": "a\0b"}, [], "x"])
def test_a_change_that_does_not_fit_is_refused(body: Any, org: Org) -> None:
    """contract I1, B2: 422, and nothing changes."""
    org.create("a", batch_id="b", batch_name="Old")

    assert answered(org, "PUT", "/batches/b", body)[0] == 422
    assert listed(org)["b"]["batch_name"] == "Old"


# I1: marking batches for refresh


@pytest.mark.parametrize(("body", "refresh"), [({}, True), ({"refresh": True}, True), ({"refresh": False}, False)])
def test_several_batches_are_marked_or_unmarked_at_once(body: dict[str, bool], refresh: bool, org: Org) -> None:
    """contract I1: POST /batches/refresh takes {batch_ids, refresh} and answers {updated, missing, refresh}."""
    for batch_id in ("one", "two", "three"):
        org.create("a", batch_id=batch_id)
    org.call("PUT", "/batches/two", json={"refresh": True})

    answer = org.post("/batches/refresh", {"batch_ids": ["two", "none", "one", "two", "none"], **body})

    assert answer == {"updated": ["two", "one"], "missing": ["none"], "refresh": refresh}
    assert [listed(org)[batch_id]["refresh"] for batch_id in ("one", "two", "three")] == [refresh, refresh, False]


@pytest.mark.parametrize("batch_ids", [[], ["none"]])
def test_marking_nothing_that_is_known_is_no_error(batch_ids: list[str], org: Org) -> None:
    """contract I1: unknown ids are told as missing."""
    assert org.post("/batches/refresh", {"batch_ids": batch_ids}) == {
        "updated": [],
        "missing": batch_ids,
        "refresh": True,
    }


@pytest.mark.parametrize("body", [{}, {"batch_ids": "one"}, {"batch_ids": [1]}, {"batch_ids": [], "refresh": "x"}])
def test_a_mark_that_does_not_fit_is_refused(body: Any, org: Org) -> None:
    """contract I1, B2: 422."""
    assert answered(org, "POST", "/batches/refresh", body)[0] == 422


def test_a_marked_batch_does_not_run_by_itself_on_the_ninth(org: Org) -> None:
    """contract I1: that marked batches run on the 9th is a decision; here nothing runs by itself."""
    org.control("PATCH", "/clock", {"now": "2026-01-01T00:00:00Z"})
    org.create("a", batch_id="b")
    org.settle()
    org.post("/batches/refresh", {"batch_ids": ["b"]})
    before = org.results("b")

    org.advance(86_400 * 60)

    assert org.results("b") == before
    assert org.batch("b")["status"] == "completed"


def test_a_batch_may_be_called_refresh(org: Org) -> None:
    """contract I1, D1: a batch id may be any string without a slash."""
    org.create("a", batch_id="refresh")

    assert org.batch("refresh")["id"] == "refresh"
    assert org.call("PUT", "/batches/refresh", json={"batch_name": "New"}).status_code == 200
    assert org.call("POST", "/batches/refresh/reprocess", json=EVERYTHING).status_code == 200
    assert org.call("DELETE", "/batches/refresh").status_code == 200


# I2: one asynchronous job


def test_a_job_is_submitted_alone_and_answered_at_once(org: Org) -> None:
    """contract I2: POST /jobs answers 200 with {place_id, inputs, status: "pending"}."""
    status, answer = answered(org, "POST", "/jobs", place("a"))

    assert status == 200
    assert answer == {"place_id": "a", "inputs": {**answer["inputs"], **LONDON}, "status": "pending"}
    assert answer["inputs"]["input_type"] == "place"


def test_a_job_alone_runs_the_lifecycle(org: Org) -> None:
    """contract I2: it is asynchronous, so it moves with the clock."""
    org.set(pending_seconds=0, queued_seconds=0, processing_seconds=10)
    assert org.post("/jobs", place("a"))["status"] == "pending"

    before = org.get("/jobs/a")
    org.settle()
    after = org.get("/jobs/a")

    assert (before["status"], before["outputs"]) == ("in_progress", {})
    assert (after["status"], set(after["job_metadata"]["attribute_status"])) == ("completed", set(CORE))


@pytest.mark.parametrize("path", ["/jobs", "/enrich"])
@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({}, list(CORE)),
        ({"attributes": []}, list(CORE)),
        ({"attributes": None}, list(CORE)),
        ({"attributes": ["menu"]}, ["menu"]),
        ({"attribute_set": "open_closed"}, ["closed_permanently"]),
        ({"attribute_set": "open_closed", "attributes": ["menu"]}, ["closed_permanently", "menu"]),
    ],
)
def test_without_attributes_it_is_the_core_set(path: str, wanted: Any, asked: list[str], org: Org) -> None:
    """contract I2, I3, D6: without attributes core; set and list are merged, the set first."""
    org.post(path, place("a", **wanted))
    org.settle()

    assert list(org.get("/jobs/a")["job_metadata"]["attribute_status"]) == asked


@pytest.mark.parametrize("path", ["/jobs", "/enrich"])
def test_there_is_one_batchless_job_per_place(path: str, org: Org) -> None:
    """contract I2, I3, D4: a place that is submitted again replaces its job and keeps its position."""
    for place_id in ("a", "b", "a"):
        org.post(path, place(place_id, inputs={**LONDON, "name": f"Name of {place_id}"}))
    org.post(path, place("a", inputs={**LONDON, "name": "Last"}))

    jobs = org.get("/jobs", excludeBatches=True)["jobs"]

    assert [(job["place_id"], job["inputs"]["name"]) for job in jobs] == [("a", "Last"), ("b", "Name of b")]


def test_a_job_alone_and_one_in_a_batch_are_two(org: Org) -> None:
    """contract I2, F8: the batch's job stays; the place shows the one that was submitted last."""
    org.create("a", batch_id="b")
    org.post("/jobs", place("a", attributes=["menu"]))

    assert org.get("/jobs")["total"] == 2
    assert list(org.get("/jobs/a")["job_metadata"]["attribute_status"]) == ["menu"]
    assert set(org.results("b")["a"]["job_metadata"]["attribute_status"]) == set(CORE)


def test_jobs_alone_are_in_no_batch(org: Org) -> None:
    """contract I2: no list of batches and no batch shows them."""
    org.post("/jobs", place("a"))

    assert org.get("/batches") == {"batches": [], "total": 0, "limit": 10, "offset": 0}
    assert org.call("GET", "/batches/").status_code == 404
    assert org.call("GET", "/jobs", params={"batchId": ""}).status_code == 404


@pytest.mark.parametrize("path", ["/jobs", "/enrich"])
def test_a_place_without_an_id_gets_one_by_its_inputs(path: str, org: Org) -> None:
    """contract I2, I3, C4: with generate_place_ids inputs.place_id, inputs.id, else a UUID by hash."""
    org.set(generate_place_ids=True)
    named = org.post(path, {"inputs": {**LONDON, "place_id": "in-inputs"}})["place_id"]
    first = org.post(path, {"inputs": LONDON})["place_id"]
    again = org.post(path, {"inputs": LONDON})["place_id"]
    other = org.post(path, {"inputs": {**LONDON, "name": "Other"}})["place_id"]

    assert named == "in-inputs"
    assert first == again != other
    assert len(first) == 36


@pytest.mark.parametrize("path", ["/jobs", "/enrich"])
@pytest.mark.parametrize(
    "body", [{}, {"inputs": {}}, {"inputs": {"name": "x"}}, {"inputs": {**LONDON, "latitude": 91}}, [], "x", place("")]
)
def test_a_place_that_does_not_fit_is_refused(path: str, body: Any, org: Org) -> None:
    """contract I2, I3, C1: what a place demands is schema: 422, and nothing is stored."""
    assert answered(org, "POST", path, body)[0] == 422
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


# I2, F8: one place's jobs


def test_deleting_a_place_removes_all_of_its_jobs(org: Org) -> None:
    """contract F8, I2: DELETE /jobs/{place_id} removes the place's jobs in every batch and none."""
    org.create("a", "b", batch_id="one")
    org.settle()
    org.create("a", batch_id="two")
    org.post("/jobs", place("a"))

    assert answered(org, "DELETE", "/jobs/a") == (200, {"status": "success", "message": "Deleted 3 jobs of place a"})

    assert org.call("GET", "/jobs/a").status_code == 404
    assert org.call("DELETE", "/jobs/a").status_code == 404
    assert [job["place_id"] for job in org.get("/jobs")["jobs"]] == ["b"]


def test_the_batches_of_deleted_jobs_count_those_that_are_left(org: Org) -> None:
    """contract F8, E1, E3: lists, counts and status follow; a batch without jobs is completed."""
    org.create("a", "mock-fail-1", batch_id="one")
    org.create("a", batch_id="two")
    org.settle()

    org.call("DELETE", "/jobs/a")

    one, two = org.batch("one"), org.batch("two")
    assert (one["status"], one["jobs"]["failed"], one["metadata"]["total_jobs"]) == ("failed", ["mock-fail-1"], 1)
    assert (two["status"], two["metadata"]["total_jobs"]) == ("completed", 0)
    assert listed(org)["two"]["status"] == "completed"
    assert listed(org)["one"]["status_counts"] == one["metadata"]["status_counts"]
    assert all_counts(org) == {"pending": 0, "queued": 0, "in_progress": 0, "completed": 0, "failed": 1}


def test_jobs_are_deleted_while_they_run(org: Org) -> None:
    """contract F8: a deleted job moves nothing any more."""
    org.create("a", "b", batch_id="b")
    org.advance(1.5)
    org.call("DELETE", "/jobs/a")

    assert org.settle()["unfinished"] == 0
    assert org.batch("b")["jobs"] == {
        "pending": [], "queued": [], "in_progress": [], "completed": ["b"], "failed": [],
    }  # fmt: skip


@pytest.mark.parametrize("place_id", ["a/b", "a b", "ü/😀", "reprocess", "a?b", "line\nbreak", "x" * 512])
def test_any_place_id_can_be_read_and_deleted_percent_encoded(place_id: str, org: Org) -> None:
    """contract F8, C4: any place id, slashes included."""
    org.create(place_id, batch_id="b")
    path = f"/jobs/{quote(place_id, safe='')}"

    assert org.get(path)["place_id"] == place_id
    assert org.call("DELETE", path).status_code == 200
    assert org.batch("b")["metadata"]["total_jobs"] == 0


# I3: synchronous enrichment


def test_a_place_is_enriched_at_once_without_virtual_time(org: Org) -> None:
    """contract I3: 200 with a completed PlaceJobResult; no virtual time passes."""
    at(org, "2026-01-31T09:30:00Z")
    before = org.control("GET", "/clock").json()

    result = org.post("/enrich", place("a"))

    assert result["status"] == "completed"
    assert result["job_metadata"]["last_enriched"] == before["now"]
    assert set(result["job_metadata"]["attribute_status"].values()) == {"RUN"}
    assert result["outputs"]
    assert org.control("GET", "/clock").json() == before


def test_an_enriched_place_is_stored_as_its_batchless_job(org: Org) -> None:
    """contract I3: it is stored as that batchless job, and can be read and reprocessed like one."""
    result = org.post("/enrich", place("a"))

    assert org.get("/jobs/a") == result
    assert org.get("/jobs", excludeBatches=True)["jobs"] == [result]
    assert all_counts(org)["completed"] == 1
    assert org.post("/jobs/reprocess", {"place_ids": ["a"]})["job_count"] == 1
    assert org.get("/jobs/a")["status"] == "pending"


def test_an_enrichment_finds_what_a_batch_would_find(org: Org) -> None:
    """contract I3: the values are drawn from seed, place and attribute, not from the way they are asked for."""
    org.create("a", batch_id="b")
    org.settle()

    assert org.post("/enrich", place("a"))["outputs"] == org.results("b")["a"]["outputs"]


@pytest.mark.parametrize("place_id", ["mock-fail-1", "mock-flaky-1"])
def test_a_place_that_fails_is_not_found_and_nothing_is_stored(place_id: str, org: Org) -> None:
    """contract I3: 404, nothing stored, no world made."""
    for _ in range(2):
        status, answer = answered(org, "POST", "/enrich", place(place_id))
        assert status == 404
        assert place_id in answer["detail"]

    assert org.call("GET", f"/jobs/{place_id}").status_code == 404
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


def test_a_place_that_fails_keeps_the_job_that_it_had(org: Org) -> None:
    """contract I3: a failing enrichment replaces nothing."""
    first = org.post("/enrich", place("a"))
    org.set(failure_rate=1)

    assert answered(org, "POST", "/enrich", place("a", attributes=["menu"]))[0] == 404
    assert org.get("/jobs/a") == first


@pytest.mark.parametrize("place_id", ["mock-slow-1", "mock-stuck-1"])
def test_slow_and_stuck_play_no_part_in_an_enrichment(place_id: str, org: Org) -> None:
    """contract I3: neither durations nor holds delay it."""
    org.set(processing_seconds=1e6)

    assert org.post("/enrich", place(place_id))["status"] == "completed"
    assert org.settle() == {
        "now": org.control("GET", "/clock").json()["now"],
        "advanced_seconds": 0,
        "unfinished": 0,
    }


@pytest.mark.parametrize("by_rule", [False, True])
def test_the_result_of_an_enrichment_does_not_lag(by_rule: bool, org: Org) -> None:
    """contract I3: the answer is completed, and so is what is read afterwards."""
    if by_rule:
        org.control("POST", "/rules", {"match": {}, "then": {"results_lag_seconds": 60}})
    else:
        org.set(results_lag_seconds=60)

    result = org.post("/enrich", place("a"))

    assert result["status"] == "completed"
    assert org.get("/jobs/a") == result


@pytest.mark.parametrize(
    ("place_id", "shown"),
    [
        ("mock-ok-1", {"closed_permanently": "RUN", "websites": "RUN"}),
        ("mock-partial-1", {"closed_permanently": "ERROR", "websites": "RUN"}),
        ("mock-empty-1", {"closed_permanently": "RUN", "websites": "RUN"}),
        ("mock-closed-1", {"closed_permanently": "RUN", "websites": "RUN"}),
    ],
)
def test_other_test_place_ids_play_their_part_in_an_enrichment(place_id: str, shown: Any, org: Org) -> None:
    """contract I3: what decides about attributes decides here too."""
    org.set(failure_rate=1)

    result = org.post("/enrich", place(place_id, attributes=["closed_permanently", "websites"]))

    assert result["job_metadata"]["attribute_status"] == shown
    if place_id == "mock-closed-1":
        assert result["outputs"]["open_closed_status"] == "Closed"
    if place_id == "mock-empty-1":
        outputs = result["outputs"]
        assert (outputs["open_closed_status"], outputs["website"]) == ("No Internet Presence", None)


def test_the_failure_rate_decides_about_enrichments_per_place(org: Org) -> None:
    """contract I3: whether a place fails is drawn from the seed and the place, so it fails again."""
    org.set(failure_rate=0.5)
    statuses = [[answered(org, "POST", "/enrich", place(f"p-{number}"))[0] for number in range(30)] for _ in range(2)]

    assert statuses[0] == statuses[1]
    assert set(statuses[0]) == {200, 404}


def test_over_the_rate_limit_an_enrichment_is_429_with_retry_after(org: Org) -> None:
    """contract I3: 429 with Retry-After in whole seconds (on any operation: tests/test_rate_limit.py)."""
    org.set(rate_limit=0.1)
    org.post("/enrich", place("a"))

    response = org.call("POST", "/enrich", json=place("a"))

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "10"


def test_a_job_in_a_world_that_is_forgotten_meanwhile_leaves_nothing_behind() -> None:
    """contract I2, I3: a request under way ends in the old world, and what it drew is nobody's afterwards."""
    engine = Engine(load({"clock": "paused"}, environ={}))
    written = b'{"name": "A", "latitude": 1.0, "longitude": 2.0}'
    try:
        old = engine.worlds.peek("acme")
        engine.write(old, jobs.submit, PlaceToEnrich("x", written, ("menu",)))
        engine.forget(old)
        lost = engine.write(old, jobs.enrich, PlaceToEnrich("a", written, ("menu",))).value
        new = engine.worlds.peek("acme")
        kept = engine.write(new, jobs.enrich, PlaceToEnrich("a", written, ("websites",))).value
        read = engine.read(new, results.of_place, "a")
        other_seed = engine.write(engine.worlds.peek("other"), settings.change, {"seed": 5}).value
        other = engine.worlds.peek("other")
        elsewhere = engine.write(other, jobs.enrich, PlaceToEnrich("b", written, ("names",))).value
    finally:
        engine.close()

    assert isinstance(lost, dict)
    assert isinstance(kept, dict)
    assert isinstance(elsewhere, dict)
    assert list(lost["outputs"]) == list(CATALOGUE["menu"].outputs)
    assert list(kept["outputs"]) == list(read["outputs"]) == ["website"]
    assert set(elsewhere["outputs"]) == set(CATALOGUE["names"].outputs)
    assert other_seed.seed == 5


# I4: attributes


def test_the_attributes_are_core_custom_and_all(org: Org) -> None:
    """contract I4: {core, custom: [], all}: the seven of D6, and every one that the emulator knows."""
    answer = org.get("/attributes")

    assert answer == {"core": list(CORE), "custom": [], "all": list(CATALOGUE)}
    assert answer["core"] == [
        "closed_permanently", "websites", "phoneNumbers", "openingHours", "names", "address", "categories",
    ]  # fmt: skip
    assert set(answer["core"]) <= set(answer["all"])


def test_every_attribute_that_is_listed_can_be_asked_for(org: Org) -> None:
    """contract I4, D7: none of them is unknown, even where the emulator is strict."""
    org.set(strict_attributes=True)

    result = org.post("/enrich", place("mock-ok-1", attributes=org.get("/attributes")["all"]))

    assert set(result["job_metadata"]["attribute_status"].values()) == {"RUN"}


def test_asking_for_the_attributes_is_a_use_of_the_world(org: Org) -> None:
    """contract I4: it springs up like with any other call."""
    org.get("/attributes")

    assert org.slug in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


# I5: the document


@pytest.mark.parametrize("path", ["/openapi.json", "/v1/acme/openapi.json"])
def test_the_document_is_served_without_a_key(path: str, org: Org) -> None:
    """contract I5: at /v1/{org_slug}/openapi.json and /openapi.json, no key needed, the same document."""
    response = org.http.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == org.http.get("/openapi.json").json()
    assert response.json()["openapi"].startswith("3.1")


def test_the_document_of_an_impossible_organization_is_not_found(org: Org) -> None:
    """contract I5, A2: the slug must be one."""
    assert org.http.get("/v1/-/openapi.json").status_code == 404


def test_reading_the_document_makes_no_world(org: Org) -> None:
    """contract I5: it is nobody's use."""
    org.http.get(f"/v1/{org.slug}/openapi.json")

    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


def test_the_document_has_the_published_operations_and_the_signed_address(org: Org) -> None:
    """contract I, I5: the published surface; the control API is no part of it."""
    paths = org.http.get("/openapi.json").json()["paths"]

    assert {
        path.removeprefix("/v1/{org_slug}/place_enrichment"): set(operations) for path, operations in paths.items()
    } == ROUTES


@pytest.mark.parametrize("path", ROUTES)
def test_every_path_tells_all_of_its_methods(path: str, org: Org) -> None:
    """contract I, B4: another method is 405 with every method of the path in Allow."""
    concrete = path.replace("{batch_id}", "b").replace("{place_id}", "p").replace("{export_id}", "e")
    wanted = {method.upper() for method in ROUTES[path]}
    if path in {"/batches/refresh", "/jobs/reprocess"}:  # a batch or a place may have this id
        wanted |= {
            method.upper()
            for method in ROUTES[path.rpartition("/")[0] + ("/{batch_id}" if "batches" in path else "/{place_id}")]
        }

    if "GET" in wanted:
        wanted.add("HEAD")

    response = org.call("PATCH", concrete)

    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == wanted
    assert isinstance(response.json()["detail"], str)


# G9: reprocessing places


def test_places_are_reprocessed_by_their_ids(org: Org) -> None:
    """contract G9: {status, message, job_count, place_ids, missing}."""
    org.create("a", "b", "c", batch_id="b")
    org.settle()

    answer = org.post("/jobs/reprocess", {"place_ids": ["c", "none", "a", "c", "nobody"]})

    assert answer == {
        "status": "success",
        "message": "Started reprocessing 2 jobs",
        "job_count": 2,
        "place_ids": ["c", "a"],
        "missing": ["none", "nobody"],
    }
    assert org.batch("b")["jobs"]["pending"] == ["a", "c"]
    assert org.batch("b")["jobs"]["completed"] == ["b"]
    assert org.batch("b")["status"] == "in_progress"


def test_the_job_that_was_submitted_last_is_reprocessed_whatever_its_status(org: Org) -> None:
    """contract G9, F8: of several jobs of a place the last submitted one, in a batch or none."""
    org.create("a", batch_id="one")
    org.create("a", batch_id="two")
    org.post("/jobs", place("alone"))
    org.settle()

    assert org.post("/jobs/reprocess", {"place_ids": ["a", "alone"]})["job_count"] == 2
    assert org.batch("one")["jobs"]["completed"] == ["a"]
    assert org.batch("two")["jobs"]["pending"] == ["a"]
    assert org.get("/jobs/alone")["status"] == "pending"
    assert org.post("/jobs/reprocess", {"place_ids": ["a"]})["job_count"] == 1
    assert org.settle()["unfinished"] == 0


def test_a_reprocess_does_not_make_a_job_the_last_submitted(org: Org) -> None:
    """contract G9, F8: reprocessing is no submission of the place."""
    org.create("a", batch_id="one", attributes=["menu"])
    org.create("a", batch_id="two", attributes=["names"])
    org.settle()
    org.post("/batches/one/reprocess", {**EVERYTHING, "attributes": ["menu"]})
    org.settle()

    assert list(org.get("/jobs/a")["job_metadata"]["attribute_status"]) == ["names"]


def test_a_new_attempt_begins(org: Org) -> None:
    """contract G9, G6: mock-flaky- fails at first and completes in the attempt that follows."""
    org.create("mock-flaky-1", batch_id="b")
    org.settle()
    assert org.batch("b")["status"] == "failed"

    org.post("/jobs/reprocess", {"place_ids": ["mock-flaky-1"]})
    org.settle()

    assert org.batch("b")["status"] == "completed"


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ({}, {"menu", *CORE}),
        ({"attributes": ["chain"]}, {"menu", "chain"}),
        ({"attribute_set": "open_closed", "attributes": ["chain"]}, {"menu", "closed_permanently", "chain"}),
        ({"use_previous_invocation_params": True}, {"menu"}),
        ({"use_previous_invocation_params": True, "attributes": ["chain"]}, {"menu"}),
    ],
)
def test_its_attributes_are_chosen_as_for_a_batch(wanted: dict[str, Any], shown: set[str], org: Org) -> None:
    """contract G9, G3: set and list merged, core with neither, or the job's own last ones."""
    org.post("/jobs", place("a", attributes=["menu"]))
    org.settle()

    org.post("/jobs/reprocess", {"place_ids": ["a"], **wanted})
    org.settle()

    assert set(org.get("/jobs/a")["job_metadata"]["attribute_status"]) == shown


@pytest.mark.parametrize(("refresh", "moves"), [(False, False), (True, True)])
def test_only_a_refresh_enriches_anew(refresh: bool, moves: bool, org: Org) -> None:
    """contract G9, G7: cached values keep last_enriched, a refresh moves it."""
    before = org.post("/enrich", place("a"))
    org.advance(100)

    org.post("/jobs/reprocess", {"place_ids": ["a"], "refresh": refresh})
    org.settle()

    after = org.get("/jobs/a")
    assert (after["job_metadata"]["last_enriched"] != before["job_metadata"]["last_enriched"]) is moves


@pytest.mark.parametrize("place_ids", [[], ["none"], ["none", "nobody"]])
def test_it_is_not_found_where_no_place_is_known(place_ids: list[str], org: Org) -> None:
    """contract G9: 404 where none is known."""
    org.create("a")

    status, answer = answered(org, "POST", "/jobs/reprocess", {"place_ids": place_ids})

    assert (status, answer) == (404, {"detail": "No job for any of the places was found."})


@pytest.mark.parametrize("body", [{}, {"place_ids": "a"}, {"place_ids": [1]}, {"place_ids": ["a"], "refresh": "x"}])
def test_a_reprocess_that_does_not_fit_is_refused(body: Any, org: Org) -> None:
    """contract G9, B2: 422."""
    assert answered(org, "POST", "/jobs/reprocess", body)[0] == 422


# F2: days


def at(org: Org, now: str) -> None:
    response = org.control("PATCH", "/clock", {"now": now})
    assert response.status_code == 200, response.text


@pytest.fixture
def days(org: Org) -> Org:
    """An organization with jobs of three days, one of them with failures, one still running."""
    at(org, "2026-01-30T23:59:59.999Z")
    org.create("a", "mock-fail-1", "mock-fail-2", batch_id="one")
    at(org, "2026-01-31T00:00:00Z")
    org.create("b", batch_id="two")
    org.post("/jobs", place("alone"))
    at(org, "2026-03-01T12:00:00Z")
    org.create("c", "d", batch_id="three")
    return org


def test_jobs_are_grouped_by_the_day_of_their_creation(days: Org) -> None:
    """contract F2: a PaginatedBatchesResponse, one synthetic batch per UTC day, id and name the date, newest first."""
    page = days.get("/jobs", groupBy="day")

    assert {key: page[key] for key in ("total", "limit", "offset")} == {"total": 3, "limit": 10_000, "offset": 0}
    none = {"pending": 0, "queued": 0, "in_progress": 0, "completed": 0, "failed": 0}
    assert page["batches"] == [
        {
            "id": day,
            "batch_name": day,
            "status": status,
            "status_counts": {**none, **counts},
            "created_at": f"{day}T00:00:00.000000Z",
            "metadata": None,
            "refresh": False,
        }
        for day, status, counts in [
            ("2026-03-01", "pending", {"pending": 2}),
            ("2026-01-31", "completed", {"completed": 2}),
            ("2026-01-30", "failed", {"completed": 1, "failed": 2}),
        ]
    ]


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({"limit": 2}, ["2026-03-01", "2026-01-31"]),
        ({"limit": 2, "offset": 2}, ["2026-01-30"]),
        ({"offset": 9}, []),
        ({"batchId": "two"}, ["2026-01-31"]),
        ({"excludeBatches": True}, ["2026-01-31"]),
        ({"day": "2026-01-30"}, ["2026-01-30"]),
        ({"day": "2026-02-01"}, []),
        ({"batchId": "two", "day": "2026-01-30"}, []),
    ],
)
def test_days_are_paged_and_narrowed(params: dict[str, Any], ids: list[str], days: Org) -> None:
    """contract F2: batchId, excludeBatches, day narrow it, limit and offset page it; no jobs, no batch."""
    page = days.get("/jobs", groupBy="day", **params)

    assert [batch["id"] for batch in page["batches"]] == ids
    assert page["total"] == (3 if params.keys() <= {"limit", "offset"} else len(ids))


def test_a_day_that_is_listed_gives_its_jobs(days: Org) -> None:
    """contract F2: the id of a synthetic batch is a `day`."""
    for batch in days.get("/jobs", groupBy="day")["batches"]:
        assert days.get("/jobs", day=batch["id"])["total"] == sum(batch["status_counts"].values())


def test_the_days_of_an_unused_world_are_none(org: Org) -> None:
    """contract F2: nothing is an empty page."""
    assert org.get("/jobs", groupBy="day") == {"batches": [], "total": 0, "limit": 10_000, "offset": 0}


@pytest.mark.parametrize(
    "params",
    [
        {"groupBy": "week"},
        {"groupBy": ""},
        {"groupBy": "Day"},
        {"groupBy": "day", "day": "2026-02-30"},
        {"groupBy": "day", "limit": 0},
        {"groupBy": "day", "offset": -1},
        {"groupBy": "day", "limit": 2**63},
    ],
)
def test_another_grouping_or_an_impossible_date_is_refused(params: dict[str, Any], org: Org) -> None:
    """contract F2, F1: 422."""
    assert org.call("GET", "/jobs", params=params).status_code == 422


def test_the_days_of_an_unknown_batch_are_not_found(org: Org) -> None:
    """contract F1, F2: an unknown batchId is 404, grouped or not."""
    assert org.call("GET", "/jobs", params={"groupBy": "day", "batchId": "none"}).status_code == 404


# D7: strict attributes

SUBMISSIONS: dict[str, tuple[str, Any]] = {
    "of the batch": ("/batches", {"batch_name": "x", "jobs": [place("a")], "attributes": ["websites", "website"]}),
    "of a job": ("/batches", {"batch_name": "x", "jobs": [place("a", attributes=["website"])]}),
    "of one job of many": (
        "/batches",
        {"batch_name": "x", "attribute_set": "core", "jobs": [place("a"), place("b", attributes=["website"])]},
    ),
    "of an upload": (
        "/batches",
        {"batch_name": "x", "jobs": [place("a")], "attributes": ["website"], "kick_off_jobs_now": False},
    ),
    "of a job alone": ("/jobs", place("a", attributes=["website"])),
    "of an enrichment": ("/enrich", place("a", attributes=["website"])),
    "of a reprocess": ("/batches/known/reprocess", {**EVERYTHING, "attributes": ["website"]}),
    "of reprocessed places": ("/jobs/reprocess", {"place_ids": ["known"], "attributes": ["website"]}),
}


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_a_strict_world_refuses_an_unknown_attribute_and_names_the_nearest(name: str, org: Org) -> None:
    """contract D7: with strict_attributes it is a 400 that names the nearest known attribute; nothing changes."""
    org.create("known", batch_id="known")
    org.settle()
    org.set(strict_attributes=True)
    before = org.get("/jobs"), listed(org)
    path, body = SUBMISSIONS[name]

    status, answer = answered(org, "POST", path, body)

    assert status == 400
    assert answer == {"detail": "The attribute 'website' is unknown; the nearest known one is 'websites'."}
    assert (org.get("/jobs"), listed(org)) == before


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_another_world_accepts_an_unknown_attribute(name: str, org: Org) -> None:
    """contract D7: it is accepted and reported as NOT_RUN whatever the outcome."""
    org.create("known", batch_id="known")
    org.settle()
    path, body = SUBMISSIONS[name]

    org.post(path, body)
    org.settle()

    shown = [job["job_metadata"]["attribute_status"].get("website") for job in org.get("/jobs")["jobs"]]
    assert set(shown) - {None} == {"NOT_RUN"}


def test_an_attribute_that_is_like_no_other_is_refused_without_a_hint(org: Org) -> None:
    """contract D7: where none is near, none is named."""
    org.set(strict_attributes=True)

    assert answered(org, "POST", "/enrich", place("a", attributes=["zzzz"]))[1] == {
        "detail": "The attribute 'zzzz' is unknown."
    }


def test_strictness_is_that_of_the_moment(org: Org) -> None:
    """contract D7, G3: what was accepted before runs again with its own attributes."""
    org.create("a", batch_id="b", attributes=["websites", "website"])
    org.settle()
    org.set(strict_attributes=True)

    org.post("/batches/b/reprocess", {**EVERYTHING, "use_previous_invocation_params": True})
    org.settle()

    assert org.results("b")["a"]["job_metadata"]["attribute_status"]["website"] == "NOT_RUN"


def test_an_unknown_attribute_is_not_run_when_the_job_fails(org: Org) -> None:
    """contract D7: whatever the outcome."""
    org.create("mock-fail-1", batch_id="b", attributes=["websites", "website"])
    org.settle()

    assert org.results("b")["mock-fail-1"]["job_metadata"]["attribute_status"] == {
        "websites": "ERROR",
        "website": "NOT_RUN",
    }
