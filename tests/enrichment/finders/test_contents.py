from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from reprompt_mock.enrichment.finders.reviews import wilson
from reprompt_mock.enrichment.subject import Subject
from tests.enrichment.finding import find, subject_of

GENERATIONS = range(4)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def subject(name: str = "Joe's Pizza", number: int = 0, **inputs: Any) -> Subject:
    place = {"name": name, "latitude": 48.1, "longitude": 11.5, "country_code": "US", **inputs}
    return subject_of(f"place-{number}", place)


def many(name: str = "Blue Door", **inputs: Any) -> list[Subject]:
    return [subject(name, number, **inputs) for number in range(120)]


def test_the_name_is_echoed_in_its_language() -> None:
    outputs = find(subject("Café Adler", country_code="DE"), "names", 0)
    assert outputs["name"] == "Café Adler"
    assert outputs["multilingual_names"] == {"de": "Café Adler"}
    assert find(subject(country_code="FR"), "names", 0)["multilingual_names"].keys() == {"fr", "en"}


@pytest.mark.parametrize("country", ["US", "FR", "EG", "IN"])
@pytest.mark.parametrize("name", ["Blue Door", "Central Restaurant", "Hotel Adler", "Farmacia"])
def test_hours_by_day_agree_with_the_grouped_ones(name: str, country: str) -> None:
    """One group for each span, with all its days in the order of the week."""
    for one in many(name, country_code=country):
        for generation in GENERATIONS:
            outputs = find(one, "openingHours", generation)
            by_day, groups = outputs["opening_hours"], outputs["opening_hours_grouped_by_hours"]
            if find(one, "closed_permanently", generation)["open_closed_status"] == "Closed":
                assert (by_day, groups, outputs["is_open_24h"]) == (None, None, False)
                continue
            assert tuple(by_day) == DAYS
            spans = [(group["opens"], group["closes"]) for group in groups]
            assert len(set(spans)) == len(spans)
            rebuilt: dict[str, list[str]] = {day: [] for day in DAYS}
            for group in groups:
                assert re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", group["opens"])
                assert re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", group["closes"])
                assert group["days"] == [day[:3] for day in DAYS if day[:3] in group["days"]]
                for day in group["days"]:
                    full = next(name for name in DAYS if name.startswith(day))
                    rebuilt[full].append(f"{group['opens']}-{group['closes']}")
            for day, hours in by_day.items():
                written = hours.replace("Open 24 hours", "00:00-23:59").replace("Closed", "")
                assert sorted(written.split(", ")) == sorted(rebuilt[day] or [""])
            assert outputs["is_open_24h"] is (set(by_day.values()) == {"Open 24 hours"})


@pytest.mark.parametrize(
    ("country", "name", "splits"),
    [
        ("FR", "Pharmacie Centrale", True),
        ("ES", "Restaurante Sol", True),
        ("IT", "Farmacia", True),
        ("IN", "Taj Restaurant", True),
        ("IN", "City Pharmacy", False),
        ("US", "Central Restaurant", False),
        ("FR", "Supermarché", False),
    ],
)
def test_places_close_around_midday_where_that_is_usual(country: str, name: str, splits: bool) -> None:
    found = [find(one, "openingHours", 0)["opening_hours"] for one in many(name, country_code=country)]
    spans = {max(hours.count("-") for hours in each.values()) for each in found if each}
    assert spans == ({1, 2} if splits else {1})


@pytest.mark.parametrize(
    ("country", "day"), [("US", "Sunday"), ("EG", "Saturday"), ("SA", "Saturday"), ("AF", "Friday"), ("AE", "Sunday")]
)
def test_the_last_day_of_the_weekend_is_the_countrys(country: str, day: str) -> None:
    found = [find(one, "openingHours", 0)["opening_hours"] for one in many("First Bank", country_code=country)]
    assert {each[day] for each in found if each} == {"Closed"}


