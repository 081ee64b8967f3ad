"""The values of every attribute, pinned: whoever committed a result of theirs finds it again in the next version."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from itertools import product
from typing import Any

import orjson
import pytest

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.kinds import kinds
from reprompt_mock.enrichment.subject import Subject
from tests.enrichment.finding import found, subject_of

GENERATIONS = 4
ADDRESSES: tuple[dict[str, Any], ...] = (
    {"full_address": "12 Main Street, Springfield, IL 62701, United States"},
    {"full_address": "東京都千代田区丸の内1-9", "city": "千代田区"},
    {"city": "Paris", "street": "Rue Cler", "latitude": 48.857, "longitude": 2.306},
    {},
)
NAMES = ("Harbour House", "Café Größe", "", "東京駅")
GOLDEN = {
    "closed_permanently": "cd902f3d0230",
    "websites": "f7da09f7cb15",
    "phoneNumbers": "d4e183e953e0",
    "openingHours": "aa12daefd394",
    "names": "c08bac7ebcbd",
    "address": "b37f00e42fb7",
    "categories": "b7fd50a7fdde",
    "user_reviews": "05aa19b39690",
    "menu": "39ab5731a5a6",
    "coordinates": "334914addb23",
    "socialHandles": "5b29dbfa00ef",
    "tiktok": "7520da10a1aa",
    "social_media_profile": "9f2b3e3a5dba",
    "instagram_statistics": "3d3c503f5032",
    "price_tier": "f7f0fd54d613",
    "cuisine": "f567198fbe49",
    "approximate_user_reviews": "9eda28b70ecd",
    "chain": "910ba19cc8e3",
    "reprompt_id": "47a39df4614e",
    "naics": "8cf9857d68ba",
    "merchant": "78091a6c567d",
    "located_within": "d07937879cee",
    "storefrontImages": "f81e89c8f69c",
    "foodService": "d4b181e2c8c8",
    "place_existence": "0d4f0402fb43",
    "one_line_summary": "33e9b3107ada",
    "building_footprint": "da86883be22b",
    "parking_spaces": "2a08dce61a16",
    "signage": "99069bb79c81",
    "building_condition": "6ffe49922cab",
    "entrances": "59a913e5ac3e",
    "primary_turns": "e861ddc5b9cd",
    "traffic_control": "4cd2f0bff53d",
    "site_quality": "a9ce86064798",
    "reprompt_core_attributes": "01822ed5e367",
    "apple_business_attributes": "b3a1db6f0941",
}
"""By attribute, the beginning of the digest of what is found, why, and how sure that is."""


@lru_cache
def places() -> list[Subject]:
    """Make places of every kind in every country, named and located in different ways."""
    forms = list(product(ADDRESSES, NAMES))
    codes, named = [None, *countries()], list(kinds())
    subjects = []
    for number in range(2 * max(len(codes), len(named))):
        address, name = forms[number % len(forms)]
        code, kind = codes[number % len(codes)], named[number % len(named)]
        inputs = {"name": name, "country_code": code, **address, **({"category": kind} if number % 3 else {})}
        subjects.append(subject_of(f"place-{number}", inputs, seed=number % 5))
    return subjects


@pytest.mark.parametrize("attribute", CATALOGUE)
def test_the_values_of_an_attribute_are_those_of_before(attribute: str) -> None:
    written = [
        orjson.dumps(found(place, attribute, generation), option=orjson.OPT_SORT_KEYS)
        for place in places()
        for generation in range(GENERATIONS)
    ]

    assert sha256(b"\n".join(written)).hexdigest()[:12] == GOLDEN[attribute]
