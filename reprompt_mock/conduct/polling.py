"""Rules about polling: how often, until when, and whether to the end."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from reprompt_mock.clock import SECOND
from reprompt_mock.conduct.seen import PAUSED, STEPPED
from reprompt_mock.conduct.verdict import Breach
from reprompt_mock.conduct.words import at, number, numbers, often, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprompt_mock.conduct.history import Batch, History, State
    from reprompt_mock.conduct.seen import Seen

_PATIENCE = 0.9
"""The share of the interval below which a poll comes too fast."""
_INTERVALS = 3
"""The number of intervals without a poll after which a batch is given up."""
_NOT_FOUND = 404
_FEW = 200


def polled_too_fast(history: History) -> Iterator[Breach]:
    """Two polls of an unfinished batch are nearer than 0.9 times `conduct_poll_seconds`, by real and virtual time."""
    least = _PATIENCE * history.standards.poll_seconds * SECOND
    states = _states(history)
    for own in history.repeats(history.of("get_batch")):
        fast = [(gap, pair) for gap, pair in _gaps(own, states) if gap < least]
        if fast:
            shortest, (first, _) = min(fast, key=lambda found: found[0])
            message = (
                f"Batch {first.subject} was polled too soon {often(len(fast))}: {seconds(shortest)} after"
                f" the poll {at(first)}, at the closest."
            )
            yield Breach(numbers(seen for _, pair in fast for seen in pair), message, first.subject)


def _gaps(polls: Sequence[Seen], states: dict[int, State]) -> Iterator[tuple[int, tuple[Seen, Seen]]]:
    """Return the gaps between polls, the longer of real and virtual: a lost answer and its repeats are one poll."""
    start: Seen | None = None
    for before, after in pairwise(polls):
        start = start or before
        if not before.told:
            continue
        is_moved = (before.marks | after.marks) & (PAUSED | STEPPED)
        is_same = states.get(before.sequence) == states.get(after.sequence, states.get(before.sequence))
        if not (before.is_finished or is_moved) and is_same:
            yield max(after.real_time - start.real_time, after.time - start.time), (before, after)
        start = after


def _states(history: History) -> dict[int, State]:
    return {
        seen.sequence: state
        for batch in history.batches
        for seen, state in zip(batch.events, batch.states, strict=True)
        if seen.operation == "get_batch"
    }


def polled_after_finish(history: History) -> Iterator[Breach]:
    """A client polls on after it saw the batch finished, though nothing could have restarted it."""
    states = _states(history)
    for own in history.repeats(history.of("get_batch")):
        finish: Seen | None = None
        again: list[tuple[Seen, Seen]] = []
        for seen in own:
            if not seen.told:
                continue
            if not seen.is_finished or (finish and states[finish.sequence] != states[seen.sequence]):
                finish = None
            if finish:
                again.append((finish, seen))
            elif seen.is_finished:
                finish = seen
        if again:
            message = f"Batch {own[0].subject} was polled {often(len(again))} more after the client saw it finished."
            yield Breach(numbers(seen for pair in again for seen in pair), message, own[0].subject)


def gave_up(history: History) -> Iterator[Breach]:
    """The last poll saw a batch unfinished, and over three intervals later the client made other requests."""
    patience = _INTERVALS * history.standards.poll_seconds * SECOND
    by_client: defaultdict[tuple[str | None, str], list[Seen]] = defaultdict(list)
    for seen in history.exchanges:
        by_client[seen.client, seen.agent].append(seen)
    listed = max((seen.sequence for seen in history.of("list_batches") if seen.is_finished), default=0)
    looks = max(listed, history.last_of("get_job", "create_export"))
    for batch in history.batches:
        last = _last_look(batch, looks)
        if last is None:
            continue
        own = by_client[last.client, last.agent]
        # Of many parallel clients the latest requests may all be others': this one's are on its connection then.
        late = [*reversed(own[-_FEW:]), history.latest_on(last.connection) or last]
        after = next((seen for seen in late if history.from_one(last, seen)), last)
        if after.time - last.time > patience:
            yield _given_up(batch, last, after)


def _last_look(batch: Batch, looks: int) -> Seen | None:
    """Return the last poll, if it saw the batch unfinished and nothing else has shown interest in the batch since."""
    polls = [seen for seen in batch.events if seen.operation == "get_batch"]
    told = [seen for seen in polls if seen.told]
    if not told or told[-1].is_finished or polls[-1].status == _NOT_FOUND:
        return None
    is_left = all(seen.sequence <= polls[-1].sequence for seen in batch.events)
    return polls[-1] if is_left and looks < polls[-1].sequence else None


def _given_up(batch: Batch, last: Seen, after: Seen) -> Breach:
    told = next(seen for seen in reversed(batch.events) if seen.operation == "get_batch" and seen.told)
    unfinished = told.counts[2] if told.counts else 0
    message = (
        f"The last poll of batch {batch.id}, {at(last)}, saw {number(unfinished, 'unfinished job')};"
        f" {seconds(after.time - last.time)} later the client made other requests."
    )
    return Breach([last.sequence, after.sequence], message, batch.id)
