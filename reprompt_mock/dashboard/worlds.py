"""Worlds: all organizations at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.dashboard.parts import Page, Part
from reprompt_mock.engine import worlds

if TYPE_CHECKING:
    from reprompt_mock.dashboard.looking import Looking
    from reprompt_mock.dashboard.parts import Values

_MOST_SHOWN = 200


async def _load(looking: Looking) -> Values:
    engine, text = looking.engine, looking.text("q")
    meant = [world for world in engine.worlds if text in world.slug]
    shown = meant[-_MOST_SHOWN:][::-1]
    found = await looking.offload.across(lambda: [engine.read(world, worlds.summary) for world in shown])
    return {"worlds": found, "text": text, "hidden": len(meant) - len(shown)}


WORLDS = Page("worlds", (Part("worlds", ("world", "batch", "clock"), _load),))
