"""The recorder: what passes of every request of the service, from its arrival on, for its world's journal.

It knows nothing of faults but their effects. This is pure ASGI, since it must see bytes.
"""

from __future__ import annotations

import asyncio
import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from reprompt_mock.api.ahead import Ahead
from reprompt_mock.api.auth import keys_sent
from reprompt_mock.api.connection import LINE, Line
from reprompt_mock.api.evidence import evidence_of, shared_mark
from reprompt_mock.api.facts import MOST_BYTES as _FACTS_BYTES
from reprompt_mock.clock import SECOND
from reprompt_mock.engine.events import Change, Kind
from reprompt_mock.errors import MockError, Stopping
from reprompt_mock.exchange import BODY_BYTES, Exchange, Sent, without_keys
from reprompt_mock.probes import respond

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from reprompt_mock.engine.world import World
    from reprompt_mock.faults import Fault
    from reprompt_mock.http.offload import Offload
    from reprompt_mock.operations import Operations

RECORDING = "reprompt_mock.recording"
"""The key of a scope that keeps the record which is made of its request."""
_PATH = re.compile(r"/v1/([^/]+)/")
_CLIENT_BYTES = 4
_MOST_CLIENTS = 100
"""As many keys are remembered."""
_RULE_BYTES = 8
_NO_LINE = Line(None, None, None)
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
            if recording.is_begun or recording.is_over or recording.line is _NO_LINE:
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

    def _client(self, keys: list[str]) -> str | None:
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


class Recording:
    """What is seen and noted of one request until it is over; from then on it does not change.

    `exchange` gives it as a value: when somebody asks, since most are never asked for.

    Attributes:
        world: the world that it means, which need not be kept yet.
        keys: the keys that it brought.
        line: its connection.
        time: the world's time when it came.
        operation: the id of its operation.
        client: what stands for its client.
        sequence: its number in the journal.
        era: how often the journal had been cleared when it came.
        size: about how many bytes it takes, once it is over.
        situation: marks of what the world did with time at the end.
        interventions: how often a test had changed the world by then.
        mark: returns a number that equal requests share.
        fault: the fault that hits it.
        rules: the ids of the rules that decided anything.
        facts: what was asked and told.
        carried_out: whether its operation was carried out.
        is_over: whether its answer was sent, or never will be.
    """

    sequence = era = size = situation = interventions = 0
    operation: str | None = None
    client: str | None = None
    fault: Fault | None = None
    carried_out = is_over = False
    has_gone = is_whole = False
    status: int | None = None
    answer_headers: Sequence[tuple[bytes, bytes]] = ()
    duration = 0.0
    mark: Callable[[tuple[object, ...]], int] = staticmethod(hash)

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        world: World,
        record: Callable[[Recording], None],
        real: Callable[[], int],
    ) -> None:
        self._receive, self._send, self._record = receive, send, record
        self.world = world
        self.method, self.path, self.query = scope["method"], scope["path"], scope["query_string"]
        self.headers = without_keys(scope["headers"])
        self.keys = keys_sent(scope["headers"])
        self.line: Line = scope.get("extensions", {}).get(LINE, _NO_LINE)
        self._real = real
        self.time, self.real_time = world.now(), real()
        self.rules: list[str] = []
        self.facts: dict[str, Any] = {}
        self.body = bytearray()

    @property
    def is_begun(self) -> bool:
        """Whether an answer was begun."""
        return self.status is not None

    async def receive(self) -> Message:
        """Return the next message to the app."""
        message = await self._receive()
        if self.is_over:
            return message
        if message["type"] == "http.disconnect":
            self.has_gone = True
        elif room := BODY_BYTES - len(self.body):
            self.body += message.get("body", b"")[:room]
        return message

    async def send(self, message: Message) -> None:
        """Send what the app answers; the request is over with the last of it."""
        if message["type"] == "http.response.start":
            self.status, self.answer_headers = message["status"], without_keys(message["headers"])
            await self._send(message)
            return
        if message.get("more_body"):
            await self._send(message)
            return
        self.look()
        await self._send(message)
        self.is_whole = True
        self.end()

    def look(self) -> None:
        """Check whether the client has gone; code that ends the connection checks before."""
        self.has_gone = self.has_gone or self.line.is_closing

    def end(self) -> None:
        """Finish the recording, unless it has finished: later messages do not belong to it."""
        if not self.is_over:
            self.duration = self._lasted()
            self.is_over = True
            self.size = self._size()
            self.situation, self.interventions = self.world.situation, self.world.interventions
            self._record(self)
            del self.world  # which keeps this

    def leave(self) -> None:
        """Finish the recording, which may be kept for long, and drop what leads to the server's request."""
        self.end()
        del self._receive, self._send, self._record

    def exchange(self) -> Exchange:
        """Return what is known so far."""
        sent = self.sent()
        return Exchange(
            self.operation,
            self.method,
            self.path,
            self.query,
            self.headers,
            bytes(self.body),
            self.time,
            self.real_time,
            self.duration if self.is_over else self._lasted(),
            self.status if sent is Sent.whole or sent is Sent.client_gone else None,
            self.answer_headers,
            self.facts,
            sent,
            self.carried_out,
            self.client,
            self.line.number,
            self.line.request,
            self.fault.id if self.fault else None,
            tuple(self.rules),
        )

    def evidence(self) -> bytes:
        """Return what is kept for the verdict."""
        return evidence_of(self)

    def _size(self) -> int:
        headers = sum([len(name) + len(value) for part in (self.headers, self.answer_headers) for name, value in part])
        texts = len(self.path) + len(self.query) + len(self.body)
        return texts + headers + _FACTS_BYTES + _RULE_BYTES * len(self.rules)

    def _lasted(self) -> float:
        return (self._real() - self.real_time) / SECOND

    def sent(self) -> Sent | None:
        """Return how much of its answer the client was sent, None while it is under way."""
        if not self.is_over:
            return None
        if self.has_gone:
            return Sent.client_gone
        if self.is_whole:
            return Sent.half if self.fault and self.fault.then.cuts_body else Sent.whole
        return Sent.nothing if self.status is None else Sent.half


def recording_of(scope: Scope) -> Recording:
    """Return the recording of a request."""
    recording: Recording = scope[RECORDING]
    return recording
