"""Conduct: the verdict on a world's client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.dashboard.parts import Page, Part

if TYPE_CHECKING:
    from reprompt_mock.dashboard.looking import Looking
    from reprompt_mock.dashboard.parts import Values


async def _judge(looking: Looking) -> Values:
    return {"verdict": await looking.offload.judge(looking.world)}


STANDING = Part("standing", ("request", "world"), _judge, is_late=True)
"""The verdict in a line."""
CONDUCT = Page("conduct", (Part("findings", ("request", "world"), _judge),))
