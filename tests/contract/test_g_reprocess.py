"""Contract G: reprocess."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from reprompt_mock.attributes import CATALOGUE
from tests.conftest import LONDON, Org

CORE = ["closed_permanently", "websites", "phoneNumbers", "openingHours", "names", "address", "categories"]
STORES = [f"store-{number}" for number in range(40)]
ALL = {"failed_only": False}


def _reprocess(org: Org, body: Any = None, batch_id: str = "b") -> Any:
    return org.post(f"/batches/{batch_id}/reprocess", body)


def _result(org: Org, place_id: str, batch_id: str = "b") -> Any:
    return org.results(batch_id)[place_id]


def _statuses(result: Any) -> dict[str, str]:
    statuses: dict[str, str] = result["job_metadata"]["attribute_status"]
    return statuses


def _enriched(result: Any) -> str | None:
    enriched: str | None = result["job_metadata"]["last_enriched"]
    return enriched


def _mixed(org: Org) -> dict[str, set[str]]:
    """Make a batch with jobs in every status; gives the places by status."""
    org.create("mock-ok-1", "mock-fail-2", "mock-stuck-3", "mock-ok-4", "mock-fail-5", batch_id="b")
    org.settle()
    org.set(pending_seconds=0, queued_seconds=1000)
    org.create("queued-6", batch_id="b")
    org.create("upload-7", batch_id="b", kick_off_jobs_now=False)
    org.advance(100)
    lists = {status: set(ids) for status, ids in org.batch("b")["jobs"].items()}
    assert lists == {
        "pending": {"upload-7"},
        "queued": {"queued-6"},
        "in_progress": {"mock-stuck-3"},
        "completed": {"mock-ok-1", "mock-ok-4"},
        "failed": {"mock-fail-2", "mock-fail-5"},
    }
    org.set(pending_seconds=1)
    return lists


# G1


@pytest.mark.parametrize("options", [{}, {"content": b""}, {"json": {}}, {"content": b" {} "}])
def test_the_body_may_be_missing(org: Org, options: dict[str, Any]) -> None:
    """contract G1: the body may be missing or {}; failed_only defaults to true, incomplete_only to false."""
    lists = _mixed(org)
    response = org.call("POST", "/batches/b/reprocess", **options)
    assert response.status_code == 200
    assert response.json()["job_count"] == 2
    assert set(org.batch("b")["jobs"]["pending"]) == lists["pending"] | lists["failed"]


@pytest.mark.parametrize(
    "body",
    [
        {"failed_only": "perhaps"},
        {"failed_only": None},
        {"refresh": 7},
        {"attributes": "websites"},
        {"attributes": [1]},
        {"attribute_set": "everything"},
        [],
        "x",
        None,
    ],
)
def test_a_body_that_does_not_fit_is_refused_and_changes_nothing(org: Org, body: Any) -> None:
    """contract G1, B2: ReprocessBatchRequest; null is no object."""
    org.create("mock-fail-1", batch_id="b")
    org.settle()
    before = org.results("b")
    content = b"null" if body is None else None
    response = org.call("POST", "/batches/b/reprocess", **({"content": content} if content else {"json": body}))
    assert response.status_code == 422
    assert org.results("b") == before


def test_unknown_fields_and_lax_values_are_accepted(org: Org) -> None:
    """contract G1, B6: what lax mode accepts; unknown fields are ignored."""
    org.create("mock-fail-1", batch_id="b")
    org.settle()
    body = {"failed_only": "true", "refresh": 0, "attributes": None, "attribute_set": None, "priority": 3}
    assert _reprocess(org, body)["job_count"] == 1


# G2


@pytest.mark.parametrize(
    ("body", "picked", "word"),
    [
        ({}, ["failed"], "FAILED"),
        ({"failed_only": True}, ["failed"], "FAILED"),
        ({"incomplete_only": False}, ["failed"], "FAILED"),
        ({"failed_only": True, "incomplete_only": False}, ["failed"], "FAILED"),
        ({"incomplete_only": True}, ["pending", "queued", "in_progress"], "INCOMPLETE"),
        ({"failed_only": False, "incomplete_only": True}, ["pending", "queued", "in_progress"], "INCOMPLETE"),
        (
            {"failed_only": True, "incomplete_only": True},
            ["pending", "queued", "in_progress", "failed"],
            "FAILED AND INCOMPLETE",
        ),
        ({"failed_only": False}, ["pending", "queued", "in_progress", "completed", "failed"], "ALL"),
        (
            {"failed_only": False, "incomplete_only": False},
            ["pending", "queued", "in_progress", "completed", "failed"],
            "ALL",
        ),
    ],
)
def test_the_flags_pick_the_jobs(org: Org, body: dict[str, bool], picked: list[str], word: str) -> None:
    """contract G2, G4: every combination of the two flags, with its word; the other jobs are untouched."""
    lists = _mixed(org)
    before = org.results("b")
    chosen = set().union(*(lists[status] for status in picked))
    answer = _reprocess(org, body)
    assert answer == {
        "status": "success",
        "message": f"Started reprocessing {len(chosen)} {word} jobs from batch b",
        "job_count": len(chosen),
        "batch_id": "b",
        "excluded_deferred_count": 0,
    }
    after = org.results("b")
    assert {place for place in after if after[place]["status"] == "pending"} == chosen | lists["pending"]
    assert all(after[place] == before[place] for place in after if place not in chosen)


# G3


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ({}, CORE),
        ({"attributes": []}, CORE),
        ({"attributes": ["menu"]}, ["menu"]),
        ({"attribute_set": "open_closed"}, ["closed_permanently"]),
        ({"attribute_set": "core"}, CORE),
        ({"attribute_set": "all", "attributes": ["menu", "websites"]}, [*CORE, "menu"]),
        ({"attribute_set": "open_closed", "attributes": ["menu", "menu"]}, ["closed_permanently", "menu"]),
        ({"attributes": ["wi_fi", "menu"]}, ["wi_fi", "menu"]),
        ({"use_previous_invocation_params": True}, ["tiktok"]),
        ({"use_previous_invocation_params": True, "attributes": ["menu"]}, ["tiktok"]),
        ({"use_previous_invocation_params": False, "attributes": ["menu"]}, ["menu"]),
    ],
)
def test_the_attributes_of_a_reprocess(org: Org, body: dict[str, Any], asked: list[str]) -> None:
    """contract G3: set and attributes merged; with neither, core; previous ones where wanted."""
    org.create("mock-fail-1", attributes=["tiktok"], batch_id="b")
    org.settle()
    _reprocess(org, body)
    assert list(_statuses(_result(org, "mock-fail-1"))) == asked


def test_previous_attributes_are_each_jobs_own(org: Org) -> None:
    """contract G3: each job's own last attributes, of its last create, append or reprocess that had any."""
    jobs = [
        {"place_id": "mock-fail-1", "inputs": LONDON, "attributes": ["menu"]},
        {"place_id": "mock-fail-2", "inputs": LONDON, "attribute_set": "open_closed"},
    ]
    org.post("/batches", {"batch_id": "b", "batch_name": "B", "jobs": jobs, "attributes": ["tiktok"]})
    org.settle()
    previous = {"use_previous_invocation_params": True}

    def asked() -> dict[str, list[str]]:
        return {place: list(_statuses(result)) for place, result in org.results("b").items()}

    _reprocess(org, previous)
    assert asked() == {"mock-fail-1": ["menu", "tiktok"], "mock-fail-2": ["closed_permanently", "tiktok"]}
    # A reprocess without attributes asks for core, and leaves their own as they were.
    _reprocess(org, ALL)
    _reprocess(org, {**ALL, **previous})
    assert asked() == {"mock-fail-1": ["menu", "tiktok"], "mock-fail-2": ["closed_permanently", "tiktok"]}
    # One with attributes replaces them, an append too.
    _reprocess(org, {**ALL, "attributes": ["names"]})
    org.create("mock-fail-2", attributes=["address"], batch_id="b")
    _reprocess(org, {**ALL, **previous})
    assert asked() == {"mock-fail-1": ["names"], "mock-fail-2": ["address"]}


