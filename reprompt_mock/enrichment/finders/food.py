"""What a place serves, how, and what it costs: cuisines, menus, prices, delivery and the like."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.draws import draw
from reprompt_mock.enrichment.facts import country, data
from reprompt_mock.enrichment.kinds import kinds
from reprompt_mock.enrichment.luck import POSITIONS, below, pick
from reprompt_mock.enrichment.memo import Memo

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

_CUISINE, _PRICE_TIER = POSITIONS["cuisine"], POSITIONS["price_tier"]
_FARE = {"cafe": "cafe_fare", "bakery": "bakery_goods", "bar": "bar_food"}
_ALSO = ("Vegetarian", "Vegan", "Local", "Seasonal", "Fusion", "Organic", "Halal")
_TIER_FACTORS = (0.7, 1.3, 2.4, 4.5)
_STAYS = 7
_VARIANTS = 4
_FOOTNOTES = (
    "Prices include tax.",
    "Ask the staff about allergens.",
    "Dishes change with the season.",
    None,
)
_TITLES = ("Menu", "Main menu", "All day menu", "Our menu")
_PICTURES = (("1.jpg",), ("1.jpg", "2.jpg"), ("1.jpg", "2.jpg", "3.jpg"))
_OFFERS = 4
_MIXES = 64

Section = dict[str, Any]


@lru_cache
def _home_cuisines() -> dict[str, str]:
    return {code: name for name, facts in data("cuisines").items() for code in facts["countries"]}


@lru_cache
def _cuisine_words() -> dict[str, str]:
    return {word: name for name, facts in data("cuisines").items() for word in facts["words"]}


@lru_cache
def _drawn_cuisines() -> tuple[str, ...]:
    fares = _FARE.values()
    return tuple(name for name in data("cuisines") if name not in fares)


def _cuisine(subject: Subject) -> str:
    said = _FARE.get(subject.kind.name) or _said_cuisines[subject.name]
    if said:
        return said
    luck = subject.luck[_CUISINE]
    home = _home_cuisines().get(subject.country.code or "")
    if home and below(8, luck) < 5:
        return home
    return pick(_drawn_cuisines(), luck, at=3)


def _said_cuisine(name: str) -> str | None:
    words = _cuisine_words()
    return next((words[word] for word in name.lower().split() if word in words), None)


_said_cuisines = Memo(_said_cuisine)


def cuisine(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the cuisines of a place that serves food."""
    if subject.kind.food:
        also = pick(_ALSO, (luck >> 16) + generation)
        outputs["cuisines"] = [data("cuisines")[_cuisine(subject)]["label"], also]


def _tier(subject: Subject, generation: int) -> int:
    tier = pick(subject.kind.tiers, subject.luck[_PRICE_TIER])
    # Every fourth generation is one tier more expensive.
    return min(4, tier + 1) if generation % 4 == 3 else tier


def price_tier(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the price tier, 1 to 4, and the average price in the country's currency."""
    if not subject.kind.tiers:
        return
    tier, facts = _tier(subject, generation), subject.country
    price = facts.meal * _TIER_FACTORS[tier - 1] * (0.85 + below(16, luck, at=8) * 0.02)
    if not subject.kind.food:
        price *= _STAYS
    outputs["price_tier"] = tier
    outputs["average_price"] = _rounded(max(1, int(price * (1 + 0.04 * generation)) + generation))
    outputs["currency"] = facts.currency


def _rounded(price: int) -> int:
    return price if price < 1000 else price - price % (10 if price < 10_000 else 100)


def menu(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find the menu of a place that serves food."""
    if not subject.kind.food:
        return
    pictures = f"https://images.{subject.domain}/menu-"
    url = outputs["menu_url_official"] = f"https://www.{subject.domain}/menu"
    outputs["menu_urls"] = [url]
    outputs["menu_content"] = [
        {
            "name": pick(_TITLES, luck, at=16),
            "description": None,
            "footnote": pick(_FOOTNOTES, luck, at=18),
            "currency": subject.country.currency,
            "sections": [
                pick(variants, (luck >> 2 * place) + generation)
                for place, variants in enumerate(_sections(_cuisine(subject), subject.country.code, _tier(subject, 0)))
            ],
        }
    ]
    outputs["menu_images"] = [pictures + file for file in pick(_PICTURES, luck, at=24)]


@lru_cache(maxsize=1024)
def _sections(name: str, code: str | None, tier: int) -> tuple[tuple[Section, ...], ...]:
    """Return the variants of each section of a menu, which differ in the omitted dish and the prices."""
    unit = country(code).meal * _TIER_FACTORS[tier - 1]
    return tuple(
        tuple(_section(title, dishes, unit, variant) for variant in range(_VARIANTS))
        for title, dishes in data("cuisines")[name]["sections"].items()
    )


def _section(title: str, dishes: list[list[Any]], unit: float, variant: int) -> Section:
    left_out = variant if len(dishes) > _VARIANTS else -1
    dearer = unit * (1 + 0.06 * variant)
    items = [_item(dish, dearer * share) for place, (dish, share) in enumerate(dishes) if place != left_out]
    return {"name": title, "description": None, "items": items}


def _item(dish: str, price: float) -> dict[str, Any]:
    prices = {"min": _priced(price), "max": ""}
    return {"name": dish, "description": None, "data": {"choices": [{"name": None, "prices": prices}]}}


def _priced(price: float) -> str:
    if price < 40:
        return f"{max(0.5, round(price * 2) / 2):.2f}"
    step = 5 if price < 1000 else 50 if price < 20_000 else 500
    return str(round(price / step) * step)


def food_service(subject: Subject, luck: int, generation: int, outputs: dict[str, Any]) -> None:
    """Find how a place that serves food offers it."""
    kind = subject.kind
    if kind.food:
        offers = _mix(kind.name, below(_MIXES, luck), generation % _OFFERS)
        outputs["has_delivery"], outputs["has_takeout"], outputs["has_dining"], outputs["has_pickup"] = offers


@lru_cache(maxsize=4096)
def _mix(name: str, mix: int, changed: int) -> tuple[bool, ...]:
    """Return one of the mixes for a kind of place; each generation after the first changes another offer."""
    luck = draw(0, "services", name, mix)
    offers = [luck.below(100) < percent for percent in kinds()[name].offers]
    if changed:
        offers[changed] = not offers[changed]
    return tuple(offers)
