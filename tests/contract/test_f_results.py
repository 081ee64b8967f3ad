"""Contract F: results."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import BaseModel

from reprompt_mock.api.schemas.outputs import GenericJobOutputs
from reprompt_mock.api.schemas.results import JobConfidenceScores, JobReasoning, PlaceJobResult
from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.results import ERRORS
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org

CORE = ["closed_permanently", "websites", "phoneNumbers", "openingHours", "names", "address", "categories"]
TOO_BIG = 2**63
ADDRESS_ONLY = {"name": "Bakery", "full_address": "12 Rue de la République, Lyon, France"}


def _ids(page: Any) -> list[str]:
    return [job["place_id"] for job in page["jobs"]]


def _metadata(result: Any) -> Any:
    return result["job_metadata"]


def _statuses(result: Any) -> dict[str, str]:
    statuses: dict[str, str] = result["job_metadata"]["attribute_status"]
    return statuses


def _one(org: Org, place_id: str, attributes: list[str] | None = None, **inputs: Any) -> Any:
    """Enrich one place in a batch of its own; gives its result."""
    place = {"place_id": place_id, "inputs": inputs or LONDON}
    wanted = {"attribute_set": "core"} if attributes is None else {"attributes": attributes}
    batch = org.post("/batches", {"batch_name": "One", "jobs": [place], **wanted})
    org.settle()
    return org.results(batch["id"])[place_id]


# F1


def test_a_page_has_four_keys(org: Org) -> None:
    """contract F1: {jobs, total, limit, offset}; default limit 10,000, offset 0."""
    org.create("a", "b", batch_id="b")
    page = org.get("/jobs", batchId="b")
    assert set(page) == {"jobs", "total", "limit", "offset"}
    assert (len(page["jobs"]), page["total"], page["limit"], page["offset"]) == (2, 2, 10_000, 0)


def _check_pages(org: Org, expected: list[str], **of: Any) -> None:
    """Read all place ids, and those from several offsets on."""
    for offset in (0, 499, 500, 501, 799, 800, 1100, 1199, 1200, 5000):
        assert _ids(org.get("/jobs", offset=offset, **of)) == expected[offset:]


def test_deep_pages_hold_jobs_in_order_of_submission(org: Org) -> None:
    """contract F1: whatever was appended, replaced or deleted between."""
    first, other, more = (
        [f"{name}-{number}" for number in range(count)]
        for name, count in (("first", 600), ("other", 500), ("more", 200))
    )
    org.create(*first, batch_id="a")
    org.create(*other, batch_id="b")
    org.create(*more, first[0], batch_id="a")
    _check_pages(org, [*first, *more], batchId="a")
    _check_pages(org, [*first, *other, *more])
    org.call("DELETE", f"/jobs/{more[-1]}")
    _check_pages(org, [*first, *more[:-1]], batchId="a")
    org.call("DELETE", "/batches/a")
    _check_pages(org, other)
    org.create(*more, batch_id="c")
    _check_pages(org, [*other, *more])


def test_an_unused_organization_has_no_results(org: Org) -> None:
    """contract F1: nothing is an empty page."""
    assert org.get("/jobs") == {"jobs": [], "total": 0, "limit": 10_000, "offset": 0}


@pytest.mark.parametrize("params", [{}, {"limit": 5}, {"excludeBatches": True}, {"day": "2030-01-01"}])
@pytest.mark.parametrize("batch_id", ["other", "", "B", " b", "%"])
def test_an_unknown_batch_is_not_found(org: Org, batch_id: str, params: dict[str, Any]) -> None:
    """contract F1: an unknown batchId is 404."""
    org.create("a", batch_id="b")
    assert org.call("GET", "/jobs", params={"batchId": batch_id, **params}).status_code == 404


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": TOO_BIG},
        {"limit": "x"},
        {"limit": ""},
        {"offset": -1},
        {"offset": TOO_BIG},
        {"offset": "1.5"},
    ],
)
def test_other_limits_and_offsets_are_refused(org: Org, params: dict[str, Any]) -> None:
    """contract F1: limit ≥ 1, offset ≥ 0, both below 2^63, else 422."""
    org.create("a", batch_id="b")
    for batch in ({}, {"batchId": "b"}):
        assert org.call("GET", "/jobs", params={**params, **batch}).status_code == 422


@pytest.mark.parametrize(
    ("limit", "offset", "found"), [(TOO_BIG - 1, 0, 2), (TOO_BIG - 1, TOO_BIG - 1, 0), (1, TOO_BIG - 1, 0), (1, 2, 0)]
)
def test_the_largest_limits_and_offsets_are_accepted(org: Org, limit: int, offset: int, found: int) -> None:
    """contract F1: below 2^63; beyond the end a page is empty and total stays."""
    org.create("a", "b", batch_id="b")
    for batch in ({}, {"batchId": "b"}):
        page = org.get("/jobs", limit=limit, offset=offset, **batch)
        assert (len(page["jobs"]), page["total"]) == (found, 2)


@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_paging_never_skips_or_repeats_a_job_while_jobs_move(org: Org, size: int) -> None:
    """contract F1: order is submission order and does not change while jobs move."""
    places = [f"store-{number * 7 % 20}" for number in range(20)]
    org.set(workers=3, failure_rate=0.3)
    org.create(*places, batch_id="b")
    for _ in range(3):
        paged: list[str] = []
        for offset in range(0, 20 + size, size):
            paged += _ids(org.get("/jobs", batchId="b", limit=size, offset=offset))
            org.advance(0.3)
        assert paged == places
        org.post("/batches/b/reprocess", {"failed_only": False})


def test_appending_keeps_old_positions(org: Org) -> None:
    """contract F1: submission order; a replaced job keeps its place (D4)."""
    org.create("a", "b", "c", batch_id="b")
    org.create("x", batch_id="other")
    org.create("d", "b", "a", "e", batch_id="b")
    assert _ids(org.get("/jobs", batchId="b")) == ["a", "b", "c", "d", "e"]
    assert _ids(org.get("/jobs")) == ["a", "b", "c", "x", "d", "e"]


# F2


def _alone(org: Org, place_id: str) -> None:
    org.post("/jobs", {"place_id": place_id, "inputs": LONDON, "attributes": ["websites"]})


def test_without_a_batch_all_jobs_of_the_organization_are_given(org: Org) -> None:
    """contract F2: without batchId: all of the org's jobs, and no other's."""
    org.create("a", batch_id="b-1")
    _alone(org, "c")
    org.create("a", batch_id="b-2")
    org.other().create("x")
    page = org.get("/jobs")
    assert (_ids(page), page["total"]) == (["a", "c", "a"], 3)


@pytest.mark.parametrize("yes", ["true", "1", "True"])
def test_batches_can_be_excluded(org: Org, yes: str) -> None:
    """contract F2: excludeBatches=true: only jobs that belong to no batch."""
    org.create("a", batch_id="b")
    assert org.get("/jobs", excludeBatches=yes)["total"] == 0
    _alone(org, "c")
    page = org.get("/jobs", excludeBatches=yes)
    assert (_ids(page), page["total"]) == (["c"], 1)
    assert org.get("/jobs", excludeBatches=yes, batchId="b") == {"jobs": [], "total": 0, "limit": 10_000, "offset": 0}
    assert org.get("/jobs", excludeBatches="false")["total"] == 2


def _three_days(org: Org) -> None:
    org.control("PATCH", "/clock", {"now": "2031-02-27T23:59:59.999999Z"})
    org.create("a", "b", batch_id="b-1")
    org.control("PATCH", "/clock", {"now": "2031-02-28T00:00:00Z"})
    org.create("c", batch_id="b-1")
    org.create("d", batch_id="b-2")
    org.control("PATCH", "/clock", {"now": "2031-03-01T12:00:00Z"})
    org.create("b", batch_id="b-1")


@pytest.mark.parametrize(
    ("day", "batch_id", "places"),
    [
        ("2031-02-26", None, []),
        ("2031-02-27", None, ["a"]),
        ("2031-02-28", None, ["c", "d"]),
        ("2031-03-01", None, ["b"]),
        ("2031-03-02", None, []),
        ("2031-02-28", "b-1", ["c"]),
        ("2031-02-28", "b-2", ["d"]),
        ("2031-03-01", "b-2", []),
        ("0001-01-01", None, []),
        ("9999-12-31", None, []),
    ],
)
def test_a_day_gives_the_jobs_that_were_created_on_it(
    org: Org, day: str, batch_id: str | None, places: list[str]
) -> None:
    """contract F2: day=YYYY-MM-DD: only that UTC day; a day without jobs: an empty list. D4 renews created_at."""
    _three_days(org)
    page = org.get("/jobs", day=day, **({"batchId": batch_id} if batch_id else {}))
    assert (_ids(page), page["total"]) == (places, len(places))


def test_a_day_is_paged_like_everything_else(org: Org) -> None:
    """contract F2, F1: total counts the day's jobs."""
    _three_days(org)
    page = org.get("/jobs", day="2031-02-28", limit=1, offset=1)
    assert (_ids(page), page["total"]) == (["d"], 2)


