"""Timeline: counts by status over virtual time, past and future."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from reprompt_mock.clock import iso
from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.engine import timeline
from reprompt_mock.http.openapi import answered
from reprompt_mock.http.wire import answer

router = ControlRouter()


@router.get("/timeline", responses=answered("Timeline"))
async def get_timeline(
    control: Controlled,
    batch_id: Annotated[str | None, Query(description="Only this batch's jobs.")] = None,
    points: Annotated[int, Query(ge=2, le=1000, description="How many times.")] = 100,
) -> Response:
    """Count the jobs by status at equal steps of virtual time, from the first submission to the last finish."""
    found = await control.read(timeline.show, batch_id, points=points)
    return answer({"now": iso(found.now), "times": [iso(time) for time in found.times], **found.counts})
