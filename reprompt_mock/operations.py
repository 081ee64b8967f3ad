"""The service's operations by method and path: for `Allow`, and for whoever must know an operation by its id.

HEAD is served wherever GET is, and is the same operation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi.routing import APIRoute

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its id, its method, and which paths it has."""

    id: str
    method: str
    path: re.Pattern[str]


class Operations:
    """The operations that some routes serve, found without serving them."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._operations = [
            Operation(route.operation_id or route.name, method, route.path_regex)
            for route in routes
            if isinstance(route, APIRoute)
            for method in sorted(route.methods or ())
        ]

    def find(self, method: str, path: str) -> str | None:
        """Give the id of the operation that a request calls, None for none."""
        method = "GET" if method == "HEAD" else method
        for operation in self._operations:
            if operation.method == method and operation.path.match(path):
                return operation.id
        return None

    def methods_of(self, path: str) -> list[str]:
        """Give every method of a path, in alphabetical order."""
        return with_head(operation.method for operation in self._operations if operation.path.match(path))


def with_head(methods: Iterable[str]) -> list[str]:
    """Add HEAD to the methods of a path that has GET; gives them in alphabetical order."""
    found = set(methods)
    return sorted(found | {"HEAD"} if "GET" in found else found)


class HeadAsGet:
    """Serves every HEAD as the GET that it stands for, without the body.

    Args:
        app: what knows no HEAD.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, send_head)
