"""The shell and its static files, which show nothing of any world, and the headers that keep them harmless."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from html import escape
from io import FileIO
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response

from reprompt_mock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_FOLDER = Path(__file__).with_name("static")
_SHELL = "shell.html"
FILES: Mapping[str, str] = MappingProxyType(
    {
        "app.js": "text/javascript",
        "chart.js": "text/javascript",
        "forms.js": "text/javascript",
        "link.js": "text/javascript",
        "parts.js": "text/javascript",
        "style.css": "text/css",
        "icon.svg": "image/svg+xml",
    }
)
"""The static files, each with its media type."""
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)
"""Sent with everything that the dashboard answers."""
_TAG_BYTES = 12


class File(NamedTuple):
    """The contents of a file, and a tag that changes with them."""

    data: bytes
    tag: str


@lru_cache
def read(name: str) -> File:
    """Return a file of the dashboard, which a test's patched `open` or fake file system does not affect.

    Raises:
        OSError: the file cannot be read.
    """
    with FileIO(_FOLDER / name) as file:
        data = file.readall()
    return File(data, f'"{blake2b(data, digest_size=_TAG_BYTES).hexdigest()}"')


def warm() -> None:
    """Read everything that the shell consists of."""
    for name in (_SHELL, *FILES):
        read(name)


def shell(request: Request, root: str) -> Response:
    """Return the shell: a page without any data, which fetches what its address says.

    Args:
        request: the request.
        root: the prefix under which clients reach the emulator.
    """
    page = read(_SHELL).data.replace(b"{root}", escape(root).encode()).replace(b"{version}", __version__.encode())
    tag = f'"{blake2b(page, digest_size=_TAG_BYTES).hexdigest()}"'
    return _answer(request, File(page, tag), "text/html")


def static(request: Request, name: str) -> Response | None:
    """Return a static file, None if there is none with this name."""
    return _answer(request, read(name), FILES[name]) if name in FILES else None


def _answer(request: Request, file: File, media_type: str) -> Response:
    headers = {**HEADERS, "ETag": file.tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.data, headers=headers, media_type=media_type)
