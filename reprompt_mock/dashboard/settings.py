"""Settings of a world, as a form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.dashboard.forms import fields_of
from reprompt_mock.dashboard.parts import Page
from reprompt_mock.engine import settings
from reprompt_mock.world_settings import WorldSettings

if TYPE_CHECKING:
    from reprompt_mock.dashboard.looking import Looking
    from reprompt_mock.dashboard.parts import Values


async def _load(looking: Looking) -> Values:
    shown = await looking.read(settings.show)
    return {"fields": fields_of(WorldSettings, shown.model_dump(mode="json"))}


SETTINGS = Page("settings", (), _load)
