"""A job's result, built on read: a pure function of its row and its submissions' settings (contract F3 to F7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from reprompt_mock.clock import iso
from reprompt_mock.draws import draw
from reprompt_mock.enrichment.agreement import Shown, agree, may_disagree
from reprompt_mock.enrichment.given import given, given_once
from reprompt_mock.enrichment.subject import Subject

if TYPE_CHECKING:
    from reprompt_mock.enrichment.template import FailedRun, ResultTemplate

ERRORS = (
    ("SOURCE_TIMEOUT", "The sources did not answer in time; reprocess the place to try again."),
    ("SOURCE_UNAVAILABLE", "A source that is needed was not available; reprocess the place to try again."),
    ("PLACE_NOT_MATCHED", "The place could not be matched to a single place with enough certainty."),
    ("CONFLICTING_EVIDENCE", "The sources contradict each other, so that no value could be chosen."),
)
_PINNED_CODE = "SIMULATED"


class Job(Protocol):
    """What a result depends on besides its template."""

    @property
    def place_id(self) -> str:
        """The place's id."""

    @property
    def place(self) -> bytes:
        """Its inputs as JSON."""

    @property
    def attempt(self) -> int:
        """The number of the attempt, from 1."""

    @property
    def error(self) -> str | None:
        """The reason that a rule gave for its failure."""

    @property
    def last_enriched(self) -> int | None:
        """The time of its last success in microseconds."""


def build(job: Job, template: ResultTemplate, *, every_status: bool = False, read_once: bool = False) -> dict[str, Any]:
    """Build a job's `PlaceJobResult`; its values may be shared between results, so never mutate them.

    Args:
        job: the job.
        template: what its result has in common with others.
        every_status: whether `attribute_status` has an entry for every attribute; if so, as JSON (contract F4).
        read_once: whether the place is unlikely to be asked for again.
    """
    place_id, place, last_enriched = job.place_id, job.place, job.last_enriched
    said = given_once(place) if read_once else given[place]
    outputs: dict[str, Any] = {}
    reasoning: dict[str, str] = {}
    scores: dict[str, str] = {}
    subjects: dict[int, Subject] = {}
    for run in template.runs:
        subject = subjects.get(run.seed)
        if subject is None:
            subject = Subject(place_id, said, seed=run.seed, beyond_core=template.beyond_core)
            subjects[run.seed] = subject
        run.write(subject, outputs, reasoning, scores)
    if template.may_disagree and may_disagree(outputs):
        agree(next(iter(subjects.values())), Shown(outputs, reasoning, scores, template.fixed))
    return {
        "place_id": place_id,
        "status": template.status,
        "job_metadata": {
            "last_enriched": None if last_enriched is None else iso(last_enriched),
            "enrichment_metadata": _failures(job, template) if template.failed else {},
            "attribute_status": template.every_status if every_status else template.attribute_status,
            "country_code": said.country_code,
        },
        "inputs": said.inputs,
        "outputs": outputs,
        "reasoning": reasoning if template.explained else {},
        "confidence_scores": scores,
    }


def _failures(job: Job, template: ResultTemplate) -> dict[str, dict[str, str]]:
    """Return the reasons for attributes' errors: that of the failed attempt, or of the attribute's last run."""
    reasons = {
        name: _reason_of_attempt(job, template.seed) if run is None else _reason_of_run(job, name, run)
        for name, run in template.failed.items()
    }
    return {name: {"error": reason, "code": code} for name, (code, reason) in reasons.items()}


def _reason_of_attempt(job: Job, seed: int) -> tuple[str, str]:
    if job.error is not None:
        return _PINNED_CODE, job.error
    return draw(seed, job.place_id, job.attempt, "reason").pick(ERRORS)


def _reason_of_run(job: Job, name: str, run: FailedRun) -> tuple[str, str]:
    if run.error is not None:
        return _PINNED_CODE, run.error
    return draw(run.seed, job.place_id, "reason", name, run.generation).pick(ERRORS)
