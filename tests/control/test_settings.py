"""Control API: a world's settings (interface.md)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Org

DEFAULTS = {
    "seed": 0,
    "clock": "paused",  # what the tests' emulator was started with
    "speed": 1.0,
    "poll_advance": 0.0,
    "pending_seconds": 1.0,
    "queued_seconds": 1.0,
    "processing_seconds": 2.0,
    "workers": 50,
    "failure_rate": 0.0,
    "attribute_error_rate": 0.0,
    "not_found_rate": 0.1,
    "found_rates": {},
    "drift_rate": 0.2,
    "batch_failure_threshold": 0.5,
    "max_jobs_per_request": 50_000,
    "attribute_status": "asked",
    "generate_place_ids": False,
    "export_inline_rows": 50_000,
    "export_inline_bytes": 120_000_000,
    "export_queued_seconds": 2.0,
    "export_seconds_per_10000_rows": 4.0,
    "export_failure_rate": 0.0,
    "strict_attributes": False,
    "unpaid_attributes": [],
    "places_move": False,
    "results_lag_seconds": 0.0,
    "rate_limit": 0.0,
    "conduct_poll_seconds": 5.0,
}
RATES = ["failure_rate", "attribute_error_rate", "not_found_rate", "drift_rate", "batch_failure_threshold"]
SECONDS = ["poll_advance", "pending_seconds", "queued_seconds", "processing_seconds"]
STORES = [f"store-{number}" for number in range(30)]


def _settings(org: Org) -> Any:
    return org.control("GET", "/settings").json()


def test_a_new_world_has_the_defaults(org: Org) -> None:
    assert _settings(org) == DEFAULTS


def test_a_change_answers_with_all_settings_and_leaves_the_others(org: Org) -> None:
    response = org.control("PATCH", "/settings", {"workers": 3, "failure_rate": 0.25})
    assert response.status_code == 200
    assert response.json() == _settings(org) == {**DEFAULTS, "workers": 3, "failure_rate": 0.25}
    org.set(workers=4)
    assert _settings(org) == {**DEFAULTS, "workers": 4, "failure_rate": 0.25}


def test_a_change_is_one_worlds_only(org: Org) -> None:
    org.set(workers=3)
    assert _settings(org.other()) == DEFAULTS


def test_an_empty_change_changes_nothing(org: Org) -> None:
    org.set()
    assert _settings(org) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in RATES for value in (0, 0.5, 1)),
        *((name, value) for name in SECONDS for value in (0, 0.000001, 10**9)),
        ("seed", 0),
        ("seed", -(2**53) + 1),
        ("seed", 2**53 - 1),
        ("clock", "running"),
        ("clock", "paused"),
        ("speed", 0.000001),
        ("speed", 10**6),
        ("workers", 1),
        ("workers", 10**6),
        ("max_jobs_per_request", 1),
        ("strict_attributes", True),
        ("generate_place_ids", True),
        ("rate_limit", 0),
        ("rate_limit", 0.5),
        ("rate_limit", 1000),
        ("conduct_poll_seconds", 0),
        ("conduct_poll_seconds", 10.5),
    ],
)
def test_values_within_bounds_are_accepted(org: Org, name: str, value: Any) -> None:
    """interface.md: rates 0…1, seconds 0…10^9, speed above 0 up to 10^6, workers 1…10^6."""
    org.set(**{name: value})
    assert _settings(org) == {**DEFAULTS, name: value}


@pytest.mark.parametrize("seed", [2**53, 2**62 + 1, 2**63 - 1, -(2**53), -(2**63)])
@pytest.mark.parametrize("form", [int, str])
def test_a_seed_that_javascript_would_round_is_shown_as_text_and_taken_in_both_forms(
    org: Org, seed: int, form: type[int] | type[str]
) -> None:
    changed = org.control("PATCH", "/settings", {"seed": form(seed)})

    assert changed.json() == _settings(org) == {**DEFAULTS, "seed": str(seed)}
    org.create("a", batch_id="b", attributes=["names", "websites"])
    org.settle()
    other = org.other()
    other.set(seed=seed)
    other.create("a", batch_id="b", attributes=["names", "websites"])
    other.settle()
    assert other.results("b")["a"]["outputs"] == org.results("b")["a"]["outputs"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in RATES for value in (-0.1, 1.1, None, "x")),
        ("seed", str(2**63)),
        ("seed", "1.5"),
        ("seed", "one"),
        *((name, value) for name in SECONDS for value in (-1, 10**9 + 1, None, "x")),
        ("seed", 2**63),
        ("seed", -(2**63) - 1),
        ("seed", 1.5),
        ("clock", "stopped"),
        ("clock", None),
        ("speed", 0),
        ("speed", -1),
        ("speed", 10**6 + 1),
        ("workers", 0),
        ("workers", 10**6 + 1),
        ("workers", 1.5),
        ("max_jobs_per_request", -1),
        ("strict_attributes", "perhaps"),
        ("rate_limit", -1),
        ("conduct_poll_seconds", -1),
        ("conduct_poll_seconds", 1000000001),
    ],
)
def test_values_beyond_the_bounds_are_refused_and_change_nothing(org: Org, name: str, value: Any) -> None:
    """interface.md, contract B2: 422 that names the setting; what stands beside it does not change either."""
    response = org.control("PATCH", "/settings", {"drift_rate": 0.7, name: value})
    assert response.status_code == 422
    (entry,) = response.json()["detail"]
    assert entry["loc"] == ["body", name]
    assert _settings(org) == DEFAULTS


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("name", ["failure_rate", "pending_seconds", "speed", "rate_limit"])
def test_no_setting_takes_what_is_no_number(org: Org, name: str, number: str) -> None:
    """contract B6: NaN and infinities anywhere are 422."""
    url = f"/_mock/orgs/{org.slug}/settings"
    assert org.http.patch(url, content=f'{{"{name}": {number}}}').status_code == 422
    assert _settings(org) == DEFAULTS


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("failure_rat", "failure_rate"),
        ("Workers", "workers"),
        ("pending", "pending_seconds"),
        ("attribute_error", "attribute_error_rate"),
        ("max_jobs", "max_jobs_per_request"),
    ],
)
def test_an_unknown_setting_is_told_the_nearest_known_one(org: Org, name: str, known: str) -> None:
    response = org.control("PATCH", "/settings", {name: 1})
    assert response.status_code == 422
    (entry,) = response.json()["detail"]
    assert known in entry["msg"]
    assert _settings(org) == DEFAULTS


@pytest.mark.parametrize("name", ["port", "host", "db", "api_keys", "max_body_bytes", "control_token", "zzz"])
def test_what_cannot_differ_per_world_is_unknown_here(org: Org, name: str) -> None:
    assert org.control("PATCH", "/settings", {name: 1}).status_code == 422
    assert name not in _settings(org)


@pytest.mark.parametrize("body", [[], "x", 1])
def test_settings_are_an_object(org: Org, body: Any) -> None:
    assert org.control("PATCH", "/settings", body).status_code == 422


def test_lax_values_are_typed(org: Org) -> None:
    """contract B6: what pydantic's lax mode accepts is accepted and echoed as the typed value."""
    org.set(workers="7", failure_rate="0.5", strict_attributes="true")
    assert _settings(org) == {**DEFAULTS, "workers": 7, "failure_rate": 0.5, "strict_attributes": True}


