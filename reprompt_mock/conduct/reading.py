"""Rules about results: whether they are read, when, and whether all of them and once."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING

from reprompt_mock.conduct.seen import PAUSED, Page
from reprompt_mock.conduct.verdict import Breach
from reprompt_mock.conduct.words import at, number, numbers, often

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reprompt_mock.conduct.history import Batch, History, State
    from reprompt_mock.conduct.seen import Seen

_READS_ELSEWHERE = ("get_job", "create_export", "download_export", "download_artifact")
"""How results are read besides pages of a batch."""
Read = tuple["Seen", Page, "State"]


def _pages(batch: Batch) -> list[Read]:
    """Return the pages of a batch's results that clients have got."""
    return [(seen, seen.page, state) for seen, state in batch.of("get_jobs") if seen.told and seen.page]


def pages_missed(history: History) -> Iterator[Breach]:
    """Results of a finished batch are read, but not all of them."""
    elsewhere = _read_elsewhere(history)
    for batch in history.batches:
        pages = [(seen, page) for seen, page, _ in _pages(batch) if not page.unfinished or _is_done(seen)]
        if not any(page.unfinished == 0 for _, page in pages):
            continue
        total = pages[-1][1].total
        missing = total - _covered((page for _, page in pages), total)
        if missing > len(elsewhere):
            message = (
                f"{number(missing, 'result')} of {total:,} of the finished batch {batch.id} went unread:"
                f" the last page had offset {pages[-1][1].offset:,} and {number(pages[-1][1].size, 'result')}."
            )
            yield Breach(numbers(seen for seen, _ in pages), message, batch.id)


def _read_elsewhere(history: History) -> Sequence[int | str | None]:
    """Return the places that were read one by one; any export is taken to cover everything."""
    if any(seen.carried_out for operation in _READS_ELSEWHERE[1:] for seen in history.of(operation)):
        return range(10**9)
    return list({seen.subject for seen in history.of("get_job") if seen.told})


def _is_done(seen: Seen) -> bool:
    """Return whether all jobs of a page had finished, though others of the batch had not."""
    return seen.counts is not None and not seen.counts[2]


def _covered(pages: Iterable[Page], total: int) -> int:
    """Return how many of the results some pages cover."""
    covered = end = 0
    for start, stop in sorted((page.offset, page.offset + page.size) for page in pages):
        covered += max(min(stop, total) - max(start, end), 0)
        end = max(end, min(stop, total))
    return covered


def pages_repeated(history: History) -> Iterator[Breach]:
    """A page of a finished batch is read again, or pages overlap."""
    for batch in history.batches:
        known = {seen.sequence: (page, state) for seen, page, state in _pages(batch)}
        for own in history.by_client(seen for seen in batch.events if seen.sequence in known):
            again = list(_overlapping([(seen, *known[seen.sequence]) for seen in own]))
            if again:
                message = (
                    f"Results of the finished batch {batch.id} were read again {often(len(again))},"
                    f" the first time {at(again[0][1])}: offset {known[again[0][1].sequence][0].offset:,}."
                )
                yield Breach(numbers(seen for pair in again for seen in pair), message, batch.id)


def _overlapping(pages: Sequence[Read]) -> Iterator[tuple[Seen, Seen]]:
    """Return the pages that have results which an earlier page had in the same state, with that page."""
    read: defaultdict[State, list[tuple[int, int, Seen]]] = defaultdict(list)
    for seen, page, state in pages:
        start, stop = page.offset, page.offset + page.size
        before = read[state]
        position = bisect_left(before, stop, key=itemgetter(0))
        if position and before[position - 1][1] > start:
            yield before[position - 1][2], seen
        elif page.unfinished == 0 and _is_done(seen):
            before.insert(position, (start, stop, seen))


def read_unfinished(history: History) -> Iterator[Breach]:
    """Results are read of a batch that no client had seen finished."""
    listed = next((seen.sequence for seen in history.of("list_batches") if _lists_finished(seen)), None)
    for batch in history.batches:
        finished: dict[int, int] = {}
        for seen, (restarts, _, _) in zip(batch.events, batch.states, strict=True):
            if seen.is_finished and seen.operation in {"get_batch", "create_batch"}:
                finished.setdefault(restarts, seen.sequence)
        early = [
            (seen, page)
            for seen, page, state in _pages(batch)
            if finished.get(state[0], seen.sequence) >= seen.sequence
            and not (_is_known(seen, page) or (listed is not None and listed < seen.sequence))
        ]
        if early:
            seen, page = early[0]
            message = (
                f"Results of batch {batch.id} were read {at(seen)}, before any poll had seen it finished:"
                f" {number(page.unfinished or 0, 'job was', 'jobs were')} unfinished."
            )
            yield Breach(numbers(seen for seen, _ in early), message, batch.id)


def _lists_finished(seen: Seen) -> bool:
    return seen.told and seen.counts is not None and sum(seen.counts[:2]) > 0


def _is_known(seen: Seen, page: Page) -> bool:
    """Return whether the batch had finished, as a test knows that moves the clock itself."""
    return page.unfinished == 0 and bool(seen.marks & PAUSED)


def failures_ignored(history: History) -> Iterator[Breach]:
    """A client sees a batch finish with failed jobs, and neither reads their results nor reprocesses them."""
    for batch, finish in _finishes(history):
        failed = finish.counts[1] if finish.counts else 0
        if failed and not _is_looked_after(history, batch, finish):
            message = (
                f"Batch {batch.id} was seen finished {at(finish)} with {number(failed, 'failed job')},"
                " which were neither read nor reprocessed."
            )
            yield Breach([finish.sequence], message, batch.id)


def _finishes(history: History) -> Iterator[tuple[Batch, Seen]]:
    """Return each batch that was seen finished, with the last poll that saw it so, and was not restarted since."""
    for batch in history.batches:
        finish = next(
            (pair for pair in reversed(batch.of("get_batch")) if pair[0].is_finished),
            None,
        )
        if finish is not None and finish[1] == batch.states[-1]:
            yield batch, finish[0]


def _is_looked_after(history: History, batch: Batch, finish: Seen) -> bool:
    """Return whether anything was tried with a batch's results, whatever came of it."""
    own = any(
        seen.operation == "get_jobs" or (seen.operation != "get_batch" and seen.sequence > finish.sequence)
        for seen in batch.events
    )
    other = history.last_of(*_READS_ELSEWHERE, "reprocess_jobs") > finish.sequence
    return own or other or history.reads_everything


def results_unread(history: History) -> Iterator[Breach]:
    """Nobody reads the results of a finished batch."""
    for batch, finish in _finishes(history):
        completed = finish.counts[0] if finish.counts else 0
        if completed and not _is_looked_after(history, batch, finish):
            message = f"Batch {batch.id} was seen finished {at(finish)}; its results were not read."
            yield Breach([finish.sequence], message, batch.id)
