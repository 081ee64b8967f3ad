"""What kind of place a name or a given category means."""

from __future__ import annotations

from typing import Any

import pytest

from bench.accuracy import kinds as accuracy
from bench.accuracy.figures import Row
from reprompt_mock.enrichment.categories import kind_of_category
from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.kinds import drawn_kinds, kinds, phrases, plain_kinds, recognised
from tests.enrichment.finding import find, subject_of

_FOOD_AND_TRANSPORT = ("Food and Beverage", "Transportation")


def kind_named(name: str, language: str = "en") -> str | None:
    kind = recognised(name, language)
    return kind.name if kind else None


def kind_called(category: str) -> str | None:
    kind = kind_of_category(category)
    return kind.name if kind else None


@pytest.mark.parametrize("row", accuracy.rows(), ids=lambda row: row[0])
def test_what_is_measured_meets_its_target(row: Row) -> None:
    assert row[3], row


def test_there_are_enough_codes_and_chains() -> None:
    assert len({code for _, _, code in accuracy.codes()}) >= 500
    assert len({name for _, name in accuracy.chains()}) >= 150
    assert {kind for _, kind, _ in accuracy.codes()} | {kind for kind, _ in accuracy.chains()} <= kinds().keys()


@pytest.mark.parametrize("name", kinds())
def test_the_main_label_of_a_kind_means_that_kind(name: str) -> None:
    assert kind_called(kinds()[name].labels[0]) == name


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("coffee_shop", "cafe"),
        ("Coffee Shops", "cafe"),
        ("coffee-shop", "cafe"),
        ("CoffeeShop", "cafe"),
        ("COFFEE SHOP", "cafe"),
        ("pharmacies", "pharmacy"),
        ("churches", "place_of_worship"),
        ("movie theatres", "cinema"),
        ("garden centre", "hardware_store"),
        ("women's clothing store", "clothing_store"),
        ("womens_clothing_store", "clothing_store"),
        ("afghan_restaurant", "restaurant"),
        ("eat_and_drink > restaurant > pizza_restaurant", "fast_food"),
        ("eat_and_drink>bar>wine_bar", "bar"),
        ("retail > shopping > something_new", "store"),
        ("Dining and Drinking > Cafe, Coffee, and Tea House > Coffee Shop", "cafe"),
        ("Gym / Fitness Center", "gym"),
        ("Salon / Barbershop", "hairdresser"),
        ("health & beauty", "pharmacy"),
        ("amenity=cafe", "cafe"),
        ("amenity = cafe", "cafe"),
        ("shop=bakery;cafe", "bakery"),
        ("shop=quaint", "store"),
        ("office=quaint", "office"),
        ("craft=quaint", "contractor"),
        ("leisure=garden", "park"),
        ("leisure=stadium", "stadium"),
        ("railway=station", "station"),
        ("Apotheke", "pharmacy"),
        ("レストラン", "restaurant"),
        ("Tienda de ropa", "clothing_store"),
        ("fire station", "fire_station"),
        ("police_station", "police_station"),
        ("gas station", "gas_station"),
        ("bus_station", "station"),
        ("ev_charging_station", "charging_station"),
        ("night club", "bar"),
        ("golf_club", "sports_venue"),
        ("social club", "nonprofit"),
        ("beer_garden", "bar"),
        ("botanical_garden", "park"),
        ("stadium", "stadium"),
    ],
)
def test_a_category_means_a_kind_however_it_is_spelt(category: str, expected: str) -> None:
    assert kind_called(category) == expected


@pytest.mark.parametrize(
    "category",
    [
        "club",
        "garden",
        "Gardens",
        "station",
        "quaint",
        "amenity=quaint",
        "quaint > curious",
        "",
        " ",
        ">",
        "=",
        "///",
        "🦄",
    ],
)
def test_what_says_nothing_means_no_kind(category: str) -> None:
    assert kind_called(category) is None


