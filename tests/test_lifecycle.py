"""When jobs move and how they end: the plan against a brute-force model, and its laws (contract G6)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock import lifecycle
from reprompt_mock.clock import SECOND
from reprompt_mock.lifecycle import Course, Hold, JobStatus, Pace


class Entrant(NamedTuple):
    """A job about to be given its timetable."""

    place_id: str
    attempt: int
    course: Course | None = None


class Timetable(NamedTuple):
    """A job's row of the plan."""

    queued_at: int | None
    started_at: int | None
    finished_at: int | None
    outcome: int | None
    hold: int | None


def plan(entrants: Sequence[Entrant], *, at: int, seed: int, pace: Pace) -> list[Timetable]:
    """Plan job by job what the lifecycle plans column by column."""
    courses = {position: one.course for position, one in enumerate(entrants) if one.course}
    columns = lifecycle.plan(
        [one.place_id for one in entrants], [one.attempt for one in entrants], courses, at=at, seed=seed, pace=pace
    )
    return [Timetable(*row) for row in zip(*columns, strict=True)]


def resume(entrant: Entrant, status: JobStatus, *, at: int, seed: int, pace: Pace) -> tuple[int, int, int]:
    """Resume a job."""
    course = entrant.course or Course()
    (steps,) = lifecycle.resume([entrant.place_id], [entrant.attempt], [course], [status], at=at, seed=seed, pace=pace)
    return steps


AT = 1_800_000_000 * SECOND
DEFAULT = Pace(1.0, 1.0, 2.0, 50, 0.0)

means = st.sampled_from([0.0, 0.000001, 0.5, 1.0, 3.0, 60.0])
paces = st.builds(Pace, means, means, means, st.integers(1, 5), st.sampled_from([0.0, 0.3, 1.0]))
courses = st.builds(
    Course,
    st.sampled_from([None, None, JobStatus.completed, JobStatus.failed]),
    st.sampled_from([None, None, None, *Hold]),
    st.sampled_from([None, None, 0.0, 1.5, 100.0]),
    st.sampled_from([1.0, 1.0, 10.0]),
)
entrants = st.lists(
    st.builds(Entrant, st.text("abc", min_size=1, max_size=3), st.integers(1, 3), st.none() | courses),
    max_size=12,
)
seeds = st.integers(-(2**63), 2**63 - 1)


def _with_workers(pace: Pace, workers: int) -> Pace:
    return Pace(pace.pending_seconds, pace.queued_seconds, pace.processing_seconds, workers, pace.failure_rate)


def _alone(entrant: Entrant, seed: int, pace: Pace) -> Timetable:
    """Give a job's timetable as if it were alone in the world, and were never held."""
    course = entrant.course and Course(entrant.course.outcome, None, entrant.course.seconds, entrant.course.slowness)
    (table,) = plan([entrant._replace(course=course)], at=AT, seed=seed, pace=pace)
    return table


def _hold_of(entrant: Entrant) -> Hold | None:
    return entrant.course.hold if entrant.course else None


def _modelled(jobs: Sequence[Entrant], seed: int, pace: Pace) -> list[Timetable]:
    """Serve the jobs by hand: every worker has a list of what it did, each comer takes the one that is free first."""
    alone = [_alone(job, seed, pace) for job in jobs]
    diaries: list[list[int]] = [[AT] for _ in range(pace.workers)]
    result: dict[int, Timetable] = {}
    comers = sorted((table.queued_at or 0, index) for index, table in enumerate(alone))
    for _, index in comers:
        table, hold = alone[index], _hold_of(jobs[index])
        assert table.queued_at is not None
        assert table.started_at is not None
        assert table.finished_at is not None
        processing = table.finished_at - table.started_at
        started = table.started_at
        if hold is None:
            diary = min(diaries, key=lambda diary: diary[-1])
            started = max(started, diary[-1])
            diary.append(started + processing)
        times = (table.queued_at, started, started + processing)
        held = {Hold.pending: 0, Hold.queued: 1, Hold.queued_deferred: 1, Hold.in_progress: 2, Hold.stuck: 2}
        reached = 3 if hold is None else held[hold]
        shown = [time if position < reached else None for position, time in enumerate(times)]
        result[index] = Timetable(shown[0], shown[1], shown[2], table.outcome, hold)
    return [result[index] for index in range(len(jobs))]


