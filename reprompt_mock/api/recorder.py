"""The recorder: what passes of every request of the service, from its arrival on, for its world's journal.

It knows nothing of faults but their effects. This is pure ASGI, since it must see bytes.
"""

from __future__ import annotations

import asyncio
import re
from hashlib import blake2b
from typing import TYPE_CHECKING

from reprompt_mock.api.ahead import Ahead
from reprompt_mock.api.connection import LINE
from reprompt_mock.api.evidence import shared_mark
from reprompt_mock.api.recording import NO_LINE, RECORDING, Recording
from reprompt_mock.engine.events import Change, Kind
from reprompt_mock.errors import MockError, Stopping
from reprompt_mock.probes import respond

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from reprompt_mock.engine.world import World
    from reprompt_mock.http.offload import Offload
    from reprompt_mock.operations import Operations

_PATH = re.compile(r"/v1/([^/]+)/")
_CLIENT_BYTES = 4
_MOST_CLIENTS = 100
"""As many keys are remembered."""
_CLOSING = {"connection": "close"}


class Recorder:
    """Records the requests of an app.

    Args:
        app: the service's app.
        offload: the way to the engine.
        operations: the service's operations.
    """

    def __init__(self, app: ASGIApp, offload: Offload, operations: Operations) -> None:
        self._app = app
        self._offload, engine = offload, offload.engine
        self._worlds, self._events, self._records = engine.worlds, engine.events, engine.records
        self._is_shared, self._real = engine.store.is_shared, engine.real
        self._operations = operations
        self._salt = engine.store.salt
        self._clients: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, recorded."""
        in_org = _PATH.match(scope["path"]) if scope["type"] == "http" else None
        if in_org is None:
            await self._app(scope, receive, send)
            return
        if self._is_shared:
            ahead = Ahead(receive)
            try:
                world = await self._arrived(in_org[1], scope, send)
                if world is not None:
                    await self._recorded(world, scope, ahead.receive, send)
            finally:
                ahead.close()
        else:
            await self._recorded(self._worlds.peek(in_org[1]), scope, receive, send)

    async def _recorded(self, world: World, scope: Scope, receive: Receive, send: Send) -> None:
        recording = Recording(scope, receive, send, world, self._record, self._real)
        recording.operation = self._operations.find(scope["method"], scope["path"])
        recording.client = self._client(recording.keys)
        if self._is_shared:
            recording.mark = shared_mark
        scope[RECORDING] = recording
        self._records.arrive(world, recording)
        if self._events.are_heard:
            self._tell(recording)
        try:
            await self._app(scope, recording.receive, recording.send)
        except asyncio.CancelledError:
            # The emulator's own server stops, and says so wherever nothing was answered. Another one has its own way.
            if recording.is_begun or recording.is_over or recording.line is NO_LINE:
                raise
            await _say_that_it_stops(scope, recording.send)
        finally:
            recording.leave()
            del scope[RECORDING]  # they refer to each other

    async def _arrived(self, org_slug: str, scope: Scope, send: Send) -> World | None:
        """Return the world that a request means as others have left it, or None after saying why it cannot be read."""
        try:
            return await self._offload.arrive(org_slug)
        except MockError as error:
            await respond(scope, send, error.status, {"detail": str(error)}, error.headers)
        except asyncio.CancelledError:
            if LINE not in scope.get("extensions", {}):
                raise
            await _say_that_it_stops(scope, send)
        return None

    def _record(self, recording: Recording) -> None:
        """Record a finished request if its world exists by now: a refused request creates none."""
        world = recording.world
        exists = world.state.key is not None if self._is_shared else self._worlds.find(world.slug) is world
        if exists:
            self._records.end(world, recording)
        else:
            self._records.withdraw(world, recording)
        if self._events.are_heard:
            self._tell(recording)

    def _tell(self, recording: Recording) -> None:
        """Publish that a request came or is over."""
        self._events.publish([Change(recording.world.slug, Kind.request)])

    def _client(self, keys: Sequence[str]) -> str | None:
        """Return a fingerprint of a client that reveals nothing about its key."""
        if not keys:
            return None
        key = keys[0]
        known = self._clients.get(key)
        if known is None:
            if len(self._clients) >= _MOST_CLIENTS:
                self._clients.clear()
            known = blake2b(key.encode(), key=self._salt, digest_size=_CLIENT_BYTES).hexdigest()
            self._clients[key] = known
        return known


async def _say_that_it_stops(scope: Scope, send: Send) -> None:
    stopping = Stopping()
    await respond(scope, send, stopping.status, {"detail": str(stopping)}, _CLOSING)
