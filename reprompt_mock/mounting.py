"""Where the emulator is reached: at the root of its host, below a proxy's prefix, or mounted in another app."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

_ROOT = "reprompt_mock.root_path"
"""The key of a scope that keeps the prefix, once its path is without it."""


def unmounted(scope: Scope, prefix: str) -> Scope:
    """Give a request as the emulator's apps know it: with a path below the prefix, which they need not know.

    Args:
        scope: the request's.
        prefix: the setting `root_path`: where a proxy has the emulator, whether or not it takes the prefix off.
    """
    mounted: str = scope.get("root_path", "")
    if not (mounted or prefix) or scope["type"] == "lifespan":
        return scope
    path: str = scope["path"]
    # Some servers give a path without the prefix that they were told; then only what a mount matched is in it.
    for start in (mounted, mounted.removeprefix(scope.get("app_root_path", "")), prefix):
        if start and (path == start or path.startswith(f"{start}/")):
            path = path[len(start) :]
            break
    return {**scope, "path": path or "/", "root_path": "", _ROOT: mounted or prefix}


def root_of(scope: Scope) -> str:
    """Give the prefix below which a client reaches the emulator, empty for none: what its own URLs begin with."""
    root: str = scope.get(_ROOT, "")
    return root