def test_without_previous_attributes_the_requests_are_the_fallback(org: Org) -> None:
    """contract G3: the request's as the fallback, and with neither the core set."""
    job = {"place_id": "a", "inputs": LONDON}
    org.post("/batches", {"batch_id": "b", "batch_name": "B", "jobs": [job], "kick_off_jobs_now": False})
    previous = {**ALL, "use_previous_invocation_params": True}
    _reprocess(org, previous)
    assert list(_statuses(_result(org, "a"))) == CORE
    _reprocess(org, {**previous, "attributes": ["menu"]})
    assert list(_statuses(_result(org, "a"))) == ["menu"]
    _reprocess(org, {**previous, "attributes": ["tiktok"]})
    assert list(_statuses(_result(org, "a"))) == ["menu"]


def test_attributes_of_an_upload_are_its_own(org: Org) -> None:
    """contract G3, D5: an upload that named attributes runs for them."""
    org.create("a", attributes=["menu"], batch_id="b", kick_off_jobs_now=False)
    _reprocess(org, {"incomplete_only": True, "use_previous_invocation_params": True})
    org.settle()
    assert _statuses(_result(org, "a")) == {"menu": "RUN"}


def test_an_append_without_attributes_keeps_the_jobs_own(org: Org) -> None:
    """contract G3: of its last create, append or reprocess that had any."""
    org.create("a", attributes=["menu"], batch_id="b")
    body = {"batch_id": "b", "batch_name": "B", "kick_off_jobs_now": False}
    org.post("/batches", {**body, "jobs": [{"place_id": "a", "inputs": LONDON}]})
    _reprocess(org, {**ALL, "use_previous_invocation_params": True})
    assert list(_statuses(_result(org, "a"))) == ["menu"]