@given(entrants, seeds, paces)
def test_workers_serve_first_come_first_served_as_the_model_does(jobs: list[Entrant], seed: int, pace: Pace) -> None:
    assert plan(jobs, at=AT, seed=seed, pace=pace) == _modelled(jobs, seed, pace)


@given(entrants, seeds, paces)
def test_times_never_go_back_and_end_where_a_hold_begins(jobs: list[Entrant], seed: int, pace: Pace) -> None:
    for job, table in zip(jobs, plan(jobs, at=AT, seed=seed, pace=pace), strict=True):
        times = [AT, table.queued_at, table.started_at, table.finished_at]
        come = [time for time in times if time is not None]
        assert come == sorted(come)
        assert times[: len(come)] == come, "a time after one that never comes"
        assert table.hold == _hold_of(job)
        assert (table.finished_at is None) == (table.hold is not None)


@given(entrants, seeds, paces)
def test_never_more_jobs_in_progress_than_workers(jobs: list[Entrant], seed: int, pace: Pace) -> None:
    moves = []
    for table in plan(jobs, at=AT, seed=seed, pace=pace):
        if table.started_at is not None and table.finished_at is not None:
            moves += [(table.started_at, 1), (table.finished_at, -1)]
    busy = 0
    for _, change in sorted(moves):
        busy += change
        assert busy <= pace.workers


@given(entrants, seeds, paces)
def test_a_job_waits_only_for_a_worker(jobs: list[Entrant], seed: int, pace: Pace) -> None:
    """It starts when its own time has come, or at the very moment at which another one frees its worker."""
    tables = plan(jobs, at=AT, seed=seed, pace=pace)
    freed = {table.finished_at for table in tables}
    for job, table in zip(jobs, tables, strict=True):
        if table.started_at is not None:
            assert table.started_at == _alone(job, seed, pace).started_at or table.started_at in freed


@given(entrants, seeds, paces)
def test_held_and_stuck_jobs_take_no_worker(jobs: list[Entrant], seed: int, pace: Pace) -> None:
    """The others' timetables are as if those that are held did not exist."""
    tables = plan(jobs, at=AT, seed=seed, pace=pace)
    moving = [job for job in jobs if _hold_of(job) is None]
    assert plan(moving, at=AT, seed=seed, pace=pace) == [table for table in tables if table.hold is None]


@given(entrants, seeds, paces)
def test_where_workers_are_free_a_job_does_not_depend_on_the_others(jobs: list[Entrant], seed: int, pace: Pace) -> None:
    unhurried = _with_workers(pace, max(1, len(jobs)))
    tables = plan(jobs, at=AT, seed=seed, pace=unhurried)
    assert tables == [plan([job], at=AT, seed=seed, pace=unhurried)[0] for job in jobs]
    assert tables[::-1] == plan(jobs[::-1], at=AT, seed=seed, pace=unhurried)


@given(entrants, seeds, paces)
def test_the_same_seed_has_the_same_history(jobs: list[Entrant], seed: int, pace: Pace) -> None:
    assert plan(jobs, at=AT, seed=seed, pace=pace) == plan(jobs, at=AT, seed=seed, pace=pace)


@given(entrants, seeds, paces, st.integers(-AT, AT))
def test_a_later_submission_is_the_same_history_later(jobs: list[Entrant], seed: int, pace: Pace, shift: int) -> None:
    def moved(time: int | None) -> int | None:
        return None if time is None else time + shift

    assert plan(jobs, at=AT + shift, seed=seed, pace=pace) == [
        table._replace(
            queued_at=moved(table.queued_at),
            started_at=moved(table.started_at),
            finished_at=moved(table.finished_at),
        )
        for table in plan(jobs, at=AT, seed=seed, pace=pace)
    ]


