"""A batch with its jobs, and one of its places with all that is drawn for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reprompt_mock.dashboard.charts import chart
from reprompt_mock.dashboard.parts import Page, Part
from reprompt_mock.dashboard.world import POINTS
from reprompt_mock.engine import clock, inspection
from reprompt_mock.keys import ALONE
from reprompt_mock.lifecycle import JobStatus

if TYPE_CHECKING:
    from reprompt_mock.dashboard.looking import Looking
    from reprompt_mock.dashboard.parts import Values

_JOBS_A_PAGE = 100
_SPECIAL = re.compile(r"([*?[])")
_MOVES = ("world", "batch", "clock")


def exactly(text: str) -> str:
    """Return the glob that matches a text alone."""
    return _SPECIAL.sub(r"[\1]", text)


async def _progress(looking: Looking) -> Values:
    found = await looking.read(inspection.overview, looking.text("id"))
    return {"batch": found.batch, "status": found.status, "clock": await looking.read(clock.show)}


async def _chart(looking: Looking) -> Values:
    found = await looking.read(inspection.over_time, looking.text("id"), points=POINTS)
    return {"chart": chart(found), "clock": await looking.read(clock.show)}


async def _jobs(looking: Looking) -> Values:
    status, text, number = looking.text("status"), looking.text("q"), looking.number("page", 1) or 1
    wanted = [JobStatus[status]] if status in JobStatus.__members__ else []
    found = await looking.read(
        inspection.jobs, looking.text("id"), wanted, text, limit=_JOBS_A_PAGE, offset=(number - 1) * _JOBS_A_PAGE
    )
    pages = -(-found.total // _JOBS_A_PAGE)
    return {"jobs": found.jobs, "total": found.total, "number": number, "pages": pages, "id": looking.text("id")}


async def _form(looking: Looking) -> Values:
    id_ = looking.text("id")
    return {
        "id": id_, "glob": exactly(id_), "statuses": [status.name for status in JobStatus],
        "chosen": looking.text("status"), "text": looking.text("q"),
    }  # fmt: skip


async def _job(looking: Looking) -> Values:
    batch_id, place_id = looking.text("batch"), looking.text("id")
    found = await looking.read(inspection.job, batch_id, place_id)
    match = {"place_id": exactly(place_id), "attempt": found.timetable.attempt + 1}
    next_attempt = match if batch_id == ALONE else {**match, "batch": exactly(batch_id)}
    return {
        "job": found, "table": found.timetable, "next_attempt": next_attempt,
        "held": {"place_id": exactly(place_id)} | ({} if batch_id == ALONE else {"batch": exactly(batch_id)}),
    }  # fmt: skip


async def _place(looking: Looking) -> Values:
    return {"id": looking.text("id"), "batch_id": looking.text("batch")}


BATCH = Page(
    "batch",
    (
        Part("progress", _MOVES, _progress),
        Part("chart", _MOVES, _chart, is_late=True),
        Part("jobs", _MOVES, _jobs),
    ),
    _form,
)
PLACE = Page("place", (Part("job", (*_MOVES, "scenario"), _job),), _place)