# G5


@pytest.mark.parametrize(
    ("place_ids", "body"),
    [
        ([], ALL),
        ([], {}),
        (["mock-ok-1"], {}),
        (["mock-ok-1"], {"incomplete_only": True}),
        (["mock-ok-1"], {"failed_only": True, "incomplete_only": True}),
        (["mock-fail-1"], {"incomplete_only": True}),
        (["mock-stuck-1"], {}),
    ],
)
def test_where_nothing_fits_a_reprocess_is_refused(org: Org, place_ids: list[str], body: dict[str, bool]) -> None:
    """contract G5: no job to reprocess: 400 with a sentence."""
    org.create(*place_ids, batch_id="b")
    org.settle()
    before = org.batch("b")
    response = org.call("POST", "/batches/b/reprocess", json=body)
    assert response.status_code == 400
    assert isinstance(response.json()["detail"], str)
    assert org.batch("b") == before


def test_an_unknown_batch_is_not_found(org: Org) -> None:
    """contract G5: unknown batch: 404, another organization's too."""
    org.create("mock-fail-1", batch_id="b")
    assert org.call("POST", "/batches/other/reprocess").status_code == 404
    assert org.other().call("POST", "/batches/b/reprocess", json=ALL).status_code == 404


# G6


def test_reprocessed_jobs_start_again_and_the_batch_follows_at_once(org: Org) -> None:
    """contract G6: back to pending, the lifecycle again; the batch's status follows at once (E3)."""
    org.create("store-1", "store-2", batch_id="b")
    org.settle()
    _reprocess(org, ALL)
    batch = org.batch("b")
    assert (batch["status"], batch["jobs"]["pending"]) == ("pending", ["store-1", "store-2"])
    assert org.get("/batches")["batches"][0]["status_counts"]["pending"] == 2
    seen = []
    for _ in range(60):
        seen.append(_result(org, "store-1")["status"])
        org.advance(0.1)
    assert list(dict.fromkeys(seen)) == ["pending", "queued", "in_progress", "completed"]
    assert org.batch("b")["status"] == "completed"