def test_jobs_that_are_queued_at_the_same_moment_are_served_in_the_order_of_the_submission() -> None:
    pace = Pace(0.0, 0.0, 1.0, 1, 0.0)
    tables = plan([Entrant(f"store-{number}", 1) for number in range(50)], at=AT, seed=3, pace=pace)
    started = [table.started_at for table in tables if table.started_at is not None]
    assert len(set(started)) == 50
    assert started == sorted(started)


def test_who_is_queued_first_is_served_first_wherever_it_stands() -> None:
    pace = Pace(100.0, 0.0, 1000.0, 1, 0.0)
    tables = plan([Entrant(f"store-{number}", 1) for number in range(50)], at=AT, seed=3, pace=pace)
    by_queue = sorted(tables, key=lambda table: table.queued_at or 0)
    assert by_queue == sorted(tables, key=lambda table: table.started_at or 0)
    assert by_queue != tables


def test_one_worker_does_one_job_after_the_other() -> None:
    pace = Pace(0.0, 0.0, 2.0, 1, 0.0)
    tables = plan([Entrant(f"store-{number}", 1) for number in range(20)], at=AT, seed=0, pace=pace)
    assert [table.started_at for table in tables[1:]] == [table.finished_at for table in tables[:-1]]


def test_durations_are_drawn_evenly_within_half_of_the_mean() -> None:
    pace = Pace(10.0, 20.0, 40.0, 10**6, 0.0)
    tables = plan([Entrant(f"store-{number}", 1) for number in range(4000)], at=AT, seed=1, pace=pace)
    for mean, spans in (
        (10, [(table.queued_at or 0) - AT for table in tables]),
        (20, [(table.started_at or 0) - (table.queued_at or 0) for table in tables]),
        (40, [(table.finished_at or 0) - (table.started_at or 0) for table in tables]),
    ):
        shares = [span / SECOND / mean for span in spans]
        assert 0.5 <= min(shares) < 0.51
        assert 1.49 < max(shares) <= 1.5
        assert sum(shares) / len(shares) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("rate", "failed"), [(0.0, 0), (1.0, 1000)])
def test_a_failure_rate_of_zero_fails_none_and_one_fails_all(rate: float, failed: int) -> None:
    pace = Pace(1.0, 1.0, 2.0, 50, rate)
    tables = plan([Entrant(f"store-{number}", 1) for number in range(1000)], at=AT, seed=9, pace=pace)
    assert sum(table.outcome == JobStatus.failed for table in tables) == failed


def _failing(rate: float, attempt: int = 1, seed: int = 9) -> set[str]:
    jobs = [Entrant(f"store-{number}", attempt) for number in range(5000)]
    tables = plan(jobs, at=AT, seed=seed, pace=Pace(1.0, 1.0, 2.0, 50, rate))
    return {job.place_id for job, table in zip(jobs, tables, strict=True) if table.outcome == JobStatus.failed}


def test_the_failure_rate_is_met_and_a_higher_one_only_adds_failures() -> None:
    few, many = _failing(0.2), _failing(0.6)
    assert len(few) == pytest.approx(1000, abs=120)
    assert len(many) == pytest.approx(3000, abs=150)
    assert few < many


def test_failure_is_drawn_anew_for_every_attempt_and_seed() -> None:
    first = _failing(0.5)
    for other in (_failing(0.5, attempt=2), _failing(0.5, seed=10)):
        assert len(first & other) == pytest.approx(1250, abs=150)


def test_the_pace_does_not_decide_who_fails() -> None:
    jobs = [Entrant(f"store-{number}", 1) for number in range(500)]
    slow = plan(jobs, at=AT, seed=0, pace=Pace(1e6, 1e6, 1e6, 1, 0.5))
    quick = plan(jobs, at=0, seed=0, pace=Pace(0.0, 0.0, 0.0, 50, 0.5))
    assert [table.outcome for table in slow] == [table.outcome for table in quick]


