"""A connection on which the head of an answer leaves together with the beginning of its body."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Transport

_HEAD = b"HTTP/1."
_LARGE = 64 * 1024
"""The size from which a body is not copied to be sent with its head."""


class Corked:
    """A transport of an HTTP/1.1 server, which holds back the head of each answer.

    Sending is the largest part of answering a small request, and servers write head and body one after the other. The
    head waits for the body, but no longer than until the event loop goes on: so it still leaves before a body that
    comes late. What begins like a head but is none is sent as late, and in order.

    Args:
        transport: the transport, to which everything else is left.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send bytes, after a head that waits; hold a head."""
        if self._transport.is_closing():  # the client has gone: asyncio would log each further piece
            self._head = b""
        elif self._head:
            head, self._head = self._head, b""
            if len(data) < _LARGE:
                self._transport.write(head + data)
            else:
                self._transport.write(head)
                self._transport.write(data)
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._let_go)
        else:
            self._transport.write(data)

    def _let_go(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():  # the client may have gone meanwhile
            self._transport.write(head)

    def write_eof(self) -> None:
        """Send what waits, then the end of the stream."""
        self._let_go()
        self._transport.write_eof()

    def close(self) -> None:
        """Send what waits, then close."""
        self._let_go()
        self._transport.close()

    def abort(self) -> None:
        """Close at once, discarding what waits."""
        self._head = b""
        self._transport.abort()
