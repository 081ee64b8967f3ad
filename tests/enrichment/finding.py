"""What the tests of this package ask about single attributes."""

from __future__ import annotations

from typing import Any, NamedTuple

from reprompt_mock.enrichment.given import Given
from reprompt_mock.enrichment.search import search_for
from reprompt_mock.enrichment.subject import Subject


class Job(NamedTuple):
    """A job as results see it."""

    place_id: str
    place: bytes
    attempt: int
    error: str | None
    last_enriched: int | None


def subject_of(place_id: str, inputs: dict[str, Any], seed: int = 0) -> Subject:
    return Subject(place_id, Given(inputs), seed=seed)


def found(subject: Subject, attribute: str, generation: int) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    outputs: dict[str, Any] = {}
    reasoning: dict[str, str] = {}
    scores: dict[str, str] = {}
    search_for(attribute).find(subject, generation, outputs, reasoning, scores)
    return outputs, reasoning, scores


def find(subject: Subject, attribute: str, generation: int) -> dict[str, Any]:
    return found(subject, attribute, generation)[0]


def reasons(subject: Subject, attribute: str, generation: int) -> dict[str, str]:
    return found(subject, attribute, generation)[1]


def confidences(subject: Subject, attribute: str, generation: int) -> dict[str, str]:
    return found(subject, attribute, generation)[2]
