"""A world: its clock, batches and exports, what its jobs do over virtual time, and its snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.dashboard.charts import chart
from reprompt_mock.dashboard.conduct import STANDING
from reprompt_mock.dashboard.parts import Page, Part
from reprompt_mock.engine import batches, clock, exports, inspection, timeline, worlds

if TYPE_CHECKING:
    from reprompt_mock.dashboard.looking import Looking
    from reprompt_mock.dashboard.parts import Values
    from reprompt_mock.engine.reading import Reading

POINTS = 101
"""How many times a chart shows."""
_BATCHES_A_PAGE = 25
_EXPORTS = 10


async def _clock(looking: Looking) -> Values:
    return {"clock": await looking.read(clock.show)}


async def _batches(looking: Looking) -> Values:
    return await looking.read(_listed, looking.text("q"), looking.number("page", 1) or 1)


def _listed(reading: Reading, text: str, number: int) -> dict[str, Any]:
    offset = (number - 1) * _BATCHES_A_PAGE
    found = batches.page(reading, text, limit=_BATCHES_A_PAGE, offset=offset)
    counts = worlds.summary(reading).jobs
    single = inspection.alone(reading)
    pages = -(-found.total // _BATCHES_A_PAGE)
    return {"batches": found.batches, "total": found.total, "single": single, "number": number, "pages": pages,
            "text": text, "jobs": counts}  # fmt: skip


async def _chart(looking: Looking) -> Values:
    return {
        "chart": chart(await looking.read(timeline.show, points=POINTS)),
        "clock": await looking.read(clock.show),
    }


async def _exports(looking: Looking) -> Values:
    page = await looking.read(exports.page, status=None, cursor=None, limit=_EXPORTS)
    return {"exports": page.exports, "has_more": page.next_cursor is not None}


WORLD = Page(
    "world",
    (
        Part("clock", ("clock", "world"), _clock),
        Part("batches", ("world", "batch", "clock"), _batches),
        Part("chart", ("world", "batch", "clock"), _chart, is_late=True),
        Part("exports", ("export", "world", "clock"), _exports),
        STANDING,
    ),
)
