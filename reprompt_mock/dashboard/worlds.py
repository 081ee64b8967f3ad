"""Worlds: all organizations at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.dashboard.parts import Page, Part
from reprompt_mock.engine import worlds
from reprompt_mock.engine.conduct import recent_opinion

if TYPE_CHECKING:
    from reprompt_mock.dashboard.looking import Looking
    from reprompt_mock.dashboard.parts import Values
    from reprompt_mock.engine.conduct import Opinion
    from reprompt_mock.engine.doors import Engine
    from reprompt_mock.engine.world import World
    from reprompt_mock.engine.worlds import WorldSummary

_MOST_SHOWN = 200


async def _load(looking: Looking) -> Values:
    engine, text = looking.engine, looking.text("q")
    meant = [world for world in await looking.offload.across(engine.every_world) if text in world.slug]
    shown = meant[-_MOST_SHOWN:][::-1]
    found = await looking.offload.across(lambda: [_seen(engine, world) for world in shown])
    return {"worlds": found, "text": text, "hidden": len(meant) - len(shown)}


def _seen(engine: Engine, world: World) -> tuple[WorldSummary, Opinion | None]:
    """Return what the list shows of a world; what emulators share is judged when a world is opened."""
    return engine.read(world, worlds.summary), None if engine.store.is_shared else recent_opinion(engine, world)


WORLDS = Page("worlds", (Part("worlds", ("world", "batch", "clock", "request"), _load),))