def test_reprocessing_does_not_move_a_job_to_another_day(org: Org) -> None:
    """contract F2: the day on which it was created."""
    _three_days(org)
    org.post("/batches/b-2/reprocess", {"failed_only": False})
    assert _ids(org.get("/jobs", day="2031-02-28")) == ["c", "d"]


def test_a_day_of_an_unused_organization_is_empty(org: Org) -> None:
    """contract F2: a day without jobs: an empty list."""
    assert org.get("/jobs", day="2031-02-28")["jobs"] == []


@pytest.mark.parametrize(
    "day",
    ["2031-02-29", "2031-13-01", "2031-00-10", "2031-2-3", "20310203", "2031-W05-1", "today", "", "2031-02-03T00", "0"],
)
def test_an_impossible_date_is_refused(org: Org, day: str) -> None:
    """contract F2: an impossible date: 422."""
    assert org.call("GET", "/jobs", params={"day": day}).status_code == 422


# F3


def test_a_result_has_the_keys_of_the_service(org: Org) -> None:
    """contract F3: place_id, status, job_metadata, inputs, outputs, reasoning, confidence_scores; at every stage."""
    org.set(failure_rate=0.5)
    org.create(*(f"store-{number}" for number in range(10)), batch_id="b")
    for _ in range(10):
        for place_id, result in org.results("b").items():
            assert list(result) == [
                "place_id",
                "status",
                "job_metadata",
                "inputs",
                "outputs",
                "reasoning",
                "confidence_scores",
            ]
            assert set(_metadata(result)) == {
                "last_enriched",
                "enrichment_metadata",
                "attribute_status",
                "country_code",
            }
            assert result["place_id"] == place_id
            PlaceJobResult.model_validate(result)
        org.advance(0.6)


