"""Requests to an emulator in a thread of this process: through its event loop, past all test tools and proxies."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import CancelledError
from contextvars import Context
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from reprompt_mock.handle.transport import Answer, ControlError, Request, Transport, headers_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from reprompt_mock.server import ServerThread

    Message = MutableMapping[str, Any]
    App = Callable[[Any, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

_logger = logging.getLogger(__name__)


def send(server: ServerThread, transport: Transport, request: Request) -> Answer:
    """Pass a request to the app of a server in this process, and wait for the answer.

    Raises:
        ControlError: the server is not running, or did not answer in time.
    """
    scope = _scope(transport, request)
    try:
        # Not in the caller's context: what libraries store there about its event loop does not apply to this one.
        return Context().run(
            lambda: server.call(_answered(server.app, scope, request.body or b""), timeout=request.patience)
        )
    except (RuntimeError, TimeoutError, CancelledError) as error:
        raise ControlError(None, f"no emulator answers at {transport.url}: {error or type(error).__name__}") from error


def _scope(transport: Transport, request: Request) -> dict[str, Any]:
    address = urlsplit(transport.url)
    raw_path, _, query = request.target.encode().partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote_to_bytes(raw_path).decode(errors="replace"),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers_of(transport, request)],
        "client": (address.hostname, 0),
        "server": (address.hostname, address.port),
    }


async def _answered(app: App, scope: dict[str, Any], body: bytes) -> Answer:
    """Call the app as its server does; return what it sends."""
    unread = [body]
    status, parts = 0, []

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        # The client does not disconnect before the answer.
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def take(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    try:
        await app(scope, receive, take)
    except Exception:
        # After answering and logging an unexpected error, the framework raises it again.
        if not status:
            _logger.exception("a bug in the emulator")
    return Answer(status or 500, b"".join(parts))
