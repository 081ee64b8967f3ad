"""Networks that delay or break the connections of one of two emulators under load: all requests are accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from tests.postgres.proxy import Proxy, proxied
from tests.postgres.test_kills import ROUNDS, Load, note
from tests.processes import Served, eventually, serve
from tests.stores import MISSING, new_schema

DELAY_SECONDS = 0.02
MOST_BETWEEN_BREAKS = 400
GROWN = 60


@contextmanager
def two(delay: float = 0) -> Iterator[tuple[Proxy, Served, Served]]:
    """Serve two emulators on one schema, the first of which reaches the server through a proxy."""
    address = new_schema()
    if address is None:
        pytest.skip(MISSING)
    options = ("--port", "0", "--clock", "paused", "--db")
    with (
        proxied(address, delay) as proxy,
        serve(*options, proxy.address) as first,
        serve(*options, address) as second,
    ):
        yield proxy, first, second


def is_ready(served: Served) -> bool:
    """Return whether an emulator's database answers."""
    return served.http.get("/readyz").status_code == 200


def accounted(load: Load, *all_served: Served) -> Load:
    """Hold what both show to what was answered; every request was, within the time-out of its client."""
    assert None not in load.statuses
    for served in all_served:
        eventually(partial(is_ready, served))
        load.account(served)
    shown = [served.http.get("/_mock/orgs/acme/requests?limit=500").json() for served in all_served]
    assert shown[0] == shown[1]
    return load


def test_an_emulator_on_a_slow_network_does_what_the_other_does(
    record_property: Callable[[str, object], None],
) -> None:
    loads = []
    for _ in range(ROUNDS):
        with two(DELAY_SECONDS) as (_, slow, quick):
            load = Load([slow.url, quick.url])
            with load.running():
                load.grow(GROWN)
            loads.append(accounted(load, slow, quick))
            assert set(load.statuses) == {200}
    note(record_property, loads)


def test_an_emulator_whose_connections_break_loses_and_doubles_nothing(
    record_property: Callable[[str, object], None],
) -> None:
    loads = []
    for seed in range(ROUNDS):
        with two() as (proxy, broken, whole):
            load = Load([broken.url, whole.url])
            with load.running(), proxy.breaking(seed, MOST_BETWEEN_BREAKS):
                load.grow(GROWN)
            loads.append(accounted(load, broken, whole))
    note(record_property, loads)


def test_an_emulator_without_a_network_takes_nothing_with_it(record_property: Callable[[str, object], None]) -> None:
    """The other one goes on, and shows what was acknowledged before; the first does so once it is back."""
    loads = []
    for _ in range(ROUNDS):
        with two() as (proxy, cut_off, whole):
            load = Load([cut_off.url, whole.url])
            with load.running():
                load.grow(20)
                proxy.cut(stay_closed=True)
                load.grow(3)  # those that ask the first wait for its network
                assert not is_ready(cut_off)
                proxy.is_open = True
                eventually(partial(is_ready, cut_off))
                load.grow(20)
            loads.append(accounted(load, cut_off, whole))
    note(record_property, loads)
