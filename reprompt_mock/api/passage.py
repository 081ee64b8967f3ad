"""The passage of a request that a fault may hit: what is read ahead of it, what it is answered, how it is let go."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from reprompt_mock.api.connection import LINGER_SECONDS, Connection
from reprompt_mock.api.recording import recording_of

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

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
        """Return it with other headers about its framing, and perhaps another body."""
        kept = [header for header in self.headers if header[0] not in FRAMING]
        return Answer(self.status, [*kept, *headers], self.body if body is None else body)


class Passage:
    """The passage of one request.

    Attributes:
        scope: the request's.
        send: sends a message of its answer.
        connection: its connection; None under a server that does not hand it out.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.send = send
        self._recording = recording_of(scope)
        transport = self._recording.line.transport
        self.connection = None if transport is None else Connection(transport)
        self._receive = receive
        self._ahead: deque[Message] = deque()
        self._is_whole = False

    async def receive(self) -> Message:
        """Return the next message to the app, first those read ahead."""
        return self._ahead.popleft() if self._ahead else await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._is_whole = not message.get("more_body")
        return message

    async def read_ahead(self, limit: int) -> str:
        """Read the body, so that its client may leave; gives a digest that tells the request from others of its world.

        What lies beyond `limit` bytes is left: the app refuses the body.
        """
        # The organization is left out, so that a draw from the digest is the same in every world.
        path = self.scope["path"].removeprefix("/v1/").partition("/")[2]
        named = f"{self.scope['method']}\0{path}\0".encode(errors="surrogatepass")
        digest = blake2b(named + self.scope["query_string"] + b"\0", digest_size=_DIGEST_BYTES)
        size = 0
        while not self._is_whole and size <= limit:
            message = await self._next()
            self._ahead.append(message)
            body = message.get("body", b"")
            size += len(body)
            digest.update(body)
        return digest.hexdigest()

    async def read(self) -> None:
        """Read the rest of the body, so that the journal has it and the connection can be used again."""
        self._ahead.clear()
        while not self._is_whole:
            await self._next()

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
        """Wait for a number of real seconds, or until the client has gone."""
        if seconds:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._until_gone()

    def break_off(self) -> None:
        """Note that the connection ends here, before it does: what was sent by then is all that was."""
        self._recording.look()

    async def let_go(self, connection: Connection) -> None:
        """Wait until the client closes a connection that is ended from here; then it is closed."""
        self._recording.end()
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
        while (await self._receive())["type"] != "http.disconnect":
            pass
