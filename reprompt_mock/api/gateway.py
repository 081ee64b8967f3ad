"""What surrounds every request of the service: the journal that records it, and the faults that may hit it.

A request goes journal → faults → route. This is pure ASGI, since it must see bytes and may end a connection
without an answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reprompt_mock.api.effects import carry_out
from reprompt_mock.api.exchange import Exchange
from reprompt_mock.engine.scenario import meet_fault
from reprompt_mock.faults import Effect, Fault, RequestMatch
from reprompt_mock.journal import collect_rules
from reprompt_mock.real_time import real_now

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from reprompt_mock.engine.world import World
    from reprompt_mock.http.offload import Offload
    from reprompt_mock.operations import Operations

_PATH = re.compile(r"/v1/([^/]+)/")
_PREFERENCE = re.compile(rb'(?:^|[,;\s])code\s*=\s*"?([45]\d\d)"?(?:$|[,;\s])', re.IGNORECASE)


class Gateway:
    """Records the requests of an app, and lets faults act on them.

    Args:
        app: the service's app.
        offload: the way to the engine.
        operations: the app's operations.
    """

    def __init__(self, app: ASGIApp, offload: Offload, operations: Operations) -> None:
        self._app = app
        self._offload = offload
        self._operations = operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, recorded and perhaps hit by a fault."""
        in_org = _PATH.match(scope["path"]) if scope["type"] == "http" else None
        if in_org is None:
            await self._app(scope, receive, send)
            return
        slug = in_org[1]
        known = self._offload.engine.worlds.find(slug)
        world = known or self._offload.engine.worlds.peek(slug)
        exchange = Exchange(scope, receive, send, time=world.now(), real_time=real_now())
        exchange.operation = self._operations.find(scope["method"], scope["path"])
        rules = collect_rules()
        try:
            exchange.fault = await self._fault(world, exchange)
            await carry_out(self._app, exchange)
        finally:
            # The first request of a world is recorded where it let the world spring up.
            recorded_in = known or self._offload.engine.worlds.find(slug)
            if recorded_in is not None:
                recorded_in.journal.record(exchange.entry(rules))
        if exchange.is_ended and exchange.connection:
            await exchange.let_go(exchange.connection)

    async def _fault(self, world: World, exchange: Exchange) -> Fault | None:
        for name, value in exchange.scope["headers"]:
            wanted = _PREFERENCE.search(value) if name == b"prefer" else None
            if wanted:
                return Fault(RequestMatch(), Effect(status=int(wanted[1])), id="prefer")
        request = (exchange.scope["method"], exchange.scope["path"], exchange.operation)
        if not world.state.scenario.has_fault_for(*request):
            return None
        digest = await exchange.read_ahead(self._offload.engine.settings.max_body_bytes)
        return (await self._offload.write(world, meet_fault, *request, digest=digest)).value
