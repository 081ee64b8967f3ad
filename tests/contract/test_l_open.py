"""What published material hints at, and what the emulator does meanwhile (contract L)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import LONDON, Org

BATCHES = {"batch_name": "B", "jobs": [{"place_id": "p", "inputs": LONDON}]}
PLACE = {"place_id": "p", "inputs": LONDON}


# L1


def _defer(org: Org, match: str = "late-*") -> None:
    rule = {"match": {"place_id": match}, "then": {"hold": "queued_deferred"}}
    assert org.control("POST", "/rules", rule).status_code == 201


def test_a_deferred_job_is_a_sixth_status_and_counts_as_queued(org: Org) -> None:
    """contract L1, E1, E3: the sixth key is there only where a job has it, and the lists still sum up to all jobs."""
    _defer(org)
    org.create("late-1", "a", "late-2", batch_id="b")
    org.create("a", "c", batch_id="other")
    assert "queued_deferred" not in org.batch("b")["jobs"]  # they are pending yet
    org.settle()

    batch = org.batch("b")
    assert batch["jobs"] == {
        "pending": [],
        "queued": [],
        "in_progress": [],
        "completed": ["a"],
        "failed": [],
        "queued_deferred": ["late-1", "late-2"],
    }
    assert batch["status"] == "in_progress"
    counts = {"pending": 0, "queued": 0, "in_progress": 0, "completed": 1, "failed": 0, "queued_deferred": 2}
    assert batch["metadata"]["status_counts"] == counts
    assert batch["metadata"]["total_jobs"] == 3
    assert [one["status_counts"] for one in org.get("/batches")["batches"]] == [
        {"pending": 0, "queued": 0, "in_progress": 0, "completed": 2, "failed": 0},
        counts,
    ]
    assert list(org.batch("other")["jobs"]) == ["pending", "queued", "in_progress", "completed", "failed"]
    statuses = {place_id: one["status"] for place_id, one in org.results("b").items()}
    assert statuses == {"late-1": "queued_deferred", "a": "completed", "late-2": "queued_deferred"}
    assert org.get("/jobs/late-1")["status"] == "queued_deferred"


def test_a_batch_of_deferred_jobs_alone_is_queued(org: Org) -> None:
    """contract L1, E3: it counts as `queued`."""
    _defer(org, "*")
    org.create("a", "b", batch_id="b")
    org.advance(10)
    assert org.batch("b")["status"] == "queued"


@pytest.mark.parametrize(
    ("scope", "count", "excluded"),
    [
        ({"failed_only": True}, 1, 0),
        ({"failed_only": False}, 3, 2),
        ({"incomplete_only": True}, 1, 2),
        ({"failed_only": True, "incomplete_only": True}, 2, 2),
    ],
)
def test_a_reprocess_leaves_deferred_jobs_out_and_counts_them(
    scope: dict[str, bool], count: int, excluded: int, org: Org
) -> None:
    """contract L1, G4: `excluded_deferred_count`."""
    _defer(org)
    org.create("late-1", "mock-fail-1", "late-2", "a", "mock-stuck-1", batch_id="b")
    org.settle()
    answered = org.post("/batches/b/reprocess", scope)
    assert (answered["job_count"], answered["excluded_deferred_count"]) == (count, excluded)
    assert org.batch("b")["jobs"]["queued_deferred"] == ["late-1", "late-2"]


def test_where_only_deferred_jobs_are_left_nothing_can_be_reprocessed(org: Org) -> None:
    """contract L1, G5: 400; by place as well."""
    _defer(org)
    org.create("late-1", batch_id="b")
    org.advance(10)
    for path, body in (
        ("/batches/b/reprocess", {"failed_only": False}),
        ("/jobs/reprocess", {"place_ids": ["late-1", "unheard-of"]}),
    ):
        assert org.call("POST", path, json=body).status_code == 400
    org.create("a", batch_id="other")
    org.settle()
    answered = org.post("/jobs/reprocess", {"place_ids": ["late-1", "a", "unheard-of"]})
    assert (answered["place_ids"], answered["missing"]) == (["a"], ["unheard-of"])


def test_release_frees_deferred_jobs(org: Org) -> None:
    """contract L1."""
    _defer(org)
    org.create("late-1", "late-2", batch_id="b")
    org.settle()
    assert org.control("POST", "/release", {"place_id": "late-1"}).json() == {"released": 1}
    org.settle()
    batch = org.batch("b")
    assert (batch["jobs"]["completed"], batch["jobs"]["queued_deferred"]) == (["late-1"], ["late-2"])
    snapshot = org.control("GET", "/snapshot").json()
    other = org.other()
    assert other.control("PUT", "/snapshot", snapshot).status_code == 200
    assert other.batch("b") == batch
    other.control("POST", "/release", {})
    other.settle()
    assert other.batch("b")["status"] == "completed"


# L2


@pytest.mark.parametrize("seconds", [0, 2.5, 100])
def test_a_place_moves_from_batch_to_batch(seconds: float, org: Org) -> None:
    """contract L2: a create or append deletes the jobs of its places in the org's other batches; others stay."""
    org.set(places_move=True)
    org.create("a", "b", "c", batch_id="first")
    org.create("d", batch_id="second")
    org.post("/jobs", {"place_id": "a", "inputs": LONDON})
    other = org.other()
    other.create("a", batch_id="first")
    org.advance(seconds)

    org.create("a", "b", batch_id="second")
    org.create("c", "a", batch_id="third")

    places = {
        name: [place_id for ids in org.batch(name)["jobs"].values() for place_id in ids]
        for name in ("first", "second", "third")
    }
    assert {name: sorted(ids) for name, ids in places.items()} == {
        "first": [],
        "second": ["b", "d"],
        "third": ["a", "c"],
    }
    assert org.batch("first")["status"] == "completed"
    assert org.get("/jobs", excludeBatches="true")["total"] == 1
    assert len(other.results("first")) == 1
    org.settle()
    assert org.get("/jobs")["total"] == 5


