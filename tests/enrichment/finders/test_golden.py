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
    "websites": "7c06189d2f91",
    "phoneNumbers": "f498bb567988",
    "openingHours": "6c1950b02fd0",
    "names": "5ae64f68be86",
    "address": "9624f57106cd",
    "categories": "f093fd2929ba",
    "user_reviews": "3108c1e0a48e",
    "menu": "a9f3ee33f401",
    "coordinates": "b8608c208890",
    "socialHandles": "0c2a3cab87f2",
    "tiktok": "144e07b6c7c7",
    "social_media_profile": "617278c062e3",
    "instagram_statistics": "58824f0d33ed",
    "price_tier": "53527ab04602",
    "cuisine": "b90b5a74792f",
    "approximate_user_reviews": "684fed880109",
    "chain": "2ba919b0a12e",
    "reprompt_id": "47a39df4614e",
    "naics": "295a71345e94",
    "merchant": "7485606bd877",
    "located_within": "d07937879cee",
    "storefrontImages": "9b15d33a55cb",
    "foodService": "8efebf7c164e",
    "place_existence": "0d4f0402fb43",
    "one_line_summary": "2faecd514d94",
    "building_footprint": "b521c6964c5a",
    "parking_spaces": "74b27c73149d",
    "signage": "4d85deaca154",
    "building_condition": "6ffe49922cab",
    "entrances": "59a913e5ac3e",
    "primary_turns": "5538f2f55565",
    "traffic_control": "4cd2f0bff53d",
    "site_quality": "01c40745a7b7",
    "reprompt_core_attributes": "bb328e081b2b",
    "apple_business_attributes": "39430c19da69",
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
