"""A job's result, built when it is read: a pure function of its row and of what was in force (contract F3 to F7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock import history
from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.clock import iso
from reprompt_mock.draws import digest, draw
from reprompt_mock.enrichment.findings import confidences, find, nothing, reasons
from reprompt_mock.enrichment.places import country_of, place_of
from reprompt_mock.enrichment.subject import Subject
from reprompt_mock.history import AttributeStatus, Entry, History
from reprompt_mock.lifecycle import JobStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

_REQUIRED_INPUTS = dict.fromkeys(("name", "full_address", "latitude", "longitude", "country_code"))
_POSITIONS = {name: position for position, name in enumerate(CATALOGUE)}
_DRAWS_A_DIGEST = 32
_DRAW_BYTES = 2
_TO_FRACTION = 2.0**-16

ERRORS = (
    ("SOURCE_TIMEOUT", "The sources did not answer in time; reprocess the place to try again."),
    ("SOURCE_UNAVAILABLE", "A source that is needed was not available; reprocess the place to try again."),
    ("PLACE_NOT_MATCHED", "The place could not be matched to a single place with enough certainty."),
    ("CONFLICTING_EVIDENCE", "The sources contradict each other, so that no value could be chosen."),
)
_PINNED_CODE = "SIMULATED"


class InForce(NamedTuple):
    """The settings of a submission that values are drawn from."""

    seed: int
    not_found_rate: float


class Job(NamedTuple):
    """All that a result is derived from; `place` is the inputs as JSON, times are microseconds."""

    place_id: str
    place: str
    status: JobStatus
    attempt: int
    seed: int
    asked: Sequence[str]
    ran: History
    planned: History
    error: str | None
    last_enriched: int | None


class References(NamedTuple):
    """Resolves what histories refer to: the settings of submissions, and what rules pinned."""

    in_force: Callable[[int], InForce]
    pins: Callable[[int], Mapping[str, Any]]


class _Values(NamedTuple):
    outputs: dict[str, Any]
    reasoning: dict[str, str]
    confidence_scores: dict[str, str]


def echoed(place: str) -> dict[str, Any]:
    """Give a place's inputs as results echo them: as sent, with every required field (contract C5)."""
    inputs = {**_REQUIRED_INPUTS, **orjson.loads(place), "input_type": "place"}
    for coordinate in ("latitude", "longitude"):
        if type(inputs[coordinate]) is int:
            inputs[coordinate] = float(inputs[coordinate])
    return inputs


def build(job: Job, references: References) -> dict[str, Any]:
    """Build the `PlaceJobResult` of a job."""
    inputs = echoed(job.place)
    values = _values(job, inputs, references)
    return {
        "place_id": job.place_id,
        "status": job.status.name,
        "job_metadata": {
            "last_enriched": None if job.last_enriched is None else iso(job.last_enriched),
            "enrichment_metadata": _failures(job),
            "attribute_status": history.shown(job.status, job.asked, job.ran, job.planned),
            "country_code": country_of(inputs),
        },
        "inputs": inputs,
        "outputs": values.outputs,
        "reasoning": values.reasoning if job.status is JobStatus.completed else {},
        "confidence_scores": values.confidence_scores,
    }


def _values(job: Job, inputs: Mapping[str, Any], references: References) -> _Values:
    values = _Values({}, {}, {})
    place = place_of(job.place_id, inputs)
    subjects: dict[int, Subject] = {}
    luck = _Luck(job.place_id)
    for name, entry in job.ran.items():
        if entry.status is not AttributeStatus.RUN:
            continue
        seed, not_found_rate = references.in_force(entry.submission)
        subject = subjects.get(seed) or subjects.setdefault(seed, Subject(place, seed))
        pins = {} if entry.pins is None else references.pins(entry.pins)
        found = pins.get("found")
        if found is None:
            found = name == "names" or not_found_rate == 0 or luck.of(seed, name, entry) >= not_found_rate
        _add(values, name, entry, subject, found=found)
        if pins:
            _pin(values, name, pins)
    return values


class _Luck:
    """Draws whether attributes find anything: many draws from one digest, since most need none but this."""

    def __init__(self, place_id: str) -> None:
        self._place_id = place_id
        self._digests: dict[tuple[int, int, int], bytes] = {}

    def of(self, seed: int, name: str, entry: Entry) -> float:
        """Draw a fraction in [0, 1) that depends on the seed, the place, the attribute and its generation."""
        block, position = divmod(_POSITIONS[name], _DRAWS_A_DIGEST)
        source = (seed, entry.generation, block)
        if source not in self._digests:
            self._digests[source] = digest(seed, self._place_id, "found", entry.generation, block)
        start = position * _DRAW_BYTES
        return int.from_bytes(self._digests[source][start : start + _DRAW_BYTES]) * _TO_FRACTION


def _add(values: _Values, name: str, entry: Entry, subject: Subject, *, found: bool) -> None:
    if found:
        outputs = find(subject, name, entry.generation)
        values.reasoning.update(reasons(subject, name, outputs, entry.generation))
        values.confidence_scores.update(confidences(subject, name, entry.generation))
        values.outputs.update(outputs)
    else:
        values.outputs.update(nothing(name))
        values.reasoning.update(dict.fromkeys(CATALOGUE[name].reasoning, _NOTHING_FOUND))
        values.confidence_scores.update(dict.fromkeys(CATALOGUE[name].confidence, "NONE"))


_NOTHING_FOUND = "The sources that were searched say nothing about this."


def _pin(values: _Values, name: str, pins: Mapping[str, Any]) -> None:
    attribute = CATALOGUE[name]
    outputs, scores = pins.get("outputs", {}), pins.get("confidence_scores", {})
    values.outputs.update({key: outputs[key] for key in attribute.outputs if key in outputs})
    values.confidence_scores.update({key: scores[key] for key in attribute.confidence if key in scores})


def _failures(job: Job) -> dict[str, dict[str, str]]:
    if job.status is JobStatus.failed:
        failed = [name for name in job.asked if name in CATALOGUE]
        code, reason = _reason(job, "failure")
        return {name: {"error": reason, "code": code} for name in failed}
    erred = [name for name, entry in job.ran.items() if entry.status is AttributeStatus.ERROR]
    reasons_ = {name: _reason(job, name) for name in erred}
    return {name: {"error": reason, "code": code} for name, (code, reason) in reasons_.items()}


def _reason(job: Job, what: str) -> tuple[str, str]:
    if job.error is not None:
        return _PINNED_CODE, job.error
    return draw(job.seed, job.place_id, job.attempt, "reason", what).pick(ERRORS)
