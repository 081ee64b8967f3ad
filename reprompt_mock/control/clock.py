"""Clock of a world: show, change, advance, settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import Response

from reprompt_mock.clock import SECOND, iso, moment_of
from reprompt_mock.control import bodies
from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.control.openapi import errors
from reprompt_mock.engine import clock
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer

if TYPE_CHECKING:
    from reprompt_mock.engine.clock import ClockView

router = ControlRouter()


@router.get("/clock", responses=answered("Clock"))
async def get_clock(control: Controlled) -> Response:
    """Return a world's clock: `{"now", "running", "speed"}`."""
    return answer(clock_body(await control.read(clock.show)))


@router.patch(
    "/clock",
    responses=answered("Clock") | errors(413),
    openapi_extra=request_body(bodies.ClockChange, required=False),
)
async def change_clock(control: Controlled) -> Response:
    """Pause or resume the clock, change its speed, or set `now`; forward only once the world has jobs or exports."""
    wanted = await control.body(bodies.ClockChange)
    now = None if wanted.now is None else moment_of(wanted.now)
    changed = await control.write(clock.change, now=now, running=wanted.running, speed=wanted.speed)
    return answer(clock_body(changed))


@router.post(
    "/clock/advance",
    responses=answered("Clock") | errors(413),
    openapi_extra=request_body(bodies.Advance),
)
async def advance(control: Controlled) -> Response:
    """Advance the clock by `{"seconds": 30}` and apply every transition that is then due."""
    wanted = await control.body(bodies.Advance)
    return answer(clock_body(await control.write(clock.advance, round(wanted.seconds * SECOND))))


@router.post(
    "/clock/settle",
    responses=answered("Settled") | errors(413),
    openapi_extra=request_body(bodies.Settle, required=False),
)
async def settle(control: Controlled) -> Response:
    """Advance just far enough for every job to finish, or every job of `{"batch_id": …}`.

    It returns `{"now", "advanced_seconds", "unfinished"}`. Held and stuck jobs and uploads stay unfinished.
    """
    wanted = await control.body(bodies.Settle)
    settled = await control.write(clock.settle, wanted.batch_id)
    return answer(
        {
            "now": iso(settled.now),
            "advanced_seconds": settled.advanced / SECOND,
            "unfinished": settled.unfinished,
        }
    )


def clock_body(view: ClockView) -> dict[str, Any]:
    """Return a clock's JSON form."""
    return {"now": iso(view.now), "running": view.running, "speed": view.speed}
