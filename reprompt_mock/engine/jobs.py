"""Jobs without a batch: submit, enrich at once, delete (contract F8, I2, I3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.engine import counts, results, submissions
from reprompt_mock.engine.artifacts import preserve
from reprompt_mock.engine.relief import makes_room
from reprompt_mock.errors import EnrichmentNotFound, JobNotFound
from reprompt_mock.store import jobs

if TYPE_CHECKING:
    from reprompt_mock.engine.submissions import PlaceToEnrich
    from reprompt_mock.engine.writing import Writing


def submit(writing: Writing, place: PlaceToEnrich) -> dict[str, Any]:
    """Submit a job that belongs to no batch; give its result as it stands (contract I2)."""
    place_id = submissions.submit_alone(writing, place)
    return results.of_place(writing.reading, place_id)


def enrich(writing: Writing, place: PlaceToEnrich) -> dict[str, Any] | EnrichmentNotFound:
    """Submit a job that finishes at once; give its result (contract I3).

    Where it fails the error is given, not raised, if rules have spent some of their `times`: nothing else is stored.

    Raises:
        EnrichmentNotFound: it fails, and no rule that counts its `times` had a part in it.
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
    return results.of_place(writing.reading, place_id)


@makes_room
def delete(writing: Writing, place_id: str) -> int:
    """Delete all jobs of a place, in every batch and none; give how many (contract F8).

    Raises:
        JobNotFound: the world has no job of this place.
    """
    found = jobs.of_place(writing.session, writing.key, place_id, now=writing.now)
    if not found:
        raise JobNotFound(place_id=place_id)
    preserve(writing, {job.batch for job in found})
    jobs.remove(writing.session, [job.pk for job in found])
    changes = counts.Changes()
    for job in found:
        changes.add(job.batch, job.status, -1)
    changes.store(writing)
    writing.purges = True
    return len(found)
