"""Generates the pools of names and streets that the emulator picks from.

    .venv/bin/python tools/pools.py

Other versions of Faker have other names, with which a seed would have other values. It is therefore pinned, and its
output is kept as data, which also loads a hundred times faster than the library.
"""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faker import Generator

from reprompt_mock.enrichment.facts import countries

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.enrichment.facts import Country

DATA = Path(__file__).parents[1] / "reprompt_mock" / "enrichment" / "data"
_POOL = 64
_ADDRESSES = "faker.providers.address"
_PROVIDERS = ("faker.providers.person", _ADDRESSES, "faker.providers.misc")
_ELSEWHERE = "en_US"
"""The locale for what Faker lacks in another."""

Pools = dict[str, list[str]]


def pools() -> dict[str, Pools]:
    """Return the pools of each locale: surnames, and the streets of its own country."""
    locales = sorted({facts.locale for facts in countries().values()})
    natives = {facts.locale: facts for facts in countries().values() if _has_addresses(facts)}
    return {locale: _pools(locale, natives.get(locale)) for locale in locales}


def _has_addresses(facts: Country) -> bool:
    return facts.code == facts.locale[-2:] and not facts.streets and _is_localized(_ADDRESSES, facts.locale)


def _pools(locale: str, native: Country | None) -> Pools:
    faker = _faker(locale)
    faker.seed_instance(0)
    made = {"surnames": _pool(faker.last_name)}
    if native is None:
        return made
    made["streets"] = _streets(faker, native.language)
    return made


def _faker(locale: str) -> Any:
    """Load a locale with the providers that are needed (Philippine addresses use `misc`)."""
    faker = Generator()
    for name in _PROVIDERS:
        found = locale if _is_localized(name, locale) else _ELSEWHERE
        provider = import_module(f"{name}.{found}").Provider(faker)
        provider.__use_weighting__ = True  # as in Faker's own loader: common names are drawn more often
        faker.add_provider(provider)
    return faker


def _is_localized(name: str, locale: str) -> bool:
    return find_spec(f"{name}.{locale}") is not None


def _pool(make: Callable[[], str]) -> list[str]:
    return list(dict.fromkeys(make() for _ in range(_POOL)))


def _streets(faker: Any, language: str) -> list[str]:
    if language == "ja":
        return _pool(faker.town)
    # Faker's Korean street names lack the syllable for "street".
    return _pool(lambda: f"{faker.street_name()}로" if language == "ko" else faker.street_name())


def written(table: dict[str, Any]) -> str:
    """Return a table as JSON, one row per line."""
    rows = (f"{json.dumps(key)}: {json.dumps(row, ensure_ascii=False)}" for key, row in table.items())
    return "{\n" + ",\n".join(rows) + "\n}\n"


def files() -> dict[str, str]:
    """Return the contents of the data files by name."""
    return {"pools.json": written(pools())}


if __name__ == "__main__":
    for name, text in files().items():
        (DATA / name).write_text(text, encoding="utf-8")
