"""The finder of each attribute."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.finders import access, business, contact, food, hours, names, reviews, site
from reprompt_mock.enrichment.finders.address import address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reprompt_mock.enrichment.subject import Subject

    # A finder receives a place, its luck for the attribute, a generation, and the outputs, in which all keys of the
    # attribute are null; it sets those that it finds. The same place, luck and generation give the same values; a
    # higher generation gives what a later search finds (contract G7). Values may be shared between results.
    Finder = Callable[[Subject, int, int, dict[str, Any]], None]

FINDERS: Mapping[str, Finder] = MappingProxyType(
    {
        "closed_permanently": hours.closed_permanently,
        "websites": contact.websites,
        "phoneNumbers": contact.phone_numbers,
        "openingHours": hours.opening_hours,
        "names": names.names,
        "address": address,
        "categories": business.categories,
        "user_reviews": reviews.user_reviews,
        "menu": food.menu,
        "coordinates": site.coordinates,
        "socialHandles": contact.social_handles,
        "tiktok": contact.tiktok,
        "social_media_profile": contact.social_media_profile,
        "instagram_statistics": contact.instagram_statistics,
        "price_tier": food.price_tier,
        "cuisine": food.cuisine,
        "approximate_user_reviews": reviews.approximate_user_reviews,
        "chain": business.chain,
        "reprompt_id": business.reprompt_id,
        "naics": business.naics,
        "merchant": business.merchant,
        "located_within": business.located_within,
        "storefrontImages": contact.storefront_images,
        "foodService": food.food_service,
        "place_existence": business.place_existence,
        "one_line_summary": reviews.one_line_summary,
        "building_footprint": site.building_footprint,
        "parking_spaces": site.parking_spaces,
        "signage": site.signage,
        "building_condition": site.building_condition,
        "entrances": site.entrances,
        "primary_turns": access.primary_turns,
        "traffic_control": access.traffic_control,
        "site_quality": access.site_quality,
        "reprompt_core_attributes": business.core_attributes,
        "apple_business_attributes": business.apple_business_attributes,
    }
)
