"""HTTP/1.1 on a connection, with what uvicorn's own protocol lacks.

Upgrades are ignored, request heads are limited, and refused or interrupted requests get errors in the service's form.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from reprompt_mock.api.connection import LINE, Line
from reprompt_mock.errors import DEFECT, Stopping
from reprompt_mock.http.corked import Corked
from reprompt_mock.probes import problem, respond

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_MOST_HEAD_BYTES = 128 * 1024
"""The limit for a request's path and headers together, far beyond what any client sends."""
_MOST_UNFINISHED_BYTES = 4 * _MOST_HEAD_BYTES
"""How many bytes are read without reaching the end of a request's head."""
_LINGER_SECONDS = 1.0
"""How long a refused client may go on sending; if it were cut off at once, it might never read the answer."""
_TLS_HANDSHAKE = b"\x16"
_FRAMING = (b"content-length", b"transfer-encoding")
# Created at import: later, `logging.getLogger` may be a test's mock, whose level is not a number.
_logger = logging.getLogger("uvicorn.error")
_access_logger = logging.getLogger("uvicorn.access")
_SPOKEN = frozenset({"1.0", "1.1"})
_CLOSING = {"connection": "close"}


class _Refused(ValueError):
    """A request that the parser accepts but the emulator refuses; the message says why."""


_HEAD_TOO_LARGE = f"The request line and headers are larger than {_MOST_HEAD_BYTES} bytes together."
_NO_PROXY = "CONNECT is not supported: the emulator is not a proxy, so use its address as the base URL."
_NO_PATH = "The request's target is not a path: it must begin with a slash."
_NO_TLS = "The emulator speaks plain HTTP: use http:// instead of https://."
_OTHER_VERSION = "The emulator speaks HTTP/1.1 and HTTP/1.0 only."
_REASONS = {
    "Pause on PRI/Upgrade": "The emulator speaks HTTP/1.1: configure the client to use it instead of HTTP/2.",
    "Invalid HTTP version": _OTHER_VERSION,
    "Invalid method encountered": "The request does not begin with an HTTP method.",
    "Expected HTTP/, RTSP/ or ICE/": "The request line must end with HTTP/1.1; a space in a path is written %20.",
}
"""Clearer wordings for some of the parser's messages."""


def sentence_for(error: httptools.HttpParserError, data: bytes) -> str:
    """Return the sentence that explains a parser's error to the client; `data` are the bytes that caused it."""
    cause = error.__context__
    if isinstance(cause, _Refused):
        return str(cause)
    if isinstance(error, httptools.HttpParserInvalidMethodError) and data.startswith(_TLS_HANDSHAKE):
        return _NO_TLS
    if isinstance(error, httptools.HttpParserCallbackError):
        return _NO_PATH
    reason = str(error)
    return _REASONS.get(reason) or f"This is not a valid HTTP/1.1 request: {reason}."