def test_places_stay_by_default_and_within_their_own_batch(org: Org) -> None:
    """contract L2: off by default; an append to the same batch replaces as before."""
    org.create("a", batch_id="first")
    org.create("a", batch_id="second")
    assert org.get("/jobs")["total"] == 2
    org.set(places_move=True)
    org.create("a", "b", batch_id="second")
    assert org.batch("first")["jobs"]["pending"] == []
    assert org.batch("second")["jobs"]["pending"] == ["a", "b"]


def test_a_create_that_is_refused_moves_nothing(org: Org) -> None:
    """contract L2, B5: in the same transaction."""
    org.create("a", batch_id="first")
    org.set(places_move=True)
    assert (
        org.call("POST", "/batches", json={**BATCHES, "jobs": [{"place_id": "a", "inputs": LONDON}]}).status_code == 400
    )
    assert org.batch("first")["jobs"]["pending"] == ["a"]


# L3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/batches", {**BATCHES, "attributes": ["names", "menu"]}),
        ("/batches", {**BATCHES, "batch_id": "b", "attributes": ["menu"]}),
        ("/batches", {**BATCHES, "attributes": ["menu"], "kick_off_jobs_now": False}),
        ("/batches", {**BATCHES, "jobs": [{**PLACE, "attributes": ["menu"]}], "attributes": ["names"]}),
        ("/jobs", {**PLACE, "attributes": ["menu"]}),
        ("/enrich", {**PLACE, "attributes": ["menu"]}),
        ("/batches/b/reprocess", {"failed_only": False, "attributes": ["menu"]}),
        ("/jobs/reprocess", {"place_ids": ["a"], "attributes": ["menu"]}),
    ],
)
def test_an_attribute_that_is_not_paid_for_is_refused(path: str, body: Any, org: Org) -> None:
    """contract L3, B4: 402 with a sentence, nothing changes; the setting acts at once."""
    org.create("a", batch_id="b", attributes=["names"])
    org.settle()
    org.set(unpaid_attributes=["menu", "tiktok"])
    before = (org.batch("b"), org.get("/jobs"))
    response = org.call("POST", path, json=body)
    assert (response.status_code, "menu" in response.json()["detail"]) == (402, True)
    assert (org.batch("b"), org.get("/jobs")) == before
    org.set(unpaid_attributes=[])
    assert org.call("POST", path, json=body).status_code == 200


def test_attributes_of_a_set_are_asked_for(org: Org) -> None:
    """contract L3: requests that ask for one of them, by a set as well."""
    org.set(unpaid_attributes=["websites"])
    assert org.call("POST", "/batches", json={**BATCHES, "attribute_set": "core"}).status_code == 402
    assert org.call("POST", "/batches", json={**BATCHES, "attribute_set": "open_closed"}).status_code == 200
    assert org.get("/attributes")["all"]


# L4


def test_a_batch_may_grow_past_the_limit_of_a_request(org: Org) -> None:
    """contract L4: appending past it is accepted."""
    org.set(max_jobs_per_request=2)
    for number in range(3):
        org.create(f"{number}-a", f"{number}-b", batch_id="b")
    assert len(org.batch("b")["jobs"]["pending"]) == 6


# L5


@pytest.mark.parametrize("path", ["/v2", "/v2/", "/v2/acme/place_enrichment/batches", "/v2/a/b?c=d", "/v2/x%0Ay"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_v2_names_v1(path: str, method: str, org: Org) -> None:
    """contract L5: 404 with a sentence that names V1 and its path; no key, no world."""
    response = org.http.request(method, path, content=b"{" if method == "POST" else None)
    assert response.status_code == 404
    if method != "HEAD":
        assert "/v1/ORG/place_enrichment" in response.json()["detail"]
    assert "v2" not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


def test_what_only_begins_like_v2_is_a_plain_404(org: Org) -> None:
    """contract L5, B4: unknown paths."""
    response = org.http.get("/v22")
    assert (response.status_code, "V1" in response.json()["detail"]) == (404, False)
    assert "/v2" not in org.http.get("/openapi.json").json()["paths"]
