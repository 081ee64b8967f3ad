"""How often something is found (contract F5)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.odds import odds_of
from reprompt_mock.shares import Shares
from tests.enrichment.finding import subject_of

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

PLACES = 4000
OF_PRESENCE = [name for name, known in CATALOGUE.items() if known.of_presence]
CERTAIN = {name: 1.0 for name, known in CATALOGUE.items() if known.found is not None}


@pytest.fixture(scope="module")
def subjects() -> list[Subject]:
    return [subject_of(f"store-{number}", {"name": "Shop"}) for number in range(PLACES)]


@pytest.mark.parametrize("rate", [0.0, 0.0008, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("generation", [0, 3])
def test_as_many_attributes_find_nothing_as_the_rate_says(
    rate: float, generation: int, subjects: list[Subject]
) -> None:
    names = tuple(CATALOGUE.keys() - CERTAIN.keys())
    odds = odds_of(Shares(rate, tuple(CERTAIN.items())), names)
    failed = Counter(name for one in subjects for name in odds.lost(one, generation))
    for name in names:
        assert failed[name] / PLACES == pytest.approx(rate, abs=0.03)
    assert failed.total() / PLACES / len(names) == pytest.approx(rate, abs=0.003)


@pytest.mark.parametrize(
    ("found_rates", "expected"),
    [
        ({}, 0.1),
        ({"websites": 0.95}, 0.05),
        ({"closed_permanently": 1}, 0.0),
        ({"closed_permanently": 0.5}, 0.325),
        ({"closed_permanently": 0, "websites": 0}, 1.0),
        ({"names": 0}, 0.1),
    ],
)
def test_absence_is_the_smaller_of_two_shares(
    found_rates: dict[str, float], expected: float, subjects: list[Subject]
) -> None:
    shares = Shares(0.1, tuple(found_rates.items()))
    assert shares.absent == pytest.approx(expected)
    odds = odds_of(shares, tuple(CATALOGUE))
    absent = [one for one in subjects if odds.is_absent(one)]
    assert len(absent) / PLACES == pytest.approx(expected, abs=0.02)
    # What absence excludes is found more often elsewhere, so that the shares of all places are as set.
    for name in OF_PRESENCE:
        found = sum(name not in odds.lost(one, 0) for one in subjects if not odds.is_absent(one))
        share = min(1 - expected, shares.of(name))
        assert found / PLACES == pytest.approx(share, abs=0.03), name


def test_part_of_the_attributes_draw_as_all_do(subjects: list[Subject]) -> None:
    shares, some = Shares(0.3), ("websites", "menu", "tiktok")
    whole, part = odds_of(shares, tuple(CATALOGUE)), odds_of(shares, some)
    for one in subjects[:200]:
        assert part.is_absent(one) == whole.is_absent(one)
        assert set(part.lost(one, 1)) == set(whole.lost(one, 1)) & set(some)


@pytest.mark.parametrize("is_absent", [True, False])
def test_a_rule_decides_whether_a_place_is_absent(is_absent: bool, subjects: list[Subject]) -> None:
    odds = odds_of(Shares(), tuple(CATALOGUE), sure=("websites",), is_absent=is_absent)
    assert {odds.is_absent(one) for one in subjects} == {is_absent}
    assert "websites" not in odds.excluded
    assert all("websites" not in odds.lost(one, 0) for one in subjects)