def test_most_places_are_open_and_only_closed_ones_have_an_end() -> None:
    """Contract F5."""
    found = [find(one, "closed_permanently", generation) for one in many() for generation in GENERATIONS]
    statuses = Counter(find(one, "closed_permanently", 0)["open_closed_status"] for one in many())
    assert statuses["Open"] > 90
    assert {each["open_closed_status"] for each in found} == {
        "Open",
        "Closed",
        "Temporarily Closed",
    }
    for each in found:
        assert (each["date_closed"] is not None) is (each["open_closed_status"] == "Closed")
        assert not each["date_closed"] or (each["date_opened"] or "") < each["date_closed"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "7 Carmine St, New York, NY 10014",
            {"house": "7", "street": "Carmine St", "city": "New York", "state": "NY", "postalCode": "10014"},
        ),
        (
            "Hauptstraße 5a, 10115 Berlin, Germany",
            {"house": "5a", "street": "Hauptstraße", "city": "Berlin", "postalCode": "10115", "country": "Germany"},
        ),
        (
            "The Old Mill, 12 High St, London SW1A 1AA, UK",
            {
                "building": "The Old Mill",
                "house": "12",
                "city": "London",
                "postalCode": "SW1A 1AA",
                "country": "United Kingdom",
            },
        ),
        (
            "1 King St W, Toronto, ON M5H 1A1",
            {"street": "King St W", "city": "Toronto", "state": "ON", "postalCode": "M5H 1A1"},
        ),
    ],
)
def test_an_address_in_one_line_is_taken_apart(text: str, expected: dict[str, str]) -> None:
    address = find(subject(full_address=text), "address", 0)["address"]
    assert {part: address[part] for part in expected} == expected
    assert address["full_address"] == text


def test_address_parts_of_the_input_are_kept_and_the_rest_is_completed() -> None:
    one = subject(country_code="DE", city="Kehl", street="Am Ufer", house="3b", suburb=7)
    address = find(one, "address", 0)["address"]
    assert (address["street"], address["house"], address["city"]) == ("Am Ufer", "3b", "Kehl")
    assert re.fullmatch(r"Am Ufer 3b, \d{5} Kehl, Germany", address["full_address"])
    assert address["suburb"] is None


def test_an_address_that_is_only_a_city_gets_a_street() -> None:
    address = find(subject(country_code="IS", full_address="Reykjavik, Iceland"), "address", 0)["address"]
    assert address["city"] == "Reykjavik"
    assert address["street"]
    assert address["street"] in address["full_address"]


@pytest.mark.parametrize("country", ["JP", "ID", "SG", "MY", "HK", "AE"])
def test_a_national_form_carries_its_country_and_agrees_with_the_address(country: str) -> None:
    """Contract F5."""
    for one in many(country_code=country)[:20]:
        outputs = find(one, "address", 0)
        localized = outputs["address_localized"]
        assert localized["country_code"] == country
        assert localized.get("street", outputs["address"]["street"]) == outputs["address"]["street"]


@pytest.mark.parametrize("country", ["US", "DE", "KR", None])
def test_other_countries_have_no_national_form(country: str | None) -> None:
    """Contract F5."""
    one = subject(country_code=country, latitude=0.0, longitude=-30.0)
    assert find(one, "address", 0)["address_localized"] is None


@pytest.mark.parametrize(
    ("address", "prefecture", "postcode"),
    [
        ("1 Chome-2-3 Ginza, Chuo City, Tokyo 104-0061, Japan", "東京都", "104-0061"),
        ("大阪府大阪市北区1-2", "大阪府", None),
    ],
)
def test_a_japanese_address_names_its_prefecture(address: str, prefecture: str, postcode: str | None) -> None:
    localized = find(subject(country_code="JP", full_address=address), "address", 0)["address_localized"]
    assert localized["prefecture"] == prefecture
    assert re.fullmatch(r"\d{3}-\d{4}", localized["postal_code"])
    assert postcode in (None, localized["postal_code"])


def test_reviews_grow_and_their_numbers_agree() -> None:
    """Contract G7."""
    for one in many():
        counts = []
        for generation in GENERATIONS:
            outputs = find(one, "user_reviews", generation)
            count, rating = outputs["review_count"], outputs["average_rating"]
            assert 0 <= outputs["recent_review_count"] <= count
            assert outputs["wilson_score"] == wilson(round(rating * 10), count)
            assert 0 <= outputs["popularity"] <= 1
            assert outputs["summary"] == outputs["review_summary"]
            bucket = find(one, "approximate_user_reviews", generation)
            assert bucket["approximate_average_rating"] == rating
            assert in_bucket(count, bucket["approximate_review_count"])
            counts.append(count)
        assert counts == sorted(set(counts))


