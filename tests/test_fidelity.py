"""The fidelity ledger names every operation, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from fastapi.routing import APIRoute

from reprompt_mock.api import attributes, batches, exports, jobs
from reprompt_mock.faults import OPERATION_IDS

LEDGER = (Path(__file__).parents[1] / "docs" / "fidelity" / "ledger.md").read_text(encoding="utf-8")
ROUTES = [
    route
    for router in (attributes.router, batches.router, jobs.router, exports.router, exports.links)
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


def test_faults_know_the_same_operations() -> None:
    assert {route.operation_id for route in ROUTES} == set(OPERATION_IDS)
