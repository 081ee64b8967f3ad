"""Contract D: create a batch, and append to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from reprompt.generated.models import SubmittedPlaceBatchResponse

from tests.conftest import LONDON, Org

FIXTURES = Path(__file__).parents[2] / "fixtures"
PLACES = json.loads((FIXTURES / "places" / "places.json").read_text(encoding="utf-8"))
STATUSES = ["pending", "queued", "in_progress", "completed", "failed"]
CORE = ["closed_permanently", "websites", "phoneNumbers", "openingHours", "names", "address", "categories"]
PARIS = {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945}
MIDNIGHT = 24 * 60 * 60


def fixture(name: str) -> Any:
    """A request body of the fixtures."""
    return json.loads((FIXTURES / "requests" / f"{name}.json").read_text(encoding="utf-8"))


def job(place_id: str | None = None, **fields: Any) -> dict[str, Any]:
    """A job of a request."""
    return {"inputs": LONDON, **({} if place_id is None else {"place_id": place_id}), **fields}


def batch(*jobs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A batch of some jobs."""
    return {"batch_name": "Places", "jobs": list(jobs), **fields}


def ids_of(answer: Any) -> list[str]:
    """All place ids of a batch, whatever their status."""
    return [place_id for status in STATUSES for place_id in answer["jobs"][status]]


def statuses(org: Org, place_id: str) -> dict[str, str]:
    """The attribute statuses of a place's last submitted job."""
    shown: dict[str, str] = org.get(f"/jobs/{place_id}")["job_metadata"]["attribute_status"]
    return shown


# D1


def test_a_batch_is_answered_as_its_status_describes_it(org: Org) -> None:
    """contract D1: 200 with the batch as in E1."""
    org.control("PATCH", "/clock", {"now": "2026-01-31T12:00:00Z"})
    answer = org.post("/batches", fixture("create_batch_basic"))
    body = fixture("create_batch_basic")
    assert answer == {
        "id": body["batch_id"],
        "batch_name": body["batch_name"],
        "status": "pending",
        "jobs": {**{status: [] for status in STATUSES}, "pending": [each["place_id"] for each in body["jobs"]]},
        "created_at": "2026-01-31T12:00:00.000000Z",
        "metadata": None,
    }
    assert {**org.batch(answer["id"]), "metadata": None} == answer


@pytest.mark.parametrize("name", sorted(file.stem for file in FIXTURES.glob("requests/*create_batch*.json")))
def test_every_batch_of_the_fixtures_is_accepted(name: str, org: Org) -> None:
    """contract D1: the body is a `PlaceBatchPayload`; the SDK reads the answer."""
    body = fixture(name)
    answer = org.post("/batches", body)
    parsed = SubmittedPlaceBatchResponse.model_validate(answer)
    assert parsed.batch_name == body["batch_name"]
    assert len(ids_of(answer)) == len({each.get("place_id") or number for number, each in enumerate(body["jobs"])})


def test_the_real_places_make_a_batch(org: Org) -> None:
    """contract D1: in the order of submission."""
    answer = org.post("/batches", batch(*PLACES, attribute_set="core"))
    assert answer["jobs"]["pending"] == [place["place_id"] for place in PLACES]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"batch_name": "Places"},
        {"jobs": []},
        batch(batch_name=None),
        batch(batch_name=7),
        batch(batch_name=["Places"]),
        {"batch_name": "Places", "jobs": None},
        {"batch_name": "Places", "jobs": {}},
        batch({}),
        batch({"inputs": None}),
        batch({"inputs": []}),
        batch(attributes="names"),
        batch(attributes=[7]),
        batch(attributes=[None]),
        batch(attributes={"names": True}),
        batch(attribute_set="everything"),
        batch(attribute_set="Core"),
        batch(attribute_set=""),
        batch(attribute_set=["core"]),
        batch(kick_off_jobs_now=None),
        batch(kick_off_jobs_now=2),
        batch(job("a", attributes="names")),
        batch(job("a", attribute_set="everything")),
        batch(job("a", refresh=None)),
    ],
)
def test_what_is_no_batch_is_refused(body: Any, org: Org) -> None:
    """contract D1: the body is a `PlaceBatchPayload`; anything else does not fit the schema (B2)."""
    response = org.call("POST", "/batches", json=body)
    assert response.status_code == 422
    assert isinstance(response.json()["detail"], list)