def test_the_status_of_a_result_is_the_one_of_the_batch(org: Org) -> None:
    """contract F3: status."""
    org.set(workers=2, failure_rate=0.3)
    org.create(*(f"store-{number}" for number in range(9)), batch_id="b")
    for _ in range(12):
        jobs = org.batch("b")["jobs"]
        assert {place: status for status, ids in jobs.items() for place in ids} == {
            place: result["status"] for place, result in org.results("b").items()
        }
        org.advance(0.7)


# F4


@pytest.mark.parametrize("asked", [["websites"], ["menu", "vibes"], []])
@pytest.mark.parametrize("place_id", ["a", "mock-fail-1", "mock-partial-1", "mock-empty-1"])
def test_every_attribute_of_the_catalogue_has_an_entry(asked: list[str], place_id: str, org: Org) -> None:
    """contract F4: by default `NOT_RUN` for those never asked for, in pages and one by one, at every stage."""
    org.set(attribute_status="all")
    org.create(place_id, batch_id="b", attributes=asked, kick_off_jobs_now=bool(asked))
    for _ in range(3):
        statuses = org.get(f"/jobs/{place_id}")["job_metadata"]["attribute_status"]
        assert statuses == org.results("b")[place_id]["job_metadata"]["attribute_status"]
        assert list(statuses) == [*CATALOGUE, *(name for name in asked if name not in CATALOGUE)]
        assert {name for name, status in statuses.items() if status != "NOT_RUN"} <= set(asked)
        org.set(attribute_status="asked")
        shown = org.get(f"/jobs/{place_id}")["job_metadata"]["attribute_status"]
        assert shown == {name: statuses[name] for name in asked}
        org.set(attribute_status="all")
        org.advance(2)