def test_some_reprocessed_jobs_leave_the_others_finished(org: Org) -> None:
    """contract G6: the batch is in progress while some run again."""
    org.create("mock-ok-1", "mock-fail-2", batch_id="b")
    org.settle()
    _reprocess(org)
    batch = org.batch("b")
    assert (batch["status"], batch["jobs"]["completed"], batch["jobs"]["pending"]) == (
        "in_progress",
        ["mock-ok-1"],
        ["mock-fail-2"],
    )


def test_a_reprocess_is_a_new_attempt(org: Org) -> None:
    """contract G6: as a new attempt: a flaky place completes on its second."""
    org.create("mock-flaky-1", "mock-fail-2", batch_id="b")
    org.settle()
    assert org.batch("b")["jobs"]["failed"] == ["mock-flaky-1", "mock-fail-2"]
    assert _reprocess(org)["job_count"] == 2
    org.settle()
    assert org.batch("b")["jobs"]["completed"] == ["mock-flaky-1"]
    assert _reprocess(org)["job_count"] == 1


def test_the_first_run_of_an_upload_is_its_first_attempt(org: Org) -> None:
    """contract G6, D5: a flaky upload fails when it first runs."""
    org.create("mock-flaky-1", batch_id="b", kick_off_jobs_now=False)
    for status in ("failed", "completed"):
        _reprocess(org, ALL)
        org.settle()
        assert _result(org, "mock-flaky-1")["status"] == status


def test_a_new_attempt_draws_its_fate_anew(org: Org) -> None:
    """contract G6: the failure rate is drawn per place and attempt."""
    org.set(failure_rate=0.5)
    org.create(*STORES, batch_id="b")
    failed = []
    for _ in range(6):
        org.settle()
        failed.append(org.batch("b")["jobs"]["failed"])
        if not failed[-1]:
            break
        _reprocess(org)
    sizes = list(map(len, failed))
    assert sizes[0] < 40
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 5


def test_a_job_in_progress_that_is_reprocessed_drops_its_old_attempt(org: Org) -> None:
    """contract G6: the running attempt is over; only the new one's times count."""
    org.set(pending_seconds=0, queued_seconds=0, processing_seconds=10)
    org.create("store-1", batch_id="b")
    org.advance(4.9)
    assert _result(org, "store-1")["status"] == "in_progress"
    org.set(pending_seconds=1000)
    _reprocess(org, {"incomplete_only": True})
    org.advance(100)
    assert _result(org, "store-1")["status"] == "pending"
    assert _enriched(_result(org, "store-1")) is None
    org.settle()
    assert _result(org, "store-1")["status"] == "completed"


def test_a_stuck_job_is_restarted_and_stays_stuck(org: Org) -> None:
    """contract G6: reprocessing restarts a stuck place."""
    org.create("mock-stuck-1", batch_id="b")
    org.advance(1000)
    assert org.batch("b")["jobs"]["in_progress"] == ["mock-stuck-1"]
    _reprocess(org, {"incomplete_only": True})
    assert org.batch("b")["jobs"]["pending"] == ["mock-stuck-1"]
    org.advance(1000)
    assert org.batch("b")["jobs"]["in_progress"] == ["mock-stuck-1"]


# G7


def _values(result: Any) -> Any:
    return {section: result[section] for section in ("outputs", "reasoning", "confidence_scores")}


def test_what_is_cached_keeps_value_and_time(org: Org) -> None:
    """contract G7: refresh false: an attribute that already ran keeps its value, last_enriched its time."""
    org.create(*STORES, batch_id="b")
    org.settle()
    before = org.results("b")
    for body in (ALL, {**ALL, "refresh": False}, {**ALL, "attributes": ["websites"]}):
        org.advance(86_400)
        _reprocess(org, body)
        org.settle()
        assert org.results("b") == before


def test_what_is_new_runs_and_moves_the_time_and_the_rest_keeps_its_value(org: Org) -> None:
    """contract G7: if something new had to run, last_enriched moves; what already ran keeps its value."""
    org.create("mock-ok-1", attributes=["websites"], batch_id="b")
    org.settle()
    before = _result(org, "mock-ok-1")
    org.advance(86_400)
    _reprocess(org, {**ALL, "attributes": ["menu", "websites"]})
    now = org.settle()["now"]
    after = _result(org, "mock-ok-1")
    assert _enriched(before) != _enriched(after) == now
    assert after["outputs"]["website"] == before["outputs"]["website"]
    assert _statuses(after) == {"websites": "RUN", "menu": "RUN"}


