"""Worlds: their list, counts, settings and clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from reprompt_mock.clock import SECOND, iso, moment_of
from reprompt_mock.control import bodies
from reprompt_mock.control.call import Controlled
from reprompt_mock.control.document import errors
from reprompt_mock.openapi import answered, request_body
from reprompt_mock.wire import answer

if TYPE_CHECKING:
    from reprompt_mock.engine import WorldSummary

router = APIRouter(prefix="/_mock", responses=errors(401, 403, 404, 422, 503))


@router.get("/orgs", responses=answered("WorldList"))
async def list_orgs(control: Controlled) -> Response:
    """List the worlds with their batches, jobs by status, and clocks."""
    engine = control.engine
    summaries = await control.change(lambda: [engine.summary(world) for world in engine.worlds])
    return answer({"orgs": [summary_body(summary) for summary in summaries]})


@router.post("/reset", status_code=204)
async def reset(control: Controlled) -> Response:
    """Forget all worlds."""
    await control.change(control.engine.reset)
    return Response(status_code=204)


@router.get("/orgs/{org_slug}", responses=answered("WorldSummary"))
async def get_org(control: Controlled) -> Response:
    """Show a world's counts and clock; an unused one shows zeros and is not created."""
    world = control.world
    return answer(summary_body(await control.desk.read(world, lambda: control.engine.summary(world))))


@router.delete("/orgs/{org_slug}", status_code=204)
async def delete_org(control: Controlled) -> Response:
    """Forget a world at once, as if it had never been used."""
    world = control.world
    await control.desk.write(lambda: control.engine.forget(world))
    return Response(status_code=204)


@router.get("/orgs/{org_slug}/settings", responses=answered("WorldSettings"))
async def get_settings(control: Controlled) -> Response:
    """Show a world's settings; a seed beyond 2^53 is text."""
    return answer(control.world.settings.model_dump(mode="json"))


@router.patch(
    "/orgs/{org_slug}/settings",
    responses=answered("WorldSettings") | errors(413),
    openapi_extra=request_body(bodies.SettingsChange, required=False),
)
async def change_settings(control: Controlled) -> Response:
    """Change the settings that the body names, such as `{"failure_rate": 0.3}`."""
    world = control.world
    request = await control.body(bodies.SettingsChange)
    changes = request.model_dump(exclude_unset=True)
    settings = await control.desk.write(lambda: control.engine.change_settings(world, changes))
    return answer(settings.model_dump(mode="json"))


@router.get("/orgs/{org_slug}/clock", responses=answered("Clock"))
async def get_clock(control: Controlled) -> Response:
    """Show a world's clock: `{"now", "running", "speed"}`."""
    world = control.world
    return answer(_clock(world.now(), running=world.clock.running, speed=world.clock.speed))


@router.patch(
    "/orgs/{org_slug}/clock",
    responses=answered("Clock") | errors(413),
    openapi_extra=request_body(bodies.ClockChange, required=False),
)
async def change_clock(control: Controlled) -> Response:
    """Pause or resume the clock, change its speed, or set `now`; forward only once the world has jobs."""
    world = control.world
    wanted = await control.body(bodies.ClockChange)
    now = None if wanted.now is None else moment_of(wanted.now)
    summary = await control.change(
        lambda: control.engine.change_clock(world, now=now, running=wanted.running, speed=wanted.speed)
    )
    return answer(_clock_of(summary))


@router.post(
    "/orgs/{org_slug}/clock/advance",
    responses=answered("Clock") | errors(413),
    openapi_extra=request_body(bodies.Advance),
)
async def advance(control: Controlled) -> Response:
    """Move the clock forward by `{"seconds": 30}`; every transition due by then has happened when it answers."""
    world = control.world
    wanted = await control.body(bodies.Advance)
    summary = await control.change(lambda: control.engine.advance(world, round(wanted.seconds * SECOND)))
    return answer(_clock_of(summary))


@router.post(
    "/orgs/{org_slug}/clock/settle",
    responses=answered("Settled") | errors(413),
    openapi_extra=request_body(bodies.Settle, required=False),
)
async def settle(control: Controlled) -> Response:
    """Advance just far enough for every job to finish, or every job of `{"batch_id": …}`.

    It answers `{"now", "advanced_seconds", "unfinished"}`; held and stuck jobs and uploads that were not started
    stay unfinished.
    """
    world = control.world
    wanted = await control.body(bodies.Settle)
    settled = await control.change(lambda: control.engine.settle(world, wanted.batch_id))
    return answer(
        {
            "now": iso(settled.now),
            "advanced_seconds": settled.advanced / SECOND,
            "unfinished": settled.unfinished,
        }
    )


def _clock(now: int, *, running: bool, speed: float) -> dict[str, Any]:
    return {"now": iso(now), "running": running, "speed": speed}


def _clock_of(summary: WorldSummary) -> dict[str, Any]:
    return _clock(summary.now, running=summary.running, speed=summary.speed)


def summary_body(summary: WorldSummary) -> dict[str, Any]:
    """Show a world's counts and clock."""
    return {
        "org_slug": summary.slug,
        "batches": summary.batches,
        "jobs": summary.jobs.as_dict(),
        "clock": _clock_of(summary),
    }