def test_all_is_what_a_world_shows_by_default(org: Org) -> None:
    """contract F4: 47 keys where 15 had run, as the vendor's runs have it."""
    assert load({}, environ={}).world.attribute_status == "all"
    org.set(attribute_status="all")
    enriched = org.post("/enrich", {"place_id": "e", "inputs": LONDON, "attributes": ["websites"]})
    statuses = enriched["job_metadata"]["attribute_status"]
    assert statuses.keys() == CATALOGUE.keys()
    assert not all(status == "RUN" for status in statuses.values())


@pytest.mark.parametrize("attributes", [CORE, ["menu"], ["wi_fi", "websites"]])
def test_before_a_job_finished_nothing_has_run(org: Org, attributes: list[str]) -> None:
    """contract F4: an entry for every attribute asked for, NOT_RUN before; last_enriched is null until then."""
    org.create("mock-slow-1", attributes=attributes, batch_id="b")
    seen = set()
    for _ in range(60):
        result = org.results("b")["mock-slow-1"]
        if result["status"] == "completed":
            break
        seen.add(result["status"])
        assert _statuses(result) == dict.fromkeys(attributes, "NOT_RUN")
        assert _metadata(result)["last_enriched"] is None
        org.advance(1)
    assert seen == {"pending", "queued", "in_progress"}


def test_an_upload_shows_what_it_was_uploaded_for(org: Org) -> None:
    """contract F4: NOT_RUN before the job finished; without attributes there is nothing to show."""
    jobs = [{"place_id": "a", "inputs": LONDON, "attributes": ["menu"]}, {"place_id": "b", "inputs": LONDON}]
    org.post("/batches", {"batch_id": "b", "batch_name": "B", "jobs": jobs, "kick_off_jobs_now": False})
    org.advance(100)
    results = org.results("b")
    assert (_statuses(results["a"]), _statuses(results["b"])) == ({"menu": "NOT_RUN"}, {})


def test_once_completed_every_attribute_ran(org: Org) -> None:
    """contract F4: then RUN; unknown ones stay NOT_RUN (D7)."""
    result = _one(org, "mock-ok-1", [*CORE, "wi_fi"])
    assert _statuses(result) == {**dict.fromkeys(CORE, "RUN"), "wi_fi": "NOT_RUN"}


def test_last_enriched_is_the_moment_of_completion_and_the_only_time(org: Org) -> None:
    """contract F4: last_enriched, the only time in a result."""
    org.control("PATCH", "/clock", {"now": "2031-02-03T04:05:06.000007Z"})
    org.create("mock-ok-1", batch_id="b")
    now = org.settle()["now"]
    org.advance(1000)
    result = org.results("b")["mock-ok-1"]
    assert _metadata(result)["last_enriched"] == now
    assert json.dumps(result).count("2031-02-03T") == 1


