"""What a topic reports: rows with a measured figure and its target."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Row(NamedTuple):
    """A figure, e.g. `measured` "99.85 %" where `target` is "at least 99.84 %"."""

    name: str
    measured: str
    target: str
    met: bool


def at_least(name: str, hits: Iterable[bool], percent: float) -> Row:
    """Report the percentage of hits, rounded down, so that 100 means all."""
    results = list(hits)
    share = 100 * sum(results) / len(results)
    shown = f"{int(share * 100) / 100:.2f} % of {len(results):,}"
    return Row(name, shown, f"at least {percent:g} %", met=share >= percent)


def none_of(name: str, misses: Iterable[object], total: int) -> Row:
    """Report what should not be there, the first three by name."""
    found = list(misses)
    shown = f"{len(found)} of {total:,}" + (": " + ", ".join(map(str, found[:3])) if found else "")
    return Row(name, shown, "none", met=not found)


def table(rows: Iterable[Row]) -> str:
    """Return rows as a table in Markdown."""
    lines = [f"| {row.name} | {row.measured} | {row.target} | {'yes' if row.met else 'no'} |" for row in rows]
    return "\n".join(["| what | measured | target | met |", "| --- | --- | --- | --- |", *lines])
