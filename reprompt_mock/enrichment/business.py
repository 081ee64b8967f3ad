"""What line of business a place is in, and what it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_FOOTPRINTS = ("strong", "moderate", "weak")
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
_LARGER = (
    ("shopping_center", "%s Centre"),
    ("shopping_center", "%s Arcade"),
    ("office_building", "%s House"),
    ("office_building", "%s Tower"),
    ("market_hall", "%s Market Hall"),
)
_CHAINLESS = frozenset(("city", "park", "place_of_worship", "airport", "museum", "university"))


def categories(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the categories of a place, the main one first."""
    luck, labels = subject.luck["categories"], subject.kind.labels
    turn, others = luck + generation, len(labels) - 1
    found = [labels[0], labels[1 + turn % others]]
    if luck & 0x300 == 0:
        found.append(labels[1 + (turn + 1) % others])
    return {"categories": found}


def naics(subject: Subject, _generation: int) -> dict[str, Any]:
    """Give the place's code of the North American Industry Classification System of 2022."""
    code, description = subject.kind.naics
    return {"naics_code": code, "naics_description": description}


def merchant(subject: Subject, _generation: int) -> dict[str, Any]:
    """Give the code under which card payments at the place are filed."""
    code, description, group, industry = subject.kind.mcc
    return {
        "merchant_category_code": code,
        "mcc_description": description,
        "merchant_category_group": group,
        "merchant_super_industry": industry,
    }


def chain(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the chain that a place belongs to; two places of three belong to none."""
    luck, domain = subject.luck["chain"], subject.domain
    if luck % 3 or subject.kind.name in _CHAINLESS:
        return dict.fromkeys(
            (
                "chain_id",
                "chain_name",
                "chain_domains",
                "alternative_names",
                "chain_wikipedia_url",
                "number_of_locations",
                "logo_url",
            )
        )
    name = subject.place.name
    label = domain[: -len(".example")]
    return {
        "chain_id": f"chain_{luck & 0xFFFFFFFFFF:010x}",
        "chain_name": name,
        "chain_domains": [domain],
        "alternative_names": [name, f"{name} Group"],
        "chain_wikipedia_url": f"https://encyclopedia.example/wiki/{label}",
        "number_of_locations": 2 + (luck >> 8) % 300 + generation,
        "logo_url": f"https://images.{domain}/logo.png",
    }


def reprompt_id(subject: Subject, _generation: int) -> dict[str, Any]:
    """Give an identifier of the place, the same in every generation."""
    return {"reprompt_id": f"rp_{subject.luck['reprompt_id']:016x}"}


def located_within(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the larger building that a place is in; most are in none."""
    luck = subject.luck["located_within"]
    if luck & 3:
        return {"located_within": None}
    kind, pattern = _LARGER[(luck >> 8) % len(_LARGER)]
    surnames = subject.vocabulary.surnames
    name = pattern % surnames[(luck >> 16) % len(surnames)]
    return {"located_within": {"name": name, "type": kind, "floor": str(((luck >> 32) + generation) % 4)}}


def place_existence(subject: Subject, generation: int) -> dict[str, Any]:
    """Give how well a place is attested, and as what."""
    turn = subject.luck["place_existence"] + generation
    return {
        "entity_type": "physical_place",
        "digital_footprint": _FOOTPRINTS[turn % 3],
        "place_definition": list(_DEFINITIONS[turn >> 8 & 3]),
        "place_reality": list(_REALITIES[turn + (turn >> 16) & 3]),
    }


def core_attributes(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the place in brief, as one object."""
    place = subject.place
    return {
        "reprompt_core_attributes": {
            "name": place.name,
            "country_code": place.country_code,
            "category": subject.kind.labels[0],
            "domain": subject.domain,
            "revision": 1 + generation,
        }
    }


def apple_business_attributes(subject: Subject, generation: int) -> dict[str, Any]:
    """Give what a listing in a map app would say about a place's services."""
    luck = subject.luck["apple_business_attributes"]
    return {
        "apple_business_attributes": {
            "accepts_cards": luck & 15 != 0,
            "accepts_contactless": luck & 0x70 != 0,
            "wheelchair_accessible": luck & 0x300 != 0,
            "accepts_reservations": subject.kind.food and luck & 0xC00 != 0,
            "good_for_groups": bool((luck >> 12) + generation & 1),
        }
    }
