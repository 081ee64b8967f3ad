"""Rules about coming again: after being told to wait, after a refusal, after an error."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from reprompt_mock.clock import SECOND
from reprompt_mock.conduct.seen import GONE
from reprompt_mock.conduct.verdict import Breach
from reprompt_mock.conduct.words import at, numbers, often, outcome, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprompt_mock.conduct.history import History
    from reprompt_mock.conduct.seen import Seen

_TOLERANCE = 0.05
"""Timers may fire early: by this share of the wait, or as many seconds if that is more."""
_AT_ONCE = SECOND // 10
_FEW = 2
_REFUSALS = frozenset({400, 401, 403, 404, 409, 413, 422})
_FINAL = frozenset({401, 403, 413, 422})
"""Refusals that nothing alters except a change of settings."""
_FIRST_SERVER_ERROR = 500


def ignored_retry_after(history: History) -> Iterator[Breach]:
    """After 429 or 503 the same operation comes again before `Retry-After` has passed, in real time."""
    found: defaultdict[tuple[str | None, str | None, str], list[tuple[Seen, Seen]]] = defaultdict(list)
    for operation in dict.fromkeys(seen.operation for seen in history.exchanges if seen.wait_until):
        for first, second in _next_ones(history, operation):
            if second.real_time < _earliest(first):
                found[operation, first.client, first.agent].append((first, second))
    for (operation, _, agent), pairs in found.items():
        first, second = pairs[0]
        asked = (first.wait_until or 0) - first.end
        message = (
            f"{operation or 'A request'} came again {seconds(max(second.real_time - first.end, 0))} after"
            f" {outcome(first)} {at(first)}, which had asked to wait for {seconds(asked)}; so {often(len(pairs))}."
        )
        yield Breach(numbers(seen for pair in pairs for seen in pair), message, first.subject, agent)


def _earliest(first: Seen) -> float:
    """Return the real time from when on a client may come again."""
    asked = (first.wait_until or 0) - first.end
    return (first.wait_until or 0) - max(_TOLERANCE * asked, _TOLERANCE * SECOND)


def _next_ones(history: History, operation: str | None) -> Iterator[tuple[Seen, Seen]]:
    """Return what was asked to wait, each with what came next: of the same client, if parallel the same request."""
    everything = history.of(operation or "")
    own = [seen for seen in everything if (seen.client, seen.agent) not in history.parallel]
    shared = [seen for seen in everything if (seen.client, seen.agent) in history.parallel]
    for exchanges in (*history.by_client(own), *history.repeats(shared)):
        for first, second in pairwise(exchanges):
            if first.wait_until and first.status is not None:
                yield first, second


def repeated_refusal(history: History) -> Iterator[Breach]:
    """A refused request comes again unchanged, though nothing had changed that could alter the answer."""
    refused = {seen.request for seen in history.exchanges if seen.status in _REFUSALS}
    for own in history.repeats(seen for seen in history.exchanges if seen.request in refused):
        pairs = [pair for pair in pairwise(own) if _is_in_vain(history, *pair)]
        if pairs:
            first, second = pairs[0]
            message = (
                f"{first.operation or 'A request'} was refused with {first.status} {at(first)} and came again"
                f" unchanged {often(len(pairs))}, the first time {seconds(second.real_time - first.end)} later."
            )
            yield Breach(numbers(seen for pair in pairs for seen in pair), message, first.subject)


def _is_in_vain(history: History, first: Seen, second: Seen) -> bool:
    if first.status not in _REFUSALS or first.interventions != second.interventions:
        return False
    if first.status in _FINAL or first.operation == "create_batch":
        return True
    if history.wrote_between(first, second):
        return False
    # What time alone brings about: failed jobs to reprocess, a finished export to download.
    return first.status == 404 or first.time == second.time or first.operation == "create_export"


def retried_at_once(history: History) -> Iterator[Breach]:
    """After a 5xx or a lost answer a request comes again within 100 ms, twice or more in a row."""
    failed = {seen.request for seen in history.exchanges if _has_failed(seen)}
    for own in history.repeats(seen for seen in history.exchanges if seen.request in failed):
        for chain in _hasty(own):
            first, second = chain[0], chain[1]
            message = (
                f"{first.operation or 'A request'} came again at once {often(len(chain) - 1)} after"
                f" {outcome(first)} {at(first)}, first after {seconds(max(second.real_time - first.end, 0))}."
            )
            yield Breach(numbers(chain), message, first.subject, first.agent)


def _has_failed(seen: Seen) -> bool:
    """Return whether a client that did not leave by itself got an error or no whole answer, and no time to wait."""
    is_lost = seen.status is None and not seen.marks & GONE
    is_error = seen.status is not None and seen.status >= _FIRST_SERVER_ERROR
    return not seen.wait_until and (is_lost or is_error)


def _hasty(own: Sequence[Seen]) -> Iterator[list[Seen]]:
    """Return the chains of requests that came at once after one that failed, with at least two that did."""
    chain: list[Seen] = []
    for before, after in pairwise(own):
        if _has_failed(before) and after.real_time - before.end <= _AT_ONCE:
            chain = [*(chain or [before]), after]
            continue
        if len(chain) > _FEW:
            yield chain
        chain = []
    if len(chain) > _FEW:
        yield chain
