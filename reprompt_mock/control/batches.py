"""A batch, observed without any of the effects of a client's request."""

from __future__ import annotations

from fastapi import APIRouter, Response

from reprompt_mock.control.call import Controlled
from reprompt_mock.control.openapi import errors
from reprompt_mock.engine import batches
from reprompt_mock.engine.descriptions import status_body
from reprompt_mock.http.openapi import answered
from reprompt_mock.http.wire import answer

router = APIRouter(prefix="/_mock/orgs/{org_slug}", responses=errors(401, 403, 404, 422, 503))


@router.get("/batches/{batch_id}", responses=answered("Batch"))
async def get_batch(control: Controlled, batch_id: str) -> Response:
    """Describe a batch as the service does, but without faults, the journal or `poll_advance`."""
    return answer(status_body(await control.read(batches.status, batch_id)))
