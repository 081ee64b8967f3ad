"""Rules about what is submitted, so what is paid for: creates, reprocesses, exports."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from reprompt_mock.conduct.seen import IDEMPOTENT, IDLE, JOB, REPLACED, Work
from reprompt_mock.conduct.verdict import Breach
from reprompt_mock.conduct.words import at, number, numbers, often, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reprompt_mock.conduct.history import History
    from reprompt_mock.conduct.seen import Seen

_EVERY_JOB = "ALL"
_CHANGES = ("create_batch", "reprocess_batch", "reprocess_jobs", "update_batch", "delete_batch")
"""What changes the data of an export."""
_REFUSED = 400


def created_twice(history: History) -> Iterator[Breach]:
    """The same places and attributes are created again under a new batch, though the first create was carried out."""
    by_content: defaultdict[tuple[str | None, str | None], list[Seen]] = defaultdict(list)
    for seen in history.of("create_batch"):
        work = seen.work
        if seen.carried_out and work.jobs and work.scope != IDLE:
            by_content[work.places, work.attributes].append(seen)
    for creates in by_content.values():
        for own in history.by_client(creates):
            yield from _of_equal(history, own)


def _of_equal(history: History, creates: Sequence[Seen]) -> Iterator[Breach]:
    """Judge creates of equal content by one client: each is compared with the first one whose batch is still there."""
    first, again = creates[0], []
    for seen in creates[1:]:
        if seen.subject == first.subject:
            continue
        if _is_gone(history, first, before=seen):
            first = seen
            continue
        again.append(seen)
    if again:
        batches = ", ".join(str(seen.subject) for seen in again[:3])
        yield Breach(
            numbers([first, *again]),
            f"Batch {first.subject} of {number(first.work.jobs, 'place')}, created {at(first)} and answered with"
            f" {outcome(first)}, was created again {often(len(again))} under a new id ({batches}).",
            first.subject,
            again[0].agent,
        )


def _is_gone(history: History, first: Seen, *, before: Seen) -> bool:
    """Return whether a batch had been deleted by then, by its client or with the whole world."""
    if first.interventions // REPLACED != before.interventions // REPLACED:
        return True
    batch = history.by_batch.get(first.subject or "")
    return batch is not None and any(
        seen.carried_out and first.sequence < seen.sequence < before.sequence for seen, _ in batch.of("delete_batch")
    )


def too_many_places(history: History) -> Iterator[Breach]:
    """A create has more places than are allowed."""
    for own in history.repeats(seen for seen in history.of("create_batch") if _exceeds(seen)):
        work = own[0].work
        message = f"A create {at(own[0])} had {number(work.jobs, 'place')}; {work.other:,} are allowed."
        yield Breach(numbers(own), message, own[0].subject)


def _exceeds(seen: Seen) -> bool:
    return seen.status == _REFUSED and seen.work.jobs > seen.work.other > 0


def reprocessed_all(history: History) -> Iterator[Breach]:
    """All jobs of a batch are reprocessed, completed ones too, without `refresh` or other attributes."""
    for batch in history.batches:
        created: set[str | None] = set()
        asked: set[str | None] = set()
        for seen in batch.events:
            work = seen.work
            if not seen.carried_out or seen.operation not in {"create_batch", "reprocess_batch"}:
                continue
            if seen.operation == "create_batch":
                created.add(work.attributes)
            elif _repeats_work(work, asked) and len(created) == 1:
                message = (
                    f"All {number(work.jobs, 'job')} of batch {batch.id} were reprocessed {at(seen)},"
                    f" {work.other:,} of which had completed, with the same attributes and without refresh."
                )
                yield Breach([seen.sequence], message, batch.id)
            asked.add(work.attributes)


def _repeats_work(work: Work, asked: set[str | None]) -> bool:
    return work.scope == _EVERY_JOB and work.other > 0 and (work.attributes == "" or work.attributes in asked)


def export_repeated(history: History) -> Iterator[Breach]:
    """An export that became a job is created again, without an `Idempotency-Key`."""
    made: defaultdict[str | None, list[Seen]] = defaultdict(list)
    for seen in history.of("create_export"):
        if seen.carried_out and seen.work.scope == JOB:
            made[seen.work.places].append(seen)
    ended: dict[str | None, int] = {}
    for seen in history.of("get_export"):
        if seen.is_finished:
            ended.setdefault(seen.subject, seen.sequence)
    changes = sorted(seen.sequence for one in _CHANGES for seen in history.of(one) if seen.carried_out)
    for exports in made.values():
        for own in history.by_client(exports):
            again = [
                after
                for before, after in pairwise(own)
                if not (after.marks & IDEMPOTENT or _is_useful(before, after, ended, changes))
            ]
            if again:
                message = (
                    f"The export {own[0].subject}, created {at(own[0])}, was created again {often(len(again))}"
                    " without an Idempotency-Key, though nothing had changed."
                )
                yield Breach(numbers([own[0], *again]), message, agent=again[0].agent)


def _is_useful(first: Seen, second: Seen, ended: Mapping[str | None, int], changes: Sequence[int]) -> bool:
    """Return whether a new export had a use: the first one was seen finished, or data may have changed since."""
    is_changed = bisect(changes, first.sequence) != bisect(changes, second.sequence)
    is_ended = ended.get(first.subject, second.sequence) < second.sequence
    return is_ended or is_changed or first.interventions != second.interventions
