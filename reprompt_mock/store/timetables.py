"""Queries about all timetables of a world or a batch at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.store.statements import HELD_COUNT, LATEST_SUBMISSION, TIMELINE_BOUNDS, TIMELINE_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprompt_mock.store.session import Session

_OUTCOMES = 8
"""More than there are statuses."""


class Bounds(NamedTuple):
    """The times of the first submission, of the last finish, and of the last transition of jobs that do not finish."""

    first: int
    last_finish: int | None
    last_step: int


class Grid(NamedTuple):
    """Times at equal steps: the i-th is `first + span * i // steps * unit`.

    `unit` is 1 microsecond, or more where products would exceed 64 bits; `span` is at least 1.
    """

    first: int
    unit: int
    span: int
    steps: int

    @property
    def times(self) -> list[int]:
        """All times: one more than there are steps."""
        return [self.first + self.span * step // self.steps * self.unit for step in range(self.steps + 1)]

    @property
    def never(self) -> int:
        """The position of what comes after the last time, or never."""
        return self.steps + 1

    @property
    def values(self) -> dict[str, int]:
        """The values from which a statement computes positions."""
        return {
            "origin": self.first - self.unit + 1,
            "unit": self.unit,
            "steps": self.steps,
            "most": self.span - 1,
            "span": self.span,
            "last": self.times[-1],
            "never": self.never,
        }


class Steps(NamedTuple):
    """Some jobs whose transitions come at the same places of a grid.

    Each is the first position whose time is not before the transition; behind the last one if it comes later or never.
    """

    submitted: int
    queued: int
    started: int
    finished: int
    outcome: int
    jobs: int


def mark(session: Session, world: int) -> tuple[int | None, int]:
    """Return what differs, together with the number of jobs, whenever a timetable of a world has changed.

    It is the latest submission, and how many jobs are held: a release draws the rest of a timetable again.
    """
    return session.value(LATEST_SUBMISSION, (world,)), int(session.value(HELD_COUNT, (world,)))


def bounds(session: Session, world: int, batch: int | None = None) -> Bounds | None:
    """Return when the timetables of a world, or of a batch, begin and end; None if there are no jobs."""
    scope = "world" if batch is None else "batch"
    row = session.one(TIMELINE_BOUNDS[scope], {"world": world, "batch": batch})
    return None if row is None or row[0] is None else Bounds(*row)


def steps(session: Session, grid: Grid, world: int, batch: int | None = None) -> Iterator[Steps]:
    """Return where on a grid the transitions of all jobs of a world, or of a batch, come."""
    scope = "world" if batch is None else "batch"
    base = grid.never + 1
    values = {**grid.values, "base": base, "outcomes": _OUTCOMES, "world": world, "batch": batch}
    for packed, count in session.rows(TIMELINE_STEPS[scope], values):
        rest, outcome = divmod(packed, _OUTCOMES)
        rest, finished = divmod(rest, base)
        rest, started = divmod(rest, base)
        submitted, queued = divmod(rest, base)
        yield Steps(submitted, queued, started, finished, outcome, count)
