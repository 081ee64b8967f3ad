"""Charts: where the shapes of bars and of the timeline stand, so that templates only write them down."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.lifecycle import JobStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprompt_mock.batch_status import Counts
    from reprompt_mock.engine.timeline import Timeline

WIDTH, HEIGHT = 1000, 240
"""The size of a chart in its own units."""
BAR_WIDTH = 100.0
_UPWARDS = (JobStatus.completed, JobStatus.failed, JobStatus.in_progress, JobStatus.queued, JobStatus.pending)
"""The order in which statuses are stacked: what has finished stands on the ground."""


class Piece(NamedTuple):
    """A piece of a stacked bar, in hundredths of the bar."""

    status: str
    jobs: int
    start: float
    width: float


class Area(NamedTuple):
    """A status in a chart: its outline as the points of a polygon."""

    status: str
    points: str


class Moment(NamedTuple):
    """A time of a chart in microseconds, and how many jobs have each status then."""

    at: int
    counts: Sequence[int]


class Chart(NamedTuple):
    """A chart of the five statuses over virtual time.

    Attributes:
        first: the time at its left, in microseconds.
        last: the time at its right.
        now: the world's time.
        line: where now is, from 0 at the left to 1 at the right.
        areas: the statuses from the ground upwards.
        moments: the same as a table.
        most: how many jobs its height stands for.
    """

    first: int
    last: int
    now: int
    line: float
    areas: Sequence[Area]
    moments: Sequence[Moment]
    most: int


def bar(counts: Counts) -> list[Piece]:
    """Return the pieces of a stacked bar, from the left; none for a status without jobs."""
    numbers = [counts[status] for status in _UPWARDS]
    ends = [BAR_WIDTH * number / (counts.total or 1) for number in accumulate(numbers)]
    starts = [0.0, *ends]
    return [
        Piece(status.name, number, round(start, 3), round(end - start, 3))
        for status, number, start, end in zip(_UPWARDS, numbers, starts, ends, strict=False)
        if number
    ]


def chart(timeline: Timeline) -> Chart | None:
    """Return the chart of a timeline, or None if there are no jobs."""
    if not timeline.times:
        return None
    first, last = timeline.times[0], timeline.times[-1]
    line = (timeline.now - first) / max(last - first, 1)
    most = max(map(sum, zip(*timeline.counts.values(), strict=True)))
    names = [status.name for status in JobStatus]
    rows = zip(*(timeline.counts[name] for name in names), strict=True)
    moments = [Moment(at, counts) for at, counts in zip(timeline.times, rows, strict=True)]
    areas = list(_areas(timeline.counts, len(moments), most))
    return Chart(first, last, timeline.now, round(min(max(line, 0), 1), 5), areas, moments, most)


def _areas(counts: Mapping[str, Sequence[int]], points: int, most: int) -> Iterator[Area]:
    floor = [0] * points
    for status in _UPWARDS:
        ceiling = [below + jobs for below, jobs in zip(floor, counts[status.name], strict=True)]
        outline = [*enumerate(ceiling), *reversed([*enumerate(floor)])]
        yield Area(status.name, " ".join(_point(position, jobs, points, most) for position, jobs in outline))
        floor = ceiling


def _point(position: int, jobs: int, points: int, most: int) -> str:
    return f"{WIDTH * position / (points - 1):.1f},{HEIGHT * (1 - jobs / max(most, 1)):.1f}"
