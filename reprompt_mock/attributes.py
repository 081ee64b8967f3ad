"""The attributes that can be enriched, as data: their output keys and required inputs (contract D6, F4, F5, I4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ABSENT = "No Internet Presence"
"""The status of a place about which nothing is found (contract F5)."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: the keys it writes into a result, and what a place must have for it to run.

    Attributes:
        name: its name in requests.
        outputs: the keys that it writes into `outputs`.
        reasoning: those that it writes into `reasoning`.
        confidence: those that it writes into `confidence_scores`.
        needs: the inputs that a place must have for it to run.
        found: the share of places for which it finds something, from 0 to 1; None leaves it to `not_found_rate`.
        possible: the share of places that can have it at all: a place that has closed for good has no hours.
        is_conditional: whether the rest of the places fail its run condition instead.
        of_presence: whether an absent place has nothing of it.
        nothing: what it writes where nothing is found, if not null.
        absent: what it writes about an absent place, whatever is found.
    """

    name: str
    outputs: tuple[str, ...]
    reasoning: tuple[str, ...] = ()
    confidence: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    found: float | None = None
    possible: float = 1.0
    is_conditional: bool = False
    of_presence: bool = False
    nothing: Mapping[str, Any] = field(default_factory=dict, hash=False)
    absent: Mapping[str, Any] = field(default_factory=dict, hash=False)


CORE: tuple[str, ...] = (
    "closed_permanently",
    "websites",
    "phoneNumbers",
    "openingHours",
    "names",
    "address",
    "categories",
)
ATTRIBUTE_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"core": CORE, "all": CORE, "open_closed": ("closed_permanently",)}
)

_COORDINATES = ("coordinates",)
_PARKING = (
    "parking_spaces_total",
    "parking_spaces_street",
    "parking_spaces_shared",
    "parking_spaces_dedicated",
)
_SIGN_PARTS = (
    "sign_exists",
    "coordinates",
    "latitude",
    "longitude",
    "number_of_brands",
    "reasoning",
    "includes_brand_sign",
)
_EXISTENCE = ("entity_type", "digital_footprint", "place_definition", "place_reality")

_ATTRIBUTES = (
    Attribute(
        "closed_permanently",
        ("open_closed_status", "date_closed", "date_opened"),
        ("open_closed_status",),
        ("open_closed_status",),
        found=0.9,
        of_presence=True,
        nothing={"open_closed_status": ABSENT},
    ),
    Attribute("websites", ("website",), ("website",), ("website",), found=0.675, of_presence=True),
    Attribute("phoneNumbers", ("phone", "phone_additional"), ("phone",), ("phone",), found=0.58),
    Attribute(
        "openingHours",
        ("opening_hours", "opening_hours_grouped_by_hours", "is_open_24h"),
        ("opening_hours",),
        ("opening_hours",),
        found=0.9,
        possible=61 / 64,
        nothing={"is_open_24h": False},
    ),
    Attribute(
        "names",
        ("name", "multilingual_names", "alt_name", "official_name", "brand_name", "common_names"),
        ("name",),
        ("name",),
        found=0.95,
        nothing={"multilingual_names": {}},
    ),
    Attribute("address", ("address", "address_localized"), ("address",), ("address",), found=0.79),
    Attribute("categories", ("categories",), ("categories",), ("categories",), found=0.97),
    Attribute(
        "user_reviews",
        (
            "review_count",
            "average_rating",
            "wilson_score",
            "popularity",
            "review_summary",
            "summary",
            "recent_review_count",
        ),
        of_presence=True,
    ),
    Attribute("menu", ("menu_urls", "menu_url_official", "menu_content", "menu_images"), ("menu",), ("menu",)),
    Attribute(
        "coordinates",
        ("coordinates", "coordinates_distance"),
        ("coordinates",),
        ("coordinates",),
        found=0.59,
        is_conditional=True,
    ),
    Attribute("socialHandles", ("instagram", "facebook"), ("facebook", "instagram"), of_presence=True),
    Attribute("tiktok", ("tiktok",), ("tiktok",), of_presence=True),
    Attribute(
        "social_media_profile",
        (
            "facebook_followers",
            "facebook_likes",
            "facebook_page_id",
            "facebook_bio",
            "instagram_followers",
            "instagram_media_count",
            "instagram_username",
            "instagram_profile_pic_url",
            "instagram_bio",
        ),
        of_presence=True,
    ),
    Attribute("instagram_statistics", ("instagram_profile",), of_presence=True),
    Attribute("price_tier", ("price_tier", "average_price", "currency"), ("price_tier",), ("price_tier",)),
    Attribute("cuisine", ("cuisines",), ("cuisine",)),
    Attribute(
        "approximate_user_reviews",
        ("approximate_review_count", "approximate_average_rating"),
        ("approximate_user_reviews",),
        ("approximate_user_reviews",),
        of_presence=True,
    ),
    Attribute(
        "chain",
        (
            "chain_id",
            "chain_name",
            "chain_domains",
            "alternative_names",
            "chain_wikipedia_url",
            "number_of_locations",
            "logo_url",
        ),
        ("chain",),
        ("chain",),
    ),
    Attribute("reprompt_id", ("reprompt_id",), ("reprompt_id",)),
    Attribute("naics", ("naics_code", "naics_description")),
    Attribute(
        "merchant",
        (
            "merchant_category_code",
            "mcc_description",
            "merchant_category_group",
            "merchant_super_industry",
        ),
        ("merchant",),
    ),
    Attribute("located_within", ("located_within",), ("located_within",), ("located_within",)),
    Attribute("storefrontImages", ("storefront_images",), ("storefront_images",)),
    Attribute("foodService", ("has_delivery", "has_takeout", "has_dining", "has_pickup")),
    Attribute(
        "place_existence",
        _EXISTENCE,
        _EXISTENCE,
        ("entity_type",),
        absent={"digital_footprint": "NONE"},
    ),
    Attribute("one_line_summary", ("one_line_summary",), ("one_line_summary",)),
    Attribute("building_footprint", ("building_footprint",), needs=_COORDINATES),
    Attribute(
        "parking_spaces",
        (*_PARKING, "parking_spaces_image_url"),
        ("parking_spaces", *_PARKING),
        ("parking_spaces", *_PARKING),
        needs=_COORDINATES,
    ),
    Attribute(
        "signage",
        (
            "signage_summary",
            "has_brand_signage",
            *(f"pylon_{part}" for part in _SIGN_PARTS),
            *(f"monument_{part}" for part in _SIGN_PARTS),
            "sign_locations",
        ),
        ("signage",),
        needs=_COORDINATES,
    ),
    Attribute(
        "building_condition",
        (
            "location_type",
            "location_category",
            "building_condition",
            "building_condition_score",
            "building_condition_summary",
            "building_condition_rating",
            "shopping_center_condition",
            "shopping_center_condition_score",
        ),
        ("building_condition",),
        needs=_COORDINATES,
    ),
    Attribute("entrances", ("visibility_rating", "prominence", "entrance_views"), ("entrances",), needs=_COORDINATES),
    Attribute(
        "primary_turns",
        (
            "primary_turns_required",
            "min_turns",
            "primary_turns",
            "primary_turns_route_matrix_visualization",
        ),
        ("primary_turns",),
        needs=_COORDINATES,
    ),
    Attribute("traffic_control", ("traffic_control",), ("traffic_control",), needs=_COORDINATES),
    Attribute(
        "site_quality",
        (
            "site_quality_score",
            "accessibility_rating",
            "accessibility_summary",
            "key_strengths",
            "potential_concerns",
            "route_matrix_visualization",
        ),
        needs=_COORDINATES,
    ),
    Attribute(
        "reprompt_core_attributes",
        ("reprompt_core_attributes",),
        ("reprompt_core_attributes",),
        ("reprompt_core",),
    ),
    Attribute("apple_business_attributes", ("apple_business_attributes",), ("apple_business_attributes",)),
)

CATALOGUE: Mapping[str, Attribute] = MappingProxyType({one.name: one for one in _ATTRIBUTES})


def merged(*sources: tuple[str | None, Sequence[str] | None]) -> tuple[str, ...]:
    """Merge pairs of (attribute set, attributes) without duplicates, each set first (contract D6).

    Raises:
        KeyError: an attribute set is unknown.
    """
    names: dict[str, None] = {}
    for attribute_set, attributes in sources:
        if attribute_set is not None:
            names.update(dict.fromkeys(ATTRIBUTE_SETS[attribute_set]))
        names.update(dict.fromkeys(attributes or ()))
    return tuple(names)


def lacking(attribute: str, inputs: Mapping[str, Any]) -> bool:
    """Return whether a place lacks an input that the attribute needs (contract F4).

    An unknown attribute needs none.
    """
    known = CATALOGUE.get(attribute)
    if known is None or "coordinates" not in known.needs:
        return False
    return inputs.get("latitude") is None or inputs.get("longitude") is None
