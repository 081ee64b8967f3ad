"""Snapshots: a whole world as one JSON document."""

from __future__ import annotations

from fastapi import Response

from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.control.worlds import summary_body
from reprompt_mock.engine import snapshot
from reprompt_mock.engine.snapshot import Snapshot
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer, in_pieces, loaded, read_body, validated

router = ControlRouter()


@router.get("/snapshot", responses=answered("Snapshot"))
async def take_snapshot(control: Controlled) -> Response:
    """Export the whole world as one document, without its journal."""
    return in_pieces(await control.read(snapshot.written))


@router.put("/snapshot", responses=answered("WorldSummary"), openapi_extra=request_body(Snapshot))
async def restore_snapshot(control: Controlled) -> Response:
    """Replace a world with a snapshot of any size."""
    taken = await control.offload.prepare(_read, await read_body(control.request, limit=None))
    return answer(summary_body(await control.write(snapshot.restore, taken)))


def _read(body: bytes) -> Snapshot:
    return validated(Snapshot, snapshot.decoded(body) or loaded(body or b"{}"))