def test_unknown_attributes_are_nothing_new(org: Org) -> None:
    """contract G7, D7: an attribute that never runs does not move last_enriched."""
    org.create("mock-ok-1", attributes=["websites"], batch_id="b")
    org.settle()
    before = _result(org, "mock-ok-1")
    org.advance(86_400)
    _reprocess(org, {**ALL, "attributes": ["websites", "wi_fi"]})
    org.settle()
    assert _enriched(_result(org, "mock-ok-1")) == _enriched(before)


def test_cached_values_outlive_a_change_of_the_settings(org: Org) -> None:
    """contract G7: another seed, rate of errors or of findings changes nothing of what is cached."""
    org.create(*STORES, batch_id="b")
    org.settle()
    before = org.results("b")
    org.set(seed=99, not_found_rate=1, attribute_error_rate=1, drift_rate=1)
    _reprocess(org, ALL)
    org.settle()
    assert org.results("b") == before


def test_a_refresh_moves_the_time_of_every_job(org: Org) -> None:
    """contract G7: refresh true enriches anew: last_enriched moves."""
    org.create(*STORES, batch_id="b")
    org.settle()
    before = org.results("b")
    org.advance(10)
    _reprocess(org, {**ALL, "refresh": True})
    org.settle()
    after = org.results("b")
    assert all(str(_enriched(after[place])) > str(_enriched(before[place])) for place in STORES)


def test_without_drift_a_refresh_finds_the_same_values(org: Org) -> None:
    """contract G7: values may differ as drift_rate says: at 0 none does."""
    org.set(drift_rate=0)
    org.create(*STORES, batch_id="b")
    org.settle()
    before = org.results("b")
    _reprocess(org, {**ALL, "refresh": True})
    org.settle()
    after = org.results("b")
    assert {place: _values(after[place]) for place in STORES} == {place: _values(before[place]) for place in STORES}


@pytest.mark.parametrize("attribute", sorted(CATALOGUE))
def test_with_full_drift_every_attribute_that_was_found_differs(org: Org, attribute: str) -> None:
    """contract G7: drift_rate is the share of attributes whose value differs after a refresh: at 1 each does."""
    org.set(drift_rate=1, not_found_rate=0)
    org.create(*STORES, attributes=[attribute], batch_id="b")
    org.settle()
    before = org.results("b")
    _reprocess(org, {**ALL, "refresh": True})
    org.settle()
    after = org.results("b")
    same = [place for place in STORES if after[place]["outputs"] == before[place]["outputs"]]
    assert not same


def test_the_drift_rate_is_met(org: Org) -> None:
    """contract G7: at the default every fifth attribute differs."""
    org.set(not_found_rate=0)
    places = [f"store-{number}" for number in range(300)]
    org.create(*places, attributes=["websites", "phoneNumbers"], batch_id="b")
    org.settle()
    before = org.results("b")
    _reprocess(org, {**ALL, "refresh": True, "attributes": ["websites", "phoneNumbers"]})
    org.settle()
    after = org.results("b")
    differ = sum(
        after[place]["outputs"][key] != before[place]["outputs"][key]
        for place in places
        for key in ("website", "phone")
    )
    assert differ / 600 == pytest.approx(0.2, abs=0.05)


def test_what_drifted_stays_until_the_next_refresh(org: Org) -> None:
    """contract G7: the new value is the cached one from then on."""
    org.set(drift_rate=1, not_found_rate=0)
    org.create("store-1", batch_id="b")
    org.settle()
    _reprocess(org, {**ALL, "refresh": True})
    org.settle()
    drifted = _result(org, "store-1")
    _reprocess(org, ALL)
    org.settle()
    assert _result(org, "store-1") == drifted


