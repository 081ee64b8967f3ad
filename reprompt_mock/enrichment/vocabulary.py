"""Pools of names and places in a country's language, made by Faker once and picked from by hash."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from reprompt_mock.draws import draw
from reprompt_mock.enrichment.facts import country, data

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.enrichment.facts import Country

_POOL = 64
_ADDRESSES = "faker.providers.address"
_PROVIDERS = ("faker.providers.person", _ADDRESSES, "faker.providers.misc")
_ELSEWHERE = "en_US"
"""The locale of what Faker does not have in another."""
_POSTCODES = 128
_UNORDERED_CITIES = frozenset({"it_IT"})
"""Locales whose cities Faker keeps in a set, so that every process picks others."""
_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_MAKING = Lock()
_STATES = ("state_abbr", "province_abbr", "state", "administrative_unit", "prefecture", "province")


class Vocabulary(NamedTuple):
    """The pools of a country; states and postcodes are empty where its addresses have none."""

    surnames: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[str, ...]
    states: tuple[str, ...]
    postcodes: tuple[str, ...]


@lru_cache(maxsize=512)
def vocabulary(code: str | None) -> Vocabulary:
    """Make the pools of a country, the same in every process."""
    # One at a time: countries share a Faker, whose numbers two threads would take from each other. Besides, Python
    # 3.11 cannot parse in two threads at once, which pytest does with every module of Faker that is imported.
    with _MAKING:
        return _made(country(code))


def _made(facts: Country) -> Vocabulary:
    faker = _faker(facts.locale)
    faker.seed_instance(0)
    surnames = _pool(faker.last_name)
    native = _has_addresses(facts)
    return Vocabulary(
        surnames,
        facts.streets or (_streets(faker, facts.language) if native else _named_after(surnames, facts.language)),
        _pool(faker.city) if native and facts.locale not in _UNORDERED_CITIES else facts.cities,
        _states(faker) if native and facts.form == "us" else (),
        _postcodes(facts),
    )


@lru_cache(maxsize=128)
def _faker(locale: str) -> Any:
    """Load a locale with the providers that are used, `misc` by Philippine addresses: all would take far longer.

    Faker's own loader takes as long again: it lists the folder of each provider for each locale.
    """
    from faker import Generator

    faker = Generator()
    for name in _PROVIDERS:
        provider = _provider_of(name, locale)(faker)
        provider.__use_weighting__ = True  # as Faker's own loader has it: common names are drawn more often
        faker.add_provider(provider)
    return faker


def _provider_of(name: str, locale: str) -> Any:
    found = locale if _is_localized(name, locale) else _ELSEWHERE
    return import_module(f"{name}.{found}").Provider


def _is_localized(name: str, locale: str) -> bool:
    return find_spec(f"{name}.{locale}") is not None


def _pool(make: Callable[[], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(make() for _ in range(_POOL)))


def _has_addresses(facts: Country) -> bool:
    return facts.code == facts.locale[-2:] and not facts.streets and _is_localized(_ADDRESSES, facts.locale)


def _streets(faker: Any, language: str) -> tuple[str, ...]:
    if language == "ja":
        return _pool(faker.town)
    # Faker gives Korean streets without the syllable that says street.
    return _pool(lambda: f"{faker.street_name()}로" if language == "ko" else faker.street_name())


def _named_after(surnames: tuple[str, ...], language: str) -> tuple[str, ...]:
    forms = data("national")["street_names"]
    patterns = forms.get(language, forms["en"])
    return tuple(patterns[position % len(patterns)] % name for position, name in enumerate(surnames))


def _states(faker: Any) -> tuple[str, ...]:
    maker = next((getattr(faker, name) for name in _STATES if hasattr(faker, name)), None)
    return _pool(maker) if maker else ()


def _postcodes(facts: Country) -> tuple[str, ...]:
    if facts.postcode is None:
        return ()
    luck = draw(0, "postcodes", str(facts.code))
    symbols = {"#": "0123456789", "@": _LETTERS}
    return tuple(
        "".join(luck.pick(symbols[sign]) if sign in symbols else sign for sign in facts.postcode)
        for _ in range(_POSTCODES)
    )