class Protocol(HttpToolsProtocol):
    """An HTTP protocol whose requests can reach their connection, so that a fault can end it.

    Upgrades that clients offer are ignored, as RFC 9110 allows: the request is served as HTTP/1.1. httptools wraps
    what the callbacks raise in a parser error.
    """

    _head_bytes = _unfinished_bytes = _requests = 0
    _in_head = _in_body = _resuming = False
    _running: RequestResponseCycle | None = None
    _last_words: bytes | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger, self.access_logger = _logger, _access_logger

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start tracking the connection's unanswered requests."""
        super().connection_made(transport)
        self.transport = cast("asyncio.Transport", Corked(transport))
        state: Any = self.server_state
        self._number = state.connections_made = getattr(state, "connections_made", 0) + 1
        self._unanswered: deque[RequestResponseCycle] = deque()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify every unanswered request that its client is gone."""
        super().connection_lost(exc)
        # uvicorn notifies the latest request only; earlier ones of a client that pipelines would wait forever.
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()

    @property
    def is_idle(self) -> bool:
        """Whether every request received so far has been answered."""
        return self.cycle is None or self.cycle.response_complete

    # Reading

    def data_received(self, data: bytes) -> None:
        """Process received bytes; after a refusal they are dropped."""
        self._unset_keepalive_if_required()
        while self._last_words is None:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._resume()
            except httptools.HttpParserError as error:
                self._refuse(sentence_for(error, data))
            else:
                self._bound_head(len(data))
                return

    def _bound_head(self, size: int) -> None:
        self._unfinished_bytes = self._unfinished_bytes + size if self._in_head else 0
        if self._unfinished_bytes > _MOST_UNFINISHED_BYTES:
            self._refuse(_HEAD_TOO_LARGE)

    def _resume(self) -> None:
        """Continue with a new parser after the head of a request whose upgrade is ignored."""
        framing = [b"%s: %s\r\n" % (name, value) for name, value in self.headers if name in _FRAMING]
        if not self.cycle.keep_alive:
            framing.append(b"connection: close\r\n")
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._resuming = True
        try:
            self.parser.feed_data(b"".join([b"POST / HTTP/1.1\r\n", *framing, b"\r\n"]))
        except httptools.HttpParserError as error:
            self._refuse(sentence_for(error, b""))
        finally:
            self._resuming = False

    def on_message_begin(self) -> None:
        """Start a request."""
        if self._resuming:
            return
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._requests += 1
        self.scope["extensions"] = {LINE: cast("Any", Line(self.transport, self._number, self._requests))}

    def on_url(self, url: bytes) -> None:
        """Process a piece of the request's target."""
        if self._in_head:
            self._count(len(url))
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Process a header."""
        # Chunked trailers arrive here too; they are ignored, since the request has already been handed over.
        if self._in_head:
            self._count(len(name) + len(value))
            super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > _MOST_HEAD_BYTES:
            raise _Refused(_HEAD_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Start processing the request."""
        if self._resuming:
            return
        if self.parser.get_method() == b"CONNECT":
            raise _Refused(_NO_PROXY)
        if self.parser.get_http_version() not in _SPOKEN:
            raise _Refused(_OTHER_VERSION)
        super().on_headers_complete()
        self._in_head, self._in_body = False, True
        while self._unanswered and self._unanswered[0].response_complete:
            self._unanswered.popleft()
        self._unanswered.append(self.cycle)

    def on_message_complete(self) -> None:
        """Finish a request's body."""
        if self.parser.should_upgrade():
            return  # this parser takes the head for the whole message; its successor reads the body
        self._in_body = False
        super().on_message_complete()

    # Answering

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, cast("Any", partial(_answered, cycle, app)))

    def on_response_complete(self) -> None:
        """Continue after an answer."""
        super().on_response_complete()
        self._say_last_words()

    def shutdown(self) -> None:
        """Close the connection, once a request in progress has been answered."""
        if self._last_words is not None or self.transport.get_protocol() is not self:
            self.transport.close()  # only waiting for its client
        else:
            super().shutdown()

    def _refuse(self, sentence: str) -> None:
        """Refuse invalid data with a 400, after the answers to earlier requests, then end the connection."""
        self.logger.warning("Refused a request: %s", sentence)
        answer_headers, body = problem(sentence, _CLOSING)
        headers = [*self.server_state.default_headers, *answer_headers]
        lines = [b"%s: %s\r\n" % header for header in headers]
        self._last_words = b"".join([STATUS_LINE[400], *lines, b"\r\n", body])
        if self._in_body:
            self._drop_request()
        self._say_last_words()

    def _drop_request(self) -> None:
        """Abandon the request whose body is invalid; if its answer has begun, send no other one."""
        cycle = self.cycle
        if cycle is not self._running:
            self.pipeline.popleft()
        elif cycle.response_started:
            self._last_words = b""
        cycle.disconnected = True
        cycle.message_event.set()

    def _say_last_words(self) -> None:
        running = self._running
        is_free = running is None or running.response_complete or running.disconnected
        if self._last_words is None or not is_free or self.transport.is_closing():
            return
        if not self._last_words:
            self.transport.close()
            return
        self._unset_keepalive_if_required()
        self.transport.write(self._last_words)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.timeout_keep_alive_task = self.loop.call_later(_LINGER_SECONDS, self.timeout_keep_alive_handler)


async def _answered(cycle: RequestResponseCycle, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run an app; if it fails or is cancelled before answering, answer in the service's form."""
    try:
        await app(scope, receive, send)
    except asyncio.CancelledError:
        if cycle.response_started:
            raise
        stopping = Stopping()
        await respond(scope, send, stopping.status, {"detail": str(stopping)}, _CLOSING)
    except Exception:
        if not cycle.response_started:
            await respond(scope, send, 500, {"detail": DEFECT}, _CLOSING)
        raise
