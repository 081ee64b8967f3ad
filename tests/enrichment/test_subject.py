from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from reprompt_mock.attributes import CATALOGUE, CORE
from reprompt_mock.enrichment.kinds import drawn_kinds, kinds, recognised
from reprompt_mock.enrichment.labels import label_of
from reprompt_mock.enrichment.luck import POSITIONS, first_page, luck_of
from reprompt_mock.enrichment.subject import Subject
from tests.enrichment.finding import subject_of


def subject(name: str, *, place_id: str = "p", seed: int = 0, **inputs: Any) -> Subject:
    return subject_of(place_id, {"name": name, **inputs}, seed)


@pytest.mark.parametrize(
    ("name", "country", "expected"),
    [
        ("The Red Lion Pub", "GB", "bar"),
        ("Hotel Bar", "US", "bar"),
        ("Café do Museu", "BR", "cafe"),
        ("Stadtapotheke", "DE", "pharmacy"),
        ("Apotheke am Markt", "DE", "pharmacy"),
        ("Museum of Food Markets", "US", "museum"),
        ("At the Bakery", "GB", "bakery"),
        ("Sparkasse Musterstadt", "DE", "bank"),
        ("寿司 匠", "JP", "restaurant"),
        ("東京国立博物館", "JP", "museum"),
        ("Аптека №1", "RU", "pharmacy"),
        ("مطعم النخيل", "EG", "restaurant"),
        ("Corner Coffee Shop", "US", "cafe"),
        ("The Corner Shop", "GB", "convenience"),
        ("Joe's Pizza & Grill.", "US", "restaurant"),
        ("Aeropuerto Internacional Benito Juárez", "MX", "airport"),
    ],
)
def test_a_kind_is_recognised_by_the_name(name: str, country: str, expected: str) -> None:
    assert subject(name, country_code=country).kind.name == expected


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"category": "bank"}, "bank"),
        ({"category": "coffee_shop"}, "cafe"),
        ({"type": "airport"}, "airport"),
        ({"category": None, "type": "city"}, "city"),
        ({"category": "", "type": ["airport"]}, "hotel"),
        ({"category": "unheard of"}, "hotel"),
    ],
)
def test_the_category_goes_before_the_name(inputs: dict[str, Any], expected: str) -> None:
    assert subject("Grand Hotel", country_code="US", **inputs).kind.name == expected


def test_a_name_that_says_nothing_draws_a_kind() -> None:
    assert recognised("Blue Door", "en") is None
    drawn = {subject("Blue Door", place_id=f"p{number}").kind.name for number in range(300)}
    assert len(drawn) > 15
    assert drawn <= {kind.name for kind in drawn_kinds()}


def test_luck_depends_on_the_seed_and_the_place_alone() -> None:
    one, same = subject("A", country_code="US"), subject("B", country_code="DE")
    other_seed, other_place = subject("A", seed=1), subject("A", place_id="q")
    assert one.luck == same.luck
    assert len({each.luck[POSITIONS["names"]] for each in (one, other_seed, other_place)}) == 3


def test_a_core_search_sees_the_same_luck_as_a_larger_one() -> None:
    page = first_page(7, "p")
    core = luck_of(page, beyond_core=False)
    assert luck_of(page, beyond_core=True)[: len(core)] == core
    assert all(POSITIONS[name] < len(core) for name in CORE)


def test_no_two_names_share_their_luck() -> None:
    assert len(set(POSITIONS.values())) == len(POSITIONS)
    assert max(POSITIONS.values()) < len(luck_of(first_page(7, "p"), beyond_core=True))
    assert set(CATALOGUE) <= set(POSITIONS)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Downtown Store", "downtown-store"),
        ("Joe's Pizza & Grill", "joes-pizza-grill"),
        ("Café São João", "cafe-sao-joao"),
        ("Straße Ørsted", "strasse-orsted"),
        ("Кафе Мир", "kafe-mir"),
        ("寿司", ""),
        ("X", ""),
        ("../../etc", "etc"),
        ("a" * 80, "a" * 40),
    ],
)
def test_a_label_is_the_name_in_plain_letters(name: str, label: str) -> None:
    assert label_of(name) == label


def test_a_name_without_latin_letters_has_a_domain_by_its_kind() -> None:
    domain = subject("寿司 匠", country_code="JP").domain
    assert domain.startswith("restaurant-jp-")
    assert domain.endswith(".example")


def test_every_kind_has_what_producers_pick_from() -> None:
    for kind in kinds().values():
        assert len(set(kind.labels)) >= 4, kind.name
        assert len(kind.hours) >= 3, kind.name
        assert not kind.food or kind.tiers, kind.name


def test_importing_does_not_load_time_zones() -> None:
    code = (
        "import sys, reprompt_mock.enrichment.results, reprompt_mock.enrichment.template;"
        "sys.exit('tzfpy' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
