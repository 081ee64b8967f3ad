"""A place's line of business, and what it belongs to."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.buildings import larger_building
from reprompt_mock.enrichment.kinds import kinds
from reprompt_mock.enrichment.luck import POSITIONS, below, one_in, pick
from reprompt_mock.enrichment.places import ADDRESS_PARTS
from reprompt_mock.enrichment.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.enrichment.subject import Subject

_IDENTIFIER = POSITIONS["identifier"]
_FOOTPRINTS = ("HIGH", "MEDIUM", "LOW")
_ENTITIES = ("place",) * 28 + ("address", "area", "person", "other")
_DEFINITIONS = (
    ["permanent premises", "open to the public"],
    ["permanent premises", "staffed during opening hours"],
    ["named place", "open to the public"],
    ["permanent premises", "visible sign", "open to the public"],
)
_REALITIES = (
    ["recent reviews", "storefront photos"],
    ["own website", "directory listings"],
    ["map entry", "recent reviews"],
    ["storefront photos", "own website", "map entry"],
)
_LISTINGS = 128
_digit_in = re.compile(r"\d").search
_CHAINLESS = frozenset(
    (
        "airport",
        "attraction",
        "cemetery",
        "city",
        "event_venue",
        "farm",
        "fire_station",
        "geographic_feature",
        "government_office",
        "museum",
        "nonprofit",
        "park",
        "place_of_worship",
        "police_station",
        "public_facility",
        "stadium",
        "university",
    )
)


def categories(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the categories of a place, main category first; a given one that is unheard of is the main one."""
    labels = subject.kind.labels
    if subject.category != labels[0]:
        outputs["categories"] = [subject.category, pick(labels, luck + generation)]
        return
    short, long = _labels(subject.kind.name)
    outputs["categories"] = pick(long if one_in(4, luck, at=8) else short, luck + generation)


@lru_cache(maxsize=256)
def _labels(kind: str) -> tuple[list[list[str]], list[list[str]]]:
    """Return the possible pairs and triples of labels for a kind of place; adjacent ones differ."""
    first, *others = kinds()[kind].labels
    following = [*others[1:], others[0]]
    short = [[first, other] for other in others]
    return short, [[*pair, other] for pair, other in zip(short, following, strict=True)]


def naics(subject: Subject, _luck: int, _generation: int, outputs: dict[str, Any]) -> None:
    """Find the place's code in the 2022 North American Industry Classification System."""
    outputs["naics_code"], outputs["naics_description"] = subject.kind.naics


def merchant(subject: Subject, _luck: int, _generation: int, outputs: dict[str, Any]) -> None:
    """Find the merchant category code for card payments at the place."""
    code, description, group, industry = subject.kind.mcc
    outputs["merchant_category_code"] = code
    outputs["mcc_description"] = description
    outputs["merchant_category_group"] = group
    outputs["merchant_super_industry"] = industry


def chain(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the chain that a place belongs to; two out of three places do not belong to one."""
    if not one_in(3, luck) or subject.kind.name in _CHAINLESS:
        return
    name, domain = subject.name, subject.domain
    outputs["chain_id"] = f"chain_{luck:010x}"
    outputs["chain_name"] = name
    outputs["chain_domains"] = [domain]
    outputs["alternative_names"] = [name, f"{name} Group"]
    outputs["chain_wikipedia_url"] = f"https://encyclopedia.example/wiki/{subject.label}"
    outputs["number_of_locations"] = 2 + below(300, luck, at=8) + generation
    outputs["logo_url"] = f"https://images.{domain}/logo.png"


def reprompt_id(subject: Subject, luck: int, _generation: int, outputs: dict[str, Any]) -> None:
    """Find the identifier of a place, the same in every generation."""
    outputs["reprompt_id"] = f"rp_{luck:08x}{subject.luck[_IDENTIFIER]:08x}"


def located_within(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the larger building that contains a place; most places are not in one."""
    larger = larger_building(subject)
    if larger is None:
        return
    kind, pattern = larger
    name = pattern % pick(vocabulary(subject.country_code).surnames, luck, at=16)
    outputs["located_within"] = {"name": name, "type": kind, "floor": str(below(4, (luck >> 24) + generation))}


def place_existence(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the evidence that a place exists, what it is, and how exactly it can be located (contract L6)."""
    turn = luck + generation
    outputs["entity_type"] = pick(_ENTITIES, luck, at=27)
    outputs["digital_footprint"] = pick(_FOOTPRINTS, turn)
    outputs["place_definition"] = pick(_definitions(_granularity(subject.inputs)), turn, at=8)
    outputs["place_reality"] = pick(_REALITIES, (turn >> 16) + turn)


@lru_cache
def _definitions(granularity: str) -> list[list[str]]:
    return [[granularity, *definition] for definition in _DEFINITIONS]


def _granularity(inputs: Mapping[str, Any]) -> str:
    """Return how exactly the inputs locate a place."""
    address = inputs.get("full_address") or ""
    if inputs.get("house") or _digit_in(address):
        return "house_number"
    if inputs.get("latitude") is not None:
        return "nearby"
    return "broad" if address or any(inputs.get(part) for part in ADDRESS_PARTS) else "none"


def core_attributes(subject: Subject, _luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the core facts about a place, as one object."""
    outputs["reprompt_core_attributes"] = {
        "name": subject.name,
        "country_code": subject.country_code,
        "category": subject.category,
        "domain": subject.domain,
        "revision": 1 + generation,
    }


def apple_business_attributes(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find what a map app's listing would say about a place's services."""
    outputs["apple_business_attributes"] = pick(_listings(subject.kind.food), luck + generation)


@lru_cache
def _listings(food: bool) -> tuple[dict[str, bool], ...]:  # noqa: FBT001 - it is the only argument
    return tuple(
        {
            "accepts_cards": not one_in(8, one, at=4),
            "accepts_contactless": not one_in(4, one, at=5),
            "wheelchair_accessible": not one_in(4, one, at=3),
            "accepts_reservations": food and not one_in(4, one, at=1),
            "good_for_groups": not one_in(2, one),
        }
        for one in range(_LISTINGS)
    )
