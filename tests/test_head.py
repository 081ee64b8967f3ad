"""HEAD wherever GET is: the same answer without its body, and the same operation to whatever looks on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import httpx2
import pytest
from starlette.testclient import TestClient

from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import Org


@pytest.fixture(scope="module")
def live() -> Iterator[Org]:
    """An organization behind a real socket, with a batch."""
    server = ServerThread(load({"host": "127.0.0.1", "port": 0, "clock": "paused"}, environ={}))
    server.start()
    with httpx2.Client(base_url=server.url, trust_env=False) as http:
        org = Org(cast("TestClient", http), "head-org", {"apiKey": "k"})
        org.create("a", "b", batch_id="b")
        yield org
    server.stop()


def reads(http: TestClient) -> list[str]:
    """Find every path that has GET, by both documents, and the documents themselves, but for streams without an end."""
    return [
        path
        for document in ("/openapi.json", "/_mock/openapi.json")
        for path, operations in http.get(document).json()["paths"].items()
        if "get" in operations and not path.endswith("/events")
    ] + ["/openapi.json", "/_mock/openapi.json", "/v1/{org_slug}/openapi.json", "/v1/{org_slug}/nothing"]


def test_head_is_get_without_the_body(live: Org) -> None:
    paths = reads(live.http)
    assert len(paths) > 15
    for path in paths:
        url = path.format(org_slug=live.slug, batch_id="b", place_id="a", export_id="e", token="t")
        got, headed = (live.http.request(method, url, headers=live.headers) for method in ("GET", "HEAD"))

        assert (headed.status_code, headed.content) == (got.status_code, b""), path
        kept = {name: value for name, value in got.headers.items() if name != "date"}
        assert {name: value for name, value in headed.headers.items() if name != "date"} == kept, path
        assert "content-length" in kept


def test_the_connection_can_be_used_again_after_a_head(live: Org) -> None:
    for _ in range(3):
        assert live.call("HEAD", "/batches/b").status_code == 200
        assert live.batch("b")["id"] == "b"


@pytest.mark.parametrize(("path", "status"), [("/batches/none", 404), ("/enrich", 405), ("/batches?limit=0", 422)])
def test_a_refusal_of_head_has_no_body_either(live: Org, path: str, status: int) -> None:
    answer = live.call("HEAD", path)

    assert (answer.status_code, answer.content) == (status, b"")
    assert int(answer.headers["content-length"]) > 10


def test_head_needs_a_key_where_get_does(live: Org) -> None:
    assert live.http.head(f"/v1/{live.slug}/place_enrichment/batches").status_code == 401


def test_a_head_is_the_operation_of_its_get(org: Org) -> None:
    """The journal shows the method as it came; faults, the rate limit and `poll_advance` take it for the operation."""
    org.create("a", batch_id="b")
    org.set(poll_advance=1)
    before = org.control("GET", "/clock").json()["now"]
    fault = {"match": {"operation": "get_batch"}, "then": {"status": 503}, "times": 1}
    assert org.control("POST", "/faults", fault).status_code == 201

    assert [org.call("HEAD", "/batches/b").status_code for _ in range(2)] == [503, 200]

    entries = org.control("GET", "/journal?operation=get_batch").json()["requests"]
    assert [(entry["method"], entry["operation"], entry["status"]) for entry in entries] == [
        ("HEAD", "get_batch", 503),
        ("HEAD", "get_batch", 200),
    ]
    assert org.control("GET", "/clock").json()["now"] > before


def test_head_makes_no_world_where_get_makes_none(org: Org) -> None:
    assert org.http.head(f"/v1/{org.slug}/place_enrichment/batches").status_code == 401
    assert org.control("HEAD").status_code == 200

    assert org.slug not in [world["org_slug"] for world in org.http.get("/_mock/orgs").json()["orgs"]]
