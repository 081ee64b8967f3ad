"""Queries about jobs as people look at them: pages of a batch's jobs, and one job's timetable."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.lifecycle import Hold, JobStatus
from reprompt_mock.store import statements
from reprompt_mock.store.jobs import StoredResult
from reprompt_mock.store.session import is_storable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprompt_mock.store.session import Session


class ListedJob(NamedTuple):
    """A job in a list.

    `next_at` is the time of its next transition in microseconds, None if none is drawn. `error` is the reason that a
    rule gave for its failure, once it has failed.
    """

    place_id: str
    name: str | None
    status: JobStatus
    attempt: int
    hold: Hold | None
    next_at: int | None
    error: str | None


class StoredTimetable(NamedTuple):
    """A job's attempts and times, in microseconds; None for a time that does not come, or an outcome not drawn."""

    status: JobStatus
    attempt: int
    hold: Hold | None
    outcome: JobStatus | None
    error: str | None
    course: int | None
    place: bytes
    created_at: int
    submitted_at: int
    queued_at: int | None
    started_at: int | None
    finished_at: int | None


def page(
    session: Session, batch: int, statuses: Iterable[JobStatus], text: str, *, now: int, limit: int, offset: int
) -> tuple[list[ListedJob], int | None]:
    """Return a page of a batch's jobs in order of submission, and if it searches, how many there are on all pages.

    Args:
        session: the transaction.
        batch: the key of the batch.
        statuses: the wanted statuses; none for all.
        text: what the place id, the name, the status or the reason for having failed contains, whatever the case of
            Latin letters without accents; "" for anything.
        now: the virtual time in microseconds.
        limit: how many jobs a page has, at least 1.
        offset: how many jobs come before the page; a search without a job there counts none.
    """
    if not is_storable(text):
        return [], 0
    folded = text.lower()
    named = _codes(status for status in JobStatus if folded in status.name)
    query = statements.listed(_codes(statuses), found=named if text else None)
    rows = [*session.rows(query, {"batch": batch, "now": now, "text": folded, "limit": limit, "offset": offset})]
    found = [
        ListedJob(place_id, name if isinstance(name, str) else None, JobStatus(status), attempt, _hold(hold), at, error)
        for place_id, name, status, attempt, hold, at, error, _ in rows
    ]
    return found, (rows[0][-1] if rows else 0) if text else None


def _codes(statuses: Iterable[JobStatus]) -> str:
    return ", ".join(str(status.value) for status in statuses)


def result(session: Session, world: int, batch: int, place_id: str, *, now: int) -> StoredResult | None:
    """Return what the result of a batch's job is derived from, None if the batch does not have the place."""
    if not is_storable(place_id):
        return None
    row = session.one(statements.RESULT_OF_JOB, {"world": world, "batch": batch, "place_id": place_id, "now": now})
    return StoredResult._make(row) if row else None


def timetable(session: Session, world: int, batch: int, place_id: str, *, now: int) -> StoredTimetable | None:
    """Return the timetable of a batch's job, None if the batch does not have the place."""
    if not is_storable(place_id):
        return None
    row = session.one(statements.TIMETABLE_OF_JOB, {"world": world, "batch": batch, "place_id": place_id, "now": now})
    if row is None:
        return None
    status, attempt, hold, outcome, error, course, place, *times = row
    ends = None if outcome is None else JobStatus(outcome)
    return StoredTimetable(JobStatus(status), attempt, _hold(hold), ends, error, course, bytes(place), *times)


def _hold(code: int | None) -> Hold | None:
    return None if code is None else Hold(code)
