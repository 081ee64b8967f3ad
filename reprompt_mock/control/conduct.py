"""Conduct: the verdict on the client of a world."""

from __future__ import annotations

from fastapi import APIRouter, Response

from reprompt_mock.control.call import Controlled
from reprompt_mock.control.openapi import errors
from reprompt_mock.http.openapi import answered
from reprompt_mock.http.wire import answer

router = APIRouter(prefix="/_mock/orgs/{org_slug}", responses=errors(401, 403, 404, 422, 503))


@router.get("/conduct", responses=answered("Verdict"))
async def get_conduct(control: Controlled) -> Response:
    """Judge a world's client by its finished requests; `DELETE W/journal` starts a new verdict."""
    return answer((await control.offload.judge(control.world)).as_dict())
