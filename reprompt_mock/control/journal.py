"""Journal: the requests that a world saw."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.engine.events import Change, Kind
from reprompt_mock.faults import RequestMatch
from reprompt_mock.http.openapi import answered
from reprompt_mock.http.wire import answer
from reprompt_mock.journal import Filter

router = ControlRouter()


@router.get("/journal", responses=answered("Journal"))
async def get_journal(
    control: Controlled,
    method: Annotated[str | None, Query(description="Only this method.")] = None,
    path: Annotated[str | None, Query(description="Only paths that match this glob.")] = None,
    operation: Annotated[str | None, Query(description="Only this operation.")] = None,
    status: Annotated[int | None, Query(description="Only this status.")] = None,
    limit: Annotated[int | None, Query(ge=0, le=10**6, description="At most this many, the newest.")] = None,
) -> Response:
    """List the latest requests of a world in order of arrival, newest last, those under way included."""
    journal = await control.offload.journal(control.world)
    wanted = Filter(RequestMatch(method, path, operation), status, limit)
    return answer({"requests": journal.find(wanted), "dropped": journal.dropped})


@router.delete("/journal", status_code=204)
async def clear_journal(control: Controlled) -> Response:
    """Forget a world's requests."""
    world = control.world
    await control.offload.clear(world)
    control.engine.events.publish([Change(world.slug, Kind.request)])
    return Response(status_code=204)
