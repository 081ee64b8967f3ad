"""The shortcut: what goes straight to its route is answered as FastAPI would answer it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from reprompt_mock.api import batches
from reprompt_mock.app import create_app
from reprompt_mock.operations import OPERATIONS, Operation
from reprompt_mock.settings import load

ORIGIN = "https://example.com"
NOW = "2026-01-01T00:00:00Z"
PLACE = {"place_id": "p", "inputs": {"name": "Shop", "full_address": "London"}, "attributes": ["websites"]}
BODIES: dict[str, Any] = {
    "create_batch": {"batch_id": "b", "batch_name": "B", "jobs": [PLACE]},
    "update_batch": {"batch_name": "Other"},
    "refresh_batches": {"batch_ids": ["b"]},
    "create_job": PLACE,
    "reprocess_jobs": {"place_ids": ["p"]},
    "enrich": PLACE,
    "create_export": {"batch_ids": ["b"]},
}
GIVEN = {"org_slug": "acme", "batch_id": "b", "place_id:any_text": "p", "export_id": "none", "token": "none"}


def clients(origins: list[str]) -> Iterator[TestClient]:
    app = create_app(load({"clock": "paused", "cors_origins": origins}, environ={}))
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="module")
def straight() -> Iterator[TestClient]:
    """An emulator whose requests take the shortcut."""
    yield from clients([])


@pytest.fixture(scope="module")
def through() -> Iterator[TestClient]:
    """An emulator whose requests go through FastAPI, since it has middleware."""
    yield from clients([ORIGIN])


def answered(client: TestClient, operation: Operation, **changes: Any) -> tuple[int, bytes]:
    path = operation.path
    for name, value in GIVEN.items():
        path = path.replace(f"{{{name}}}", value)
    asked = {"headers": {"apiKey": "k"}, "json": BODIES.get(operation.id), **changes}
    answer = client.request(operation.method, path, **asked)
    return answer.status_code, answer.content


@pytest.fixture(autouse=True)
def afresh(straight: TestClient, through: TestClient) -> None:
    for client in (straight, through):
        client.delete("/_mock/orgs/acme")
        client.patch("/_mock/orgs/acme/clock", json={"now": NOW})
        answered(client, OPERATIONS[0])


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"headers": {}},
        {"json": None, "content": b"{"},
        {"method": "PATCH"},
        {"params": {"limit": "1", "offset": "0", "batchId": "b", "enrichments": "websites"}},
        {"params": {"limit": "none", "offset": "-1", "groupBy": "week", "day": "today"}},
    ],
    ids=["as asked", "without a key", "no JSON", "no such method", "with a query", "with a wrong query"],
)
def test_an_answer_is_the_same_by_either_way(
    straight: TestClient, through: TestClient, operation: Operation, changes: dict[str, Any]
) -> None:
    asked = {key: value for key, value in changes.items() if key != "method"}
    operation = operation._replace(method=changes.get("method", operation.method))
    found = answered(straight, operation, **asked)

    assert found == answered(through, operation, **asked)
    assert found[0] != 500


@pytest.mark.parametrize("way", ["straight", "through"])
def test_a_bug_is_answered_and_raised(
    way: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    client: TestClient = request.getfixturevalue(way)
    monkeypatch.setattr(batches, "status_body", broken)
    with pytest.raises(ZeroDivisionError):
        answered(client, OPERATIONS[1])

    monkeypatch.setattr(client._transport, "raise_server_exceptions", False)
    assert answered(client, OPERATIONS[1]) == (500, b'{"detail":"The emulator has a bug: see its log."}')


def test_middleware_is_never_passed_by(through: TestClient) -> None:
    headers = {"apiKey": "k", "Origin": ORIGIN}

    assert through.get("/v1/acme/place_enrichment/batches/b", headers=headers).headers["access-control-allow-origin"]
