"""Charts: where their shapes stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.batch_status import Counts
from reprompt_mock.dashboard.charts import HEIGHT, WIDTH, bar, chart
from reprompt_mock.engine.timeline import Timeline
from reprompt_mock.lifecycle import JobStatus

NAMES = [status.name for status in JobStatus]
MANY = st.integers(0, 10**6)


@given(st.builds(Counts, MANY, MANY, MANY, MANY, MANY))
def test_a_bar_is_filled_in_order_and_without_gaps(counts: Counts) -> None:
    pieces = bar(counts)
    assert {piece.status: piece.jobs for piece in pieces} == {
        name: jobs for name, jobs in counts._asdict().items() if jobs
    }
    at = 0.0
    for piece in pieces:
        assert abs(piece.start - at) < 0.01
        assert piece.width >= 0
        at = piece.start + piece.width
    assert not pieces or abs(at - 100) < 0.01


def test_areas_stand_on_each_other_and_the_line_is_where_now_is() -> None:
    counts = {"pending": [4, 0], "queued": [0, 1], "in_progress": [0, 0], "completed": [0, 2], "failed": [0, 1]}
    drawn = chart(Timeline(25, [0, 100], counts))
    assert drawn is not None
    assert (drawn.line, drawn.most, drawn.first, drawn.last) == (0.25, 4, 0, 100)
    points = {area.status: area.points for area in drawn.areas}
    assert points["completed"] == f"0.0,{HEIGHT}.0 {WIDTH}.0,120.0 {WIDTH}.0,{HEIGHT}.0 0.0,{HEIGHT}.0"
    assert points["pending"].startswith(f"0.0,0.0 {WIDTH}.0,0.0")
    assert [(moment.at, *moment.counts) for moment in drawn.moments] == [(0, 4, 0, 0, 0, 0), (100, 0, 1, 0, 2, 1)]


def test_the_line_stays_within_the_chart() -> None:
    counts = {name: [1, 1] for name in NAMES}
    assert [chart(Timeline(now, [10, 20], counts)).line for now in (0, 15, 99)] == [0, 0.5, 1]  # type: ignore[union-attr] # there are jobs


def test_there_is_no_chart_of_nothing() -> None:
    assert chart(Timeline(0, [], {name: [] for name in NAMES})) is None