def test_a_very_long_category_is_read_by_its_end() -> None:
    assert kind_called("quaint " * 5000 + "restaurant") == "restaurant"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Starbucks", "cafe"),
        ("STARBUCKS #1234", "cafe"),
        ("Starbucks Reserve", "cafe"),
        ("McDonald\u2019s", "fast_food"),
        ("Mc Donalds Drive-Thru", "fast_food"),
        ("Downtown McDonald's", "fast_food"),
        ("The Home Depot", "hardware_store"),
        ("Target", "supermarket"),
        ("Target Store 112", "supermarket"),
        ("Boots 1234", "pharmacy"),
        ("Marks and Spencer", "store"),
        ("Houston Marriott West", "hotel"),
        ("Walmart Pharmacy", "pharmacy"),
        ("IKEA Restaurant", "restaurant"),
        ("スターバックス 渋谷店", "cafe"),
        ("麦当劳", "fast_food"),
        # Words that are also names of chains
        ("Target Practice", None),
        ("Apple Tree Inn", "hotel"),
        ("Next Door Books", "bookstore"),
        ("Subway Station", "station"),
        ("Toyota Center", None),
        ("FedEx Field", None),
        # Words that decide nothing alone
        ("The Club", None),
        ("Hanging Gardens", None),
        ("Union Station", None),
        ("Wembley Stadium", None),
        ("Sushi Garden", "restaurant"),
        ("Riverside Golf Club", "sports_venue"),
        ("Night Club Luna", "bar"),
        ("Munich Beer Garden", "bar"),
        ("Fire Station 12", "fire_station"),
        ("Main Street Gas Station", "gas_station"),
        ("Smile Dental Clinic", "dentist"),
    ],
)
def test_a_name_means_a_kind_by_its_chain_or_its_words(name: str, expected: str | None) -> None:
    assert kind_named(name) == expected


UNHEARD_OF = ("Unicorn Riding", "club", "garden", "quaint > curious", "  spaced  ")


@pytest.mark.parametrize("category", UNHEARD_OF)
def test_a_category_that_is_unheard_of_stands_first(category: str) -> None:
    for number in range(60):
        place = subject_of(f"p{number}", {"name": "Blue Door", "category": category, "country_code": "US"})
        for generation in range(3):
            assert find(place, "categories", generation)["categories"][0] == category.strip()
        assert find(place, "reprompt_core_attributes", 0)["reprompt_core_attributes"]["category"] == category.strip()
        assert category.strip() in find(place, "one_line_summary", 0)["one_line_summary"]


@pytest.mark.parametrize("category", UNHEARD_OF)
def test_a_category_that_is_unheard_of_draws_neither_food_nor_transport(category: str) -> None:
    for number in range(300):
        place = subject_of(f"p{number}", {"name": "Blue Door", "type": category, "country_code": "US"})
        assert place.kind in plain_kinds()
        assert place.kind.mcc[3] not in _FOOD_AND_TRANSPORT
        assert find(place, "menu", 0)["menu_content"] is None
        assert find(place, "cuisine", 0)["cuisines"] is None


@pytest.mark.parametrize(
    ("inputs", "kind", "first"),
    [
        ({"category": "coffee_shop"}, "cafe", "cafe"),
        ({"category": "quaint", "type": "hotel"}, "hotel", "quaint"),
        ({"category": "hotel", "type": "quaint"}, "hotel", "hotel"),
        ({"category": "quaint", "name": "Grand Hotel"}, "hotel", "quaint"),
        ({"category": ["bar"], "type": "museum"}, "museum", "museum"),
        ({"category": " ", "name": "Grand Hotel"}, "hotel", "hotel"),
    ],
)
def test_the_kind_comes_from_the_first_input_that_says_one(inputs: dict[str, Any], kind: str, first: str) -> None:
    place = subject_of("p", {"country_code": "US", **inputs})
    assert place.kind.name == kind
    assert find(place, "categories", 0)["categories"][0] == first


def test_every_kind_has_categories_and_kinds_drawn_are_as_frequent_as_their_weights() -> None:
    assert data("categories").keys() == kinds().keys()
    assert data("chains").keys() <= kinds().keys()
    assert len(drawn_kinds()) == sum(facts["weight"] for facts in data("kinds").values())
    assert set(plain_kinds()) < set(drawn_kinds())


def test_no_phrase_or_word_means_two_kinds() -> None:
    listed = [phrase for called in data("categories").values() for phrase in called]
    assert len(listed) == len(set(listed)) == len(phrases())
    words = [word for facts in data("kinds").values() for word in facts["words"]]
    assert len(words) == len(set(words))