@pytest.mark.parametrize("name", ["", " ", "Q1 Store Locations", "東京 🗼", "a/b", "x" * 5000, "\n", "%"])
def test_a_batch_can_have_any_name(name: str, org: Org) -> None:
    """contract D1: `batch_name` is any text."""
    assert org.post("/batches", batch(batch_name=name))["batch_name"] == name


@pytest.mark.parametrize(
    "batch_id", ["x", "2026", " ", "a b", "a.b", "a?b#c", "é", "x" * 255, "😀" * 255, "refresh", "null", "a\nb", "\\"]
)
def test_a_batch_id_is_any_text_of_1_to_255_characters(batch_id: str, org: Org) -> None:
    """contract D1: a `batch_id` is any string of 1 to 255 characters; it is the batch's id (D3)."""
    assert org.post("/batches", batch(job("a"), batch_id=batch_id, attribute_set="core"))["id"] == batch_id
    assert org.get("/batches")["batches"][0]["id"] == batch_id
    assert org.get("/jobs", batchId=batch_id)["total"] == 1


@pytest.mark.parametrize("batch_id", ["", "x" * 256, "😀" * 256, "a/b", "/", "a\0b", 7, 0, False, ["a"]])
def test_another_batch_id_is_refused(batch_id: Any, org: Org) -> None:
    """contract D1: 1 to 255 characters without `/` and NUL."""
    response = org.call("POST", "/batches", json=batch(batch_id=batch_id))
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "batch_id"]


@pytest.mark.parametrize("given", [{}, {"batch_id": None}])
def test_without_a_batch_id_one_is_generated(given: dict[str, Any], org: Org) -> None:
    """contract D1: generated ids are UUIDs."""
    batch_id = org.post("/batches", batch(**given))["id"]
    assert str(UUID(batch_id)) == batch_id
    assert org.batch(batch_id)["id"] == batch_id


BODIES = [batch(attribute_set="core"), batch(job(), attribute_set="core"), batch(job("a"), attribute_set="core")]


@pytest.mark.parametrize("body", BODIES)
def test_generated_ids_are_the_same_in_any_organization(body: Any, org: Org) -> None:
    """contract D1: by hash, of nothing that differs between organizations, times or requests in between."""
    org.set(generate_place_ids=True)
    other = org.other()
    other.set(generate_place_ids=True)
    other.create("unrelated")
    other.advance(1000)
    one, two = org.post("/batches", body), other.post("/batches", body)
    assert one["id"] == two["id"]
    assert one["jobs"] == two["jobs"]


