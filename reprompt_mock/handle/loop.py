"""To an emulator in a thread of this process: through its event loop, which no test tool patches and no proxy takes."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import CancelledError
from contextvars import Context
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

from reprompt_mock.handle.transport import TIMEOUT_SECONDS, Answer, ControlError, Request, Transport, headers_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from reprompt_mock.server import ServerThread

    Message = MutableMapping[str, Any]
    App = Callable[[Any, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

_logger = logging.getLogger(__name__)


def send(server: ServerThread, transport: Transport, request: Request) -> Answer:
    """Carry a request to the app of a server that runs in this process, and wait for the answer.

    Raises:
        ControlError: the server does not run, or did not answer in time.
    """
    scope = _scope(transport, request)
    try:
        # Not in the caller's context: what a library keeps there of its own event loop is not true of this one.
        return Context().run(
            lambda: server.call(_answered(server.app, scope, request.body or b""), timeout=TIMEOUT_SECONDS)
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
    """Call the app as its server does; gives what it sends."""
    unread = [body]
    status, parts = 0, []

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        # The client stays for its answer.
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
        # The framework raises a defect once more after it has answered and logged it.
        if not status:
            _logger.exception("a bug in the emulator")
    return Answer(status or 500, b"".join(parts))
