"""Receiving ahead: what a client has sent by the time its request comes is kept, though it may leave before it is read.

A server says that a client has gone in place of a body that was not asked for by then.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Receive


class Ahead:
    """Asks for the first message of a request at once.

    Args:
        receive: the server's.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._first: asyncio.Future[Message] | None = asyncio.ensure_future(receive())

    async def receive(self) -> Message:
        """Return the next message."""
        first, self._first = self._first, None
        return await (self._receive() if first is None else first)

    def close(self) -> None:
        """Ask no more."""
        if self._first is not None:
            self._first.cancel()