@pytest.mark.parametrize("body", BODIES)
def test_equal_bodies_make_different_batches(body: Any, org: Org) -> None:
    """contract D1: a batch's id depends on how many equal bodies came before."""
    org.set(generate_place_ids=True)
    other = org.other()
    other.set(generate_place_ids=True)
    ids = [org.post("/batches", body)["id"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert [other.post("/batches", body)["id"] for _ in range(3)] == ids
    assert org.get("/batches")["total"] == 3


@pytest.mark.parametrize("equal", [0, 1, 2])
def test_an_id_that_a_client_gave_to_a_batch_is_not_generated(org: Org, equal: int) -> None:
    """contract D1: the ids that follow are those of more equal bodies."""
    body, other = batch(job("a"), attribute_set="core"), org.other()
    ids = [other.post("/batches", body)["id"] for _ in range(5)]
    assert [org.post("/batches", body)["id"] for _ in range(equal)] == ids[:equal]
    for taken in ids[equal : equal + 2]:
        org.create("b", batch_id=taken)
    assert org.post("/batches", body)["id"] == ids[equal + 2]


def test_a_deleted_batch_does_not_come_back_under_its_id(org: Org) -> None:
    """contract D1: equal bodies that came before count, whatever became of their batches."""
    first = org.post("/batches", batch(job("a"), attribute_set="core"))["id"]
    assert org.call("DELETE", f"/batches/{first}").status_code == 200
    assert org.post("/batches", batch(job("a"), attribute_set="core"))["id"] != first


def test_different_bodies_and_seeds_make_different_ids(org: Org) -> None:
    """contract D1: a batch's id depends on the seed and the body."""
    other = org.other()
    other.set(seed=1)
    bodies = [batch(attribute_set="core"), batch(), batch(batch_name="Other")]
    ids = [world.post("/batches", body)["id"] for world in (org, other) for body in bodies]
    assert len(set(ids)) == 6


def test_a_generated_id_never_meets_one_that_was_given(org: Org) -> None:
    """contract D1, D3: a body without `batch_id` always makes a batch of its own."""
    other = org.other()
    coming = [other.post("/batches", batch(job("a"), attribute_set="core"))["id"] for _ in range(2)]
    for batch_id in coming:
        org.create("given", batch_id=batch_id)
    created = org.post("/batches", batch(job("a"), attribute_set="core"))
    assert created["id"] not in coming
    assert ids_of(created) == ["a"]


def test_places_are_named_by_their_batch_and_inputs(org: Org) -> None:
    """contract D1: a place's id is from its batch's id, its inputs and its occurrence among equal ones."""
    org.set(generate_place_ids=True)
    body = batch(job(), job(inputs=PARIS), job(), attribute_set="core")
    first, eiffel, second = ids_of(org.post("/batches", {**body, "batch_id": "b"}))
    assert len({first, eiffel, second}) == 3
    assert set(ids_of(org.post("/batches", {**body, "batch_id": "other"}))).isdisjoint({first, eiffel, second})
    swapped = batch(job(inputs=PARIS), job(), job("named"), job(), batch_id="b", attribute_set="core")
    other = org.other()
    other.set(generate_place_ids=True)
    assert other.post("/batches", swapped)["jobs"]["pending"] == [eiffel, first, "named", second]


def test_a_repeated_request_names_the_same_places(org: Org) -> None:
    """contract D1: a repeated request with the same `batch_id` names the same places."""
    org.set(generate_place_ids=True)
    body = batch(*(job(inputs=place["inputs"]) for place in PLACES), batch_id="b", attribute_set="core")
    first = org.post("/batches", body)
    assert all(str(UUID(place_id)) == place_id for place_id in ids_of(first))
    assert len(ids_of(first)) == len(PLACES)
    assert org.post("/batches", body) == first


@pytest.mark.parametrize(
    "inputs",
    [
        '{"name":"Tour Eiffel","latitude":48.8584,"longitude":2.0}',
        '{ "longitude" : 2.0, "latitude": 48.8584,\n "name": "Tour Eiffel" }',
        '{"name": "Tour \\u0045iffel", "latitude": 48.85840, "longitude": 2}',
        '{"name": "Tour Eiffel", "latitude": "48.8584", "longitude": "2"}',
        '{"name": "Tour Eiffel", "latitude": 4.88584e1, "longitude": 2e0, "input_type": "place"}',
    ],
)
@pytest.mark.parametrize("beside", ["", ', {"place_id": "beside", "inputs": {"name": "A", "city": "B", "more": 1}}'])
def test_equal_inputs_have_equal_ids_however_they_are_written(inputs: str, beside: str, org: Org) -> None:
    """contract D1: a place's id depends on its inputs, not on their spelling nor on other places of the request."""
    org.set(generate_place_ids=True)
    place = {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.0}
    (expected,) = ids_of(org.post("/batches", batch(job(inputs=place), batch_id="b", attribute_set="core")))
    jobs = f'[{{"inputs": {inputs}}}{beside}]'
    text = f'{{"batch_id": "b", "batch_name": "Places", "attribute_set": "core", "jobs": {jobs}}}'
    response = org.call("POST", "/batches", content=text.encode())
    assert ids_of(response.json())[0] == expected


# D2


def many(count: int) -> bytes:
    """A batch of so many places as JSON."""
    jobs = ",".join(f'{{"place_id":"p{number}","inputs":{{"name":"A","city":"B"}}}}' for number in range(count))
    return f'{{"batch_id":"b","batch_name":"Many","attributes":["websites"],"jobs":[{jobs}]}}'.encode()


def test_50_000_jobs_in_a_request_are_accepted(org: Org) -> None:
    """contract D2: 50,000 is accepted."""
    response = org.call("POST", "/batches", content=many(50_000))
    assert response.status_code == 200
    assert len(response.json()["jobs"]["pending"]) == 50_000


def test_one_job_more_is_refused(org: Org) -> None:
    """contract D2: at most 50,000 jobs in a request; one more is 400."""
    response = org.call("POST", "/batches", content=many(50_001))
    assert response.status_code == 400
    assert "50001" in response.json()["detail"]
    assert "50000" in response.json()["detail"]
    assert org.call("GET", "/batches/b").status_code == 404


@pytest.mark.parametrize(
    "jobs",
    [
        [{}] * 4,
        [None] * 4,
        [job("a"), job("b"), job("c"), {"inputs": {"name": ""}}],
        [job("same")] * 4,
        [job(f"p{number}", inputs={**LONDON, "more": 1}) for number in range(4)],
    ],
)
@pytest.mark.parametrize("wanted", [{}, {"attribute_set": "core"}])
def test_the_limit_is_judged_before_the_places_are(jobs: Any, wanted: Any, org: Org) -> None:
    """contract D2: judged before the places are, and before attributes."""
    org.set(max_jobs_per_request=3)
    response = org.call("POST", "/batches", json=batch(*jobs, **wanted))
    assert response.status_code == 400
    assert "4" in response.json()["detail"]


def test_a_batch_may_grow_past_the_limit_by_appending(org: Org) -> None:
    """contract D2: a batch may grow past it by appending."""
    org.set(max_jobs_per_request=2)
    for start in range(0, 6, 2):
        answer = org.create(f"p{start}", f"p{start + 1}", batch_id="b")
    assert answer["jobs"]["pending"] == [f"p{number}" for number in range(6)]


# D3


def test_an_existing_batch_id_appends(org: Org) -> None:
    """contract D3: an existing `batch_id` of the same org appends; the answer describes the whole batch."""
    first = org.create("a", "b", batch_id="stores")
    org.advance(100)
    answer = org.create("c", batch_id="stores")
    assert answer["jobs"] == {**{status: [] for status in STATUSES}, "completed": ["a", "b"], "pending": ["c"]}
    assert (answer["status"], answer["id"], answer["metadata"]) == ("in_progress", "stores", None)
    assert answer["created_at"] == first["created_at"]
    assert org.get("/batches")["total"] == 1
    assert list(org.results("stores")) == ["a", "b", "c"]


def test_appending_keeps_the_name(org: Org) -> None:
    """contract D3: the batch keeps its name."""
    org.create("a", batch_id="b", batch_name="First")
    assert org.create("c", batch_id="b", batch_name="Second")["batch_name"] == "First"
    assert org.batch("b")["batch_name"] == "First"


def test_the_fixtures_append_to_the_basic_batch(org: Org) -> None:
    """contract D3: the published examples share a `batch_id`."""
    names = ["create_batch_basic", "append_to_batch", "create_batch_upload_only"]
    bodies = [fixture(name) for name in names]
    for body in bodies:
        answer = org.post("/batches", body)
    assert answer["jobs"]["pending"] == [each["place_id"] for body in bodies for each in body["jobs"]]
    assert answer["batch_name"] == bodies[0]["batch_name"]


def test_appending_nothing_describes_the_batch(org: Org) -> None:
    """contract D3, D8: the answer always describes the whole batch."""
    org.create("a", batch_id="b")
    org.settle()
    answer = org.create(batch_id="b")
    assert (answer["status"], answer["jobs"]["completed"]) == ("completed", ["a"])


def test_what_was_appended_runs(org: Org) -> None:
    """contract D3: appended jobs are jobs like any other."""
    org.create("a", batch_id="b")
    org.settle()
    org.create("c", batch_id="b")
    org.settle()
    assert org.batch("b")["jobs"]["completed"] == ["a", "c"]


# D4


def test_a_place_twice_in_a_request_is_one_job(org: Org) -> None:
    """contract D4: one job per place in a batch, the last one wins and keeps the position of the first mention."""
    body = batch(
        job("a", inputs=PARIS),
        job("b"),
        job("a", inputs={**LONDON, "note": "second"}),
        job("a", attributes=["tiktok"]),
        batch_id="b",
        attributes=["names"],
    )
    assert org.post("/batches", body)["jobs"]["pending"] == ["a", "b"]
    assert org.batch("b")["metadata"]["total_jobs"] == 2
    result = org.results("b")["a"]
    assert result["inputs"]["name"] == LONDON["name"]
    assert "note" not in result["inputs"]
    assert list(statuses(org, "a")) == ["tiktok", "names"]


def test_the_duplicates_of_the_fixtures_are_one_job_each(org: Org) -> None:
    """contract D4: the last one wins."""
    body = fixture("create_batch_duplicate_place_ids")
    answer = org.post("/batches", body)
    ids = [each["place_id"] for each in body["jobs"]]
    assert ids_of(answer) == list(dict.fromkeys(ids))
    last = {each["place_id"]: each["inputs"] for each in body["jobs"]}
    for place_id, result in org.results(answer["id"]).items():
        assert last[place_id].items() <= result["inputs"].items()


@pytest.mark.parametrize("seconds", [0, 1.2, 2.5, 100], ids=["pending", "queued", "in progress", "finished"])
def test_appending_a_place_again_replaces_its_job(seconds: float, org: Org) -> None:
    """contract D4: by appending, too; it keeps its position, and everything else is replaced."""
    org.create("a", "b", "c", batch_id="b", attributes=["names", "websites"])
    org.advance(seconds)
    replaced = batch(job("b", inputs=PARIS), batch_id="b", attributes=["phoneNumbers"])
    answer = org.post("/batches", replaced)
    assert sorted(ids_of(answer)) == ["a", "b", "c"]
    assert "b" in answer["jobs"]["pending"]
    assert list(org.results("b")) == ["a", "b", "c"]
    result = org.results("b")["b"]
    assert result["inputs"]["name"] == "Tour Eiffel"
    assert result["job_metadata"]["attribute_status"] == {"phoneNumbers": "NOT_RUN"}
    assert (result["job_metadata"]["last_enriched"], result["outputs"]) == (None, {})
    org.settle()
    assert org.batch("b")["jobs"]["completed"] == ["a", "b", "c"]
    assert statuses(org, "b") == {"phoneNumbers": "RUN"}


def test_a_replaced_job_was_created_now(org: Org) -> None:
    """contract D4: `created_at` is replaced."""
    org.control("PATCH", "/clock", {"now": "2026-01-31T12:00:00Z"})
    org.create("a", "b", batch_id="b")
    org.advance(MIDNIGHT)
    org.create("a", batch_id="b")
    days = {
        day: [each["place_id"] for each in org.get("/jobs", day=day)["jobs"]] for day in ("2026-01-31", "2026-02-01")
    }
    assert days == {"2026-01-31": ["b"], "2026-02-01": ["a"]}
    assert list(org.results("b")) == ["a", "b"]


def test_the_attempt_of_a_replaced_job_is_1_again(org: Org) -> None:
    """contract D4: the attempt is 1 again."""
    org.create("mock-flaky-1", batch_id="b")
    org.settle()
    assert org.batch("b")["jobs"]["failed"] == ["mock-flaky-1"]
    org.post("/batches/b/reprocess")
    org.settle()
    assert org.batch("b")["jobs"]["completed"] == ["mock-flaky-1"]
    org.create("mock-flaky-1", batch_id="b")
    org.settle()
    assert org.batch("b")["jobs"]["failed"] == ["mock-flaky-1"]


def test_nothing_is_cached_for_a_replaced_job(org: Org) -> None:
    """contract D4: nothing is cached: the attributes run anew, and `last_enriched` moves."""
    org.create("mock-ok-1", batch_id="b")
    org.settle()
    before = org.get("/jobs/mock-ok-1")
    org.advance(1000)
    org.create("mock-ok-1", batch_id="b")
    pending = org.get("/jobs/mock-ok-1")
    assert (pending["outputs"], pending["reasoning"], pending["job_metadata"]["last_enriched"]) == ({}, {}, None)
    org.settle()
    after = org.get("/jobs/mock-ok-1")
    assert after["outputs"] == before["outputs"]
    assert after["job_metadata"]["last_enriched"] > before["job_metadata"]["last_enriched"]


@pytest.mark.parametrize("seconds", [0, 2.5, 100])
@pytest.mark.parametrize("name", ["create_batch_basic", "create_batch_duplicate_place_ids"])
def test_a_repeated_request_never_doubles_a_batch(name: str, seconds: float, org: Org) -> None:
    """contract D4: a repeated request never doubles a batch."""
    body = {**fixture(name), "batch_id": "b"}
    first = org.post("/batches", body)
    org.advance(seconds)
    assert org.post("/batches", body) == first
    org.settle()
    assert sorted(ids_of(org.batch("b"))) == sorted(ids_of(first))
    assert org.get("/jobs")["total"] == len(ids_of(first))


def test_the_same_place_in_two_batches_is_two_jobs(org: Org) -> None:
    """contract D4: one job per place in a batch."""
    org.create("a", batch_id="one", attributes=["names"])
    org.create("a", batch_id="two", attributes=["websites"])
    assert org.get("/jobs")["total"] == 2
    assert list(org.results("one")["a"]["job_metadata"]["attribute_status"]) == ["names"]
    assert list(org.results("two")["a"]["job_metadata"]["attribute_status"]) == ["websites"]


def test_a_generated_id_sent_back_names_the_same_job(org: Org) -> None:
    """contract D4: one job per place, whoever named it."""
    org.set(generate_place_ids=True)
    (place_id,) = ids_of(org.post("/batches", batch(job(), batch_id="b", attribute_set="core")))
    assert ids_of(org.create(place_id, batch_id="b")) == [place_id]


# D5


@pytest.mark.parametrize("kick_off", [{}, {"kick_off_jobs_now": True}])
@pytest.mark.parametrize(
    "body",
    [
        batch(job("a")),
        batch(job("a"), attributes=[]),
        batch(job("a"), attributes=None, attribute_set=None),
        batch(job("a", attributes=[])),
        batch(job("a", attributes=[], attribute_set=None), attributes=[]),
        batch(job("a", attributes=["names"]), job("b"), job("c", attribute_set="core")),
        batch(*[job(f"p{number}", attribute_set="core") for number in range(50)], job("last")),
    ],
)
def test_a_job_without_attributes_is_refused(body: Any, kick_off: Any, org: Org) -> None:
    """contract D5: if a job has neither (an empty list is none): 400, and nothing is created (B5)."""
    response = org.call("POST", "/batches", json={**body, **kick_off, "batch_id": "b"})
    assert response.status_code == 400
    assert "attribute" in response.json()["detail"]
    assert org.call("GET", "/batches/b").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        batch(job("a"), job("b"), attributes=["names"]),
        batch(job("a"), job("b"), attribute_set="core"),
        batch(job("a"), job("b"), attributes=[], attribute_set="open_closed"),
        batch(job("a", attributes=["names"]), job("b", attribute_set="all")),
        batch(job("a", attributes=[]), job("b", attribute_set=None), attributes=["names"]),
        batch(job("a", attributes=["never heard of"]), job("b", attributes=[""])),
    ],
)
def test_attributes_of_the_batch_or_of_the_job_will_do(body: Any, org: Org) -> None:
    """contract D5: `attributes` or `attribute_set` must be given, for the batch or for the job."""
    assert org.post("/batches", body)["jobs"]["pending"] == ["a", "b"]