def test_clock_and_speed_are_the_numbers_of_the_clock(org: Org) -> None:
    """interface.md: clock and speed are the numbers of W/clock, whichever is changed."""
    org.set(speed=3)
    assert org.control("GET", "/clock").json()["speed"] == 3
    org.control("PATCH", "/clock", {"speed": 5, "running": True})
    assert (_settings(org)["clock"], _settings(org)["speed"]) == ("running", 5)
    org.set(clock="paused")
    clock = org.control("GET", "/clock").json()
    assert (clock["running"], clock["speed"]) == (False, 5)


def test_changing_the_settings_does_not_move_a_paused_clock(org: Org) -> None:
    org.control("PATCH", "/clock", {"now": "2031-01-01T00:00:00Z"})
    org.set(seed=3, speed=7, clock="paused", workers=1)
    assert org.control("GET", "/clock").json()["now"] == "2031-01-01T00:00:00.000000Z"


REWRITE = {
    "seed": 99,
    "pending_seconds": 1000,
    "queued_seconds": 0,
    "processing_seconds": 5000,
    "workers": 1,
    "failure_rate": 1,
    "attribute_error_rate": 1,
    "not_found_rate": 1,
    "found_rates": {"names": 0, "coordinates": 1},
    "drift_rate": 1,
}


