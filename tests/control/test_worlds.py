"""Control API: orgs, reset, one world's counts, forgetting it (interface.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org

NOTHING = {"pending": 0, "queued": 0, "in_progress": 0, "completed": 0, "failed": 0}


@pytest.fixture
def own() -> Iterator[TestClient]:
    """An emulator of the test's own, with keys."""
    settings = load({"clock": "paused", "api_keys": {"key-a": "org-a", "key-b": "org-b", "key": "*"}}, environ={})
    with TestClient(create_app(settings)) as client:
        yield client


def _slugs(http: TestClient) -> list[str]:
    return [world["org_slug"] for world in http.get("/_mock/orgs").json()["orgs"]]


def _is_made(org: Org) -> bool:
    return org.slug in _slugs(org.http)


def test_a_world_springs_up_at_its_first_use(org: Org) -> None:
    assert not _is_made(org)
    org.create("a")
    assert _is_made(org)


def test_the_worlds_are_listed_with_their_counts(org: Org) -> None:
    other = org.other()
    org.create("mock-ok-1", "mock-fail-2", "mock-stuck-3")
    org.create("mock-ok-1")
    other.create(batch_id="empty")
    org.settle()
    org.advance(100)
    worlds = {world["org_slug"]: world for world in org.http.get("/_mock/orgs").json()["orgs"]}
    clock = org.control("GET", "/clock").json()
    assert worlds[org.slug] == {
        "org_slug": org.slug,
        "batches": 2,
        "jobs": {**NOTHING, "in_progress": 1, "completed": 2, "failed": 1},
        "exports": {"queued": 0, "running": 0, "completed": 0, "failed": 0, "expired": 0},
        "clock": clock,
    }
    assert worlds[other.slug]["batches"] == 1
    assert worlds[other.slug]["jobs"] == NOTHING
    assert org.control("GET").json() == worlds[org.slug]


def test_jobs_without_a_batch_are_jobs_but_make_no_batch(org: Org) -> None:
    org.post("/jobs", {"place_id": "a", "inputs": LONDON})
    world = org.control("GET").json()
    assert (world["batches"], world["jobs"]) == (0, {**NOTHING, "pending": 1})


def test_the_counts_are_those_of_the_batches_at_every_moment(org: Org) -> None:
    org.set(workers=2, failure_rate=0.3)
    for batch_id in ("b-1", "b-2"):
        org.create(*(f"store-{number}" for number in range(8)), batch_id=batch_id)
    for _ in range(20):
        counted = org.control("GET").json()["jobs"]
        lists = [org.batch(batch_id)["jobs"] for batch_id in ("b-1", "b-2")]
        assert counted == {status: sum(len(jobs[status]) for jobs in lists) for status in NOTHING}
        org.advance(0.7)


@pytest.mark.parametrize("path", ["", "/settings", "/clock", "/rules", "/faults", "/journal", "/snapshot"])
def test_reading_an_unused_world_answers_and_makes_none(org: Org, path: str) -> None:
    for _ in range(2):
        response = org.control("GET", path)
        assert response.status_code == 200
    assert not _is_made(org)


def test_an_unused_world_shows_zeros(org: Org) -> None:
    world = org.control("GET").json()
    assert (world["org_slug"], world["batches"], world["jobs"]) == (org.slug, 0, NOTHING)
    assert world["clock"]["running"] is False


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/batches/unknown", None, 404),
        ("GET", "/jobs/unknown", None, 404),
        ("GET", "/jobs?batchId=unknown", None, 404),
        ("POST", "/batches/unknown/reprocess", {}, 404),
        ("DELETE", "/batches/unknown", None, 404),
        ("GET", "/unknown", None, 404),
        ("GET", "/batches?limit=0", None, 422),
        ("POST", "/batches", {"batch_name": "B"}, 422),
        ("POST", "/batches", {"batch_name": "B", "jobs": [{"place_id": "a", "inputs": LONDON}]}, 400),
        ("PATCH", "/batches", None, 405),
    ],
)
def test_a_refused_request_makes_no_world(org: Org, method: str, path: str, body: Any, status: int) -> None:
    """contract B5: a rejected request changes nothing and makes no world."""
    assert org.call(method, path, json=body).status_code == status
    assert not _is_made(org)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "/settings", {"workers": 0}, 422),
        ("PATCH", "/clock", {"speed": 0}, 422),
        ("PATCH", "/clock", {"now": "1900-01-01T00:00:00Z"}, 422),
        ("POST", "/clock/advance", {"seconds": 1e12}, 422),
        ("POST", "/clock/settle", {"batch_id": "unknown"}, 404),
        ("DELETE", "/rules/unknown", None, 404),
    ],
)
def test_a_refused_control_request_makes_no_world_either(
    org: Org, method: str, path: str, body: Any, status: int
) -> None:
    assert org.control(method, path, body).status_code == status
    assert not _is_made(org)


@pytest.mark.parametrize(("key", "status"), [("", 401), ("unknown", 401), ("key-b", 403)])
def test_a_request_without_the_right_key_makes_no_world(own: TestClient, key: str, status: int) -> None:
    """contract A4: 401 and 403."""
    response = own.get("/v1/org-a/place_enrichment/batches", headers={"apiKey": key})
    assert response.status_code == status
    assert _slugs(own) == []


def test_an_organization_that_no_key_names_makes_no_world(own: TestClient) -> None:
    """contract A4: 404; the star key opens every organization."""
    url = "/v1/org-c/place_enrichment/batches"
    assert own.get(url, headers={"apiKey": "key-a"}).status_code == 404
    assert _slugs(own) == []
    body = {"batch_name": "B", "jobs": []}
    assert own.post(url, headers={"apiKey": "key"}, json=body).status_code == 200
    assert _slugs(own) == ["org-c"]


