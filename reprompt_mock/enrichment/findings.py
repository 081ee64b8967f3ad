"""What is found about a subject, attribute by attribute: values, the reasons for them, and their confidence."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment import access, business, contact, food, hours, names, reviews, site
from reprompt_mock.enrichment.address import address
from reprompt_mock.enrichment.facts import Template, data, template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reprompt_mock.enrichment.subject import Subject

_FINDERS: dict[str, Callable[[Subject, int], dict[str, Any]]] = {
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
    "available_services": food.available_services,
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

# Which output a reason is about, where it is not the output of the same name.
_ABOUT = MappingProxyType(
    {
        "cuisine": "cuisines",
        "approximate_user_reviews": "approximate_review_count",
        "chain": "chain_name",
        "merchant": "merchant_category_code",
        "menu": "menu_url_official",
        "parking_spaces": "parking_spaces_total",
        "signage": "signage_summary",
        "entrances": "visibility_rating",
        "primary_turns": "min_turns",
    }
)
_LEVELS = ("VERY_HIGH",) * 5 + ("HIGH",) * 6 + ("MEDIUM",) * 3 + ("LOW",) * 2


def find(subject: Subject, attribute: str, generation: int) -> dict[str, Any]:
    """Find the values of a known attribute: all its output keys.

    The same subject, attribute and generation give the same values; a higher generation is what a later look
    finds (contract G7). What the values hold may be shared between results: replace it, never change it.
    """
    return _FINDERS[attribute](subject, generation)


def nothing(attribute: str) -> dict[str, Any]:
    """Give the keys of an attribute that found nothing (contract F5)."""
    outputs: dict[str, Any] = dict.fromkeys(CATALOGUE[attribute].outputs)
    if "multilingual_names" in outputs:
        outputs["multilingual_names"] = {}
    return outputs


def reasons(subject: Subject, attribute: str, outputs: Mapping[str, Any], generation: int) -> dict[str, str]:
    """Give a sentence for each reasoning key of an attribute, about the outputs that it found."""
    plan = _PLANS[attribute]
    if not plan:
        return {}
    turn = (subject.luck[attribute] >> 48) + generation & 15
    name = subject.place.name
    sentences = {}
    for key, output, said, missing in plan:
        value = outputs[output]
        if value.__class__ is not str:
            value = "" if value is None else _said(value)
        before, middle, after = (said if value else missing)[turn]
        sentences[key] = f"{before}{name}{after}" if middle is None else f"{before}{name}{middle}{value}{after}"
    return sentences


def confidences(subject: Subject, attribute: str, generation: int) -> dict[str, str]:
    """Give the score of each confidence key of an attribute."""
    scores = _SCORES[attribute]
    return scores[(subject.luck[attribute] >> 60) + generation & 15].copy() if scores else {}


class _Scores(dict[str, tuple[dict[str, str], ...]]):
    """The sixteen possible scores of each attribute, made at first use; none where it has no confidence key."""

    def __missing__(self, attribute: str) -> tuple[dict[str, str], ...]:
        keys = CATALOGUE[attribute].confidence
        self[attribute] = tuple(dict.fromkeys(keys, level) for level in _LEVELS) if keys else ()
        return self[attribute]


_Templates = tuple[Template, ...]
_Plan = tuple[tuple[str, str, _Templates, _Templates], ...]


class _Plans(dict[str, _Plan]):
    """The reasons of each attribute: key, output it is about, sentences, sentences where that is null."""

    def __missing__(self, attribute: str) -> _Plan:
        sentences = data("sentences")
        said, absent, missing = sentences["reasons"], sentences["absent"], sentences["missing"]
        self[attribute] = tuple(
            (key, _ABOUT.get(key, key), _sixteen(said[key]), _sixteen(absent.get(key, missing)))
            for key in CATALOGUE[attribute].reasoning
        )
        return self[attribute]


_SCORES = _Scores()
_PLANS = _Plans()


def _sixteen(sentences: Sequence[str]) -> _Templates:
    return tuple(template(sentences[position % len(sentences)]) for position in range(16))


def _said(value: Any) -> str:
    """Put a value into words; one that no sentence repeats only has to be there."""
    kind = value.__class__
    if kind is dict:
        return str(value.get("full_address") or "present")
    if kind is list:
        return ", ".join(value) if value and value[0].__class__ is str else "present"
    return str(value)
