"""What a place serves and what it costs: cuisines, menus, prices, services."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reprompt_mock.enrichment.facts import country, data

if TYPE_CHECKING:
    from reprompt_mock.enrichment.subject import Subject

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
    fare = _FARE.get(subject.kind.name)
    if fare:
        return fare
    words = _cuisine_words()
    for word in subject.place.name.lower().split():
        if word in words:
            return words[word]
    luck = subject.luck["cuisine"]
    home = _home_cuisines().get(subject.country.code or "")
    if home and luck & 7 < 5:
        return home
    drawn = _drawn_cuisines()
    return drawn[(luck >> 3) % len(drawn)]


def cuisine(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the cuisines of a place that serves food."""
    if not subject.kind.food:
        return {"cuisines": None}
    also = _ALSO[((subject.luck["cuisine"] >> 16) + generation) % len(_ALSO)]
    return {"cuisines": [data("cuisines")[_cuisine(subject)]["label"], also]}


def _tier(subject: Subject, generation: int) -> int:
    tiers = subject.kind.tiers
    tier = tiers[subject.luck["price_tier"] % len(tiers)]
    # Every fourth finding sees a place one tier dearer.
    return min(4, tier + 1) if generation & 3 == 3 else tier


def price_tier(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the price tier, 1 to 4, and the average price in the country's currency."""
    if not subject.kind.tiers:
        return {"price_tier": None, "average_price": None, "currency": None}
    tier, luck, facts = _tier(subject, generation), subject.luck["price_tier"], subject.country
    price = facts.meal * _TIER_FACTORS[tier - 1] * (0.85 + (luck >> 8 & 15) * 0.02)
    if not subject.kind.food:
        price *= _STAYS
    whole = max(1, int(price * (1 + 0.04 * generation)) + generation)
    return {"price_tier": tier, "average_price": _rounded(whole), "currency": facts.currency}


def _rounded(price: int) -> int:
    return price if price < 1000 else price - price % (10 if price < 10_000 else 100)


def menu(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the menu of a place that serves food; its sections are shared, not to be changed."""
    if not subject.kind.food:
        return {"menu_urls": None, "menu_url_official": None, "menu_content": None, "menu_images": None}
    luck = subject.luck["menu"]
    tier = _tier(subject, 0)
    url = f"https://www.{subject.domain}/menu"
    sections = _sections(_cuisine(subject), subject.country.code, tier)
    content = {
        "name": _TITLES[luck >> 16 & 3],
        "description": None,
        "footnote": _FOOTNOTES[luck >> 18 & 3],
        "currency": subject.country.currency,
        "sections": [variants[((luck >> 2 * place) + generation) & 3] for place, variants in enumerate(sections)],
    }
    images = [f"https://images.{subject.domain}/menu-{page}.jpg" for page in range(1, 2 + (luck >> 24) % 3)]
    return {"menu_urls": [url], "menu_url_official": url, "menu_content": [content], "menu_images": images}


@lru_cache(maxsize=1024)
def _sections(name: str, code: str | None, tier: int) -> tuple[tuple[Section, ...], ...]:
    """Make the variants of each section of a menu: other dishes left out, other prices."""
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


def available_services(subject: Subject, generation: int) -> dict[str, Any]:
    """Give the services of a place; the four flags repeat those that the object holds."""
    kind, luck = subject.kind, subject.luck["available_services"]
    delivery, takeout, dining, pickup = kind.offers
    services = {
        "delivery": (luck & 127) % 100 < delivery,
        "takeout": (luck >> 7 & 127) % 100 < takeout,
        "dining": (luck >> 14 & 127) % 100 < dining,
        "pickup": (luck >> 21 & 127) % 100 < pickup,
    }
    flags = {
        "available_services": services,
        "has_delivery": services["delivery"],
        "has_takeout": services["takeout"],
        "has_dining": services["dining"],
        "has_pickup": services["pickup"],
    }
    bits = luck >> 28
    for service in kind.services:
        services[service] = bits & 1 == 1
        bits >>= 1
    if generation:
        changed = kind.services[generation % len(kind.services)]
        services[changed] = not services[changed]
    return flags
