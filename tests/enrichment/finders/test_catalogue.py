from __future__ import annotations

import json
import re
from itertools import chain
from typing import Any

import pytest

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.facts import data
from reprompt_mock.enrichment.reasons import about
from reprompt_mock.enrichment.search import search_for
from reprompt_mock.enrichment.subject import Subject
from tests.enrichment.finding import confidences, find, reasons, subject_of

# The published type of each output, which may be null besides.
PUBLISHED = {
    "text": """
        reprompt_id open_closed_status date_closed date_opened chain_id chain_name chain_wikipedia_url logo_url
        facebook_page_id facebook_bio instagram_username instagram_profile_pic_url instagram_bio
        approximate_review_count name alt_name official_name brand_name website phone naics_code
        naics_description merchant_category_code mcc_description merchant_category_group
        merchant_super_industry instagram facebook tiktok menu_url_official currency review_summary summary
        entity_type digital_footprint parking_spaces_image_url one_line_summary site_quality_score
        accessibility_rating accessibility_summary visibility_rating signage_summary pylon_number_of_brands
        pylon_reasoning monument_number_of_brands monument_reasoning location_type building_condition
        building_condition_score shopping_center_condition shopping_center_condition_score location_category
        building_condition_summary building_condition_rating prominence""",
    "whole": """
        coordinates_distance number_of_locations facebook_followers facebook_likes instagram_followers
        instagram_media_count price_tier average_price review_count recent_review_count parking_spaces_total
        parking_spaces_street parking_spaces_shared parking_spaces_dedicated primary_turns_required min_turns
        primary_turns""",
    "number": """
        approximate_average_rating average_rating wilson_score popularity pylon_latitude pylon_longitude
        monument_latitude monument_longitude""",
    "flag": """
        has_delivery has_takeout has_dining has_pickup is_open_24h traffic_control has_brand_signage
        pylon_sign_exists pylon_includes_brand_sign monument_sign_exists monument_includes_brand_sign""",
    "texts": """
        chain_domains alternative_names common_names categories phone_additional menu_urls menu_images cuisines
        place_definition place_reality key_strengths potential_concerns""",
    "numbers": "coordinates pylon_coordinates monument_coordinates",
    "objects": """
        storefront_images opening_hours_grouped_by_hours menu_content sign_locations entrance_views""",
    "object": """
        multilingual_names available_services address address_localized located_within opening_hours
        instagram_profile building_footprint primary_turns_route_matrix_visualization
        route_matrix_visualization reprompt_core_attributes apple_business_attributes""",
}
TYPES = {key: sort for sort, keys in PUBLISHED.items() for key in keys.split()}
SCALARS: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "whole": (int,),
    "number": (int, float),
    "flag": (bool,),
    "object": (dict,),
}
ELEMENTS: dict[str, tuple[type, ...]] = {"texts": (str,), "numbers": (int, float), "objects": (dict,)}

NAMES = ("Joe's Pizza", "Hotel Adler", "First Bank", "寿司 匠", "Кафе Мир", "Blue Door", "X", "100% {name} %s")
COUNTRIES = """
    US CA GB IE DE AT CH FR IT ES PT NL BE SE NO FI DK PL CZ GR TR RU UA JP KR CN TW HK SG MY ID TH VN IN AE SA EG
    ZA NG KE BR MX AR CL AU NZ XK AQ
"""
ADDRESSES = (None, "12 Main St, Springfield, XY 10004", "Hamburg, Germany", "東京都中央区銀座4-5-6", ",, ,")


def subject(place_id: str = "p", *, seed: int = 0, **inputs: Any) -> Subject:
    place = {"name": "Joe's Pizza", "latitude": 48.1, "longitude": 11.5, "country_code": "US", **inputs}
    return subject_of(place_id, place, seed)


@pytest.fixture(scope="module")
def subjects() -> list[Subject]:
    return [
        subject(
            f"place-{number}",
            name=NAMES[number % len(NAMES)],
            country_code=country,
            full_address=ADDRESSES[number % len(ADDRESSES)],
            latitude=(48.1, 90.0, -90.0)[number % 3],
            longitude=(11.5, 180.0, -180.0)[number % 3],
        )
        for number, country in enumerate(COUNTRIES.split() * 3)
    ]


def is_of_published_type(key: str, value: Any) -> bool:
    if value is None:
        return key != "multilingual_names"
    sort = TYPES[key]
    if sort in SCALARS:
        return type(value) in SCALARS[sort]
    return type(value) is list and all(type(each) in ELEMENTS[sort] for each in value)


