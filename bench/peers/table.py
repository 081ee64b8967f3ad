"""The table: a line for each operation, a column for each server, the best peer, and the targets."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.figures import Goal, Measured, rounded
from bench.peers.catalogue import OURS, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.peers.measure import Samples, Sizes


@dataclass(frozen=True)
class Row:
    """An operation; `step` is what it is measured with, `goals` are its targets by the name of a peer."""

    name: str
    step: str
    operation: str
    unit: str
    more_is_better: bool = False
    must_store: bool = False
    goals: Mapping[str, Goal] | None = None


def rows(sizes: Sizes) -> tuple[Row, ...]:
    """Return the rows of a table."""
    get, many = f"GET of a batch, {sizes.batch} jobs", f"{sizes.connections} connections"
    at_least_wiremock = {"WireMock": Goal(1.15, at_least=True)}
    at_least_both = {"Prism": Goal(1.3, at_least=True), "WireMock": Goal(0.9, at_least=True)}
    return (
        Row("get", "get", f"{get}, {many}", "requests/s", more_is_better=True, goals=at_least_wiremock),
        Row("p50", "single", f"{get}, 1 connection: median", "ms"),
        Row("p99", "single", f"{get}, 1 connection: 99th percentile", "ms"),
        Row("post", "post", f"POST of one job, {many}", "requests/s", more_is_better=True, goals=at_least_both),
        Row("create", "create", f"create of {sizes.places:,} jobs", "ms", must_store=True),
        Row("start", "start", "cold start to the first answer", "ms", goals={"Mockoon": Goal(0.8)}),
        Row("usable", "start", "cold start until a batch can be read, stored before by those that store", "ms"),
        Row("memory", "start", "idle memory of the process tree", "MB", goals={"Mockoon": Goal(0.66)}),
    )


@dataclass(frozen=True)
class Line:
    """A row with what was measured."""

    row: Row
    peers: Sequence[Peer]
    samples: Mapping[str, Sequence[float]]
    refused: Mapping[str, str]

    def _against(self, name: str, goal: Goal | None = None) -> Measured:
        row = self.row
        return Measured(row.name, row.operation, row.unit, goal, self.samples[OURS.name], self.samples[name])

    @property
    def best(self) -> str | None:
        """The name of the best peer, of those that store where the row is about storing; None if there is none."""
        able = [peer for peer in self.peers if self.samples.get(peer.name) and (peer.stores or not self.row.must_store)]
        medians = {peer.name: statistics.median(self.samples[peer.name]) for peer in able}
        if not medians:
            return None
        return (max if self.row.more_is_better else min)(medians, key=medians.__getitem__)

    def targets(self) -> Iterator[tuple[str, Goal, Measured | None]]:
        """Yield each target's peer and limit, with the comparison if the peer was measured."""
        for name, goal in (self.row.goals or {}).items():
            yield name, goal, self._against(name, goal) if self.samples.get(name) else None

    def cells(self) -> list[str]:
        """Return the line's cells."""
        servers = [self._cell(peer.name) for peer in (OURS, *self.peers)]
        ratio = f"{self._against(self.best).ratio:.2f} × {self.best}" if self.best else ""  # noqa: RUF001
        targets = "; ".join(_target(*target) for target in self.targets())
        return [f"{self.row.operation}, {self.row.unit}", *servers, ratio, targets]

    def _cell(self, name: str) -> str:
        samples = self.samples.get(name)
        return rounded(statistics.median(samples)) if samples else self.refused.get(name, "")

    def as_json(self) -> dict[str, Any]:
        """Return everything known about the line."""
        return {
            "row": self.row.name,
            "operation": self.row.operation,
            "unit": self.row.unit,
            "medians": {name: statistics.median(taken) for name, taken in self.samples.items() if taken},
            "best": self.best,
            "ratio": self._against(self.best).ratio if self.best else None,
            "targets": [
                {
                    "peer": name,
                    "target": str(goal),
                    "ratio": found.ratio if found else None,
                    "met": found.is_met if found else None,
                }
                for name, goal, found in self.targets()
            ],
            "refused": dict(self.refused),
            "samples": {name: list(taken) for name, taken in self.samples.items()},
        }


def _target(name: str, goal: Goal, found: Measured | None) -> str:
    if found is None:
        return f"{goal} {name}: not measured"
    return f"{goal} {name}: {found.ratio:.2f}{'' if found.is_met else ' (missed)'}"


def columns(peers: Sequence[Peer]) -> list[str]:
    """Return the columns' headings."""
    return ["operation", *(peer.title for peer in (OURS, *peers)), "ours ÷ best peer", "targets"]


def lines(peers: Sequence[Peer], sizes: Sizes, samples: Samples) -> list[Line]:
    """Return the table's lines."""
    return [Line(row, peers, samples.taken.get(row.name, {}), samples.refused.get(row.step, {})) for row in rows(sizes)]
