"""What a job remembers over its attempts: per attribute, its last run (contract G7, G8).

`after` decides at submission what the history will be once an attempt completes; `shown` is what a client sees
meanwhile and afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.draws import WORDS_A_DIGEST, many_digests
from reprompt_mock.keys import alike, local
from reprompt_mock.lifecycle import JobStatus

if TYPE_CHECKING:
    from array import array
    from collections.abc import Collection, Iterable, Sequence


_POSITIONS = {name: position for position, name in enumerate(CATALOGUE)}
_WORDS = 1 << 32


class AttributeStatus(StrEnum):
    """Whether an attribute of a job was processed (contract F4)."""

    RUN = "RUN"
    ERROR = "ERROR"
    NOT_RUN = "NOT_RUN"
    RUN_CONDITION_FAILED = "RUN_CONDITION_FAILED"


HERE = 0
"""Stands for the submission of a job's current attempt, so that the same plan in two submissions is stored once."""


class Entry(NamedTuple):
    """An attribute's last run: how it ended, in which submission, and which generation of values it produced.

    `pins` is the key of the document with the values that rules fixed, None if they fixed nothing.
    """

    status: AttributeStatus
    submission: int
    generation: int = 0
    pins: int | None = None


History = Mapping[str, Entry]


class Attempt(NamedTuple):
    """What happens to each attribute in one attempt of a job, apart from its history."""

    submission: int
    refresh: bool
    unmet: Collection[str] = ()
    errors: Collection[str] = ()
    drifted: Collection[str] = ()
    pinned: Mapping[str, AttributeStatus] = {}
    pins: int | None = None


def struck(
    seed: int,
    place_ids: Sequence[str],
    attempts: Sequence[int],
    *,
    what: str,
    asked: Sequence[tuple[str, ...]],
    rate: float,
) -> list[frozenset[str]]:
    """Draw which of each job's attributes are affected by `what` ("error" or "drift"), each with chance `rate`.

    An attribute's draw is the digest word at its position in the catalogue, so other requested attributes do not
    affect it.
    """
    hit = _hit(seed, place_ids, attempts, what, rate, _positions(dict.fromkeys(asked)))
    known: dict[tuple[int, tuple[str, ...]], frozenset[str]] = {}
    found = []
    for key in zip(hit, asked, strict=True):
        names = known.get(key)
        if names is None:
            names = known[key] = frozenset(name for name in key[1] if key[0] >> _POSITIONS.get(name, 0) & 1)
        found.append(names)
    return found


def _positions(lists: Iterable[tuple[str, ...]]) -> set[int]:
    return {_POSITIONS.get(name, 0) for names in lists for name in names}


def _hit(
    seed: int, place_ids: Sequence[str], attempts: Sequence[int], what: str, rate: float, positions: Iterable[int]
) -> list[int]:
    """Return for each job a number whose bits at `positions` are set if the attributes there are affected."""
    unlucky = int(rate * _WORDS)
    hit = [0] * len(place_ids)
    paths = [f"{place_id}\0{attempt}\0{what}" for place_id, attempt in zip(place_ids, attempts, strict=True)]
    blocks: dict[int, array[int]] = {}
    for position in sorted(positions):
        block, word = divmod(position, WORDS_A_DIGEST)
        if block not in blocks:
            blocks[block] = many_digests(seed, [f"{path}\0{block}" for path in paths])
        bit = 1 << position
        hit = [
            bits | bit if drawn < unlucky else bits
            for bits, drawn in zip(hit, blocks[block][word::WORDS_A_DIGEST], strict=True)
        ]
    return hit


def _entry(name: str, prior: Entry | None, attempt: Attempt) -> Entry:
    if name not in CATALOGUE:
        return Entry(AttributeStatus.NOT_RUN, attempt.submission)
    pinned = attempt.pinned.get(name)
    if name in attempt.unmet and pinned in {None, AttributeStatus.RUN}:
        return Entry(AttributeStatus.RUN_CONDITION_FAILED, attempt.submission)
    if prior is None:
        prior = Entry(AttributeStatus.NOT_RUN, attempt.submission)
    elif prior.status is AttributeStatus.RUN and not attempt.refresh and pinned in {None, AttributeStatus.RUN}:
        return prior
    drawn = AttributeStatus.ERROR if name in attempt.errors else AttributeStatus.RUN
    drifts = attempt.refresh and prior.status is not AttributeStatus.NOT_RUN and name in attempt.drifted
    return Entry(pinned or drawn, attempt.submission, prior.generation + drifts, attempt.pins)


def after(history: History, asked: Sequence[str], attempt: Attempt) -> dict[str, Entry]:
    """Return what a job's history will be once this attempt completes.

    Attributes that ran before keep their entries unless the attempt refreshes them; those in `ERROR` run again.
    """
    return {**history, **{name: _entry(name, history.get(name), attempt) for name in asked}}


def runs_anew(before: History, planned: History, asked: Sequence[str]) -> bool:
    """Return whether an attempt processes any attribute, which is what updates `last_enriched` (contract G7)."""
    processed = {AttributeStatus.RUN, AttributeStatus.ERROR}
    return any(planned[name].status in processed and planned[name] != before.get(name) for name in asked)


def _shown_open(name: str, ran: History, planned: History) -> AttributeStatus:
    entry = ran.get(name)
    cached = entry is not None and entry.status is AttributeStatus.RUN and planned.get(name) == entry
    return AttributeStatus.RUN if cached else AttributeStatus.NOT_RUN


def shown(status: JobStatus, asked: Sequence[str], ran: History, planned: History) -> dict[str, AttributeStatus]:
    """Return a job's `attribute_status`: every attribute that ever ran or is requested now (contract F4, G8).

    Args:
        status: the job's status.
        asked: the attributes of its current attempt.
        ran: its history up to the last completed attempt.
        planned: its history once the current attempt completes.
    """
    # Attributes that were requested before but never ran are dropped.
    statuses = {
        name: entry.status
        for name, entry in ran.items()
        if entry.status is not AttributeStatus.NOT_RUN or name in asked
    }
    if status is JobStatus.completed:
        return statuses
    for name in asked:
        if status is JobStatus.failed and name in CATALOGUE:
            statuses[name] = AttributeStatus.ERROR
        else:
            statuses[name] = _shown_open(name, ran, planned)
    return statuses


def written(entries: History) -> list[list[Any]]:
    """Return a job's history as JSON-ready data for `read`; keys become numbers of their world."""
    return [
        [name, status, local(submission), generation, pins and local(pins)]
        for name, (status, submission, generation, pins) in entries.items()
    ]


def read(document: list[list[Any]], here: int, key: int = 0) -> dict[str, Entry]:
    """Restore a job's history from what `written` returned.

    Args:
        document: the document.
        here: the submission of the job's current attempt.
        key: the document's key, or that of another row of its world; 0 leaves numbers as they are.
    """
    return {
        name: Entry(
            AttributeStatus(status),
            alike(key, submission) if submission else here,
            generation,
            pins and alike(key, pins),
        )
        for name, status, submission, generation, pins in document
    }
