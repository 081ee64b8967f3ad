"""Contract E: batch status."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, count
from typing import Any

import pytest

from reprompt_mock.engine import batches, clock
from tests.conftest import LONDON, Org

STATUSES = ["pending", "queued", "in_progress", "completed", "failed"]
MIXED = ["mock-ok-1", "mock-fail-2", "mock-slow-3", "store-4", "mock-stuck-5", "store-6", "mock-flaky-7", "store-8"]


def _counts(batch: Any) -> dict[str, int]:
    return {status: len(ids) for status, ids in batch["jobs"].items()}


def test_a_batch_has_the_keys_of_the_service(org: Org) -> None:
    """contract E1: id, batch_name, status, jobs, created_at."""
    created = org.create("a", batch_id="b-1", batch_name="Spain")
    batch = org.batch("b-1")
    assert set(batch) == {"id", "batch_name", "status", "jobs", "created_at", "metadata"}
    assert (batch["id"], batch["batch_name"], batch["status"]) == ("b-1", "Spain", "pending")
    assert {**batch, "metadata": None} == created


@pytest.mark.parametrize("place_ids", [[], ["a"], MIXED])
def test_jobs_have_all_five_keys_whatever_is_in_them(org: Org, place_ids: list[str]) -> None:
    """contract E1: jobs with all five keys, each a list of place ids."""
    created = org.create(*place_ids, batch_id="b")
    assert created["jobs"] == {"pending": place_ids, "queued": [], "in_progress": [], "completed": [], "failed": []}
    org.settle()
    assert list(org.batch("b")["jobs"]) == STATUSES


def test_the_lists_are_in_submission_order_and_add_up_at_every_moment(org: Org) -> None:
    """contract E1: in submission order; the sum of their lengths is the number of jobs, always."""
    org.set(workers=2)
    org.create(*MIXED, batch_id="b")
    seen = set()
    for _ in range(80):
        lists = org.batch("b")["jobs"]
        assert sorted(chain(*lists.values())) == sorted(MIXED)
        assert all(ids == [place_id for place_id in MIXED if place_id in ids] for ids in lists.values())
        seen |= {status for status, ids in lists.items() if ids}
        org.advance(0.5)
    assert seen == set(STATUSES)


def test_appended_jobs_stand_at_the_end_and_replaced_ones_where_they_were(org: Org) -> None:
    """contract E1: submission order is the order of first mention, across appends."""
    org.create("a", "b", "c", batch_id="b")
    org.settle()
    org.create("d", "b", batch_id="b")
    jobs = org.batch("b")["jobs"]
    assert (jobs["completed"], jobs["pending"]) == (["a", "c"], ["b", "d"])
    org.settle()
    assert org.batch("b")["jobs"]["completed"] == ["a", "b", "c", "d"]


def test_created_at_is_the_worlds_time_and_stays(org: Org) -> None:
    """contract E1: created_at in UTC with microseconds and Z; appending and moving do not change it."""
    org.control("PATCH", "/clock", {"now": "2031-02-03T04:05:06.000007Z"})
    assert org.create("a", batch_id="b")["created_at"] == "2031-02-03T04:05:06.000007Z"
    org.settle()
    assert org.create("a", "c", batch_id="b")["created_at"] == "2031-02-03T04:05:06.000007Z"
    assert org.batch("b")["created_at"] == "2031-02-03T04:05:06.000007Z"


def test_metadata_sums_the_batch_up(org: Org) -> None:
    """contract E2: total_jobs, completed_jobs, status_counts, success_rate."""
    org.create("mock-ok-1", "mock-ok-2", "mock-ok-3", "mock-fail-1", "mock-stuck-1", batch_id="b")
    org.settle()
    org.advance(100)
    assert org.batch("b")["metadata"] == {
        "total_jobs": 5,
        "completed_jobs": 3,
        "status_counts": {"pending": 0, "queued": 0, "in_progress": 1, "completed": 3, "failed": 1},
        "success_rate": 0.75,
    }


def test_metadata_is_null_on_create_append_and_list(org: Org) -> None:
    """contract E2: on create and on list it is null, also once jobs have finished."""
    assert org.create("mock-ok-1", batch_id="b")["metadata"] is None
    org.settle()
    assert org.create("mock-ok-2", batch_id="b")["metadata"] is None
    assert org.get("/batches")["batches"][0]["metadata"] is None
    assert org.batch("b")["metadata"] is not None


@pytest.mark.parametrize(
    ("place_ids", "rate"), [([], None), (["mock-stuck-1"], None), (["mock-fail-1"], 0.0), (["mock-ok-1"], 1.0)]
)
def test_the_success_rate_is_null_while_none_is_finished(org: Org, place_ids: list[str], rate: float | None) -> None:
    """contract E2: completed ÷ finished, null while none is finished."""
    org.create(*place_ids, batch_id="b")
    assert org.batch("b")["metadata"]["success_rate"] is None
    org.settle()
    org.advance(100)
    assert org.batch("b")["metadata"]["success_rate"] == rate


def _uploaded(org: Org, *place_ids: str) -> Any:
    return org.create(*place_ids, batch_id="b", kick_off_jobs_now=False)


def test_without_jobs_a_batch_is_completed(org: Org) -> None:
    """contract E3: no job at all → completed, at creation and when its last job is deleted."""
    assert org.create(batch_id="b")["status"] == "completed"
    org.advance(10_000)
    assert org.batch("b")["status"] == "completed"
    assert org.create("a", batch_id="b")["status"] == "pending"
    org.call("DELETE", "/jobs/a")
    assert org.batch("b")["status"] == "completed"
    assert org.get("/batches")["batches"][0]["status"] == "completed"


def test_with_all_jobs_pending_a_batch_is_pending(org: Org) -> None:
    """contract E3: all pending → pending."""
    assert org.create("a", "c", batch_id="b")["status"] == "pending"
    assert org.batch("b")["status"] == "pending"


def test_with_some_queued_and_none_beyond_a_batch_is_queued(org: Org) -> None:
    """contract E3: some queued, none beyond → queued."""
    org.set(pending_seconds=10, queued_seconds=1000)
    org.create("a", "mock-slow-c", batch_id="b")
    org.advance(20)
    batch = org.batch("b")
    assert batch["jobs"]["pending"] == ["mock-slow-c"]
    assert batch["jobs"]["queued"] == ["a"]
    assert batch["status"] == "queued"
    org.advance(200)
    batch = org.batch("b")
    assert (batch["jobs"]["queued"], batch["status"]) == (["a", "mock-slow-c"], "queued")


def test_an_upload_beside_queued_jobs_leaves_the_batch_queued(org: Org) -> None:
    """contract E3: pending and queued jobs only → queued."""
    org.set(pending_seconds=1, queued_seconds=1000)
    _uploaded(org, "u")
    org.create("a", batch_id="b")
    org.advance(2)
    assert org.batch("b")["status"] == "queued"


def test_with_one_job_in_progress_a_batch_is_in_progress(org: Org) -> None:
    """contract E3: anything else → in_progress."""
    _uploaded(org, "u")
    org.create("mock-stuck-1", batch_id="b")
    org.advance(100)
    batch = org.batch("b")
    assert (_counts(batch)["pending"], _counts(batch)["in_progress"]) == (1, 1)
    assert batch["status"] == "in_progress"


@pytest.mark.parametrize("finished", ["mock-ok-1", "mock-fail-1"])
def test_a_finished_job_beside_an_unfinished_one_is_in_progress(org: Org, finished: str) -> None:
    """contract E3: anything else → in_progress, whatever the share of failures."""
    org.create(finished, batch_id="b")
    org.settle()
    assert _uploaded(org, "u")["status"] == "in_progress"
    assert org.batch("b")["status"] == "in_progress"


@pytest.mark.parametrize(
    ("completed", "failed", "threshold", "status"),
    [
        (1, 0, 0.0, "completed"),
        (0, 1, 0.5, "failed"),
        (1, 1, 0.5, "completed"),
        (1, 2, 0.5, "failed"),
        (9, 1, 0.1, "completed"),
        (8, 2, 0.1, "failed"),
        (9, 1, 0.0, "failed"),
        (0, 3, 1.0, "completed"),
    ],
)
def test_a_finished_batch_failed_where_more_than_the_threshold_failed(
    org: Org, completed: int, failed: int, threshold: float, status: str
) -> None:
    """contract E3: all finished → failed where failed ÷ total is greater than the threshold, else completed."""
    org.set(batch_failure_threshold=threshold)
    org.create(*(f"mock-ok-{n}" for n in range(completed)), *(f"mock-fail-{n}" for n in range(failed)), batch_id="b")
    org.settle()
    assert org.batch("b")["status"] == status
    assert org.get("/batches")["batches"][0]["status"] == status


def test_the_default_threshold_is_one_half(org: Org) -> None:
    """contract E3: default 0.5; exactly half is not more."""
    org.create("mock-ok-1", "mock-fail-1", batch_id="half")
    org.create("mock-ok-1", "mock-fail-1", "mock-fail-2", batch_id="more")
    org.settle()
    assert [org.batch(batch)["status"] for batch in ("half", "more")] == ["completed", "failed"]


def test_the_threshold_in_force_when_it_is_read_counts(org: Org) -> None:
    """contract E3: the one in force when it is read; create and list say the same."""
    org.create("mock-ok-1", "mock-fail-1", batch_id="b")
    org.settle()
    for threshold, status in ((0.5, "completed"), (0.4, "failed"), (0.9, "completed")):
        org.set(batch_failure_threshold=threshold)
        assert org.batch("b")["status"] == status
        assert org.batch("b")["status"] == status
        assert org.get("/batches")["batches"][0]["status"] == status


def test_the_status_follows_the_counts_through_the_whole_life_of_a_batch(org: Org) -> None:
    """contract E3: status is a function of the counts, at every moment; list, status and metadata agree."""
    org.set(workers=2, failure_rate=0.4)
    org.create(*(f"store-{number}" for number in range(12)), batch_id="b")
    statuses = []
    for _ in count():
        batch, entry = org.batch("b"), org.get("/batches")["batches"][0]
        counts = _counts(batch)
        assert batch["metadata"]["status_counts"] == counts == entry["status_counts"]
        assert batch["status"] == entry["status"]
        statuses.append(batch["status"])
        unfinished = counts["pending"] + counts["queued"] + counts["in_progress"]
        if not unfinished:
            break
        if counts["pending"] == 12:
            assert batch["status"] == "pending"
        elif counts["pending"] + counts["queued"] == 12:
            assert batch["status"] == "queued"
        else:
            assert batch["status"] == "in_progress"
        org.advance(0.2)
    assert list(dict.fromkeys(statuses))[:3] == ["pending", "queued", "in_progress"]
    assert statuses[-1] in {"completed", "failed"}


def test_the_read_moment_is_one_even_where_a_write_comes_between(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    """contract E1, E3: status, lists and counts describe one moment, also when time moves while they are read."""
    engine: Any = org.http.app.engine  # type: ignore[attr-defined]
    org.create(*(f"store-{number}" for number in range(20)), batch_id="b")
    world = engine.worlds.peek(org.slug)
    read = engine.store.read
    moves = [1_000_000] * 8

    def late_read(*first: Any) -> Any:
        if moves:
            engine.write(world, clock.advance, moves.pop())
        return read(*first)

    monkeypatch.setattr(engine.store, "read", late_read)
    while moves:
        view = engine.read(world, batches.status, "b")
        assert view.batch.counts == tuple(map(len, view.jobs.values()))


def _spread(org: Org, batch_id: str, *attributes: str) -> Any:
    return org.batch(batch_id, enrichments=",".join(attributes))["attribute_statuses"]


def test_enrichments_tell_how_each_attribute_fared(org: Org) -> None:
    """contract E4: per named attribute {RUN|ERROR|NOT_RUN|RUN_CONDITION_FAILED: {total, ids}}."""
    address_only = {"place_id": "mock-ok-4", "inputs": {"name": "A", "full_address": "Lyon"}}
    places = [{"place_id": place, "inputs": LONDON} for place in ("mock-ok-1", "mock-partial-2", "mock-fail-3")]
    unfinished = {"place_id": "mock-stuck-5", "inputs": LONDON}
    body = {"batch_id": "b", "batch_name": "B", "attributes": ["signage", "websites"]}
    org.post("/batches", {**body, "jobs": [*places, address_only, unfinished]})
    org.settle()
    org.advance(100)
    spread = _spread(org, "b", "signage", "websites")
    assert spread["signage"] == {
        "RUN": {"total": 1, "ids": ["mock-ok-1"]},
        "ERROR": {"total": 2, "ids": ["mock-partial-2", "mock-fail-3"]},
        "NOT_RUN": {"total": 1, "ids": ["mock-stuck-5"]},
        "RUN_CONDITION_FAILED": {"total": 1, "ids": ["mock-ok-4"]},
    }
    assert spread["websites"]["RUN"]["ids"] == ["mock-ok-1", "mock-partial-2", "mock-ok-4"]


def test_a_place_that_was_not_asked_for_an_attribute_counts_as_not_run(org: Org) -> None:
    """contract E4: a place that was not asked for it counts as NOT_RUN, for unknown attributes too."""
    org.create("mock-ok-1", attributes=["websites"], batch_id="b")
    org.create("mock-ok-2", attributes=["menu", "wi_fi"], batch_id="b")
    org.settle()
    spread = _spread(org, "b", "websites", "wi_fi", "nonsense")
    assert spread["websites"]["NOT_RUN"] == {"total": 1, "ids": ["mock-ok-2"]}
    assert spread["wi_fi"]["NOT_RUN"] == {"total": 2, "ids": ["mock-ok-1", "mock-ok-2"]}
    assert spread["nonsense"]["NOT_RUN"]["total"] == 2


@pytest.mark.parametrize("listed", ["websites,menu", " websites , menu ", "websites,,menu,", "websites,menu,websites"])
def test_enrichments_are_separated_by_commas(org: Org, listed: str) -> None:
    """contract E4: ?enrichments=a,b."""
    org.create("a", batch_id="b")
    assert list(org.batch("b", enrichments=listed)["attribute_statuses"]) == ["websites", "menu"]


def test_every_named_attribute_adds_up_to_the_batch_at_every_moment(org: Org) -> None:
    """contract E4: every place counts once per attribute, in submission order."""
    org.set(attribute_error_rate=0.3)
    org.create(*MIXED, batch_id="b")
    for _ in range(15):
        for by_status in _spread(org, "b", "websites", "names", "menu").values():
            assert set(by_status) == {"RUN", "ERROR", "NOT_RUN", "RUN_CONDITION_FAILED"}
            ids = [group["ids"] for group in by_status.values()]
            assert sorted(chain(*ids)) == sorted(MIXED)
            assert all(group["total"] == len(group["ids"]) for group in by_status.values())
            assert all(group == [place for place in MIXED if place in group] for group in ids)
        org.advance(0.6)


def test_the_attribute_statuses_are_those_of_the_results(org: Org) -> None:
    """contract E4: the same statuses as each result shows, after failures and reprocessing too."""
    org.set(attribute_error_rate=0.4, failure_rate=0.4)
    org.create(*(f"store-{number}" for number in range(20)), batch_id="b")
    org.settle()
    org.post("/batches/b/reprocess", {"failed_only": False, "attributes": ["websites", "menu"]})
    for _ in range(4):
        results = org.results("b")
        for name, by_status in _spread(org, "b", "websites", "menu", "names").items():
            for status, group in by_status.items():
                shown = [
                    place
                    for place, result in results.items()
                    if result["job_metadata"]["attribute_status"].get(name, "NOT_RUN") == status
                ]
                assert group["ids"] == shown
        org.advance(1.5)


def test_enrichments_of_many_jobs_are_in_submission_order(org: Org) -> None:
    """contract E4: every place is in one list of each attribute; large batches are read in another way than small."""
    org.set(failure_rate=0.3)
    org.create(*(f"store-{number}" for number in range(400)), batch_id="b")
    org.create(*(f"store-{number}" for number in range(300, 700)), attributes=["menu"], batch_id="b")
    org.settle()

    found = org.batch("b", enrichments="websites,menu")["attribute_statuses"]

    shown = {place_id: job["job_metadata"]["attribute_status"] for place_id, job in org.results("b").items()}
    for name in ("websites", "menu"):
        expected: dict[str, list[str]] = {}
        for place_id, statuses in shown.items():
            expected.setdefault(statuses.get(name, "NOT_RUN"), []).append(place_id)
        assert {status: one["ids"] for status, one in found[name].items() if one["total"]} == expected
        assert len(expected) > 1


def test_without_enrichments_there_are_no_attribute_statuses(org: Org) -> None:
    """contract E4: without the parameter the key is absent."""
    org.create("a", batch_id="b")
    assert "attribute_statuses" not in org.batch("b")
    assert "attribute_statuses" not in org.create("c", batch_id="b")


def test_an_unknown_batch_is_not_found(org: Org) -> None:
    """contract E1, B4: a batch that is not there is a 404, another organization's too."""
    org.create("a", batch_id="b")
    assert org.call("GET", "/batches/other").status_code == 404
    assert org.other().call("GET", "/batches/b").status_code == 404


def test_times_carry_a_zone(org: Org) -> None:
    """contract E1: the times can be compared with others."""
    created = datetime.fromisoformat(org.create("a")["created_at"])
    assert created.utcoffset() is not None