def test_a_refresh_of_one_attribute_leaves_the_others(org: Org) -> None:
    """contract G7, G8: only what is asked for is enriched anew."""
    org.set(drift_rate=1, not_found_rate=0)
    org.create("mock-ok-1", batch_id="b")
    org.settle()
    before = _result(org, "mock-ok-1")
    _reprocess(org, {**ALL, "refresh": True, "attributes": ["websites"]})
    org.settle()
    after = _result(org, "mock-ok-1")
    changed = {key for key in before["outputs"] if after["outputs"][key] != before["outputs"][key]}
    assert changed == {"website"}
    assert _statuses(after) == _statuses(before)


# G8


def test_the_result_covers_all_that_ever_ran_and_what_is_asked_for_now(org: Org) -> None:
    """contract G8: attribute_status, outputs, reasoning and scores; in every stage of the new attempt."""
    org.create("mock-ok-1", attributes=["websites", "phoneNumbers"], batch_id="b")
    org.settle()
    _reprocess(org, {**ALL, "attributes": ["names"]})
    open_ = _result(org, "mock-ok-1")
    assert _statuses(open_) == {"websites": "RUN", "phoneNumbers": "RUN", "names": "NOT_RUN"}
    assert set(open_["outputs"]) == {"website", "phone", "phone_additional"}
    org.settle()
    done = _result(org, "mock-ok-1")
    assert _statuses(done) == {"websites": "RUN", "phoneNumbers": "RUN", "names": "RUN"}
    assert {"website", "phone", "name"} <= set(done["outputs"])
    assert set(done["reasoning"]) == {"website", "phone", "name"}
    assert set(done["confidence_scores"]) == {"website", "phone", "name"}


def test_an_attribute_that_never_ran_is_shown_only_while_it_is_asked_for(org: Org) -> None:
    """contract G8: every attribute that ever ran and those asked for now."""
    org.create("mock-ok-1", attributes=["wi_fi", "websites"], batch_id="b")
    org.settle()
    assert _statuses(_result(org, "mock-ok-1")) == {"wi_fi": "NOT_RUN", "websites": "RUN"}
    _reprocess(org, {**ALL, "attributes": ["names"]})
    assert _statuses(_result(org, "mock-ok-1")) == {"websites": "RUN", "names": "NOT_RUN"}
    org.settle()
    assert _statuses(_result(org, "mock-ok-1")) == {"websites": "RUN", "names": "RUN"}


def test_an_open_attempt_shows_what_runs_anew_as_not_run(org: Org) -> None:
    """contract G8: what it will run anew shows NOT_RUN and keeps its old outputs, what is cached keeps RUN."""
    org.create("mock-ok-1", attributes=["websites", "phoneNumbers"], batch_id="b")
    org.settle()
    before = _result(org, "mock-ok-1")
    _reprocess(org, {**ALL, "attributes": ["phoneNumbers", "menu"]})
    assert _statuses(_result(org, "mock-ok-1")) == {"websites": "RUN", "phoneNumbers": "RUN", "menu": "NOT_RUN"}
    _reprocess(org, {**ALL, "attributes": ["phoneNumbers", "menu"], "refresh": True})
    seen = set()
    while (result := _result(org, "mock-ok-1"))["status"] != "completed":
        seen.add(result["status"])
        assert _statuses(result) == {"websites": "RUN", "phoneNumbers": "NOT_RUN", "menu": "NOT_RUN"}
        assert result["outputs"] == before["outputs"]
        assert result["confidence_scores"] == before["confidence_scores"]
        assert _enriched(result) == _enriched(before)
        org.advance(0.2)
    assert seen == {"pending", "queued", "in_progress"}


@pytest.mark.parametrize("refresh", [False, True])
def test_a_failed_attempt_turns_what_it_asked_for_to_error_and_keeps_the_rest(org: Org, refresh: bool) -> None:
    """contract G8: every asked attribute to ERROR; outputs and last_enriched are kept."""
    org.create("store-1", attributes=["websites", "phoneNumbers"], batch_id="b")
    org.settle()
    before = _result(org, "store-1")
    org.set(failure_rate=1, drift_rate=1)
    _reprocess(org, {**ALL, "attributes": ["phoneNumbers", "menu", "wi_fi"], "refresh": refresh})
    org.settle()
    failed = _result(org, "store-1")
    assert failed["status"] == "failed"
    assert _statuses(failed) == {"websites": "RUN", "phoneNumbers": "ERROR", "menu": "ERROR", "wi_fi": "NOT_RUN"}
    assert failed["outputs"] == before["outputs"]
    assert _enriched(failed) == _enriched(before)
    assert set(failed["job_metadata"]["enrichment_metadata"]) == {"phoneNumbers", "menu"}