@pytest.mark.parametrize("wanted", [{}, {"attributes": []}, {"attribute_set": "core"}, {"attributes": ["names"]}])
def test_a_batch_that_is_not_kicked_off_never_moves_by_itself(wanted: Any, org: Org) -> None:
    """contract D5: with false the jobs stay `pending` until they are reprocessed, with attributes or without."""
    created = org.post("/batches", batch(job("a"), job("b"), batch_id="b", kick_off_jobs_now=False, **wanted))
    assert created["status"] == "pending"
    org.advance(10**6)
    assert org.settle()["unfinished"] == 2
    assert org.batch("b")["jobs"]["pending"] == ["a", "b"]
    answer = org.post("/batches/b/reprocess", {"incomplete_only": True})
    assert answer["job_count"] == 2
    org.settle()
    assert org.batch("b")["jobs"]["completed"] == ["a", "b"]


def test_jobs_that_are_not_kicked_off_stay_among_others_that_run(org: Org) -> None:
    """contract D5: whether jobs run is a matter of the request that brought them."""
    org.create("a", batch_id="b")
    org.create("c", batch_id="b", kick_off_jobs_now=False)
    org.settle()
    batch_ = org.batch("b")
    assert (batch_["jobs"]["completed"], batch_["jobs"]["pending"], batch_["status"]) == (["a"], ["c"], "in_progress")


