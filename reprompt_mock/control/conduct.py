"""Conduct: the verdict on the client of a world."""

from __future__ import annotations

from fastapi import Response

from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.http.openapi import answered
from reprompt_mock.http.wire import answer

router = ControlRouter()


@router.get("/conduct", responses=answered("Verdict"))
async def get_conduct(control: Controlled) -> Response:
    """Judge a world's client by its finished requests; `DELETE W/journal` starts a new verdict."""
    return answer((await control.offload.judge(control.world)).as_dict())
