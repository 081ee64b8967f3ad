"""Release: held jobs continue."""

from __future__ import annotations

from fastapi import Response

from reprompt_mock.control import bodies
from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.control.openapi import errors
from reprompt_mock.engine import release as engine_release
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer

router = ControlRouter()


@router.post(
    "/release",
    responses=answered("Released") | errors(413),
    openapi_extra=request_body(bodies.Release, required=False),
)
async def release(control: Controlled) -> Response:
    """Release held jobs from their current status: all, or those whose `place_id` and `batch` match."""
    wanted = await control.body(bodies.Release)
    released = await control.write(engine_release.release, place_id=wanted.place_id, batch=wanted.batch)
    return answer({"released": released})
