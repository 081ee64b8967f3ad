"""Who may call what, what is kept secret, and what is bounded (interface: Safety)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.settings import ConfigurationError, load
from tests.conftest import LONDON, Org


@pytest.fixture(scope="module")
def guarded() -> Iterator[TestClient]:
    """An emulator that may be called by one more name."""
    with emulator(allowed_hosts=["mock.example.com"]) as http:
        yield http


@contextmanager
def emulator(**flags: Any) -> Iterator[TestClient]:
    """Run an emulator of its own settings in this process."""
    app = create_app(load({"clock": "paused", **flags}, environ={}))
    with TestClient(app, raise_server_exceptions=False, base_url="http://localhost") as http:
        yield http


def control_status(http: TestClient, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.get("/_mock/orgs", headers=named).status_code


# Host, Origin, Sec-Fetch-Site


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:8780", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.1:80", "[::1]:8780", "10.1.2.3",
        "reprompt-mock", "reprompt-mock:8780", "app.localhost", "host.docker.internal", "host.docker.internal:8780",
        "mock.example.com", "MOCK.example.com:1",
    ],
)  # fmt: skip
def test_the_control_api_answers_local_and_allowed_hosts(guarded: TestClient, host: str) -> None:
    assert control_status(guarded, host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "example.com", "evil.com:8780", "localhost.evil.com", "127.0.0.1.evil.com", "1.2.3", "a.mock.example.com",
        "mock.example.com.evil.com", "xlocalhost.x", "internal.evil.com", ".", "", ":80", "127.0.0.1@evil.com",
    ],
)  # fmt: skip
def test_the_control_api_refuses_hosts_that_a_foreign_page_can_be_served_from(guarded: TestClient, host: str) -> None:
    assert control_status(guarded, host=host) == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://localhost"}, 200),
        ({"origin": "http://LOCALHOST"}, 200),
        ({"origin": "https://localhost"}, 403),
        ({"origin": "http://localhost:3000"}, 403),
        ({"origin": "http://evil.com"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "Cross-Site"}, 403),
        ({"sec_fetch_site": ""}, 403),
    ],
)
def test_the_control_api_refuses_pages_of_other_sites(
    guarded: TestClient, headers: dict[str, str], status: int
) -> None:
    assert control_status(guarded, **headers) == status


@pytest.mark.parametrize("path", ["/_mock/reset", "/_mock/orgs/org/snapshot", "/_mock/openapi.json", "/_mock/nothing"])
def test_a_foreign_page_reaches_no_path_of_the_control_api(path: str) -> None:
    with emulator() as http:
        for method in ("GET", "POST", "PUT", "OPTIONS", "DELETE"):
            response = http.request(method, path, headers={"Origin": "http://evil.com"})
            assert response.status_code == 403
            assert not [name for name in response.headers if name.startswith("access-control")]


# The control token


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", "Bearer tokenx", "Basic token", "token", "bearer"])
def test_the_control_api_wants_its_token(sent: str) -> None:
    with emulator(control_token="token") as http:
        refused = http.post("/_mock/reset", headers={"Authorization": sent})

        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert http.post("/_mock/reset", headers={"apiKey": "token"}).status_code == 401
        assert http.post("/_mock/reset", headers={"Authorization": "Bearer token"}).status_code == 204
        assert http.get("/_mock/health").status_code == 200


# CORS


ORIGIN = "http://localhost:3000"
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "apikey"}
BATCHES = "/v1/org/place_enrichment/batches"


def allowed_origin(response: Any) -> str | None:
    origin: str | None = response.headers.get("access-control-allow-origin")
    return origin


def test_without_named_origins_there_is_no_cors_anywhere() -> None:
    with emulator() as http:
        for path in (BATCHES, "/openapi.json", "/_mock/health"):
            assert allowed_origin(http.get(path, headers={"Origin": ORIGIN, "apiKey": "k"})) is None
            assert allowed_origin(http.options(path, headers=PREFLIGHT)) is None


def test_cors_is_for_named_origins_and_for_the_service_only() -> None:
    with emulator(cors_origins=[ORIGIN]) as http:
        assert allowed_origin(http.options(BATCHES, headers=PREFLIGHT)) == ORIGIN
        assert allowed_origin(http.get(BATCHES, headers={"Origin": ORIGIN, "apiKey": "k"})) == ORIGIN
        assert allowed_origin(http.get(BATCHES, headers={"Origin": "http://evil.com", "apiKey": "k"})) is None
        assert allowed_origin(http.options(BATCHES, headers={**PREFLIGHT, "Origin": "null"})) is None
        for path in ("/openapi.json", "/_mock/health", "/_mock/orgs", "/elsewhere"):
            assert allowed_origin(http.get(path, headers={"Origin": ORIGIN})) is None
            assert allowed_origin(http.options(path, headers=PREFLIGHT)) is None


# Keys

CANARY = "canary-9d2f7c-key"
SPELLINGS = [
    {"apiKey": CANARY},
    {"apikey": CANARY},
    {"APIKEY": f"  {CANARY} "},
    {"Authorization": f"Bearer {CANARY}"},
    {"authorization": f"bearer   {CANARY}"},
    {"AUTHORIZATION": f"BEARER {CANARY}"},
    {"apiKey": "other", "Authorization": f"Bearer {CANARY}"},
    {"apiKey": CANARY, "Authorization": "Basic eDp5"},
]


@pytest.mark.parametrize(
    "flags", [{}, {"api_keys": {CANARY: "org"}}, {"revoked_api_keys": [CANARY]}, {"api_keys": {CANARY: "else"}}]
)
def test_a_key_appears_nowhere(flags: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    with emulator(**flags) as http:
        for headers in SPELLINGS:
            org = Org(http, "org", headers)
            org.control("POST", "/faults", {"match": {"operation": "get_attributes"}, "then": {"status": 500}})
            bodies = [{"batch_name": "B", "attribute_set": "core", "jobs": [{"inputs": LONDON}]}, {"batch_name": 1}, []]
            seen += [org.call("POST", "/batches", json=body).text for body in bodies]
            seen += [org.call("GET", path).text for path in ("/batches", "/jobs?limit=x", "/attributes", "/nothing")]
        seen += [org.control("GET", path).text for path in ("", "/journal", "/snapshot", "/settings", "/faults")]
        seen += [http.get(path).text for path in ("/openapi.json", "/_mock/openapi.json", "/_mock/orgs")]

    assert CANARY not in "".join(seen)
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    "flags",
    [
        {"api_keys": {CANARY: 1}},
        {"api_keys": [CANARY]},
        {"revoked_api_keys": CANARY},
        {"revoked_api_keys": [[CANARY]]},
        {"control_token": [CANARY]},
    ],
)
def test_a_key_appears_in_no_error_of_a_start(flags: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(flags, environ={})

    assert CANARY not in str(refused.value)
    assert CANARY not in repr(refused.value)


@pytest.mark.parametrize("name", ["API_KEYS", "REVOKED_API_KEYS"])
def test_a_key_appears_in_no_error_of_a_variable(name: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(environ={f"REPROMPT_MOCK_{name}": f'["{CANARY}"'})

    assert CANARY not in str(refused.value)


# Bounds


def test_the_journal_is_bounded_by_number() -> None:
    with emulator(journal_size=3) as http:
        org = Org(http, "org", {"apiKey": "k"})
        org.create("a")
        for _ in range(5):
            org.get("/batches")

        journal = org.control("GET", "/journal").json()

    assert [entry["sequence"] for entry in journal["requests"]] == [4, 5, 6]
    assert journal["dropped"] == 3


@pytest.mark.parametrize("where", ["body", "headers", "query"])
def test_the_journal_is_bounded_by_bytes(org: Org, where: str) -> None:
    org.create("a")
    large = "x" * 60_000
    options: dict[str, dict[str, Any]] = {
        "body": {"content": f'"{large}"'},
        "headers": {"headers": {"X-Large": large}},
        "query": {"params": {"query": large}},
    }

    for _ in range(290):
        org.call("POST", "/batches", **options[where])

    journal = org.control("GET", "/journal")
    assert len(journal.content) < 17 * 2**20
    assert 0 < journal.json()["dropped"] < 100


@pytest.mark.parametrize(("what", "then"), [("rules", {"outcome": "failed"}), ("faults", {"status": 500})])
def test_too_many_rules_and_faults_are_refused_whole(org: Org, what: str, then: Any) -> None:
    assert org.control("POST", f"/{what}", [{"then": then}] * 999).status_code == 201

    refused = org.control("POST", f"/{what}", [{"then": then}] * 2)

    assert (refused.status_code, refused.json()) == (
        400,
        {"detail": f"A world may have at most 1000 {what}: delete some first."},
    )
    assert len(org.control("GET", f"/{what}").json()[what]) == 999


def test_too_many_worlds_are_refused_and_a_forgotten_one_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    # The package has a name of its own for another module, so the import system is asked.
    monkeypatch.setattr(import_module("reprompt_mock.engine.registry"), "MOST_WORLDS", 2)
    with emulator() as http:
        first, second, third = (Org(http, f"org-{number}", {"apiKey": "k"}) for number in range(3))
        first.create("a")
        second.create("a")

        refused = third.call("POST", "/batches", json={"batch_name": "B", "jobs": []})
        by_control = third.control("PATCH", "/settings", {"seed": 1})
        first.create("b")
        first.control("DELETE")

        assert (refused.status_code, by_control.status_code) == (503, 503)
        assert third.create("a")["status"] == "pending"


def test_a_body_over_the_limit_is_refused_by_both_surfaces_but_a_snapshot_is_not() -> None:
    with emulator(max_body_bytes=2000) as http:
        org = Org(http, "org", {"apiKey": "k"})
        org.create("a")
        large = json.dumps({"x": "y" * 2000})

        for path in ("/batches", "/jobs", "/enrich", "/jobs/reprocess", "/batches/refresh", "/batches/b/reprocess"):
            assert org.call("POST", path, content=large).status_code == 413, path
        for path in ("/rules", "/faults", "/release", "/clock/advance", "/clock/settle"):
            assert org.http.post(f"/_mock/orgs/org{path}", content=large).status_code == 413, path
        snapshot = org.control("GET", "/snapshot").json()
        snapshot["scenario"]["rules"] = [
            {"id": f"rule-{number}", "then": {"outcome": "failed"}} for number in range(100)
        ]
        assert len(json.dumps(snapshot)) > 2000
        assert org.control("PUT", "/snapshot", snapshot).status_code == 200