@pytest.mark.parametrize(
    "inputs",
    [
        ADDRESS_ONLY,
        {"name": "A", "city": "Lyon"},
        {"name": "A", "km": "12"},
        {"name": "A", "latitude": 45.75, "longitude": 4.85},
        {"name": "A", "wkt_geometry": "POINT (4.85 45.75)"},
    ],
)
def test_core_attributes_need_no_more_than_a_valid_place(org: Org, inputs: dict[str, Any]) -> None:
    """contract F4: no core attribute needs more than C1."""
    assert set(_statuses(_one(org, "mock-ok-1", **inputs)).values()) == {"RUN"}


def test_an_attribute_without_its_input_is_run_condition_failed(org: Org) -> None:
    """contract F4: RUN_CONDITION_FAILED where the attribute needs an input that the place lacks; F5: no outputs."""
    result = _one(org, "mock-ok-1", ["signage", "websites"], **ADDRESS_ONLY)
    assert _statuses(result) == {"signage": "RUN_CONDITION_FAILED", "websites": "RUN"}
    assert set(result["outputs"]) == {"website"}
    assert set(result["reasoning"]) == {"website"}


def test_a_condition_that_fails_is_no_error(org: Org) -> None:
    """contract F4: at any error rate."""
    org.set(attribute_error_rate=1)
    result = _one(org, "store-1", ["signage", "websites"], **ADDRESS_ONLY)
    assert _statuses(result) == {"signage": "RUN_CONDITION_FAILED", "websites": "ERROR"}
    assert set(_metadata(result)["enrichment_metadata"]) == {"websites"}


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"country_code": "ES", **LONDON}, "ES"),
        (LONDON, "GB"),
        ({"name": "A", "country": "USA"}, "US"),
        ({"name": "A", "city": "Nowhere"}, None),
    ],
)
def test_the_country_is_the_given_or_inferred_one(org: Org, inputs: dict[str, Any], code: str | None) -> None:
    """contract F4: country_code as in C2, at every stage; inferred, only in job_metadata."""
    place = {"place_id": "mock-slow-1", "inputs": inputs}
    org.post("/batches", {"batch_id": "b", "batch_name": "B", "jobs": [place], "attributes": ["websites"]})
    for _ in range(2):
        result = org.results("b")["mock-slow-1"]
        assert _metadata(result)["country_code"] == code
        assert result["inputs"]["country_code"] == inputs.get("country_code")
        org.settle()


# F5


@pytest.mark.parametrize("found", ["mock-ok-1", "mock-empty-1"])
def test_each_attribute_brings_its_keys_and_no_others(org: Org, found: str) -> None:
    """contract F5: only keys of GenericJobOutputs, JobReasoning and JobConfidenceScores, those of what ran."""
    sections: dict[str, type[BaseModel]] = {
        "outputs": GenericJobOutputs,
        "reasoning": JobReasoning,
        "confidence_scores": JobConfidenceScores,
    }
    everything = _one(org, found, list(CATALOGUE))
    union: dict[str, set[str]] = {section: set() for section in sections}
    for name in CATALOGUE:
        result = _one(org, found, [name])
        assert result["outputs"], name
        for section, model in sections.items():
            assert set(result[section]) <= set(model.model_fields), name
            union[section] |= set(result[section])
            for key, value in result[section].items():
                assert everything[section][key] == value, (name, key)
    assert {section: set(everything[section]) for section in sections} == union
    PlaceJobResult.model_validate(everything)


@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("closed_permanently", "open_closed_status"),
        ("websites", "website"),
        ("phoneNumbers", "phone"),
        ("openingHours", "opening_hours"),
        ("names", "name"),
        ("address", "address"),
        ("categories", "categories"),
    ],
)
def test_a_core_attribute_has_its_output_reason_and_score(org: Org, attribute: str, key: str) -> None:
    """contract F5, J3: the keys by which clients look an attribute up, with values where something was found."""
    result = _one(org, "mock-ok-1", [attribute])
    assert result["outputs"][key] not in (None, "", [], {})
    assert isinstance(result["reasoning"][key], str)
    assert result["confidence_scores"][key] in {"VERY_HIGH", "HIGH", "MEDIUM", "LOW"}


