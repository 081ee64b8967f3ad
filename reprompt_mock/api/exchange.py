"""One request of the service and what became of it: the body that came, the answer that went, the connection."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING

from reprompt_mock.api.connection import LINGER_SECONDS, TRANSPORT, Connection
from reprompt_mock.clock import SECOND
from reprompt_mock.journal import BODY_BYTES, Entry, without_keys
from reprompt_mock.real_time import real_now

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from reprompt_mock.faults import Fault

_DIGEST_BYTES = 8
FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""Headers that belong to the connection: a fault cannot set them."""


@dataclass(slots=True)
class Answer:
    """An answer, whole."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    def framed(self, *headers: tuple[bytes, bytes], body: bytes | None = None) -> Answer:
        """Give it with other headers about its framing, and perhaps another body."""
        kept = [header for header in self.headers if header[0] not in FRAMING]
        return Answer(self.status, [*kept, *headers], self.body if body is None else body)


@dataclass(slots=True)
class Exchange:
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
    is_whole: bool = False
    is_ended: bool = False
    _ahead: deque[Message] = field(default_factory=deque)

    @property
    def connection(self) -> Connection | None:
        """Its connection; None under a server that does not hand it out."""
        transport = self.scope.get("extensions", {}).get(TRANSPORT)
        return None if transport is None else Connection(transport)

    async def receive(self) -> Message:
        """Give the app what comes, first what was read ahead."""
        return self._ahead.popleft() if self._ahead else await self._next()

    async def _next(self) -> Message:
        message = await self.receive_raw()
        room = BODY_BYTES - len(self.body)
        if room > 0 and message.get("body"):
            self.body += message["body"][:room]
        self.is_whole = not message.get("more_body")
        return message

    async def read_ahead(self, limit: int) -> str:
        """Read the body, so that its client may leave; gives a digest that tells the request from others of its world.

        What lies beyond `limit` bytes is left: the app refuses the body.
        """
        # The organization is no part of it: a draw from it is the same in every world.
        path = self.scope["path"].removeprefix("/v1/").partition("/")[2]
        named = f"{self.scope['method']}\0{path}\0".encode(errors="surrogatepass")
        digest = blake2b(named + self.scope["query_string"] + b"\0", digest_size=_DIGEST_BYTES)
        size = 0
        while not self.is_whole and size <= limit:
            message = await self._next()
            self._ahead.append(message)
            body = message.get("body", b"")
            size += len(body)
            digest.update(body)
        return digest.hexdigest()

    async def read(self) -> None:
        """Read the rest of the body, so that the journal has it and the connection can be used again."""
        self._ahead.clear()
        while not self.is_whole:
            await self._next()

    async def send(self, message: Message) -> None:
        """Send what the app answers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self.send_raw(message)

    async def answer(self, answer: Answer) -> None:
        """Send an answer."""
        await self.begin(answer)
        await self.send({"type": "http.response.body", "body": answer.body})

    async def begin(self, answer: Answer, body: bytes = b"") -> None:
        """Send the head of an answer, and of its body what there is."""
        await self.send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if body:
            await self.send({"type": "http.response.body", "body": body, "more_body": True})

    async def wait(self, seconds: float) -> None:
        """Wait so many real seconds, or until the client has gone."""
        if seconds:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._until_gone()

    async def let_go(self, connection: Connection) -> None:
        """Wait until the client closes a connection that is ended from here; then it is closed."""
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await self._until_gone()
        except TimeoutError:
            connection.close()
            await self._until_gone()
        except asyncio.CancelledError:
            # The server stops; it would answer with an error where no answer may be sent any more.
            connection.abort()
            await self._until_gone()
            raise

    async def _until_gone(self) -> None:
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
