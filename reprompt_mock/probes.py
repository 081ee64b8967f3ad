"""The probes: whether the emulator lives, and whether it can serve.

Load balancers, orchestrators and health checks send what they can: they need nothing but the port, neither key nor
token nor any header. So this stands before everything else, and imports no framework.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reprompt_mock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Scope, Send

HEALTH, LIVE, READY = "/_mock/health", "/livez", "/readyz"
METHODS = ("GET", "HEAD")
CONTROL_VERSION = 1
"""The version of the control API: another one would break its clients."""
_PATHS = frozenset((HEALTH, LIVE, READY))
_FINE = {"status": "ok", "version": __version__, "control": CONTROL_VERSION}


def is_probe(scope: Scope) -> bool:
    """Tell whether a request is a probe."""
    return scope["type"] == "http" and scope["path"] in _PATHS


async def answer(scope: Scope, send: Send, obstacle: Callable[[], str | None]) -> None:
    """Answer a probe.

    Args:
        scope: the request's.
        send: the request's.
        obstacle: says in a sentence what keeps the emulator from serving, None where nothing does.
    """
    if scope["method"] not in METHODS:
        await respond(scope, send, 405, {"detail": "Method Not Allowed"}, {"allow": ", ".join(METHODS)})
        return
    found = obstacle() if scope["path"] == READY else None
    if found is None:
        await respond(scope, send, 200, _FINE)
    else:
        await respond(scope, send, 503, {"detail": found}, {"retry-after": "1"})


async def respond(
    scope: Scope, send: Send, status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> None:
    """Answer a request with JSON."""
    raw, body = _written(content, headers)
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def problem(sentence: str, headers: Mapping[str, str] | None = None) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Write the headers and the body that answer with an error."""
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