def test_after_a_failed_attempt_the_cache_is_still_good(org: Org) -> None:
    """contract G8: a failed attempt leaves no trace once the next one completes."""
    org.create("store-1", batch_id="b")
    org.settle()
    before = _result(org, "store-1")
    org.set(failure_rate=1, drift_rate=1)
    _reprocess(org, {**ALL, "refresh": True})
    org.settle()
    org.set(failure_rate=0)
    assert _reprocess(org)["job_count"] == 1
    assert _statuses(_result(org, "store-1")) == dict.fromkeys(CORE, "RUN")
    org.settle()
    assert _result(org, "store-1") == before


def test_whether_an_attempt_fails_is_drawn_also_when_all_is_cached(org: Org) -> None:
    """contract G8: the last sentence."""
    org.create(*STORES, batch_id="b")
    org.settle()
    org.set(failure_rate=0.5)
    _reprocess(org, ALL)
    org.settle()
    counts = {status: len(ids) for status, ids in org.batch("b")["jobs"].items()}
    assert 8 < counts["failed"] < 32
    assert counts["failed"] + counts["completed"] == 40


def test_an_attribute_in_error_has_no_outputs_and_is_run_by_the_next_reprocess(org: Org) -> None:
    """contract G8: an attribute in ERROR of a completed attempt has no outputs and is run again."""
    org.set(attribute_error_rate=1, not_found_rate=0)
    org.create("store-1", attributes=["websites", "phoneNumbers"], batch_id="b")
    org.settle()
    erred = _result(org, "store-1")
    assert _statuses(erred) == {"websites": "ERROR", "phoneNumbers": "ERROR"}
    assert _values(erred) == {"outputs": {}, "reasoning": {}, "confidence_scores": {}}
    org.set(attribute_error_rate=0)
    org.advance(100)
    _reprocess(org, {**ALL, "attributes": ["websites"]})
    assert _statuses(_result(org, "store-1")) == {"websites": "NOT_RUN", "phoneNumbers": "ERROR"}
    org.settle()
    after = _result(org, "store-1")
    assert _statuses(after) == {"websites": "RUN", "phoneNumbers": "ERROR"}
    assert set(after["outputs"]) == {"website"}
    assert str(_enriched(after)) > str(_enriched(erred))


def test_a_refresh_that_ends_in_error_loses_the_attributes_outputs(org: Org) -> None:
    """contract G8: its last run is the one in ERROR, which has no outputs."""
    org.create("store-1", attributes=["websites", "phoneNumbers"], batch_id="b")
    org.settle()
    org.set(attribute_error_rate=1)
    _reprocess(org, {**ALL, "attributes": ["websites"], "refresh": True})
    org.settle()
    result = _result(org, "store-1")
    assert _statuses(result) == {"websites": "ERROR", "phoneNumbers": "RUN"}
    assert set(result["outputs"]) == {"phone", "phone_additional"}


def test_the_reasons_are_those_of_the_attributes_that_show_an_error(org: Org) -> None:
    """contract G8, F6: at every stage, what shows ERROR has its reason and nothing else has one."""
    org.set(attribute_error_rate=0.4, failure_rate=0.3)
    org.create(*STORES, batch_id="b")
    org.settle()
    for attributes, refresh in product((["websites", "menu"], ["names"]), (False, True)):
        _reprocess(org, {**ALL, "attributes": attributes, "refresh": refresh})
        for _ in range(3):
            for result in org.results("b").values():
                erred = {name for name, status in _statuses(result).items() if status == "ERROR"}
                assert set(result["job_metadata"]["enrichment_metadata"]) == erred
            org.advance(2)