def test_what_found_nothing_has_its_keys_with_null(org: Org) -> None:
    """contract F5: an attribute that ran and found nothing has its keys with null, but for three; mock-empty-."""
    result = _one(org, "mock-empty-1", list(CATALOGUE))
    assert set(_statuses(result).values()) == {"RUN"}
    keys = {key for attribute in CATALOGUE.values() for key in attribute.outputs}
    others = {"multilingual_names": {}, "open_closed_status": "No Internet Presence", "is_open_24h": False}
    assert result["outputs"] == {**dict.fromkeys(keys), **others}
    assert set(result["confidence_scores"].values()) == {"NONE"}


def test_confidence_scores_are_an_object_always(org: Org) -> None:
    """contract F5: confidence_scores {}, never null; reasoning and outputs are objects too."""
    org.create("mock-fail-1", "mock-stuck-2", "store-3", batch_id="b")
    for _ in range(2):
        for result in org.results("b").values():
            if result["status"] != "completed":
                assert (result["outputs"], result["reasoning"], result["confidence_scores"]) == ({}, {}, {})
        org.settle()


def test_a_localized_address_carries_its_country(org: Org) -> None:
    """contract F5: address_localized carries its country_code."""
    places = {"SG": (1.3, 103.85), "JP": (35.68, 139.76), "HK": (22.3, 114.17), "GB": (51.5, -0.12), "US": (40.7, -74)}
    seen = set()
    for code, (latitude, longitude) in places.items():
        result = _one(org, "mock-ok-1", ["address"], name="A", latitude=latitude, longitude=longitude)
        localized = result["outputs"]["address_localized"]
        if localized is not None:
            assert localized["country_code"] == code
            seen.add(code)
    assert seen


def test_the_open_closed_status_is_one_of_four(org: Org) -> None:
    """contract F5: Open, Closed, Temporarily Closed or No Internet Presence."""
    org.create(*(f"store-{number}" for number in range(600)), attributes=["closed_permanently"], batch_id="b")
    org.settle()
    seen = {result["outputs"]["open_closed_status"] for result in org.results("b").values()}
    assert seen == {"Open", "Closed", "Temporarily Closed", "No Internet Presence"}


def test_unfinished_jobs_keep_the_outputs_of_their_last_success_and_have_no_reasoning(org: Org) -> None:
    """contract F5: unfinished and failed jobs have empty outputs or those of their last success, empty reasoning."""
    before = _one(org, "store-1")
    (batch,) = org.get("/batches")["batches"]
    org.set(failure_rate=1)
    org.post(f"/batches/{batch['id']}/reprocess", {"failed_only": False, "refresh": True})
    seen = set()
    for _ in range(30):
        result = org.results(batch["id"])["store-1"]
        seen.add(result["status"])
        assert result["outputs"] == before["outputs"]
        assert result["reasoning"] == {}
        org.advance(0.3)
    assert seen == {"pending", "queued", "in_progress", "failed"}


# F6


def test_a_failed_job_says_why_per_attribute(org: Org) -> None:
    """contract F6: status failed, ERROR for what was asked, {"error": …, "code": …} per attribute."""
    result = _one(org, "mock-fail-1", [*CORE, "wi_fi"])
    assert result["status"] == "failed"
    assert _statuses(result) == {**dict.fromkeys(CORE, "ERROR"), "wi_fi": "NOT_RUN"}
    failures = _metadata(result)["enrichment_metadata"]
    assert set(failures) == set(CORE)
    for failure in failures.values():
        assert set(failure) == {"error", "code"}
        assert failure["code"] in {code for code, _ in ERRORS}
    assert (result["outputs"], result["reasoning"], _metadata(result)["last_enriched"]) == ({}, {}, None)


