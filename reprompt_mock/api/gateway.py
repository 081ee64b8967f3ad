"""The faults that may hit a request of the service, before its route and after.

This is pure ASGI, since a fault may end a connection without an answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reprompt_mock.api.effects import carry_out
from reprompt_mock.api.passage import Passage
from reprompt_mock.api.recording import RECORDING
from reprompt_mock.engine.scenario import meet_fault
from reprompt_mock.faults import Effect, Fault, RequestMatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from reprompt_mock.api.recording import Recording
    from reprompt_mock.http.offload import Offload

_PREFERENCE = re.compile(rb'(?:^|[,;\s])code\s*=\s*"?([45]\d\d)"?(?:$|[,;\s])', re.IGNORECASE)


class Gateway:
    """Lets faults act on the requests of an app that are recorded.

    Args:
        app: the service's app.
        offload: the way to the engine.
    """

    def __init__(self, app: ASGIApp, offload: Offload) -> None:
        self._app = app
        self._offload = offload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, perhaps hit by a fault."""
        recording: Recording | None = scope.get(RECORDING)
        if recording is None:
            await self._app(scope, receive, send)
            return
        asked = _asked_for(scope["headers"])
        request = (scope["method"], scope["path"], recording.operation)
        if asked is None and not recording.world.state.scenario.has_fault_for(*request):
            await self._app(scope, receive, send)
            return
        passage = Passage(scope, receive, send)
        recording.fault = asked or await self._met(passage, recording)
        is_ended = await carry_out(self._app, passage, recording.fault)
        if is_ended and passage.connection:
            await passage.let_go(passage.connection)

    async def _met(self, passage: Passage, recording: Recording) -> Fault | None:
        request = (passage.scope["method"], passage.scope["path"], recording.operation)
        digest = await passage.read_ahead(self._offload.engine.settings.max_body_bytes)
        return (await self._offload.write(recording.world, meet_fault, *request, digest=digest)).value


def _asked_for(headers: Iterable[tuple[bytes, bytes]]) -> Fault | None:
    """Return the error that a client requested with `Prefer`."""
    for name, value in headers:
        wanted = _PREFERENCE.search(value) if name == b"prefer" else None
        if wanted:
            return Fault(RequestMatch(), Effect(status=int(wanted[1])), id="prefer")
    return None
