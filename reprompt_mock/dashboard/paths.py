"""Which requests the dashboard answers; importing this loads nothing else of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

UI = "/_mock/ui"


def is_for_dashboard(scope: Scope) -> bool:
    """Return whether a request is for the dashboard: for its paths, or a browser's for the root."""
    if scope["type"] != "http":
        return False
    path = scope["path"]
    return path == UI or path.startswith(f"{UI}/") or is_lost_browser(scope)


def is_lost_browser(scope: Scope) -> bool:
    """Return whether somebody has typed the emulator's address into a browser."""
    if scope["path"] != "/" or scope["method"] not in {"GET", "HEAD"}:
        return False
    return any(name == b"accept" and b"text/html" in value.lower() for name, value in scope["headers"])
