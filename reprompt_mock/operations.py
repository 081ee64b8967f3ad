"""The service's operations as data, and operations by method and path.

HEAD is served wherever GET is, and is the same operation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SERVICE = "/v1/{org_slug}/place_enrichment"
"""What the paths of the service's operations begin with."""


class Operation(NamedTuple):
    """An operation: its id, its method, the template of its path.

    `{name}` stands for one part of a path, `{name:any_text}` for the rest of it, line breaks included.
    """

    id: str
    method: str
    path: str


OPERATIONS = (
    Operation("create_batch", "POST", f"{SERVICE}/batches"),
    Operation("get_batch", "GET", f"{SERVICE}/batches/{{batch_id}}"),
    Operation("list_batches", "GET", f"{SERVICE}/batches"),
    Operation("get_jobs", "GET", f"{SERVICE}/jobs"),
    Operation("reprocess_batch", "POST", f"{SERVICE}/batches/{{batch_id}}/reprocess"),
    Operation("delete_batch", "DELETE", f"{SERVICE}/batches/{{batch_id}}"),
    Operation("update_batch", "PUT", f"{SERVICE}/batches/{{batch_id}}"),
    Operation("refresh_batches", "POST", f"{SERVICE}/batches/refresh"),
    Operation("create_job", "POST", f"{SERVICE}/jobs"),
    Operation("get_job", "GET", f"{SERVICE}/jobs/{{place_id:any_text}}"),
    Operation("delete_job", "DELETE", f"{SERVICE}/jobs/{{place_id:any_text}}"),
    Operation("reprocess_jobs", "POST", f"{SERVICE}/jobs/reprocess"),
    Operation("enrich", "POST", f"{SERVICE}/enrich"),
    Operation("get_attributes", "GET", f"{SERVICE}/attributes"),
    Operation("create_export", "POST", f"{SERVICE}/exports"),
    Operation("list_exports", "GET", f"{SERVICE}/exports"),
    Operation("download_artifact", "GET", f"{SERVICE}/exports/artifacts/{{token}}"),
    Operation("get_export", "GET", f"{SERVICE}/exports/{{export_id}}"),
    Operation("download_export", "GET", f"{SERVICE}/exports/{{export_id}}/download"),
)
"""The service's operations, as routes, faults and the journal name them."""
OPERATION_IDS = tuple(operation.id for operation in OPERATIONS)

_ONE_PART = "[^/]+"
ANY_TEXT = "(?s:.*)"
_PARAMETER = re.compile(r"\{\w+(:any_text)?\}")


class Operations:
    """Some operations, found by method and path without serving them."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = [(operation, _pattern(operation.path)) for operation in operations]

    def find(self, method: str, path: str) -> str | None:
        """Return the id of the operation that a request calls, or None."""
        method = "GET" if method == "HEAD" else method
        for operation, pattern in self._operations:
            if operation.method == method and pattern.match(path):
                return operation.id
        return None

    def methods_of(self, path: str) -> list[str]:
        """Return every method of a path, in alphabetical order."""
        return with_head(operation.method for operation, pattern in self._operations if pattern.match(path))


def _pattern(template: str) -> re.Pattern[str]:
    """Turn a template into what matches the paths that the router matches with it."""
    pattern, end = "^", 0
    for parameter in _PARAMETER.finditer(template):
        pattern += re.escape(template[end : parameter.start()]) + (ANY_TEXT if parameter[1] else _ONE_PART)
        end = parameter.end()
    return re.compile(f"{pattern}{re.escape(template[end:])}$")


def with_head(methods: Iterable[str]) -> list[str]:
    """Add HEAD to the methods of a path that has GET; return them in alphabetical order."""
    found = set(methods)
    return sorted(found | {"HEAD"} if "GET" in found else found)
