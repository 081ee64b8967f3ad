"""What jobs with the same submission, status and history have in common in their results, computed once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock import history
from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.luck import FATES, failing
from reprompt_mock.enrichment.search import Search, search_for
from reprompt_mock.history import AttributeStatus
from reprompt_mock.lifecycle import JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprompt_mock.enrichment.subject import Subject
    from reprompt_mock.history import Entry, History


_NEVER_ASKED = dict.fromkeys(CATALOGUE, AttributeStatus.NOT_RUN.value)


class InForce(NamedTuple):
    """The settings of a submission on which values depend."""

    seed: int
    not_found_rate: float


class References(NamedTuple):
    """Functions that resolve what histories refer to: submissions' settings, and rules' pins."""

    in_force: Callable[[int], InForce]
    pins: Callable[[int], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Run:
    """A search with a seed, for one generation of values.

    An attribute finds nothing with probability `failing` / `FATES`, or always if `failing` is None, by a rule.
    `outputs` and `confidence_scores` are pinned by rules.
    """

    search: Search
    seed: int
    generation: int
    failing: int | None
    outputs: Mapping[str, Any]
    confidence_scores: Mapping[str, str]

    def write(
        self, subject: Subject, outputs: dict[str, Any], reasoning: dict[str, str], scores: dict[str, str]
    ) -> None:
        """Write what is found about a place, with reasons and scores."""
        search, generation = self.search, self.generation
        if self.failing is None:
            search.find_nothing(outputs, reasoning, scores)
        else:
            search.find(subject, generation, outputs, reasoning, scores)
            if self.failing:
                for name in failing(subject.page, generation, self.failing):
                    if name in search.fallible:
                        search_for(name).find_nothing(outputs, reasoning, scores)
        if self.outputs:
            outputs.update(self.outputs)
        if self.confidence_scores:
            scores.update(self.confidence_scores)


class FailedRun(NamedTuple):
    """What the reason for an attribute's error is drawn from; `error` is a rule's reason, if any, used instead."""

    seed: int
    generation: int
    error: str | None


@dataclass(frozen=True, slots=True)
class ResultTemplate:
    """What results have in common: the status, that of each attribute, and the runs that produce their values.

    `every_status` is `attribute_status` for the whole catalogue, as JSON (contract F4). `seed` is the submission's
    seed, `explained` whether results include reasoning. `failed` are the attributes in error with their last run, None
    if the whole attempt failed.
    """

    status: str
    explained: bool
    attribute_status: Mapping[str, str]
    every_status: orjson.Fragment
    seed: int
    failed: Mapping[str, FailedRun | None]
    runs: Sequence[Run]
    beyond_core: bool

    def only(self, attributes: frozenset[str]) -> ResultTemplate:
        """Return a template that writes the outputs of some attributes only."""
        some = ((one, [name for name in one.search.attributes if name in attributes]) for one in self.runs)
        return replace(self, runs=[replace(one, search=search_for(*names)) for one, names in some if names])


def template_of(
    status: JobStatus, asked: Sequence[str], ran: History, planned: History, *, seed: int, references: References
) -> ResultTemplate:
    """Compute what the results of a submission's jobs with a given status and history have in common."""
    shown = history.shown(status, asked, ran, planned)
    erred = [name for name, one in shown.items() if one is AttributeStatus.ERROR]
    whole = asked if status is JobStatus.failed else ()
    failed = {name: None if name in whole else _failed_run(ran[name], references) for name in erred}
    runs = _runs(ran, references)
    statuses = {name: one.value for name, one in shown.items()}
    return ResultTemplate(
        status.name,
        status is JobStatus.completed,
        statuses,
        orjson.Fragment(orjson.dumps({**_NEVER_ASKED, **statuses})),
        seed,
        failed,
        runs,
        any(one.search.beyond_core for one in runs),
    )


def _failed_run(entry: Entry, references: References) -> FailedRun:
    error = None if entry.pins is None else references.pins(entry.pins).get("error")
    return FailedRun(references.in_force(entry.submission).seed, entry.generation, error)


def _runs(ran: History, references: References) -> list[Run]:
    alike: dict[Entry, list[str]] = {}
    for name, entry in ran.items():
        if entry.status is AttributeStatus.RUN:
            alike.setdefault(entry, []).append(name)
    return [_run(search_for(*names), entry, references) for entry, names in alike.items()]


def _run(search: Search, entry: Entry, references: References) -> Run:
    seed, not_found_rate = references.in_force(entry.submission)
    pins = {} if entry.pins is None else references.pins(entry.pins)
    outputs, scores = pins.get("outputs", {}), pins.get("confidence_scores", {})
    share = {None: ceil(not_found_rate * FATES), True: 0, False: None}[pins.get("found")]
    return Run(
        search,
        seed,
        entry.generation,
        share,
        {key: outputs[key] for key in search.outputs if key in outputs},
        {key: scores[key] for key in search.scores if key in scores},
    )
