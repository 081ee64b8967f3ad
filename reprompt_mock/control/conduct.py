"""Conduct: the verdict on the client of a world."""

from __future__ import annotations

from fastapi import APIRouter, Response

from reprompt_mock.conduct.history import Standards
from reprompt_mock.conduct.judge import judge
from reprompt_mock.conduct.seen import unpacked
from reprompt_mock.conduct.verdict import Verdict
from reprompt_mock.control.call import Controlled
from reprompt_mock.control.openapi import errors
from reprompt_mock.http.openapi import answered
from reprompt_mock.http.wire import answer

router = APIRouter(prefix="/_mock/orgs/{org_slug}", responses=errors(401, 403, 404, 422, 503))

_FEW = 500
"""The most exchanges that are judged on the event loop."""


@router.get("/conduct", responses=answered("Verdict"))
async def get_conduct(control: Controlled) -> Response:
    """Judge a world's client by its finished requests; `DELETE W/journal` starts a new verdict."""
    world = control.world
    evidence = world.journal.evidence
    exchanges, dropped = evidence.exchanges(), evidence.dropped
    standards = Standards(world.settings.conduct_poll_seconds)

    def judged() -> Verdict:
        return judge(unpacked(exchanges), standards, dropped)

    verdict = judged() if len(exchanges) <= _FEW else await control.offload.aside(judged)
    return answer(verdict.as_dict())
