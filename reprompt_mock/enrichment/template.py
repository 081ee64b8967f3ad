"""What jobs with the same submission, status and history have in common in their results, computed once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from reprompt_mock import history
from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.odds import Odds, odds_of
from reprompt_mock.enrichment.pins import Pins, fixed_absence, fixed_attributes, pins_of
from reprompt_mock.enrichment.search import Search, search_for
from reprompt_mock.history import AttributeStatus
from reprompt_mock.lifecycle import JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprompt_mock.enrichment.subject import Subject
    from reprompt_mock.history import Entry, History
    from reprompt_mock.shares import Shares


_NEVER_ASKED = dict.fromkeys(CATALOGUE, AttributeStatus.NOT_RUN.value)


class InForce(NamedTuple):
    """The settings of a submission on which values depend."""

    seed: int
    shares: Shares


class References(NamedTuple):
    """Functions that resolve what histories refer to: submissions' settings, and rules' pins."""

    in_force: Callable[[int], InForce]
    pins: Callable[[int], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Run:
    """A search with a seed, for one generation of values; without `odds` nothing is found, by a rule."""

    search: Search
    seed: int
    generation: int
    odds: Odds | None
    pins: Pins | None

    @property
    def may_disagree(self) -> bool:
        """Whether what it finds may disagree; core attributes do not if a place without a status is always absent."""
        may_lose_status = self.odds is not None and self.odds.may_lose("closed_permanently")
        return self.search.beyond_core or self.pins is not None or may_lose_status

    def write(
        self, subject: Subject, outputs: dict[str, Any], reasoning: dict[str, str], scores: dict[str, str]
    ) -> None:
        """Write what is found about a place, with reasons and scores."""
        odds = self.odds
        if odds is None:
            self.search.find_nothing(outputs, reasoning, scores)
        else:
            is_absent = odds.is_absent(subject)
            lost = odds.lost(subject, self.generation)
            if is_absent:
                lost += odds.excluded
            self.search.find(subject, self.generation, outputs, reasoning, scores, lost=lost, is_absent=is_absent)
        if self.pins:
            self.pins.write(outputs, reasoning, scores)


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
    if the whole attempt failed. `fixed` are the keys of the outputs that rules fixed. `may_disagree` is whether values
    may have to be made to agree.
    """

    status: str
    explained: bool
    attribute_status: Mapping[str, str]
    every_status: orjson.Fragment
    seed: int
    failed: Mapping[str, FailedRun | None]
    runs: Sequence[Run]
    beyond_core: bool
    fixed: frozenset[str]
    may_disagree: bool

    def renamed(self, status: str) -> ResultTemplate:
        """Return a template whose results show another status."""
        return replace(self, status=status)


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
        frozenset(key for one in runs if one.pins for key in one.pins.outputs),
        len(runs) > 1 or any(one.may_disagree for one in runs),
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
    seed, shares = references.in_force(entry.submission)
    fixed = {} if entry.pins is None else references.pins(entry.pins)
    pins = pins_of(search, fixed.get("outputs", {}), fixed.get("confidence_scores", {}))
    return Run(search, seed, entry.generation, _odds(search, shares, fixed), pins)


def _odds(search: Search, shares: Shares, fixed: Mapping[str, Any]) -> Odds | None:
    names, outputs = search.attributes, fixed.get("outputs", {})
    if fixed.get("found") is False:
        return None
    if fixed.get("found"):
        return odds_of(shares, names, sure=names, is_absent=fixed_absence(outputs) or False)
    return odds_of(shares, names, sure=fixed_attributes(names, outputs), is_absent=fixed_absence(outputs))