def test_uploading_a_place_again_stops_its_job(org: Org) -> None:
    """contract D5, D4: the last one wins, also where it is not to run."""
    org.create("a", batch_id="b")
    org.advance(2)
    org.create("a", batch_id="b", kick_off_jobs_now=False)
    org.settle()
    assert org.batch("b")["jobs"]["pending"] == ["a"]


# D6


@pytest.mark.parametrize(
    ("of_job", "of_batch", "expected"),
    [
        ({}, {"attribute_set": "core"}, CORE),
        ({}, {"attribute_set": "all"}, CORE),
        ({}, {"attribute_set": "open_closed"}, ["closed_permanently"]),
        ({}, {"attributes": ["tiktok", "names"]}, ["tiktok", "names"]),
        ({}, {"attributes": ["tiktok", "names"], "attribute_set": "core"}, [*CORE, "tiktok"]),
        ({}, {"attributes": ["tiktok"], "attribute_set": "open_closed"}, ["closed_permanently", "tiktok"]),
        ({}, {"attributes": ["tiktok", "tiktok", "names", "tiktok"]}, ["tiktok", "names"]),
        ({"attribute_set": "core"}, {}, CORE),
        ({"attribute_set": "all"}, {}, CORE),
        ({"attributes": ["menu"], "attribute_set": "open_closed"}, {}, ["closed_permanently", "menu"]),
        ({"attributes": ["menu"]}, {"attributes": ["tiktok"]}, ["menu", "tiktok"]),
        ({"attributes": ["menu", "tiktok"]}, {"attributes": ["tiktok", "chain"]}, ["menu", "tiktok", "chain"]),
        ({"attributes": ["names"]}, {"attribute_set": "core"}, ["names", *(name for name in CORE if name != "names")]),
        ({"attribute_set": "core"}, {"attributes": ["tiktok", "names"]}, [*CORE, "tiktok"]),
        (
            {"attributes": ["menu"], "attribute_set": "open_closed"},
            {"attributes": ["tiktok", "menu"], "attribute_set": "core"},
            ["closed_permanently", "menu", *CORE[1:], "tiktok"],
        ),
        ({"attributes": []}, {"attributes": ["tiktok"]}, ["tiktok"]),
    ],
)
def test_sets_and_attributes_are_merged(of_job: Any, of_batch: Any, expected: list[str], org: Org) -> None:
    """contract D6: the set first, then the explicit ones; the job's, then the batch's; no repeats."""
    org.post("/batches", batch(job("a", **of_job), batch_id="b", **of_batch))
    assert list(statuses(org, "a")) == expected
    org.settle()
    assert list(statuses(org, "a")) == expected
    assert set(statuses(org, "a").values()) == {"RUN"}