def test_a_later_change_rewrites_nothing_that_is_already_drawn(org: Org) -> None:
    """interface.md: a change governs what is submitted after it, never what is already drawn."""
    other = org.other()
    for world in (org, other):
        world.control("PATCH", "/clock", {"now": "2031-01-01T00:00:00Z"})
        world.set(failure_rate=0.3, attribute_error_rate=0.2, workers=4)
        world.create(*STORES, batch_id="b")
        world.advance(2)
    org.set(**REWRITE)
    for _ in range(30):
        assert org.call("GET", "/jobs").content == other.call("GET", "/jobs").content
        assert org.batch("b") == other.batch("b")
        for world in (org, other):
            world.advance(0.5)
    assert org.batch("b")["metadata"]["status_counts"]["failed"] not in {0, 30}


def test_a_change_governs_what_is_submitted_after_it(org: Org) -> None:
    org.create("store-1", batch_id="before")
    org.set(failure_rate=1)
    org.create("store-1", batch_id="after")
    org.settle()
    assert [org.batch(batch)["status"] for batch in ("before", "after")] == ["completed", "failed"]


def test_a_change_governs_what_is_reprocessed_after_it(org: Org) -> None:
    org.create("store-1", batch_id="b")
    org.settle()
    org.set(failure_rate=1)
    org.post("/batches/b/reprocess", {"failed_only": False})
    org.set(failure_rate=0)
    org.settle()
    assert org.batch("b")["status"] == "failed"


def test_another_seed_is_another_history(org: Org) -> None:
    worlds = [org.other() for _ in range(3)]
    for world, seed in zip(worlds, (1, 1, 2), strict=True):
        world.set(seed=seed, failure_rate=0.5)
        world.create(*STORES, batch_id="b")
        world.settle()
    failed = [world.batch("b")["jobs"]["failed"] for world in worlds]
    outputs = [[result["outputs"] for result in world.results("b").values()] for world in worlds]
    assert failed[0] == failed[1] != failed[2]
    assert outputs[0] == outputs[1] != outputs[2]


@pytest.mark.parametrize("workers", [1, 3])
def test_at_most_so_many_jobs_of_a_submission_are_in_progress(org: Org, workers: int) -> None:
    """interface.md: simulated workers per submission; another submission has its own."""
    org.set(workers=workers, pending_seconds=0.1, queued_seconds=0.1, processing_seconds=3)
    for batch_id in ("b-1", "b-2"):
        org.create(*STORES[:8], batch_id=batch_id)
    busiest = 0
    for _ in range(25):
        for batch_id in ("b-1", "b-2"):
            assert len(org.batch(batch_id)["jobs"]["in_progress"]) <= workers
        busiest = max(busiest, org.control("GET").json()["jobs"]["in_progress"])
        org.advance(0.4)
    assert busiest == 2 * workers


def test_the_jobs_of_a_request_can_be_limited(org: Org) -> None:
    """contract D2: lower it to test the limit with five places."""
    org.set(max_jobs_per_request=5)
    org.create(*STORES[:5], batch_id="b")
    job = {"place_id": "x", "inputs": {"name": ""}}
    response = org.call("POST", "/batches", json={"batch_name": "B", "batch_id": "b", "jobs": [job] * 6})
    assert response.status_code == 400
    org.create(*STORES[5:9], batch_id="b")
    assert org.batch("b")["metadata"]["total_jobs"] == 9


def test_durations_of_nothing_finish_a_batch_at_the_next_look(org: Org) -> None:
    org.set(pending_seconds=0, queued_seconds=0, processing_seconds=0)
    assert org.create(*STORES, batch_id="b")["status"] == "pending"
    assert org.batch("b")["status"] == "completed"


def test_the_longest_durations_on_one_worker_are_no_defect(org: Org) -> None:
    """contract B5: nothing that a client sends gets a 500, not even jobs that end beyond the end of time."""
    org.set(processing_seconds=10**9, pending_seconds=10**9, queued_seconds=10**9, workers=1)
    org.create(*(f"mock-slow-{number}" for number in range(1200)), batch_id="b")
    assert org.control("POST", "/clock/settle", {}).status_code == 422
    org.advance(10**11)
    assert org.batch("b")["metadata"]["total_jobs"] == 1200
    assert len(org.get("/jobs", batchId="b")["jobs"]) == 1200
    assert org.post("/batches/b/reprocess", {"failed_only": False})["job_count"] == 1200
