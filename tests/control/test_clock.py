"""Control API: a world's clock, advance and settle, poll_advance, and what does not depend on them (interface.md)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import LONDON, Org

START = "2031-01-01T00:00:00.000000Z"
STORES = [f"store-{number}" for number in range(25)]
TEST_PLACES = ["mock-ok-1", "mock-fail-2", "mock-flaky-3", "mock-partial-4", "mock-slow-5", "mock-empty-6"]


def _clock(org: Org) -> Any:
    return org.control("GET", "/clock").json()


def _now(org: Org) -> str:
    now: str = _clock(org)["now"]
    return now


def _start(org: Org) -> Org:
    assert org.control("PATCH", "/clock", {"now": START}).status_code == 200
    return org


def _after(seconds: float) -> str:
    moment = datetime.fromisoformat(START) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_clock_has_three_keys(org: Org) -> None:
    """interface.md: {now, running, speed}."""
    clock = _clock(org)
    assert set(clock) == {"now", "running", "speed"}
    assert (clock["running"], clock["speed"]) == (False, 1.0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", clock["now"])


def test_a_paused_clock_stands_still_once_the_world_is_used(org: Org) -> None:
    org.set()
    assert len({_now(org) for _ in range(20)}) == 1


def test_every_change_answers_with_the_clock_and_leaves_the_rest(org: Org) -> None:
    _start(org)
    for change in ({"speed": 10}, {"running": False}, {"speed": 0.5}, {}):
        answer = org.control("PATCH", "/clock", change).json()
        assert answer == _clock(org)
        assert answer["now"] == START
    assert _clock(org) == {"now": START, "running": False, "speed": 0.5}


def test_resuming_and_pausing_again_never_goes_back(org: Org) -> None:
    _start(org)
    changes = [{"running": running, "speed": 1e6} for running in (True, False, True, False)]
    moments = [START, *(org.control("PATCH", "/clock", change).json()["now"] for change in changes)]
    assert moments == sorted(moments)
    assert _clock(org)["running"] is False


@pytest.mark.parametrize(
    ("given", "now"),
    [
        ("2031-01-01T00:00:00Z", START),
        ("2031-01-01T02:00:00+02:00", START),
        ("2030-12-31T19:00:00.000000-05:00", START),
        ("2031-01-01T00:00:00.000001Z", "2031-01-01T00:00:00.000001Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000000Z"),
    ],
)
def test_the_time_can_be_set_exactly(org: Org, given: str, now: str) -> None:
    """interface.md: now sets the time, for golden files; times up to the year 9999."""
    assert org.control("PATCH", "/clock", {"now": given}).json()["now"] == now
    assert _now(org) == now


def test_the_time_is_exact_where_a_running_clock_is_paused_with_it(org: Org) -> None:
    org.control("PATCH", "/clock", {"running": True, "speed": 1e6})
    assert org.control("PATCH", "/clock", {"now": "2050-01-01T00:00:00Z", "running": False}).json()["now"] == (
        "2050-01-01T00:00:00.000000Z"
    )


@pytest.mark.parametrize(
    "body",
    [
        {"now": "2031-01-01T00:00:00"},
        {"now": "yesterday"},
        {"now": 1_900_000_000},
        {"now": "1900000000"},
        {"now": "-1"},
        {"now": True},
        {"now": "1969-12-31T23:59:59Z"},
        {"now": "0001-01-01T00:00:00+14:00"},
        {"now": "10000-01-01T00:00:00Z"},
        {"speed": 0},
        {"speed": -1},
        {"speed": 1_000_001},
        {"running": "perhaps"},
        {"now": "2040-01-01T00:00:00Z", "speed": 0},
        [],
        "x",
    ],
)
def test_a_change_that_does_not_fit_is_refused_and_changes_nothing(org: Org, body: Any) -> None:
    _start(org)
    assert org.control("PATCH", "/clock", body).status_code == 422
    assert _clock(org) == {"now": START, "running": False, "speed": 1.0}


@pytest.mark.parametrize(
    ("method", "path", "body", "known"),
    [
        ("PATCH", "/clock", {"sped": 2}, "speed"),
        ("PATCH", "/clock", {"runing": True}, "running"),
        ("POST", "/clock/advance", {"second": 2}, "seconds"),
        ("POST", "/clock/settle", {"batchId": "b"}, "batch_id"),
    ],
)
def test_an_unknown_key_is_told_the_nearest_known_one(org: Org, method: str, path: str, body: Any, known: str) -> None:
    response = org.control(method, path, body)
    assert response.status_code == 422
    assert any(f"{known}?" in entry["msg"] for entry in response.json()["detail"])


def test_without_jobs_the_time_may_be_set_back(org: Org) -> None:
    """interface.md: forward only, once the world has jobs; an empty batch is none."""
    _start(org)
    org.create(batch_id="empty")
    assert org.control("PATCH", "/clock", {"now": "2020-01-01T00:00:00Z"}).status_code == 200
    org.create("a", batch_id="b")
    org.call("DELETE", "/batches/b")
    assert org.control("PATCH", "/clock", {"now": "2010-01-01T00:00:00Z"}).status_code == 200


def test_with_exports_the_time_only_goes_forward(org: Org) -> None:
    """interface.md: forward only, once the world has jobs; contract K4: an export never goes back."""
    _start(org)
    org.set(export_inline_rows=0)
    for batch_id in ("a", "b"):
        org.create("place", batch_id=batch_id)
    assert org.call("POST", "/exports", json={"batch_ids": ["a", "b"]}).status_code == 202
    org.settle()
    for batch_id in ("a", "b"):
        org.call("DELETE", f"/batches/{batch_id}")

    assert org.control("PATCH", "/clock", {"now": "2020-01-01T00:00:00Z"}).status_code == 422
    assert [one["status"] for one in org.get("/exports")["exports"]] == ["completed"]


@pytest.mark.parametrize("kind", ["batch", "upload", "alone"])
def test_with_jobs_the_time_only_goes_forward(org: Org, kind: str) -> None:
    """interface.md: forward only, once the world has jobs, whatever they are."""
    _start(org)
    if kind == "alone":
        org.post("/jobs", {"place_id": "a", "inputs": LONDON})
    else:
        org.create("a", batch_id="b", kick_off_jobs_now=kind == "batch")
    response = org.control("PATCH", "/clock", {"now": "2030-12-31T23:59:59.999999Z", "speed": 3})
    assert response.status_code == 422
    assert isinstance(response.json()["detail"], str)
    assert _clock(org) == {"now": START, "running": False, "speed": 1.0}
    assert org.control("PATCH", "/clock", {"now": START}).status_code == 200
    assert org.control("PATCH", "/clock", {"now": "2031-01-02T00:00:00Z"}).status_code == 200


def test_setting_the_time_makes_happen_what_is_due_by_it(org: Org) -> None:
    _start(org)
    org.create(*STORES, batch_id="b")
    org.control("PATCH", "/clock", {"now": "2031-01-02T00:00:00Z"})
    batch = org.batch("b")
    assert batch["status"] == "completed"
    enriched = {result["job_metadata"]["last_enriched"] for result in org.results("b").values()}
    assert all(START < moment < _after(60) for moment in enriched)


@pytest.mark.parametrize("seconds", [0, 0.000001, 0.5, 1, 86_400, 10**9])
def test_advancing_moves_the_clock_exactly(org: Org, seconds: float) -> None:
    _start(org)
    response = org.control("POST", "/clock/advance", {"seconds": seconds})
    assert (response.status_code, response.json()) == (200, _clock(org))
    assert _now(org) == _after(seconds)


@pytest.mark.parametrize("seconds", [-1, -0.000001, "x", None, [], 10**12 + 1, 10**12])
def test_a_step_that_is_impossible_is_refused_and_moves_nothing(org: Org, seconds: Any) -> None:
    """interface.md: times up to the year 9999."""
    _start(org)
    org.create("a", batch_id="b")
    assert org.control("POST", "/clock/advance", {"seconds": seconds}).status_code == 422
    assert org.control("POST", "/clock/advance", {}).status_code == 422
    assert _now(org) == START
    assert org.batch("b")["status"] == "pending"


def test_every_transition_due_by_then_has_happened_when_an_advance_answers(org: Org) -> None:
    """interface.md: advance; several transitions of a job in one step, too."""
    org.create("mock-ok-1", "mock-fail-2", "mock-stuck-3", batch_id="b")
    org.advance(3600)
    assert org.control("GET").json()["jobs"] == {
        "pending": 0,
        "queued": 0,
        "in_progress": 1,
        "completed": 1,
        "failed": 1,
    }
    assert org.batch("b")["jobs"]["in_progress"] == ["mock-stuck-3"]


def test_a_transition_happens_at_its_very_moment_and_not_before(org: Org) -> None:
    _start(org)
    org.create("store-1", batch_id="b")
    span = org.other()
    _start(span)
    span.create("store-1", batch_id="b")
    seconds = span.settle()["advanced_seconds"]
    org.advance(round(seconds - 0.000001, 6))
    assert org.batch("b")["status"] == "in_progress"
    org.advance(0.000001)
    assert org.batch("b")["status"] == "completed"
    assert _now(org) == _now(span)


def test_settling_advances_just_far_enough(org: Org) -> None:
    """interface.md: settle → {now, advanced_seconds, unfinished}."""
    _start(org)
    org.set(workers=2)
    org.create(*STORES, batch_id="b")
    settled = org.settle()
    assert set(settled) == {"now", "advanced_seconds", "unfinished"}
    assert settled["unfinished"] == 0
    assert settled["now"] == _now(org) == _after(settled["advanced_seconds"])
    enriched = [result["job_metadata"]["last_enriched"] for result in org.results("b").values()]
    assert max(enriched) == settled["now"]
    assert org.settle() == {"now": settled["now"], "advanced_seconds": 0, "unfinished": 0}


@pytest.mark.parametrize("options", [{}, {"json": {}}, {"json": {"batch_id": None}}, {"content": b""}])
def test_the_body_of_a_settle_may_be_missing(org: Org, options: dict[str, Any]) -> None:
    org.create("a", batch_id="b")
    url = f"/_mock/orgs/{org.slug}/clock/settle"
    assert org.http.post(url, **options).json()["unfinished"] == 0
    assert org.batch("b")["status"] == "completed"


def test_settling_an_unused_world_moves_nothing(org: Org) -> None:
    settled = org.settle()
    assert (settled["advanced_seconds"], settled["unfinished"]) == (0, 0)


def test_held_stuck_and_uploaded_jobs_are_aside_and_counted(org: Org) -> None:
    """interface.md: held ones and unstarted uploads aside; unfinished is how many jobs in scope still are."""
    org.control("POST", "/rules", {"match": {"place_id": "held"}, "then": {"hold": "queued"}})
    org.create("mock-ok-1", "mock-stuck-2", "held", batch_id="b")
    org.create("upload-3", "upload-4", batch_id="b", kick_off_jobs_now=False)
    org.create("other-5", batch_id="c")
    settled = org.settle()
    assert settled["unfinished"] == 4
    assert settled["advanced_seconds"] < 60
    assert org.batch("b")["jobs"]["completed"] == ["mock-ok-1"]
    assert org.batch("b")["jobs"]["queued"] == ["held"]
    assert (org.settle("b")["unfinished"], org.settle("c")["unfinished"]) == (4, 0)


def test_settling_one_batch_goes_no_further_than_it_needs(org: Org) -> None:
    """interface.md: batch_id: the scope."""
    org.create("store-1", batch_id="quick")
    org.set(pending_seconds=1000)
    org.create("store-1", batch_id="slow")
    settled = org.settle("quick")
    assert (settled["unfinished"], settled["advanced_seconds"] < 10) == (0, True)
    assert (org.batch("quick")["status"], org.batch("slow")["status"]) == ("completed", "pending")
    assert org.settle("quick")["advanced_seconds"] == 0
    assert org.settle()["unfinished"] == 0


def test_settling_covers_jobs_without_a_batch(org: Org) -> None:
    org.post("/jobs", {"place_id": "a", "inputs": LONDON})
    assert org.settle()["advanced_seconds"] > 0
    assert org.get("/jobs/a")["status"] == "completed"


def test_settling_an_unknown_batch_is_not_found(org: Org) -> None:
    org.create("a", batch_id="b")
    assert org.control("POST", "/clock/settle", {"batch_id": "c"}).status_code == 404
    assert org.control("POST", "/clock/settle", {"batch_id": ""}).status_code == 404
    assert org.batch("b")["status"] == "pending"


def test_after_a_reprocess_settle_looks_at_the_new_attempt(org: Org) -> None:
    org.create("store-1", batch_id="b")
    org.settle()
    org.post("/batches/b/reprocess", {"failed_only": False})
    assert org.settle()["advanced_seconds"] > 0
    assert org.batch("b")["status"] == "completed"


# Progress per poll


def test_each_poll_of_a_batch_first_moves_the_clock(org: Org) -> None:
    """interface.md: poll_advance: progress per poll, no waiting."""
    _start(org)
    org.set(poll_advance=0.5)
    org.create(*STORES, batch_id="b")
    seen = []
    for polls in range(1, 100):
        seen.append(org.batch("b")["status"])
        assert _now(org) == _after(polls * 0.5)
        if seen[-1] == "completed":
            break
    assert list(dict.fromkeys(seen)) == ["pending", "queued", "in_progress", "completed"] or seen[-1] == "completed"
    assert 2 < len(seen) < 30


def test_only_the_status_of_a_batch_that_is_there_moves_the_clock(org: Org) -> None:
    """interface.md: each GET /batches/{id}."""
    _start(org)
    org.set(poll_advance=10)
    org.create("a", batch_id="b")
    org.get("/batches")
    org.get("/jobs", batchId="b")
    org.get("/jobs/a")
    org.control("GET")
    assert org.call("GET", "/batches/unknown").status_code == 404
    assert _now(org) == START
    org.batch("b", enrichments="websites")
    assert _now(org) == _after(10)


def test_a_poll_counts_once_per_request_and_not_for_others(org: Org) -> None:
    _start(org)
    other = _start(org.other())
    org.set(poll_advance=10)
    for world in (org, other):
        world.create("mock-stuck-1", batch_id="b")
    for _ in range(3):
        org.batch("b")
        other.batch("b")
    assert (_now(org), _now(other)) == (_after(30), START)


def test_polling_at_the_end_of_time_is_no_defect(org: Org) -> None:
    """contract B5."""
    org.control("PATCH", "/clock", {"now": "9999-12-31T23:59:58Z"})
    org.set(poll_advance=10**9)
    org.create("a", batch_id="b")
    for _ in range(2):
        assert org.batch("b")["metadata"]["total_jobs"] == 1
    assert _now(org) == "9999-12-31T23:59:59.000000Z"
    assert org.control("POST", "/clock/advance", {"seconds": 1}).status_code == 422
    assert org.get("/jobs", batchId="b")["total"] == 1


# The same requests, the same answers


def _advance_at_once(org: Org, seconds: int) -> None:
    org.advance(seconds)


def _advance_in_steps(org: Org, seconds: int) -> None:
    """Move by uneven steps that add up, and look at everything between them."""
    left, step = seconds * 1_000_000, 61_803
    while left:
        step = min(left, step * 5 // 3 % 2_100_001 + 1)
        org.advance(step / 1_000_000)
        left -= step
        if left % 3 == 0:
            org.get("/jobs", limit=2)
            org.get("/batches")


def _story(org: Org, advance: Any) -> list[bytes]:
    """Use a world in every way; gives the bytes of all answers."""
    answers: list[bytes] = []

    def call(method: str, path: str, body: Any = None) -> Any:
        response = org.call(method, path, json=body)
        answers.append(response.content)
        return response

    _start(org)
    org.set(
        generate_place_ids=True,
        seed=7,
        workers=3,
        failure_rate=0.3,
        attribute_error_rate=0.1,
        not_found_rate=0.2,
        drift_rate=0.5,
    )
    jobs = [{"place_id": place, "inputs": LONDON} for place in [*STORES, *TEST_PLACES]]
    unnamed = [{"inputs": {"name": f"Bakery {number}", "city": "Lyon"}} for number in range(3)] * 2
    body = {"batch_name": "Story", "jobs": jobs + unnamed, "attribute_set": "core"}
    first = call("POST", "/batches", body).json()["id"]
    second = call("POST", "/batches", body).json()["id"]
    assert first != second
    advance(org, 3)
    call("GET", "/jobs")
    call("POST", "/batches", {**body, "batch_id": first, "jobs": jobs[5:9], "attributes": ["menu"]})
    call("GET", f"/batches/{first}?enrichments=websites,menu")
    advance(org, 40)
    call("POST", f"/batches/{first}/reprocess")
    call("POST", f"/batches/{second}/reprocess", {"failed_only": False, "refresh": True, "attributes": ["websites"]})
    advance(org, 2)
    for path in ("/jobs", "/batches", f"/batches/{first}", f"/batches/{second}", "/jobs/store-1"):
        call("GET", path)
    advance(org, 60)
    call("POST", "/jobs/reprocess", {"place_ids": ["store-1", "mock-flaky-3"]})
    advance(org, 60)
    for path in ("/jobs", "/batches", f"/batches/{first}", f"/batches/{second}", "/jobs/store-1"):
        call("GET", path)
    return answers


def test_the_same_requests_have_the_same_answers_however_time_is_cut(org: Org) -> None:
    """interface.md, seed: same seed and same requests, same answers, on any world; design: never on when one looks."""
    at_once = _story(org, _advance_at_once)
    in_steps = _story(org.other(), _advance_in_steps)
    assert at_once == in_steps
    assert b'"failed"' in at_once[-1] or b'"completed"' in at_once[-1]


def test_a_history_does_not_depend_on_what_else_is_in_the_world(org: Org) -> None:
    """design: neither org, batch, clock nor arrival enters."""
    other = org.other()
    other.create(*STORES, batch_id="noise", attributes=["menu"])
    other.advance(100)
    histories = []
    for world, batch_id in ((org, "b-1"), (other, "b-2")):
        world.set(failure_rate=0.3)
        world.create(*STORES, batch_id=batch_id)
        world.settle()
        results = world.results(batch_id)
        for result in results.values():
            assert result["job_metadata"].pop("last_enriched") or result["status"] == "failed"
        histories.append(results)
    assert histories[0] == histories[1]
