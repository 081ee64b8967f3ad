"""What surrounds every request of the service: the journal that records it, and the faults that may hit it.

A request goes journal → faults → route. This is pure ASGI, since it must see bytes and may end a connection
without an answer.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from reprompt_mock.clock import SECOND, real_now
from reprompt_mock.engine.scenario import meet_fault
from reprompt_mock.faults import Abort, Effect, Fault, RequestMatch, When
from reprompt_mock.journal import BODY_BYTES, Entry, collect_rules, without_keys

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from reprompt_mock.engine.world import World
    from reprompt_mock.offload import Offload
    from reprompt_mock.operations import Operations

TRANSPORT = "reprompt_mock.transport"
"""The ASGI extension by which the server hands out a connection's transport."""
_PATH = re.compile(r"/v1/([^/]+)/")
_PREFERENCE = re.compile(rb'(?:^|[,;\s])code\s*=\s*"?([45]\d\d)"?(?:$|[,;\s])', re.IGNORECASE)
_FRAMING = (b"content-length", b"transfer-encoding")
"""Headers that belong to the connection: a fault cannot set them."""
_SIMULATED = {"detail": "This answer is simulated, as a fault asks."}


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
        exchange = _Exchange(scope, receive, send, time=world.now(), real_time=real_now())
        exchange.operation = self._operations.find(scope["method"], scope["path"])
        rules = collect_rules()
        try:
            exchange.fault = await self._fault(world, exchange)
            await _carry_out(self._app, exchange)
        finally:
            # The first request of a world is recorded where it let the world spring up.
            recorded_in = known or self._offload.engine.worlds.find(slug)
            if recorded_in is not None:
                recorded_in.journal.record(exchange.entry(rules))

    async def _fault(self, world: World, exchange: _Exchange) -> Fault | None:
        for name, value in exchange.scope["headers"]:
            wanted = _PREFERENCE.search(value) if name == b"prefer" else None
            if wanted:
                return Fault(RequestMatch(), Effect(status=int(wanted[1])), id="prefer")
        request = (exchange.scope["method"], exchange.scope["path"], exchange.operation)
        if not world.state.scenario.has_fault_for(*request):
            return None
        return (await self._offload.write(world, meet_fault, *request)).value


@dataclass(slots=True)
class _Answer:
    """An answer, whole."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""


@dataclass(slots=True)
class _Exchange:
    """One request and what became of it; `receive` and `send` watch what passes."""

    scope: Scope
    receive_raw: Receive
    send_raw: Send
    time: int
    real_time: int
    operation: str | None = None
    fault: Fault | None = None
    status: int | None = None
    body: bytearray = field(default_factory=bytearray)

    async def receive(self) -> Message:
        message = await self.receive_raw()
        room = BODY_BYTES - len(self.body)
        if room > 0 and message.get("body"):
            self.body += message["body"][:room]
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self.send_raw(message)

    async def read(self) -> None:
        """Read the rest of the body, so that the journal has it and the connection can be used again."""
        while (await self.receive()).get("more_body"):
            pass

    async def answer(self, answer: _Answer) -> None:
        """Send an answer."""
        await self.send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await self.send({"type": "http.response.body", "body": answer.body})

    async def abort(self, sent: _Answer | None = None) -> None:
        """End the connection, after half of an answer where one is given."""
        self.status = None
        transport = self.scope.get("extensions", {}).get(TRANSPORT)
        if transport is None:
            raise ConnectionResetError("the connection is closed, as a fault asks")
        if sent is None:
            transport.abort()
        else:
            await self.send_raw({"type": "http.response.start", "status": sent.status, "headers": sent.headers})
            half = sent.body[: len(sent.body) // 2]
            await self.send_raw({"type": "http.response.body", "body": half, "more_body": True})
            transport.close()
        while (await self.receive_raw())["type"] != "http.disconnect":
            pass

    def entry(self, rules: list[str]) -> Entry:
        """Give the journal's entry."""
        return Entry(
            self.time,
            self.real_time,
            self.operation,
            self.scope["method"],
            self.scope["path"],
            self.scope["query_string"],
            without_keys(self.scope["headers"]),
            bytes(self.body),
            self.status,
            (real_now() - self.real_time) / SECOND,
            self.fault.id if self.fault else None,
            rules,
        )


async def _carry_out(app: ASGIApp, exchange: _Exchange) -> None:
    fault = exchange.fault
    if fault is None:
        await app(exchange.scope, exchange.receive, exchange.send)
        return
    effect = fault.then
    await asyncio.sleep(effect.delay_seconds)
    stopped = fault.when is When.before and (effect.abort is Abort.reset or effect.replaces_answer)
    real = None if stopped else await _collected(app, exchange)
    if effect.abort is Abort.reset:
        await exchange.abort()
        return
    if stopped:
        await exchange.read()
    answer = _simulated(effect) if real is None or effect.replaces_answer else _with_headers(real, effect)
    if effect.abort is Abort.truncate:
        await exchange.abort(answer)
    else:
        await exchange.answer(answer)


async def _collected(app: ASGIApp, exchange: _Exchange) -> _Answer:
    """Carry a request out and keep its answer."""
    answer = _Answer(500, [])

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(exchange.scope, exchange.receive, keep)
    return answer


def _simulated(effect: Effect) -> _Answer:
    """Make the answer that a fault asks for."""
    content = _SIMULATED if effect.body is None else effect.body
    is_text = isinstance(content, str)
    body = content.encode() if isinstance(content, str) else orjson.dumps(content)
    kind = b"text/plain; charset=utf-8" if is_text else b"application/json"
    status = 200 if effect.status is None else effect.status
    if status in {204, 205, 304}:
        body = b""
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    return _with_headers(_Answer(status, headers, body), effect)


def _with_headers(answer: _Answer, effect: Effect) -> _Answer:
    new = {name.lower().encode(): value.encode() for name, value in effect.headers.items()}
    kept = [(name, value) for name, value in answer.headers if name not in new or name in _FRAMING]
    added = [(name, value) for name, value in new.items() if name not in _FRAMING]
    return _Answer(answer.status, [*kept, *added], answer.body)
