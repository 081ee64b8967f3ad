"""Where the emulator is reached: at the root of its host, below a proxy's prefix, or mounted in another app."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

_ROOT = "reprompt_mock.root_path"
"""The scope key that keeps the prefix once it has been removed from the path."""


def unmounted(scope: Scope, prefix: str) -> Scope:
    """Return a scope whose path is relative to the emulator's prefix, which the apps need not know.

    Args:
        scope: the request's scope.
        prefix: the setting `root_path`: the prefix under which a proxy serves the emulator, stripped by it or not.
    """
    mounted: str = scope.get("root_path", "")
    if not (mounted or prefix) or scope["type"] == "lifespan":
        return scope
    path: str = scope["path"]
    # Some servers strip their own configured prefix from the path; then it starts with the mount's part only.
    for start in (mounted, mounted.removeprefix(scope.get("app_root_path", "")), prefix):
        if start and (path == start or path.startswith(f"{start}/")):
            path = path[len(start) :]
            break
    return {**scope, "path": path or "/", "root_path": "", _ROOT: mounted or prefix}


def root_of(scope: Scope) -> str:
    """Return the prefix under which clients reach the emulator, "" for none; URLs in answers begin with it."""
    root: str = scope.get(_ROOT, "")
    return root
