"""Measured figures, and their presentation as a table, JSON or Markdown."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COLUMNS = ("operation", "ours", "floor", "ratio", "target")


@dataclass(frozen=True)
class Goal:
    """A limit for the ratio or, with `unit`, for the emulator's own figure."""

    limit: float
    unit: str = ""
    at_least: bool = False

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.limit:g} {self.unit}" if self.unit else f"{sign} {self.limit:.2f} ×"  # noqa: RUF001


@dataclass(frozen=True)
class Measured:
    """One line: samples of the emulator and, if there is one, of its floor."""

    name: str
    operation: str
    unit: str
    goal: Goal | None
    ours: Sequence[float]
    floor: Sequence[float] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """The ratio of the emulator's median to the floor's."""
        return statistics.median(self.ours) / statistics.median(self.floor) if self.floor else None

    @property
    def judged(self) -> float:
        """The figure that is compared with the goal."""
        return statistics.median(self.ours) if self.ratio is None else self.ratio

    @property
    def is_met(self) -> bool:
        """Whether the goal is met; true without a goal."""
        if self.goal is None:
            return True
        return self.judged >= self.goal.limit if self.goal.at_least else self.judged <= self.goal.limit

    @property
    def more_is_better(self) -> bool:
        """Whether a larger figure is better, as for rates with a minimum as their goal."""
        return self.goal is not None and self.goal.at_least

    def cells(self) -> list[str]:
        """Return the line's cells."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        missed = "" if self.is_met else " (missed)"
        return [self.operation, self._shown(self.ours), self._shown(self.floor), ratio, f"{self.goal or ''}{missed}"]

    def _shown(self, samples: Sequence[float]) -> str:
        return f"{rounded(statistics.median(samples))} {self.unit}" if samples else ""

    def as_json(self) -> dict[str, Any]:
        """Return everything known about the line."""
        return {
            "row": self.name,
            "operation": self.operation,
            "unit": self.unit,
            "ours": statistics.median(self.ours),
            "floor": statistics.median(self.floor) if self.floor else None,
            "ratio": self.ratio,
            "target": str(self.goal) if self.goal else None,
            "met": self.is_met,
            "samples": {"ours": list(self.ours), "floor": list(self.floor)},
        }


def rounded(value: float) -> str:
    """Format a number with three significant digits, or all digits of a larger number."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{digits}f}"


def percentile(samples: Sequence[float], share: float) -> float:
    """Return the smallest sample that at least this share of the samples does not exceed."""
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


def markdown(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    rows = [columns, ["---", *["---:"] * (len(columns) - 1)], *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def plain(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table in aligned columns for a terminal."""
    widths = [max(map(len, column)) for column in zip(columns, *lines, strict=True)]
    padded = [
        [
            cell.rjust(width) if number else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in [columns, ["-" * width for width in widths], *lines]
    ]
    return "".join("  ".join(row).rstrip() + "\n" for row in padded)
