"""A batch, observed without any of the effects of a client's request."""

from __future__ import annotations

from fastapi import Response

from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.engine import batches
from reprompt_mock.engine.descriptions import status_body
from reprompt_mock.http.openapi import answered
from reprompt_mock.http.wire import answer

router = ControlRouter()


@router.get("/batches/{batch_id}", responses=answered("Batch"))
async def get_batch(control: Controlled, batch_id: str) -> Response:
    """Describe a batch as the service does, but without faults, the journal or `poll_advance`."""
    return answer(status_body(await control.read(batches.status, batch_id)))
