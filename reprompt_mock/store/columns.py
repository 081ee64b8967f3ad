"""Columns: new jobs and new attempts of jobs, column by column, named after the table's columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


_TOO_LARGE = 1 << 63
"""What no integer column holds; as a literal it would be taken for another number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewJobs:
    """New jobs, column by column, named after the table's columns; a scalar applies to all jobs.

    `tables.Job` describes the columns.
    """

    pk: Sequence[int]
    world: int
    batch: int
    place_id: Sequence[str]
    created_in: int
    submission: int
    attempt: int
    own: Sequence[int | None] | int | None
    asked: Sequence[int] | int
    queued_at: Sequence[int | None] | None
    started_at: Sequence[int | None] | None
    finished_at: Sequence[int | None] | None
    outcome: Sequence[int | None] | None
    hold: Sequence[int | None] | None
    course: Sequence[int | None] | None
    ran: int | None = None
    planned: Sequence[int | None] | int | None
    fresh: Sequence[bool] | bool
    error: Sequence[str | None] | None
    last_enriched: int | None = None
    lag: Sequence[int | None] | None
    place: Sequence[bytes | bytearray]


@dataclass(frozen=True, kw_only=True, slots=True)
class Restarts:
    """New attempts of jobs, column by column, named after the table's columns; a scalar applies to all jobs."""

    pk: Sequence[int]
    submission: int
    attempt: Sequence[int]
    own: Sequence[int | None]
    asked: Sequence[int]
    queued_at: Sequence[int | None]
    started_at: Sequence[int | None]
    finished_at: Sequence[int | None]
    outcome: Sequence[int | None]
    hold: Sequence[int | None]
    course: Sequence[int | None]
    ran: Sequence[int | None]
    planned: Sequence[int | None]
    fresh: Sequence[bool]
    error: Sequence[str | None]
    lag: Sequence[int | None]


def cut(jobs: NewJobs, first: int, last: int) -> NewJobs:
    """Return some of the jobs, from one position to before another."""
    parts: dict[str, Any] = {
        field.name: column if column is None or isinstance(column, int) else column[first:last]
        for field in fields(jobs)
        for column in [getattr(jobs, field.name)]
    }
    return NewJobs(**parts)


def columns(jobs: NewJobs | Restarts) -> dict[str, Any]:
    """Return the columns by name; a column with the same number, or None, for all jobs becomes a scalar."""
    return {field.name: folded(getattr(jobs, field.name)) for field in fields(jobs)}


def folded(column: Any) -> Any:
    """Return the number or None that all values of a column have, or the column."""
    if not isinstance(column, list) or not column:
        return column
    first = column[0]
    # Comparing with the last value usually saves counting.
    is_common = (first is None or _is_storable(first)) and first == column[-1]
    return first if is_common and column.count(first) == len(column) else column


def _is_storable(value: Any) -> bool:
    return isinstance(value, int) and -_TOO_LARGE <= value < _TOO_LARGE


def divided(columns: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Divide columns into those with the same number, or none, in all rows, as SQL, and the others.

    Binding fewer values saves more time than compiling a new statement costs.
    """
    common = {name: value for name, value in columns.items() if value is None or isinstance(value, int)}
    own = {name: values for name, values in columns.items() if name not in common}
    return {name: "NULL" if value is None else str(int(value)) for name, value in common.items()}, own


def revised(common: Mapping[str, str], own: Iterable[str]) -> str:
    """Return the assignments of an update: of expressions, and of columns `new_...` to those of the same name."""
    changes = {**common, **{name: f"new_{name}" for name in own if name != "pk"}}
    return ", ".join(f"{name} = {value}" for name, value in changes.items())


def spread(columns: Iterable[Any], size: int) -> list[Iterable[Any]]:
    """Repeat scalar columns for every job."""
    return [repeat(column, size) if column is None or isinstance(column, int) else column for column in columns]
