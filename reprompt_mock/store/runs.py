"""Runs of job keys: jobs are read by them where there are few, since no database then has anything to sort."""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.store import statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reprompt_mock.store.session import Row, Session

_FEW = 8


class Run(NamedTuple):
    """Job keys from `first` to `last`; they may be none, or some of them be missing."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many keys it has."""
        return self.last - self.first + 1


def few(session: Session, scope: str, values: Mapping[str, Any]) -> list[Run] | None:
    """Return the runs of a "batch" or "world" in order of submission, or None if they are many."""
    found = [Run(*row) for row in session.rows(statements.few_runs(scope, _FEW + 1), values)]
    return None if len(found) > _FEW else [run for run in found if run.size > 0]


def every(session: Session, scope: str, values: Mapping[str, Any]) -> list[Run]:
    """Return all runs of a "batch" or "world" in order of submission."""
    return [Run(*row) for row in session.rows(statements.runs(scope), values)]


def part(runs: Sequence[Run], offset: int, limit: int) -> Iterator[Run]:
    """Yield what remains of runs without missing keys after `offset` keys, up to `limit` keys."""
    for first, last in runs:
        size = last - first + 1
        taken = min(size - offset, limit)
        if taken > 0:
            yield Run(first + offset, first + offset + taken - 1)
            limit -= taken
        offset = max(0, offset - size)


def rows(session: Session, query: str, runs: Sequence[Run], values: Mapping[str, Any]) -> Iterator[Row]:
    """Run a query for each of some runs, which it knows as `:first_key` and `:last_key`; return the rows of all."""
    return chain.from_iterable(
        session.rows(query, {**values, "first_key": first, "last_key": last}) for first, last in runs
    )


def of_keys(keys: Iterable[int]) -> list[tuple[int, int]]:
    """Return the first and last keys of runs of consecutive ones; deleting a run takes one statement."""
    runs = groupby(enumerate(sorted(keys)), lambda numbered: numbered[1] - numbered[0])
    whole = ([key for _, key in run] for _, run in runs)
    return [(run[0], run[-1]) for run in whole]
