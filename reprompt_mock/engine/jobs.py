"""Jobs without a batch: submit, enrich at once, delete (contract F8, I2, I3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.engine import counts, results, submissions
from reprompt_mock.engine.artifacts import preserve
from reprompt_mock.engine.events import Kind
from reprompt_mock.engine.relief import makes_room
from reprompt_mock.errors import EnrichmentNotFound, JobNotFound
from reprompt_mock.store import jobs

if TYPE_CHECKING:
    from reprompt_mock.engine.submissions import PlaceToEnrich
    from reprompt_mock.engine.writing import Writing


def submit(writing: Writing, place: PlaceToEnrich) -> dict[str, Any]:
    """Submit a job without a batch; return its current result (contract I2)."""
    place_id = submissions.submit_alone(writing, place)
    writing.note(Kind.batch)
    return results.of_place(writing.reading, place_id)


def enrich(writing: Writing, place: PlaceToEnrich) -> dict[str, Any] | EnrichmentNotFound:
    """Submit a job that finishes immediately; return its result (contract I3).

    If it fails after a rule counted it against its `times`, the error is returned rather than raised, so that the count
    is committed; nothing else is stored.

    Raises:
        EnrichmentNotFound: the job fails, and no rule counted it against its `times`.
    """
    before = writing.state
    try:
        with writing.part():
            place_id = submissions.enrich(writing, place)
    except EnrichmentNotFound as failure:
        if writing.scenario is before.scenario:
            raise
        writing.state = before._replace(scenario=writing.scenario)
        return failure
    writing.apply_due()
    writing.note(Kind.batch)
    return results.of_place(writing.reading, place_id)


@makes_room
def delete(writing: Writing, place_id: str) -> int:
    """Delete all jobs of a place, with or without a batch; return their number (contract F8).

    Raises:
        JobNotFound: the world has no job for this place.
    """
    found = jobs.of_place(writing.session, writing.key, place_id, now=writing.now)
    if not found:
        raise JobNotFound(place_id=place_id)
    preserve(writing, {job.batch for job in found})
    jobs.remove(writing.session, [job.pk for job in found])
    changes = counts.Changes()
    changes.leave(found)
    changes.store(writing)
    writing.purges = True
    writing.note(Kind.batch)
    return len(found)
