"""Inspection: a batch's jobs and one job with all that is drawn for it, as people look at them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.engine import batches as batches_of
from reprompt_mock.engine import timeline
from reprompt_mock.enrichment.places import name_of
from reprompt_mock.errors import JobNotFound
from reprompt_mock.keys import ALONE
from reprompt_mock.lifecycle import Course, Hold, JobStatus
from reprompt_mock.rules import TEST_PLACE_IDS, Candidate
from reprompt_mock.store import batches, documents, inspection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from enum import IntEnum

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.timeline import Timeline
    from reprompt_mock.rules import Rule
    from reprompt_mock.store.batches import StoredBatch
    from reprompt_mock.store.inspection import ListedJob, StoredTimetable

_UNDECIDED = asdict(Course())


class Overview(NamedTuple):
    """A batch with its status."""

    batch: StoredBatch
    status: JobStatus


class JobPage(NamedTuple):
    """A page of a batch's jobs, and how many there are on all pages."""

    jobs: Sequence[ListedJob]
    total: int


class Inspected(NamedTuple):
    """A job.

    Attributes:
        batch: its batch.
        timetable: its attempts and times.
        result: its result as it is at present, without any lag.
        course: what rules decided about its timetable, as JSON-ready data; empty if they decided nothing.
        decided: which rules decided what about its present attempt when it was submitted, the newest first: the keys of
            `then` by id, or by prefix for a test place id; None if that was not recorded.
        matching: the ids or prefixes of the rules that match its present attempt now, the newest first.
        known: the ids of all rules that are there now.
        now: the virtual time in microseconds.
    """

    batch: StoredBatch
    timetable: StoredTimetable
    result: Mapping[str, Any]
    course: Mapping[str, Any]
    decided: Mapping[str, Sequence[str]] | None
    matching: Sequence[str]
    known: frozenset[str]
    now: int


def overview(reading: Reading, batch_id: str) -> Overview:
    """Describe a batch without its places.

    Raises:
        BatchNotFound: the world has no such batch.
    """
    batch = _find(reading, batch_id)
    return Overview(batch, batches_of.status_now(reading, batch))


def alone(reading: Reading) -> StoredBatch | None:
    """Return the batch that stands for the jobs without a batch, None if there are none."""
    found = None if reading.key is None else batches.find_alone(reading.session, reading.key)
    return found if found and found.counts.total else None


def _find(reading: Reading, batch_id: str) -> StoredBatch:
    """Find a batch, also the one that stands for jobs without a batch, which need not have any."""
    if batch_id == ALONE:
        return alone(reading) or batches.new(ALONE, ALONE, reading.now)
    return batches_of.find(reading, batch_id)


def over_time(reading: Reading, batch_id: str, *, points: int) -> Timeline:
    """Return the timeline of a batch, or of the jobs without a batch; see `timeline.show`.

    Raises:
        BatchNotFound: the world has no such batch.
    """
    return timeline.of(reading, _find(reading, batch_id), points=points)


def jobs(
    reading: Reading, batch_id: str, statuses: Sequence[JobStatus], text: str, *, limit: int, offset: int
) -> JobPage:
    """Return a page of a batch's jobs in order of submission; see `store.inspection.page`.

    Raises:
        BatchNotFound: the world has no such batch.
    """
    batch = _find(reading, batch_id)
    reading.weigh(batch.counts.total)
    found, total = inspection.page(
        reading.session, batch.pk, statuses, text, now=reading.now, limit=limit, offset=offset
    )
    known = sum(batch.counts[status] for status in statuses or JobStatus)
    return JobPage(found, known if total is None else total)


def job(reading: Reading, batch_id: str, place_id: str) -> Inspected:
    """Describe a batch's job.

    Raises:
        BatchNotFound: the world has no such batch.
        JobNotFound: the batch has no job for this place.
    """
    batch = _find(reading, batch_id)
    session, world, now = reading.session, reading.state.row, reading.now
    timetable = inspection.timetable(session, world, batch.pk, place_id, now=now)
    stored = inspection.result(session, world, batch.pk, place_id, now=now)
    if timetable is None or stored is None:
        raise JobNotFound(place_id=place_id)
    result = reading.decoded.result(session, stored)
    course = {} if timetable.course is None else documents.read(session, timetable.course)
    decided = course.get("rules") if course else {}
    candidate = Candidate(place_id, name_of(timetable.place), timetable.attempt, *batch.label)
    rules = [named.rule for named in reading.state.scenario.rules]
    return Inspected(
        batch,
        timetable,
        result,
        _written(course),
        decided,
        _matching(candidate, rules),
        frozenset(rule.id for rule in rules),
        now,
    )


def _written(course: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a course decides, by the names that rules have for it."""
    named: Mapping[str, type[IntEnum]] = {"outcome": JobStatus, "hold": Hold}
    decided = {key: course[key] for key, usual in _UNDECIDED.items() if course.get(key, usual) != usual}
    return {key: named[key](value).name if key in named else value for key, value in decided.items()}


def _matching(candidate: Candidate, rules: Sequence[Rule]) -> list[str]:
    """Return the titles of the rules that match a job, the newest first, then those of the test place ids."""
    ordered = (*reversed(rules), *TEST_PLACE_IDS)
    return [*dict.fromkeys(rule.title for rule in ordered if rule.match.fits(candidate))]
