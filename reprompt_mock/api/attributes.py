"""Attributes: what can be requested (contract I4)."""

from __future__ import annotations

from fastapi import Response

from reprompt_mock.api.call import Call, CallRouter
from reprompt_mock.attributes import CATALOGUE, CORE
from reprompt_mock.engine import worlds
from reprompt_mock.http.openapi import answered
from reprompt_mock.http.wire import answer

router = CallRouter("attributes", 401, 403, 404, 429)


@router.serves("get_attributes", responses=answered("V1AttributesResponse"))
async def get_attributes(call: Call) -> Response:
    """List the attributes that can be enriched (contract I4)."""
    await call.read(worlds.touch)
    return answer({"core": CORE, "custom": [], "all": list(CATALOGUE)})
