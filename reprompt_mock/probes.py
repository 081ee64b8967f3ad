"""The probes: whether the emulator is alive, and whether it is ready.

Load balancers, orchestrators and health checks often know nothing but the port, so probes require no key, token or
header. They are answered before everything else, and this module imports no framework.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reprompt_mock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Scope, Send

HEALTH, LIVE, READY = "/_mock/health", "/livez", "/readyz"
METHODS = ("GET", "HEAD")
CONTROL_VERSION = 1
"""The version of the control API; it changes only with changes that break clients."""
_PATHS = frozenset((HEALTH, LIVE, READY))
_FINE = {"status": "ok", "version": __version__, "control": CONTROL_VERSION}


def is_probe(scope: Scope) -> bool:
    """Return whether a request is a probe."""
    return scope["type"] == "http" and scope["path"] in _PATHS


async def answer(scope: Scope, send: Send, obstacle: Callable[[], Awaitable[str | None]]) -> None:
    """Answer a probe.

    Args:
        scope: the request's scope.
        send: the request's send channel.
        obstacle: returns a sentence about what keeps the emulator from serving, None if nothing does.
    """
    if scope["method"] not in METHODS:
        await respond(scope, send, 405, {"detail": "Method Not Allowed"}, {"allow": ", ".join(METHODS)})
        return
    found = await obstacle() if scope["path"] == READY else None
    if found is None:
        await respond(scope, send, 200, _FINE)
    else:
        await respond(scope, send, 503, {"detail": found}, {"retry-after": "1"})


async def respond(
    scope: Scope, send: Send, status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> None:
    """Send a JSON answer."""
    raw, body = _written(content, headers)
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def problem(sentence: str, headers: Mapping[str, str] | None = None) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return the headers and the body of an error answer."""
    return _written({"detail": sentence}, headers)


def _written(content: Mapping[str, Any], headers: Mapping[str, str] | None) -> tuple[list[tuple[bytes, bytes]], bytes]:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    all_headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        **(headers or {}),
    }
    return [(name.encode(), value.encode("latin-1")) for name, value in all_headers.items()], body