# F7


def test_a_completed_job_may_have_attributes_in_error(org: Org) -> None:
    """contract F7: a partial success; what erred has a reason and no outputs, the rest has its own."""
    result = _one(org, "mock-partial-1", ["websites", "phoneNumbers", "names"])
    assert result["status"] == "completed"
    assert _statuses(result) == {"websites": "ERROR", "phoneNumbers": "RUN", "names": "RUN"}
    assert set(_metadata(result)["enrichment_metadata"]) == {"websites"}
    assert set(_metadata(result)["enrichment_metadata"]["websites"]) == {"error", "code"}
    for section in ("outputs", "reasoning", "confidence_scores"):
        assert "website" not in result[section]
        assert "phone" in result[section]


def test_the_attribute_error_rate_is_met(org: Org) -> None:
    """contract F7: attribute_error_rate is the share of attributes of completed jobs in ERROR."""
    org.set(attribute_error_rate=0.25)
    org.create(*(f"store-{number}" for number in range(300)), batch_id="b")
    org.settle()
    results = org.results("b").values()
    assert {result["status"] for result in results} == {"completed"}
    erred = sum(list(_statuses(result).values()).count("ERROR") for result in results)
    assert erred / 2100 == pytest.approx(0.25, abs=0.04)


# F8


def test_a_place_is_read_by_its_id(org: Org) -> None:
    """contract F8: GET /jobs/{place_id}: the place's job, the same result as in the list."""
    org.create("store-1", "store-2", batch_id="b")
    org.settle()
    assert org.get("/jobs/store-2") == org.results("b")["store-2"]


def test_the_job_that_was_submitted_last_is_given(org: Org) -> None:
    """contract F8: the job that was submitted last, in any batch or none."""

    def asked() -> list[str]:
        return list(_statuses(org.get("/jobs/store-1")))

    org.create("store-1", attributes=["websites"], batch_id="b-1")
    org.create("store-1", attributes=["menu"], batch_id="b-2")
    assert asked() == ["menu"]
    org.create("store-1", attributes=["names"], batch_id="b-1")
    assert asked() == ["names"]
    _alone(org, "store-1")
    assert asked() == ["websites"]
    org.settle()
    org.post("/batches/b-2/reprocess", {"failed_only": False})
    assert asked() == ["websites"]
    org.create("store-1", attributes=["address"], batch_id="b-2")
    assert asked() == ["address"]


def test_deleting_the_last_batch_shows_the_job_before(org: Org) -> None:
    """contract F8: in any batch that is still there."""
    org.create("store-1", attributes=["websites"], batch_id="b-1")
    org.create("store-1", attributes=["menu"], batch_id="b-2")
    assert org.call("DELETE", "/batches/b-2").status_code == 200
    assert list(_statuses(org.get("/jobs/store-1"))) == ["websites"]
    assert org.call("DELETE", "/batches/b-1").status_code == 200
    assert org.call("GET", "/jobs/store-1").status_code == 404


@pytest.mark.parametrize("place_id", ["a/b/c", "with space", "💈 barber", "100%", "a?b#c", "x" * 512, "reprocess"])
def test_any_place_id_can_be_read(org: Org, place_id: str) -> None:
    """contract F8, C4: percent-encoded."""
    org.create(place_id, batch_id="b")
    assert org.get(f"/jobs/{quote(place_id, safe='')}")["place_id"] == place_id


def test_an_unknown_place_is_not_found(org: Org) -> None:
    """contract F8, B4: a place without jobs is a 404, another organization's too."""
    org.create("store-1")
    assert org.call("GET", "/jobs/store-2").status_code == 404
    assert org.other().call("GET", "/jobs/store-1").status_code == 404
