"""The same history gives the same bytes in one process on a file and, in turn, in two on a PostgreSQL schema."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, ClassVar, cast

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from starlette.testclient import TestClient

from tests.conftest import Org
from tests.processes import Served, serve
from tests.trust.scale import try_histories
from tests.trust.test_properties import Histories

NOON = "2026-01-01T12:00:00Z"
_numbers = itertools.count()


class InTurn:
    """Processes that are asked in turn, as by a load balancer."""

    def __init__(self, *processes: Served) -> None:
        self._turns = itertools.cycle(processes)

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Ask the next one."""
        return next(self._turns).http.request(method, url, **options)


class Alike(Histories):
    """Does the same on both stores, at the same time of their worlds, so that even times are the same."""

    stores: ClassVar[tuple[TestClient, TestClient]]

    def _sides(self) -> Iterator[tuple[TestClient, str]]:
        return zip(self.stores, ("same", "same"), strict=True)

    @staticmethod
    def _same(left: Any, right: Any) -> Any:
        assert (left.status_code, left.content) == (right.status_code, right.content)
        assert left.status_code < 500
        return left

    @initialize(seed=st.integers(0, 3), failure_rate=st.sampled_from([0.0, 0.5, 1.0]))
    def start(self, seed: int, failure_rate: float) -> None:
        assert self.control("PATCH", "/clock", {"now": NOON, "running": False}).status_code == 200
        super().start(seed, failure_rate)

    @rule(hours=st.integers(0, 48))
    def set_the_clock(self, hours: int) -> None:
        self.control("PATCH", "/clock", {"now": f"2026-01-{2 + hours // 24:02}T{hours % 24:02}:00:00Z"})

    @rule()
    def take_snapshot(self) -> None:
        """Take one on either side: both are the same, and what one gives the other takes."""
        taken = self.control("GET", "/snapshot")
        self.kept = (taken.json(), dict(self.model))

    @rule()
    def restart_one(self) -> None:
        """Restart none: that is tried elsewhere."""

    @rule(seed=st.integers(0, 3))
    def reset_one_and_start_the_other_afresh(self, seed: int) -> None:
        """Forget the world on both sides, and begin another."""
        self.control("DELETE")
        self.twins = [Org(org.http, f"fresh-{next(_numbers)}", org.headers) for org in self.twins]
        self.twins[1].slug = self.twins[0].slug
        self.model, self.kept = {}, None
        self.start(seed, 0.5)


@pytest.fixture
def machine(address: str) -> Iterator[type[Alike]]:
    """The machine, on three processes."""
    with ExitStack() as stack:
        options = ("--port", "0", "--clock", "paused")
        alone = stack.enter_context(serve(*options))
        both = [stack.enter_context(serve(*options, "--db", address)) for _ in range(2)]
        Alike.stores = (cast("TestClient", alone.http), cast("TestClient", InTurn(*both)))
        yield Alike


def test_any_history_has_the_same_bytes_on_both_stores(
    machine: type[Alike], record_property: Callable[[str, object], None]
) -> None:
    try_histories(machine, record_property, quick=3, soak=60)
