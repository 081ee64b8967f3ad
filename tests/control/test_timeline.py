"""The timeline: counts by status over virtual time, held against a model that looks at every job at every time."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from reprompt_mock.app import Emulator
from reprompt_mock.clock import moment_of
from reprompt_mock.engine.timeline import grid_of
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.store.timetables import Bounds
from tests.conftest import LONDON, Org

STATUSES = [status.name for status in JobStatus]
PLACES = [*"abcdef", "mock-stuck-a", "mock-slow-a", "mock-fail-a", "held-pending", "held-queued", "held-in_progress"]
HOLDS = ("pending", "queued", "in_progress")
SECONDS = st.floats(0, 20)


def timeline(org: Org, **query: Any) -> dict[str, Any]:
    response = org.http.get(f"/_mock/orgs/{org.slug}/timeline", params=query)
    assert response.status_code == 200, response.text
    return dict(response.json())


def microseconds(time: str) -> int:
    return moment_of(datetime.fromisoformat(time))


def rows(org: Org, batch_id: str | None) -> list[tuple[int, int, int | None, int | None, int | None, int | None]]:
    """Read every job's timetable by itself: when its place and its latest attempt came, and its transitions.

    What replaces a place of the same id keeps its key, which is of the submission that brought the place first.
    """
    app: Emulator = org.http.app  # type: ignore[assignment]
    key = app.engine.worlds.peek(org.slug).state.key
    of_batch = "" if batch_id is None else "AND batch = (SELECT pk FROM batch WHERE world = :world AND id = :id)"
    with app.engine.store.read() as session:
        return list(
            session.rows(
                "SELECT (SELECT at FROM submission WHERE job.pk BETWEEN first AND last),"
                " (SELECT at FROM submission WHERE pk = submission), queued_at, started_at, finished_at, outcome"
                f" FROM job WHERE world = :world {of_batch} AND batch IN (SELECT pk FROM batch WHERE world = :world)",
                {"world": key, "id": batch_id},
            )
        )


def status_at(job: tuple[Any, ...], time: int) -> str | None:
    _, at, queued, started, finished, outcome = job
    if time < at:
        return None
    for moment, status in ((finished, outcome), (started, 2), (queued, 1)):
        if moment is not None and moment <= time:
            return STATUSES[status]
    return "pending"


def expected(jobs: list[tuple[Any, ...]], times: list[str]) -> dict[str, list[int]]:
    """Count by looking at every job at every time."""
    seen = [[status_at(job, microseconds(time)) for job in jobs] for time in times]
    return {status: [of.count(status) for of in seen] for status in STATUSES}


def counts(found: dict[str, Any]) -> dict[str, list[int]]:
    return {status: found[status] for status in STATUSES}


steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("create"),
            st.sampled_from(["one", "two"]),
            st.lists(st.sampled_from(PLACES), min_size=1, max_size=5, unique=True),
            st.sampled_from([["websites"], []]),  # without attributes they are uploads
        ),
        st.tuples(st.just("alone"), st.sampled_from(PLACES)),
        st.tuples(st.just("advance"), SECONDS),
        st.tuples(st.just("reprocess"), st.sampled_from(["one", "two"]), st.booleans()),
        st.tuples(st.just("delete"), st.sampled_from(["one", "two"])),
        st.tuples(st.just("drop"), st.sampled_from(PLACES)),
        st.tuples(st.just("release")),
        st.tuples(st.just("pace"), SECONDS, st.integers(1, 3), st.sampled_from([0, 0.5])),
    ),
    max_size=8,
)


def carry_out(org: Org, step: tuple[Any, ...]) -> None:
    """Do something to a world, which may be refused."""
    match step:
        case ("create", batch_id, places, attributes):
            jobs = [{"place_id": place, "inputs": LONDON} for place in places]
            body = {"batch_id": batch_id, "batch_name": "B", "jobs": jobs, "attributes": attributes}
            if not attributes:
                body |= {"kick_off_jobs_now": False}
            org.call("POST", "/batches", json=body)
        case ("alone", place):
            org.call("POST", "/jobs", json={"place_id": place, "inputs": LONDON, "attributes": ["websites"]})
        case ("advance", seconds):
            org.advance(seconds)
        case ("reprocess", batch_id, failed_only):
            org.call("POST", f"/batches/{batch_id}/reprocess", json={"failed_only": failed_only})
        case ("delete", batch_id):
            org.call("DELETE", f"/batches/{batch_id}")
        case ("drop", place):
            org.call("DELETE", f"/jobs/{place}")
        case ("release",):
            org.control("POST", "/release", {})
        case ("pace", seconds, workers, rate):
            org.set(processing_seconds=seconds, workers=workers, failure_rate=rate)


@settings(max_examples=60, deadline=None)
@given(history=steps, points=st.integers(2, 40), batch_id=st.sampled_from([None, "one"]))
@example(history=[("alone", "a"), ("advance", 1.0), ("alone", "a")], points=2, batch_id=None)
def test_a_timeline_is_what_every_job_looks_like_at_every_time(
    http: TestClient, history: list[tuple[Any, ...]], points: int, batch_id: str | None
) -> None:
    org = Org(http, "timeline", {"apiKey": "k"})
    org.control("DELETE")
    for status in HOLDS:
        org.control("POST", "/rules", {"match": {"place_id": f"held-{status}"}, "then": {"hold": status}})
    for step in history:
        carry_out(org, step)
    query = {} if batch_id is None else {"batch_id": batch_id}
    if batch_id is not None and org.control("GET", f"/batches/{batch_id}").status_code == 404:
        assert org.http.get(f"/_mock/orgs/{org.slug}/timeline", params=query).status_code == 404
        return

    found = timeline(org, points=points, **query)
    jobs = rows(org, batch_id)

    assert counts(found) == expected(jobs, found["times"])
    assert len(found["times"]) == (points if jobs else 0)
    if jobs:
        first, last = microseconds(found["times"][0]), microseconds(found["times"][-1])
        finishes = [job[4] for job in jobs if job[4] is not None]
        assert first == min(job[0] for job in jobs)
        assert last == max(*finishes, first + 1) if finishes else last >= first
        equal = (last - first) / (points - 1)
        assert all(abs(microseconds(time) - first - equal * at) < 2 for at, time in enumerate(found["times"]))


def test_the_future_comes_as_it_was_shown(org: Org) -> None:
    org.set(failure_rate=0.3, workers=2)
    org.create(*(f"p-{number}" for number in range(20)), "mock-stuck-a", batch_id="b")
    org.advance(3)
    shown = timeline(org, points=25)

    for position, time in enumerate(shown["times"]):
        if time >= shown["now"]:
            assert org.control("PATCH", "/clock", {"now": time}).status_code == 200
            jobs = org.control("GET").json()["jobs"]
            assert jobs == {status: shown[status][position] for status in STATUSES}
    assert (jobs["in_progress"], jobs["completed"] + jobs["failed"]) == (1, 20)
    assert timeline(org, points=25)["times"] == shown["times"], "the past is shown too"


def test_a_job_counts_from_its_latest_attempt_on(org: Org) -> None:
    org.create("a", batch_id="b")
    org.create("mock-flaky-b", batch_id="b")
    org.settle()
    org.advance(100)
    org.post("/batches/b/reprocess", {"failed_only": True})

    found = timeline(org, batch_id="b", points=50)

    totals = [sum(found[status][position] for status in STATUSES) for position in range(50)]
    assert (totals[0], totals[-1]) == (1, 2)
    assert totals == sorted(totals)


def test_a_world_without_jobs_has_no_times(org: Org) -> None:
    empty: dict[str, list[int]] = {status: [] for status in STATUSES}
    assert timeline(org) | {"now": ""} == {"now": "", "times": [], **empty}
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]
    org.create(batch_id="b")
    assert counts(timeline(org, batch_id="b")) == empty


@pytest.mark.parametrize("query", ["points=1", "points=1001", "points=x"])
def test_points_are_limited(org: Org, query: str) -> None:
    assert org.control("GET", f"/timeline?{query}").status_code == 422


def test_a_batch_that_is_not_there_has_no_timeline(org: Org) -> None:
    org.create("a", batch_id="b")
    assert org.control("GET", "/timeline?batch_id=c").status_code == 404


@given(
    first=st.integers(0, 2 * 10**17),
    span=st.one_of(st.integers(1, 10**6), st.integers(1, 5 * 10**16)),
    points=st.integers(2, 1000),
    share=st.floats(0, 1),
)
def test_the_database_finds_the_position_of_a_time_however_far_the_grid_extends(
    first: int, span: int, points: int, share: float
) -> None:
    from reprompt_mock.store.statements import _position

    grid = grid_of(Bounds(first, first + span, first), points)
    time = first + int(span * share)
    values = {**grid.values, "time": time}
    (position,) = sqlite3.connect(":memory:").execute(f"SELECT {_position(':time')}", values).fetchone()

    assert position == next(at for at, moment in enumerate(grid.times) if moment >= time)
    assert type(position) is int
    assert grid.times == sorted(grid.times)
    assert 0 <= grid.times[-1] - (first + span) <= grid.unit