@pytest.mark.parametrize(
    ("course", "pending", "queued", "processing"),
    [
        (Course(slowness=10.0), 10, 10, 10),
        (Course(seconds=0.0), 1, 1, 0),
        (Course(outcome=JobStatus.failed), 1, 1, 1),
    ],
)
def test_a_course_changes_only_what_it_names(course: Course, pending: float, queued: float, processing: float) -> None:
    (usual,) = plan([Entrant("store-1", 1)], at=0, seed=0, pace=DEFAULT)
    (table,) = plan([Entrant("store-1", 1, course)], at=0, seed=0, pace=DEFAULT)

    def spans(table: Timetable) -> list[int]:
        times = [0, table.queued_at or 0, table.started_at or 0, table.finished_at or 0]
        return [later - earlier for earlier, later in pairwise(times)]

    factors = (pending, queued, processing)
    assert spans(table) == pytest.approx(
        [span * factor for span, factor in zip(spans(usual), factors, strict=True)], abs=10
    )
    assert table.outcome == (course.outcome or usual.outcome)


def test_seconds_set_the_processing_time_exactly() -> None:
    (table,) = plan([Entrant("store-1", 1, Course(seconds=12.345678))], at=AT, seed=0, pace=DEFAULT)
    assert (table.finished_at or 0) - (table.started_at or 0) == 12_345_678


@given(st.integers(1, 4), seeds, paces, st.sampled_from(list(JobStatus)[:3]), st.integers(0, AT))
def test_a_released_job_keeps_its_outcome_and_has_only_the_steps_that_are_left(
    attempt: int, seed: int, pace: Pace, status: JobStatus, later: int
) -> None:
    entrant = Entrant("store-1", attempt, Course(hold=Hold(status.value)))
    (held,) = plan([entrant], at=AT, seed=seed, pace=pace)
    usual = _alone(entrant, seed, pace)
    now = AT + later
    table = resume(entrant, status, at=now, seed=seed, pace=pace)
    assert held.outcome is not None
    assert usual.queued_at is not None
    assert usual.started_at is not None
    assert usual.finished_at is not None
    steps = [usual.queued_at - AT, usual.started_at - usual.queued_at, usual.finished_at - usual.started_at]
    left = [0] * status.value + steps[status.value :]
    assert table == (now + left[0], now + left[0] + left[1], now + sum(left))


@pytest.mark.parametrize("workers", [1, 7])
def test_the_longest_times_still_fit_into_a_database(workers: int) -> None:
    """contract B5: thousands of slow jobs at 10^9 seconds each behind few workers are no reason for a 500."""
    jobs = [Entrant(f"mock-slow-{number}", 1, Course(slowness=10.0)) for number in range(10_000)]
    tables = plan(jobs, at=AT, seed=0, pace=Pace(1e9, 1e9, 1e9, workers, 0.0))
    for table in tables:
        times = [table.queued_at or 0, table.started_at or 0, table.finished_at or 0]
        assert times == sorted(times)
        assert times[-1] < 2**63


def test_nothing_is_planned_for_nobody() -> None:
    assert plan([], at=AT, seed=0, pace=DEFAULT) == []


def test_uploads_that_nobody_started_have_no_times() -> None:
    tables = lifecycle.never(2)
    assert [Timetable(*row) for row in zip(*tables, strict=True)] == [Timetable(None, None, None, None, None)] * 2


def test_a_plan_wants_an_attempt_for_every_place() -> None:
    for attempts in ([1], [1, 1, 1]):
        with pytest.raises(ValueError, match="zip"):
            lifecycle.plan(["store-1", "store-2"], attempts, at=AT, seed=0, pace=DEFAULT)


def test_a_history_is_pinned_for_ever() -> None:
    """A change of these numbers changes every history that users have pinned in their own tests."""
    tables = plan([Entrant("store-1", 1), Entrant("store-2", 2)], at=0, seed=2, pace=Pace(1.0, 1.0, 2.0, 1, 0.5))
    assert tables == [
        Timetable(1_191_727, 3_467_593, 4_487_925, JobStatus.completed, None),
        Timetable(1_014_033, 1_641_307, 3_467_593, JobStatus.completed, None),
    ]
