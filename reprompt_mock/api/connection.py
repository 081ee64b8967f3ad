"""How faults end a request's connection: with a reset, a close, or a later close."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from asyncio import Transport

LINE = "reprompt_mock.line"
"""The ASGI extension in which the server exposes a request's connection."""
LINGER_SECONDS = 2
"""How long a client has to close a connection after the emulator has finished sending."""
_CORK = getattr(socket, "TCP_CORK", getattr(socket, "TCP_NOPUSH", None))
_NO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Line(NamedTuple):
    """A request's connection: its transport, its number in the emulator, which of its requests it is, from 1."""

    transport: Transport | None
    number: int | None
    request: int | None

    @property
    def is_closing(self) -> bool:
        """Whether it is known to have ended."""
        return self.transport is not None and self.transport.is_closing()


class _Ending(asyncio.Protocol):
    """Ignores everything on a connection but its end, which it reports to the previous protocol."""

    def __init__(self, before: asyncio.Protocol) -> None:
        self.connection_lost = before.connection_lost  # type: ignore[method-assign] # the protocol's before
        self.pause_writing = before.pause_writing  # type: ignore[method-assign] # the protocol's before
        self.resume_writing = before.resume_writing  # type: ignore[method-assign] # the protocol's before


class Connection:
    """A connection that the server exposes to faults.

    Args:
        transport: the connection's transport, whose protocol is handling an HTTP request.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Send raw bytes, outside the ASGI messages."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def reset(self) -> None:
        """End it at once with a TCP reset, by closing it without lingering."""
        if self._transport.is_closing():
            return  # its descriptor may belong to another connection by now
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def finish(self) -> None:
        """Stop sending: the client reads what has been written, then the end of the stream.

        What it sends meanwhile is read and dropped, since closing with unread bytes would cause a reset.
        """
        if self._transport.is_closing():
            return
        self._transport.set_protocol(_Ending(cast("asyncio.Protocol", self._transport.get_protocol())))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def close(self) -> None:
        """Close it once everything has been sent."""
        self._transport.close()

    def abort(self) -> None:
        """Close it at once, discarding unsent data."""
        self._transport.abort()

    def hold(self, *, on: bool = True) -> None:
        """Hold back a last partial packet, if the system can, so that the end of the stream arrives along with it."""
        if _CORK is not None and not self._transport.is_closing():
            self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _CORK, int(on))

    def retire_after(self, seconds: float) -> None:
        """Close it after real seconds; a request in progress then is answered first."""
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._retire)
        else:
            self._retire()

    def _retire(self) -> None:
        protocol: Any = self._transport.get_protocol()
        if self._transport.is_closing() or isinstance(protocol, _Ending):
            return
        if protocol.is_idle:
            self.finish()
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.close)
        else:
            self.hold(on=False)
            protocol.shutdown()
