"""Settings of a world, which apply to everything submitted or reprocessed from now on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.engine.reading import Reading
    from reprompt_mock.engine.writing import Writing
    from reprompt_mock.world_settings import WorldSettings


def show(reading: Reading) -> WorldSettings:
    """Return a world's settings."""
    return reading.state.settings


def change(writing: Writing, changes: Mapping[str, Any]) -> WorldSettings:
    """Change settings by name, `clock` and `speed` also on the clock; return the resulting settings."""
    writing.set_settings(writing.settings.model_copy(update=dict(changes)))
    clock = changes.get("clock")
    if clock is not None or changes.get("speed") is not None:
        writing.set_rate(speed=changes.get("speed"), running=clock and clock == "running")
    return writing.settings
