"""Seeded draws: the same names, the same numbers, in whatever order."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.draws import Draw, digest, draw

seeds = st.integers(-(2**63), 2**63 - 1)
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@given(seeds, st.lists(names, max_size=4))
def test_the_same_seed_and_path_give_the_same_digest(seed: int, path: list[str]) -> None:
    assert digest(seed, *path) == digest(seed, *path)
    assert len(digest(seed, *path)) == 64


@given(seeds, st.lists(names, min_size=1, max_size=4), st.data())
def test_another_seed_or_path_gives_another_digest(seed: int, path: list[str], data: st.DataObject) -> None:
    other_seed = data.draw(seeds.filter(lambda other: other != seed))
    other_path = data.draw(st.lists(names, min_size=1, max_size=4).filter(lambda other: other != path))
    assert digest(seed, *path) != digest(other_seed, *path)
    assert digest(seed, *path) != digest(seed, *other_path)


def test_the_borders_between_names_count() -> None:
    assert digest(0, "ab", "c") != digest(0, "a", "bc") != digest(0, "abc")


def test_a_draw_is_pinned_for_ever() -> None:
    """A change of these numbers changes every history that users have pinned in their own tests."""
    assert digest(7, "store-1", 1, "fate").hex()[:32] == "3da1388589ab96418832cd4ae52f7f02"


def test_draws_do_not_disturb_each_other() -> None:
    alone = [draw(1, name).below(1000) for name in "abc"]
    supplies = {name: draw(1, name) for name in "cab"}
    [supplies["b"].below(50) for _ in range(20)]
    assert [draw(1, name).below(1000) for name in "abc"] == alone
    assert [supplies[name].below(1000) for name in "ac"] == [alone[0], alone[2]]


@given(seeds, st.integers(1, 2**32))
def test_below_stays_below_its_bound_however_often_it_is_asked(seed: int, bound: int) -> None:
    supply = draw(seed, "below")
    assert all(0 <= supply.below(bound) < bound for _ in range(100))


@pytest.mark.parametrize(("rate", "happens"), [(0.0, 0), (1.0, 5000)])
def test_a_rate_of_zero_never_happens_and_one_always_does(rate: float, happens: int) -> None:
    assert sum(draw(0, "chance", number).chance(rate) for number in range(5000)) == happens


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_a_rate_is_met_on_average(rate: float) -> None:
    share = sum(draw(0, "share", number).chance(rate) for number in range(20_000)) / 20_000
    assert share == pytest.approx(rate, abs=0.015)


@given(seeds)
def test_fractions_lie_in_the_half_open_unit_interval(seed: int) -> None:
    supply = draw(seed, "fraction")
    assert all(0 <= supply.fraction() < 1 for _ in range(30))


def test_the_largest_supply_gives_a_fraction_below_one() -> None:
    assert Draw(b"\xff" * 64).fraction() < 1


def test_picks_are_spread_evenly_also_after_the_supply_was_refilled() -> None:
    supply = draw(5, "even")
    counts = Counter(supply.pick("abcdefg") for _ in range(70_000))
    assert set(counts) == set("abcdefg")
    assert all(9_500 < count < 10_500 for count in counts.values())
