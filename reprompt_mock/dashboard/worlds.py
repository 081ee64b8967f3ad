"""Worlds: all organizations at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.dashboard.parts import Page, Part
from reprompt_mock.engine import worlds
from reprompt_mock.engine.conduct import case_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprompt_mock.dashboard.looking import Looking
    from reprompt_mock.dashboard.parts import Values
    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.world import World

_MOST_SHOWN = 200
_MOST_JUDGED = 500
"""How many requests are judged for the list."""


async def _load(looking: Looking) -> Values:
    engine, text = looking.engine, looking.text("q")
    meant = [world for world in await looking.offload.across(engine.every_world) if text in world.slug]
    shown = meant[-_MOST_SHOWN:][::-1]
    found = await looking.offload.across(lambda: [engine.read(world, worlds.summary) for world in shown])
    return {"worlds": found, "text": text, "hidden": len(meant) - len(shown), "verdicts": _verdicts(engine, shown)}


def _verdicts(engine: Engine, shown: Iterable[World]) -> dict[str, str]:
    """Judge the clients of worlds, by their slugs, as long as that takes little; the others are judged when opened."""
    verdicts: dict[str, str] = {}
    left = _MOST_JUDGED
    for world in () if engine.store.is_shared else shown:
        case = case_of(engine, world)
        left -= len(case.exchanges)
        if left < 0:
            break
        verdicts[world.slug] = case.judged().verdict.value
    return verdicts


WORLDS = Page("worlds", (Part("worlds", ("world", "batch", "clock"), _load),))