def test_every_job_has_its_own_attributes(org: Org) -> None:
    """contract D6: the job's, then the batch's."""
    body = fixture("create_batch_attributes_per_job")
    org.post("/batches", {**body, "batch_id": "b"})
    results = org.results("b")
    of_batch = body.get("attributes", [])
    sets = {"core": CORE, "all": CORE, "open_closed": ["closed_permanently"], None: []}
    for each in body["jobs"]:
        own = [*sets[each.get("attribute_set")], *each.get("attributes", [])]
        expected = dict.fromkeys([*own, *sets[body.get("attribute_set")], *of_batch])
        assert list(results[each["place_id"]]["job_metadata"]["attribute_status"]) == list(expected)


# D7


@pytest.mark.parametrize("place_id", ["plain", "mock-ok-1", "mock-fail-1", "mock-partial-1", "mock-empty-1"])
@pytest.mark.parametrize("unknown", ["vibes", "Websites", "", "名前", "open_closed_status"])
def test_an_unknown_attribute_is_not_run_whatever_the_outcome(unknown: str, place_id: str, org: Org) -> None:
    """contract D7: an unknown attribute is accepted and reported as `NOT_RUN` whatever the outcome."""
    org.create(place_id, batch_id="b", attributes=["names", unknown, "websites"])
    for _ in range(3):
        assert statuses(org, place_id)[unknown] == "NOT_RUN"
        org.settle()
        org.post(
            "/batches/b/reprocess", {"failed_only": False, "use_previous_invocation_params": True, "refresh": True}
        )
    result = org.get(f"/jobs/{place_id}")
    assert list(result["job_metadata"]["attribute_status"]) == ["names", unknown, "websites"]
    assert unknown not in (result["job_metadata"]["enrichment_metadata"] or {})


