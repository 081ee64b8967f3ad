"""The fidelity ledger names every operation, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from reprompt_mock.api import attributes, batches, exports, jobs
from reprompt_mock.operations import OPERATIONS, Operations

LEDGER = (Path(__file__).parents[1] / "docs" / "fidelity" / "ledger.md").read_text(encoding="utf-8")
ROUTES = [
    route
    for router in (attributes.router, batches.router, jobs.router, exports.links, exports.router)
    for route in router.routes
    if isinstance(route, APIRoute)
]


def test_the_ledger_lists_every_operation_once() -> None:
    listed = re.findall(r"^\| `(\w+)` \| `(\w+) (\S+)` \|", LEDGER, re.MULTILINE)
    served = {
        (route.operation_id, method, re.sub(r":\w+}", "}", route.path.removeprefix("/v1/{org_slug}/place_enrichment")))
        for route in ROUTES
        for method in route.methods or ()
    }
    assert set(listed) == served
    assert len(listed) == len(served) == 19


def test_routes_and_operations_are_the_same() -> None:
    routes = {(route.operation_id, method, route.path) for route in ROUTES for method in route.methods or ()}

    assert routes == set(OPERATIONS)


@pytest.mark.parametrize(
    "path",
    ["/batches", "/batches/", "/batches/b", "/batches/b\n", "/batches/a.b/reprocess", "/batches/refresh",
     "/batches/a/b",
     "/jobs", "/jobs/", "/jobs/a/b\nc", "/jobs/reprocess", "/enrich", "/enrichx", "/attributes", "/nothing"],
)  # fmt: skip
@pytest.mark.parametrize("org_slug", ["acme", "a\nb", "a/b", ""])
def test_an_operation_is_found_wherever_its_route_is(org_slug: str, path: str) -> None:
    whole = f"/v1/{org_slug}/place_enrichment{path}"
    found = Operations(OPERATIONS)
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        routes = [route for route in ROUTES if method in (route.methods or ()) and route.path_regex.match(whole)]

        assert found.find(method, whole) == next((route.operation_id for route in routes), None)
