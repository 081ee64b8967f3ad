"""How a fault ends the connection of a request: by a reset, a plain close, or a close that comes later."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from asyncio import Transport

LINE = "reprompt_mock.line"
"""The ASGI extension by which the server hands out a request's connection."""
LINGER_SECONDS = 2
"""How long a client has to close a connection that is finished from here."""
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
    """Hears no more of a connection than its end, which it passes on to the protocol that had it before."""

    def __init__(self, before: asyncio.Protocol) -> None:
        self.connection_lost = before.connection_lost  # type: ignore[method-assign]
        self.pause_writing = before.pause_writing  # type: ignore[method-assign]
        self.resume_writing = before.resume_writing  # type: ignore[method-assign]


class Connection:
    """A connection as the server hands it out; each way to end it keeps all that was written before.

    Args:
        transport: the server's, in whose protocol an HTTP request is under way.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Send bytes that are no ASGI message."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def reset(self) -> None:
        """End it at once by a TCP reset, which a close without lingering is."""
        if self._transport.is_closing():
            return  # its descriptor may be another connection's by now
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def finish(self) -> None:
        """Send no more: the client reads what was written, then the end.

        What it sends meanwhile is read and dropped: a close over unread bytes would be a reset.
        """
        if self._transport.is_closing():
            return
        self._transport.set_protocol(_Ending(cast("asyncio.Protocol", self._transport.get_protocol())))
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def close(self) -> None:
        """End it once all is written."""
        self._transport.close()

    def abort(self) -> None:
        """End it, whatever is still to be written."""
        self._transport.abort()

    def hold(self, *, on: bool = True) -> None:
        """Let the last of what is written wait for more, where the machine can: the end then comes along with it."""
        if _CORK is not None and not self._transport.is_closing():
            self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _CORK, int(on))

    def retire_after(self, seconds: float) -> None:
        """End it some real seconds later, or after the answer to a request that is under way then."""
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
