"""Wait: answer when something has happened in a world."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from reprompt_mock.control import bodies
from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.control.openapi import errors
from reprompt_mock.engine.wait import Awaited, Seen, is_met
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.real_time import monotonic_seconds

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from reprompt_mock.control.watch import Watches

router = ControlRouter()


@router.post("/wait", responses=answered("Waited") | errors(413), openapi_extra=request_body(bodies.Wait))
async def wait(control: Controlled) -> Response:
    """Wait for a batch's status or a number of requests, at most `timeout_seconds`; see [Wait](#wait)."""
    wanted = await control.body(bodies.Wait)
    awaited = _awaited(wanted)
    watches: Watches = control.request.app.state.watches
    began = monotonic_seconds()
    seen = await _unless_gone(control.request, watches.wait(control.world, awaited, wanted.timeout_seconds))
    waited = monotonic_seconds() - began
    return answer({"met": is_met(awaited, seen), "waited_seconds": round(waited, 6), **_body(wanted, seen)})


def _awaited(wanted: bodies.Wait) -> Awaited:
    awaited = Awaited(wanted.batch_id)
    if wanted.status is not None and wanted.status != bodies.FINISHED:
        awaited = awaited._replace(statuses=(JobStatus[wanted.status],))
    if wanted.requests is not None:
        awaited = awaited._replace(operation=wanted.requests.operation, times=wanted.requests.count)
    return awaited


def _body(wanted: bodies.Wait, seen: Seen) -> dict[str, Any]:
    came = None if wanted.requests is None else {"operation": wanted.requests.operation, "count": seen.requests}
    return {
        "batch_id": wanted.batch_id,
        "status": seen.batch and seen.batch.status.name,
        "jobs": seen.batch and seen.batch.counts.as_dict(),
        "requests": came,
        "forgotten": seen.forgotten,
    }


async def _unless_gone(request: Request, work: Awaitable[Seen]) -> Seen:
    """Return what work gives, unless the client goes meanwhile.

    Raises:
        ClientDisconnect: it has gone; the work is cancelled.
    """
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait([task, gone], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return await task
    finally:
        for one in (task, gone):
            one.cancel()
