"""Settings of a world."""

from __future__ import annotations

from fastapi import Response

from reprompt_mock.control import bodies
from reprompt_mock.control.call import Controlled, ControlRouter
from reprompt_mock.control.openapi import errors
from reprompt_mock.engine import settings
from reprompt_mock.http.openapi import answered, request_body
from reprompt_mock.http.wire import answer

router = ControlRouter()


@router.get("/settings", responses=answered("WorldSettings"))
async def get_settings(control: Controlled) -> Response:
    """Return a world's settings; a seed beyond 2^53 is text."""
    return answer((await control.read(settings.show)).model_dump(mode="json"))


@router.patch(
    "/settings",
    responses=answered("WorldSettings") | errors(413),
    openapi_extra=request_body(bodies.SettingsChange, required=False),
)
async def change_settings(control: Controlled) -> Response:
    """Change the settings that the body names, such as `{"failure_rate": 0.3}`."""
    request = await control.body(bodies.SettingsChange)
    changed = await control.write(settings.change, request.model_dump(exclude_unset=True))
    return answer(changed.model_dump(mode="json"))