def test_the_control_api_needs_no_key_of_the_service(own: TestClient) -> None:
    assert own.get("/_mock/orgs/org-a").status_code == 200
    assert own.patch("/_mock/orgs/org-a/settings", json={}).status_code == 200


def test_a_forgotten_world_is_as_if_it_had_never_been_used(org: Org) -> None:
    """interface.md: DELETE W: 204, forgets it at once."""
    org.set(generate_place_ids=True)
    body = {"batch_name": "B", "jobs": [{"inputs": LONDON}], "attributes": ["websites"]}
    first = org.post("/batches", body)
    org.post("/batches", body)
    org.set(workers=3, seed=9)
    org.control("POST", "/rules", {"then": {"outcome": "failed"}})
    org.control("PATCH", "/clock", {"now": "2040-01-01T00:00:00Z", "speed": 5})
    response = org.control("DELETE")
    assert (response.status_code, response.content) == (204, b"")
    assert not _is_made(org)
    assert org.call("GET", f"/batches/{first['id']}").status_code == 404
    assert org.get("/jobs")["total"] == 0
    assert org.get("/batches")["total"] == 0
    assert org.control("GET", "/settings").json() == org.other().control("GET", "/settings").json()
    assert org.control("GET", "/rules").json() == {"rules": []}
    assert org.control("GET", "/clock").json()["now"] < "2040"
    org.set(generate_place_ids=True)
    again = org.post("/batches", body)
    assert (again["id"], again["jobs"]) == (first["id"], first["jobs"])
    org.settle()
    assert org.batch(again["id"])["status"] == "completed"


def test_forgetting_leaves_other_worlds_alone(org: Org) -> None:
    other = org.other()
    org.create("a", batch_id="b")
    other.create("a", batch_id="b")
    before = other.batch("b")
    org.control("DELETE")
    assert other.batch("b") == before


def test_an_unused_world_can_be_forgotten_and_more_than_once(org: Org) -> None:
    for _ in range(2):
        assert org.control("DELETE").status_code == 204
    org.create("a")
    for _ in range(2):
        assert org.control("DELETE").status_code == 204
    assert not _is_made(org)


def test_old_rows_do_not_come_back_when_the_slug_is_used_again(org: Org) -> None:
    for round_ in range(4):
        org.create(f"store-{round_}", batch_id="b")
        org.settle()
        assert list(org.results("b")) == [f"store-{round_}"]
        assert org.control("GET").json()["jobs"] == {**NOTHING, "completed": 1}
        org.control("DELETE")


def test_a_reset_forgets_all_worlds(own: TestClient) -> None:
    for slug in ("org-a", "org-b"):
        own.patch(f"/_mock/orgs/{slug}/settings", json={"workers": 2})
    assert _slugs(own) == ["org-a", "org-b"]
    response = own.post("/_mock/reset")
    assert (response.status_code, response.content) == (204, b"")
    assert _slugs(own) == []
    assert own.get("/_mock/orgs/org-a/settings").json()["workers"] == 50


@pytest.mark.parametrize("slug", ["a", "-ab", "ab-", "a_b", "a" * 51, "ä-b"])
def test_an_impossible_slug_is_not_found(org: Org, slug: str) -> None:
    """contract A2: anything else: 404."""
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/settings"), ("GET", "/clock")):
        response = org.http.request(method, f"/_mock/orgs/{slug}{path}")
        assert response.status_code == 404
        assert isinstance(response.json()["detail"], str)


def test_case_matters_in_slugs(org: Org) -> None:
    """contract A2."""
    org.http.patch("/_mock/orgs/Case-Matters/settings", json={})
    assert "Case-Matters" in _slugs(org.http)
    assert "case-matters" not in _slugs(org.http)
    org.http.delete("/_mock/orgs/Case-Matters")


@pytest.mark.parametrize("path", ["/_mock", "/_mock/", "/_mock/unknown", "/_mock/orgs/acme/unknown"])
def test_an_unknown_path_is_not_found_in_the_services_form(org: Org, path: str) -> None:
    """interface.md: same error form as the service."""
    response = org.http.get(path)
    assert response.status_code == 404
    assert set(response.json()) == {"detail"}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/_mock/health", {"GET", "HEAD"}),
        ("/_mock/openapi.json", {"GET", "HEAD"}),
        ("/openapi.json", {"GET", "HEAD"}),
        ("/v1/acme/openapi.json", {"GET", "HEAD"}),
        ("/_mock/reset", {"POST"}),
        ("/_mock/orgs/acme", {"GET", "HEAD", "DELETE"}),
        ("/_mock/orgs/acme/settings", {"GET", "HEAD", "PATCH"}),
        ("/_mock/orgs/acme/clock", {"GET", "HEAD", "PATCH"}),
        ("/_mock/orgs/acme/clock/advance", {"POST"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(org: Org, path: str, allowed: set[str]) -> None:
    """contract B4: 405, with every method of the path in Allow."""
    response = org.http.put(path)
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == allowed


def test_the_two_apis_have_documents_of_their_own(org: Org) -> None:
    control = org.http.get("/_mock/openapi.json").json()["paths"]
    service = org.http.get("/openapi.json").json()["paths"]
    assert {path for path in control if not path.startswith("/_mock")} == {"/livez", "/readyz"}
    assert not any(path.startswith("/_mock") for path in service)
