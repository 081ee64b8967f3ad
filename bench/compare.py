"""Compares a commit with the working tree: row by row, alternating, over several rounds.

Both sides of a row are measured within minutes of each other, so that a drift of the machine's speed affects both; the
spread over the rounds shows how reliable a figure is.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.figures import Measured, rounded
from bench.rows import GROUPS, Bench, Group, Names
from bench.servers import Bay, Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.sizes import Sizes

COLUMNS = ("operation", "before", "here", "change", "spread", "verdict")
WORSE_BEYOND = 0.05
"""A row is worse, or better, if its whole spread lies beyond this share."""


@dataclass
class Compared:
    """One row, with the judged figure of both sides per round: the ratio to the floor, if there is one."""

    line: Measured
    before: list[float] = field(default_factory=list)
    here: list[float] = field(default_factory=list)

    @property
    def changes(self) -> list[float]:
        """The change of each round as a share, positive if it got worse."""
        pairs = zip(self.before, self.here, strict=True)
        return [(old / new if self.line.more_is_better else new / old) - 1 for old, new in pairs if old and new]

    @property
    def verdict(self) -> str:
        """`worse` or `better` if every round exceeds the limit, otherwise empty."""
        if not self.changes:
            return "not compared"
        if min(self.changes) > WORSE_BEYOND:
            return "worse"
        return "better" if max(self.changes) < -WORSE_BEYOND else ""

    def cells(self) -> list[str]:
        """Return the row's cells; a positive change is always for the worse."""
        changes = self.changes
        unit = "" if self.line.ratio is not None else f" {self.line.unit}"
        return [
            self.line.operation,
            f"{rounded(statistics.median(self.before))}{unit}",
            f"{rounded(statistics.median(self.here))}{unit}",
            _percent(statistics.median(changes)) if changes else "",
            f"{_percent(min(changes))} to {_percent(max(changes))}" if changes else "",
            self.verdict,
        ]

    def as_json(self) -> dict[str, Any]:
        """Return everything known about the row."""
        return {
            "row": self.line.name,
            "operation": self.line.operation,
            "before": self.before,
            "here": self.here,
            "changes": self.changes,
            "verdict": self.verdict,
        }


def _percent(share: float) -> str:
    return f"{share * 100:+.1f} %"


def compare(
    before: Target, here: Target, chosen: Names, sizes: Sizes, *, rounds: int
) -> tuple[list[Compared], list[str]]:
    """Measure both sides of every chosen row in turn; return the rows and the failures.

    The side that goes first alternates from round to round.
    """
    rows: dict[str, Compared] = {}
    failures: list[str] = []
    with ExitStack() as stack:
        sides = []
        for target in (before, here):
            bay = Bay(target)
            stack.callback(bay.close)
            sides.append(Bench(bay, sizes))
        for group in GROUPS:
            names = chosen & frozenset(group.names)
            if names:
                failures += _alternate(sides, group, names, rows, rounds)
    return list(rows.values()), failures


def _alternate(
    sides: Sequence[Bench], group: Group, names: Names, rows: dict[str, Compared], rounds: int
) -> Iterator[str]:
    shown = ", ".join(sorted(names))
    for number in range(rounds):
        measured: dict[int, list[Measured]] = {}
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            try:
                measured[side] = list(group.measure(sides[side], names))
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                yield f"{shown}: not measured {('before', 'here')[side]}: {error}"
                return
        for old, new in zip(measured[0], measured[1], strict=True):
            row = rows.setdefault(new.name, Compared(new))
            row.before.append(old.judged)
            row.here.append(new.judged)
        print(f"round {number + 1} of {rounds}  {shown}", file=sys.stderr, flush=True)