def test_a_job_of_unknown_attributes_only_completes(org: Org) -> None:
    """contract D7: an unknown attribute does no harm."""
    org.create("a", batch_id="b", attributes=["vibes"])
    org.settle()
    result = org.get("/jobs/a")
    assert (result["status"], result["outputs"], statuses(org, "a")) == ("completed", {}, {"vibes": "NOT_RUN"})


# D8


@pytest.mark.parametrize(
    "wanted",
    [{}, {"attributes": []}, {"attribute_set": "core"}, {"kick_off_jobs_now": False}, {"attributes": ["names"]}],
)
def test_a_batch_without_jobs_is_completed(wanted: Any, org: Org) -> None:
    """contract D8: `jobs: []` is accepted: an empty batch, which is `completed` (E3)."""
    answer = org.post("/batches", batch(batch_id="b", **wanted))
    assert answer["status"] == "completed"
    assert answer["jobs"] == {status: [] for status in STATUSES}
    org.advance(10**6)
    assert org.batch("b")["status"] == "completed"
    assert org.get("/jobs", batchId="b") == {"jobs": [], "total": 0, "limit": 10_000, "offset": 0}
    assert org.create("a", batch_id="b")["jobs"]["pending"] == ["a"]


def test_the_empty_batch_of_the_fixtures_is_accepted(org: Org) -> None:
    """contract D8: `jobs: []` is accepted."""
    assert org.post("/batches", fixture("create_batch_empty"))["status"] == "completed"
