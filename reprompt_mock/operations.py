"""The service's operations by method and path: for `Allow`, and for whoever must know an operation by its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi.routing import APIRoute

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from starlette.routing import BaseRoute


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
        for operation in self._operations:
            if operation.method == method and operation.path.match(path):
                return operation.id
        return None

    def methods_of(self, path: str) -> list[str]:
        """Give every method of a path, in alphabetical order."""
        return sorted({operation.method for operation in self._operations if operation.path.match(path)})
