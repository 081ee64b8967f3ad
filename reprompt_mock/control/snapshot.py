"""Snapshots: a whole world as one JSON document."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Response

from reprompt_mock.control.call import Controlled
from reprompt_mock.control.openapi import errors
from reprompt_mock.control.worlds import summary_body
from reprompt_mock.engine import snapshot
from reprompt_mock.engine.snapshot import Snapshot
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer, parse, read_body

router = APIRouter(prefix="/_mock/orgs/{org_slug}", responses=errors(401, 403, 404, 422, 503))


@router.get("/snapshot", responses=answered("Snapshot"))
async def take_snapshot(control: Controlled) -> Response:
    """Export the whole world as one document, without its journal."""
    return Response(await control.read(snapshot.written), media_type="application/json")


@router.put("/snapshot", responses=answered("WorldSummary"), openapi_extra=request_body(Snapshot))
async def restore_snapshot(control: Controlled) -> Response:
    """Replace a world with a snapshot of any size."""
    taken = await control.offload.prepare(partial(parse, Snapshot), await read_body(control.request, limit=None))
    return answer(summary_body(await control.write(snapshot.restore, taken)))