def in_bucket(count: int, bucket: str) -> bool:
    if bucket.startswith("<"):
        return count < int(bucket[1:])
    if bucket.startswith(">"):
        return count >= int(bucket[1:])
    low, high = bucket.split("-")
    return int(low) <= count < int(high)


@pytest.mark.parametrize(("tenths", "count", "expected"), [(46, 100, 0.8256), (50, 10, 0.7225), (10, 10, 0.0)])
def test_the_wilson_score_is_the_lower_bound(tenths: int, count: int, expected: float) -> None:
    assert wilson(tenths, count) == pytest.approx(expected, abs=0.0001)


def test_a_restaurant_serves_food_and_a_bank_does_not() -> None:
    restaurant, bank = subject("Ristorante Da Nino", country_code="IT"), subject("First Bank")
    assert find(restaurant, "cuisine", 0)["cuisines"][0] == "Italian"
    assert find(restaurant, "naics", 0)["naics_code"] == "722511"
    assert find(restaurant, "merchant", 0)["merchant_category_code"] == "5812"
    assert find(restaurant, "foodService", 0)["has_dining"] is True
    assert set(find(bank, "menu", 0).values()) == {None}
    assert find(bank, "cuisine", 0) == {"cuisines": None}
    assert set(find(bank, "price_tier", 0).values()) == {None}
    assert set(find(bank, "foodService", 0).values()) == {None}


@pytest.mark.parametrize(("country", "currency"), [("US", "USD"), ("JP", "JPY"), ("FR", "EUR"), ("KW", "KWD")])
def test_menus_and_prices_are_in_the_countrys_currency(country: str, currency: str) -> None:
    one = subject("Central Restaurant", country_code=country)
    menu = find(one, "menu", 0)["menu_content"][0]
    assert menu["currency"] == find(one, "price_tier", 0)["currency"] == currency
    for section in menu["sections"]:
        assert section["name"]
        for item in section["items"]:
            assert float(item["data"]["choices"][0]["prices"]["min"]) > 0


def test_dearer_tiers_cost_more() -> None:
    prices: dict[int, list[int]] = {}
    for one in many("Central Restaurant"):
        outputs = find(one, "price_tier", 0)
        prices.setdefault(outputs["price_tier"], []).append(outputs["average_price"])
    averages = [sum(prices[tier]) / len(prices[tier]) for tier in sorted(prices)]
    assert sorted(prices) == [1, 2, 3, 4]
    assert averages == sorted(averages)


def test_a_place_that_serves_food_says_how() -> None:
    """Contract L6: `foodService` has four flags, which vary and may change."""
    found = [find(one, "foodService", generation) for one in many("Central Restaurant") for generation in (0, 1)]
    for flag in ("has_delivery", "has_takeout", "has_pickup"):
        assert {each[flag] for each in found} == {True, False}
    assert any(one != other for one, other in zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"full_address": "12 Main St, Springfield"}, "house_number"),
        ({"house": "12", "city": "Springfield"}, "house_number"),
        ({"latitude": 1.0, "longitude": 2.0}, "nearby"),
        ({"latitude": 1.0, "longitude": 2.0, "full_address": "Springfield"}, "nearby"),
        ({"full_address": "Springfield"}, "broad"),
        ({"city": "Springfield"}, "broad"),
        ({}, "none"),
    ],
)
def test_the_existence_of_a_place_is_told_in_published_words(inputs: dict[str, Any], expected: str) -> None:
    """Contract L6: footprint, entity type, and the granularity of the location as the first of its definition."""
    entities, footprints = set(), set()
    for one in range(200):
        found = find(subject_of(f"p-{one}", {"name": "Shop", **inputs}), "place_existence", 0)
        assert found["place_definition"][0] == expected
        entities.add(found["entity_type"])
        footprints.add(found["digital_footprint"])
    assert entities == {"place", "address", "person", "area", "other"}
    assert footprints == {"HIGH", "MEDIUM", "LOW"}


def test_some_places_belong_to_a_chain() -> None:
    found = [find(one, "chain", 0) for one in many("Central Restaurant")]
    chained = [each for each in found if each["chain_id"]]
    assert 10 < len(chained) < 80
    assert all(each["chain_domains"] == ["central-restaurant.example"] for each in chained)
    assert all(set(each.values()) == {None} for each in found if not each["chain_id"])