def test_the_reason_of_an_error_stays_until_the_attribute_runs_again(org: Org) -> None:
    """contract G8: a job remembers, per attribute, its last run; a rule's reason for another attempt is not it."""
    org.set(attribute_error_rate=1)
    org.create(*STORES, attributes=["websites"], batch_id="b")
    org.settle()

    def reasons() -> list[Any]:
        return [result["job_metadata"]["enrichment_metadata"]["websites"] for result in org.results("b").values()]

    before = reasons()
    org.set(attribute_error_rate=0)
    rule = {"match": {}, "then": {"outcome": "failed", "error": "told by a rule"}}
    for _ in range(2):
        _reprocess(org, {**ALL, "attributes": ["names"]})
        assert reasons() == before
        org.settle()
        assert reasons() == before
        assert org.control("POST", "/rules", rule).status_code == 201


def test_a_replaced_job_remembers_nothing(org: Org) -> None:
    """contract G8, D4: the attempt is 1 again, nothing is cached."""
    org.create("mock-ok-1", attributes=["websites"], batch_id="b")
    org.settle()
    org.create("mock-ok-1", attributes=["menu"], batch_id="b")
    result = _result(org, "mock-ok-1")
    assert _statuses(result) == {"menu": "NOT_RUN"}
    assert (_enriched(result), result["outputs"]) == (None, {})


def test_a_partial_place_errs_in_its_first_attribute_on_every_attempt(org: Org) -> None:
    """contract G8, interface.md: also where it had run before."""
    org.create("mock-partial-1", attributes=["websites", "names"], batch_id="b")
    for attributes, erred in ((["websites"], "websites"), (["names", "websites"], "names"), (["names"], "names")):
        org.settle()
        _reprocess(org, {**ALL, "attributes": attributes})
        org.settle()
        statuses = _statuses(_result(org, "mock-partial-1"))
        assert statuses[erred] == "ERROR"
        assert all(statuses[name] == "RUN" for name in attributes if name != erred)


# G9


def test_the_jobs_of_a_list_of_places_are_reprocessed(org: Org) -> None:
    """contract G9: for a list of place_ids (the job of F8 of each), whatever its status."""
    org.create("mock-ok-1", "mock-fail-2", batch_id="b-1")
    org.create("mock-ok-1", batch_id="b-2")
    org.settle()
    answer = org.post("/jobs/reprocess", {"place_ids": ["mock-fail-2", "nowhere", "mock-ok-1", "mock-fail-2"]})
    assert set(answer) == {"status", "message", "job_count", "place_ids", "missing"}
    assert (answer["status"], answer["job_count"]) == ("success", 2)
    assert answer["place_ids"] == ["mock-fail-2", "mock-ok-1"]
    assert answer["missing"] == ["nowhere"]
    assert org.batch("b-1")["jobs"]["pending"] == ["mock-fail-2"]
    assert org.batch("b-1")["jobs"]["completed"] == ["mock-ok-1"]
    assert org.batch("b-2")["jobs"]["pending"] == ["mock-ok-1"]
    org.settle()
    assert org.batch("b-1")["status"] == "completed"


def test_a_job_without_a_batch_is_reprocessed_by_its_place(org: Org) -> None:
    """contract G9: in any batch or none."""
    org.post("/jobs", {"place_id": "mock-flaky-1", "inputs": LONDON, "attributes": ["websites"]})
    for status in ("failed", "completed"):
        org.settle()
        assert org.get("/jobs/mock-flaky-1")["status"] == status
        org.post("/jobs/reprocess", {"place_ids": ["mock-flaky-1"], "use_previous_invocation_params": True})
    assert list(_statuses(org.get("/jobs/mock-flaky-1"))) == ["websites"]


@pytest.mark.parametrize("place_ids", [[], ["nowhere"]])
def test_where_no_place_is_known_nothing_is_found(org: Org, place_ids: list[str]) -> None:
    """contract G9: 404 where none is known."""
    org.create("store-1")
    assert org.call("POST", "/jobs/reprocess", json={"place_ids": place_ids}).status_code == 404
