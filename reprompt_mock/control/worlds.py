"""Worlds: their list and their counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import Response

from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.control.clock import clock_body
from reprompt_mock.engine import worlds
from reprompt_mock.http.openapi import answered
from reprompt_mock.http.wire import answer

if TYPE_CHECKING:
    from reprompt_mock.engine.worlds import WorldSummary

router = ControlRouter("/_mock")


@router.get("/orgs", responses=answered("WorldList"))
async def list_orgs(control: Controlled) -> Response:
    """List the worlds with their batches, jobs by status, and clocks."""
    engine = control.engine
    found = await control.offload.across(lambda: [engine.read(world, worlds.summary) for world in engine.every_world()])
    return answer({"orgs": [summary_body(summary) for summary in found]})


@router.post("/reset", status_code=204)
async def reset(control: Controlled) -> Response:
    """Forget all worlds."""
    await control.offload.across(control.engine.reset)
    return Response(status_code=204)


@router.get("/orgs/{org_slug}", responses=answered("WorldSummary"))
async def get_org(control: Controlled) -> Response:
    """Return a world's counts and clock; an unused world has zeros and is not created."""
    return answer(summary_body(await control.read(worlds.summary)))


@router.delete("/orgs/{org_slug}", status_code=204)
async def delete_org(control: Controlled) -> Response:
    """Forget a world, as if it had never been used."""
    await control.offload.forget(control.world)
    return Response(status_code=204)


def summary_body(summary: WorldSummary) -> dict[str, Any]:
    """Return the JSON form of a world's counts and clock."""
    return {
        "org_slug": summary.org_slug,
        "batches": summary.batches,
        "jobs": summary.jobs.as_dict(),
        "exports": summary.exports,
        "clock": clock_body(summary.clock),
    }
