"""The journey of one large batch: create → settle → status → results, each step on two servers in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from bench import places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.servers import Server
    from bench.sizes import Sizes

STEPS = ("create", "settle", "status", "page", "results")
_PAGES = 2
"""The number of large pages measured in each journey. Each is read once, so that none comes from a cache."""


class Side(Protocol):
    """A server on which journeys are run; times are in milliseconds."""

    def create(self, number: int) -> float: ...
    def settle(self, number: int) -> float: ...
    def status(self, number: int) -> float: ...
    def page(self, number: int, limit: int, offset: int) -> float: ...


@dataclass
class Ours:
    """Journeys on the emulator, each in its own world."""

    server: Server
    sizes: Sizes
    prefix: str = "journey"

    def __post_init__(self) -> None:
        self._body = places.body(self.sizes.places, batch_id="big")

    def _path(self, number: int) -> str:
        return f"/v1/{self.prefix}-{number}/place_enrichment"

    def create(self, number: int) -> float:
        return self.server.timed("POST", f"{self._path(number)}/batches", self._body)

    def settle(self, number: int) -> float:
        return self.server.timed("POST", f"/_mock/orgs/{self.prefix}-{number}/clock/settle", b"{}")

    def status(self, number: int) -> float:
        return self.server.timed("GET", f"{self._path(number)}/batches/big")

    def page(self, number: int, limit: int, offset: int) -> float:
        return self.server.timed("GET", f"{self._path(number)}/jobs?batchId=big&limit={limit}&offset={offset}")

    def shape(self) -> tuple[int, int]:
        """Return how many values and bytes a core result has on average."""
        path = f"/v1/{self.prefix}-shape/place_enrichment"
        self.server.call("POST", f"{path}/batches", places.body(self.sizes.results_page, batch_id="some"))
        self.server.call("POST", f"/_mock/orgs/{self.prefix}-shape/clock/settle", b"{}")
        answer = self.server.call("GET", f"{path}/jobs?batchId=some&limit={self.sizes.results_page}")
        results = orjson.loads(answer)["jobs"]
        return sum(map(_values, results)) // len(results), len(answer) // len(results)


def _values(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_values, value.values()))
    return sum(map(_values, value)) if isinstance(value, list) else 1


@dataclass
class Floor:
    """The same journeys on the reference table."""

    server: Server
    sizes: Sizes
    values: int
    size: int

    def __post_init__(self) -> None:
        self._body = places.body(self.sizes.places, batch_id="big")
        self.server.call("POST", f"/shape?values={self.values}&size={self.size}")

    def create(self, number: int) -> float:
        return self.server.timed("POST", f"/create?batch={number}", self._body)

    def settle(self, number: int) -> float:  # noqa: ARG002
        return self.server.timed("POST", f"/settle?now={10**15}")

    def status(self, number: int) -> float:
        return self.server.timed("GET", f"/status?batch={number}")

    def page(self, number: int, limit: int, offset: int) -> float:
        return self.server.timed("GET", f"/page?batch={number}&limit={limit}&offset={offset}")


Samples = dict[str, list[list[float]]]
"""The samples of each side, by step."""


def travel(sides: tuple[Side, Side], sizes: Sizes, steps: Iterable[str]) -> Samples:
    """Run journeys of these steps, after one to warm up."""
    wanted = [step for step in STEPS if step in {"create", *steps}]
    samples: Samples = {step: [[], []] for step in wanted}
    for number in range(sizes.repeats + 1):
        for step in wanted:
            for part in range(_PAGES if step == "page" else 1):
                for side, kept in zip(sides, samples[step], strict=True):
                    taken = _take(side, step, number, part, sizes)
                    if number:
                        kept.append(taken)
    return samples


def _take(side: Side, step: str, number: int, part: int, sizes: Sizes) -> float:
    match step:
        case "create":
            return side.create(number)
        case "settle":
            return side.settle(number)
        case "status":
            return side.status(number)
        case "page":
            return side.page(number, sizes.page, part * sizes.page)
        case _:
            offsets = range(0, sizes.places, sizes.results_page)
            return sum(side.page(number, sizes.results_page, offset) for offset in offsets)


def summed(samples: Samples) -> list[list[float]]:
    """Return the sums of create, settle and results of each journey, for each side."""
    steps = (samples["create"], samples["settle"], samples["results"])
    return [[sum(parts) for parts in zip(*(step[side] for step in steps), strict=True)] for side in (0, 1)]
