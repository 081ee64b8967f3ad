"""What the tests of this package ask about single attributes."""

from __future__ import annotations

from typing import Any

from reprompt_mock.enrichment.places import country_of
from reprompt_mock.enrichment.search import search_for
from reprompt_mock.enrichment.subject import Subject


def subject_of(place_id: str, inputs: dict[str, Any], seed: int = 0) -> Subject:
    return Subject(place_id, inputs, country_of(inputs), seed=seed)


def find(subject: Subject, attribute: str, generation: int) -> dict[str, Any]:
    outputs: dict[str, Any] = {}
    search_for(attribute).find(subject, generation, outputs)
    return outputs


def reasons(subject: Subject, attribute: str, outputs: dict[str, Any], generation: int) -> dict[str, str]:
    reasoning: dict[str, str] = {}
    search_for(attribute).explain(subject, generation, outputs, reasoning)
    return reasoning


def confidences(subject: Subject, attribute: str, generation: int) -> dict[str, str]:
    scores: dict[str, str] = {}
    search_for(attribute).score(subject, generation, scores)
    return scores


def nothing(attribute: str) -> dict[str, Any]:
    outputs: dict[str, Any] = {}
    search_for(attribute).find_nothing(outputs, {}, {})
    return outputs