@pytest.mark.parametrize("attribute", CATALOGUE)
def test_an_attribute_finds_exactly_its_outputs_with_the_published_types(
    attribute: str, subjects: list[Subject]
) -> None:
    """Contract F5."""
    for one in subjects:
        for generation in (0, 1, 4):
            outputs = find(one, attribute, generation)
            assert set(outputs) == set(CATALOGUE[attribute].outputs)
            wrong = {key: value for key, value in outputs.items() if not is_of_published_type(key, value)}
            assert wrong == {}


@pytest.mark.parametrize("attribute", CATALOGUE)
def test_reasons_and_scores_have_exactly_the_catalogues_keys(attribute: str, subjects: list[Subject]) -> None:
    """Contract F5."""
    for one in subjects:
        said = reasons(one, attribute, 2)
        assert tuple(said) == CATALOGUE[attribute].reasoning
        assert all(one.name in sentence and "{value}" not in sentence for sentence in said.values())
        scores = confidences(one, attribute, 2)
        assert tuple(scores) == CATALOGUE[attribute].confidence
        outputs = find(one, attribute, 2)
        for key, score in scores.items():
            assert score in ({"NONE"} if outputs[about(key)] is None else {"VERY_HIGH", "HIGH", "MEDIUM", "LOW"})


@pytest.mark.parametrize("attribute", CATALOGUE)
def test_nothing_found_is_every_key_with_null(attribute: str) -> None:
    """Contract F5: but an empty object, a status and a flag."""
    search, outputs = search_for(attribute), dict(search_for(attribute).outputs)
    assert tuple(outputs) == CATALOGUE[attribute].outputs
    assert outputs.pop("multilingual_names", {}) == {}
    assert outputs.pop("open_closed_status", "No Internet Presence") == "No Internet Presence"
    assert outputs.pop("is_open_24h", False) is False
    assert set(outputs.values()) <= {None}
    assert tuple(search.reasoning) == CATALOGUE[attribute].reasoning
    assert search.scores == dict.fromkeys(CATALOGUE[attribute].confidence, "NONE")


@pytest.mark.parametrize("attribute", CATALOGUE)
def test_findings_do_not_depend_on_what_was_asked_before(attribute: str) -> None:
    fresh = subject("p", seed=3)
    used = subject("p", seed=3)
    for other in reversed(tuple(CATALOGUE)):
        find(used, other, 5)
    for generation in (1, 0):
        assert find(fresh, attribute, generation) == find(used, attribute, generation)
        assert confidences(fresh, attribute, generation) == confidences(used, attribute, generation)


def test_seed_and_place_change_the_findings() -> None:
    core = [json.dumps(find(one, "phoneNumbers", 0)) for one in (subject(), subject(seed=1), subject("q"))]
    assert len(set(core)) == 3


@pytest.mark.parametrize("attribute", ["names", "reprompt_id", "naics", "merchant"])
def test_identity_never_drifts(attribute: str, subjects: list[Subject]) -> None:
    """Contract G7."""
    for one in subjects[:20]:
        assert find(one, attribute, 0) == find(one, attribute, 7)


@pytest.mark.parametrize(
    "attribute",
    ["closed_permanently", "websites", "phoneNumbers", "openingHours", "address", "categories", "user_reviews"],
)
@pytest.mark.parametrize("generation", range(4))
def test_each_drift_differs_from_the_finding_before(attribute: str, generation: int) -> None:
    """Contract G7."""
    for number in range(40):
        one = subject(f"p{number}", name=NAMES[number % len(NAMES)])
        assert find(one, attribute, generation) != find(one, attribute, generation + 1)


def test_every_host_is_reserved_for_examples(subjects: list[Subject]) -> None:
    for one in subjects:
        for attribute in CATALOGUE:
            outputs = find(one, attribute, 1)
            text = json.dumps([outputs, reasons(one, attribute, 1)], ensure_ascii=False)
            for host in re.findall(r'https?://([^/\s"]+)', text):
                assert host.endswith(".example"), text


def test_two_subjects_share_no_outer_dict() -> None:
    for attribute in CATALOGUE:
        one, other = find(subject(), attribute, 0), find(subject(), attribute, 0)
        assert one is not other
        assert one == other


def test_every_sentence_names_the_place_before_the_value() -> None:
    sentences = data("sentences")
    groups = [sentences["missing"], *sentences["reasons"].values(), *sentences["absent"].values()]
    for sentence in chain.from_iterable(groups):
        assert sentence.count("{name}") == 1
        assert sentence.find("{value}") == -1 or sentence.index("{name}") < sentence.index("{value}")
