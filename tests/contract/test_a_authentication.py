"""Contract A: who may call, and what an organization is."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from reprompt_mock.api import auth
from reprompt_mock.app import create_app
from reprompt_mock.settings import ConfigurationError, load
from tests.conftest import LONDON, Org

OPERATIONS = [
    ("POST", "/batches"),
    ("GET", "/batches"),
    ("GET", "/batches/b"),
    ("PUT", "/batches/b"),
    ("DELETE", "/batches/b"),
    ("POST", "/batches/b/reprocess"),
    ("POST", "/batches/refresh"),
    ("GET", "/jobs"),
    ("POST", "/jobs"),
    ("GET", "/jobs/p"),
    ("DELETE", "/jobs/p"),
    ("POST", "/jobs/reprocess"),
    ("POST", "/enrich"),
    ("GET", "/attributes"),
]
SECRET = "sk-tell-nobody-4711"  # what must never be seen again
BATCHES = "/v1/{}/place_enrichment/batches"


def worlds(http: TestClient) -> set[str]:
    """The slugs of all worlds."""
    return {world["org_slug"] for world in http.get("/_mock/orgs").json()["orgs"]}


def body(**fields: Any) -> dict[str, Any]:
    """A batch of one place."""
    job = {"place_id": "heathrow", "inputs": LONDON}
    return {"batch_name": "Places", "jobs": [job], "attribute_set": "core", **fields}


# A1


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("header", [{"Authorization": "Bearer k"}, {"apiKey": "k"}])
def test_every_operation_takes_the_key_in_either_header(
    method: str, path: str, header: dict[str, str], http: TestClient
) -> None:
    """contract A1: `Authorization: Bearer KEY`, or the header `apiKey: KEY`."""
    url = f"/v1/a1/place_enrichment{path}"
    assert http.request(method, url, headers=header).status_code in {200, 404, 422}
    assert http.request(method, url).status_code == 401


@pytest.mark.parametrize("header", [{"X-Api-Key": "k"}, {"api-key": "k"}, {"key": "k"}, {"Cookie": "apiKey=k"}])
def test_no_other_header_brings_a_key(header: dict[str, str], http: TestClient) -> None:
    """contract A1: there are two ways to send the key, and no third."""
    assert http.get(BATCHES.format("acme"), headers=header).status_code == 401


@pytest.mark.parametrize("query", ["apiKey=k", "api_key=k", "key=k"])
def test_a_query_parameter_brings_no_key(query: str, http: TestClient) -> None:
    """contract A1: there are two ways to send the key, and no third."""
    assert http.get(f"{BATCHES.format('acme')}?{query}").status_code == 401


# A2


@pytest.mark.parametrize("slug", ["ab", "a1", "00", "Acme", "ACME-9", "a-b", "a--b", "a" * 50, "a" + "-" * 48 + "b"])
def test_a_slug_is_2_to_50_letters_digits_and_hyphens(slug: str, http: TestClient) -> None:
    """contract A2: such slugs are good."""
    assert http.get(BATCHES.format(slug), headers={"apiKey": "k"}).status_code == 200


@pytest.mark.parametrize(
    "slug",
    [
        *["a", "-", "*", "-ab", "ab-", "--", "a_b", "a.b", "a:b", "..a", "a" * 51],
        *["a%20b", "ab%20", "ab%3F", "ab%0A", "a%00b", "a%2Fb", "%C3%A9cole", "%D9%A1%D9%A2"],
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/batches"), ("POST", "/batches"), ("GET", "/attributes")])
def test_anything_else_is_no_organization(slug: str, method: str, path: str, http: TestClient) -> None:
    """contract A2: anything else is a 404."""
    response = http.request(method, f"/v1/{slug}/place_enrichment{path}", headers={"apiKey": "k"}, json=body())
    assert response.status_code == 404
    assert isinstance(response.json()["detail"], str)


def test_the_case_of_a_slug_matters(org: Org) -> None:
    """contract A2: case matters."""
    org.create("a", batch_id="b")
    shouted = Org(org.http, org.slug.upper(), org.headers)
    assert shouted.get("/batches")["total"] == 0
    assert shouted.call("GET", "/batches/b").status_code == 404


# A3


@pytest.mark.parametrize("key", ["k", "0", "sk-live-1", "Bearer", "a b", "x" * 4000, "*", '"'])
@pytest.mark.parametrize("slug", ["acme", "other-org"])
def test_any_key_is_good_for_any_organization(key: str, slug: str, http: TestClient) -> None:
    """contract A3: in open mode any non-empty key is good for any organization."""
    for headers in ({"apiKey": key}, {"Authorization": f"Bearer {key}"}):
        assert http.get(BATCHES.format(slug), headers=headers).status_code == 200


def test_two_keys_open_the_same_organization(org: Org) -> None:
    """contract A3: a key is not what tells organizations apart."""
    org.create("a", batch_id="b")
    assert Org(org.http, org.slug, {"apiKey": "another"}).batch("b")["id"] == "b"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_case_of_the_scheme_does_not_matter(scheme: str, http: TestClient) -> None:
    """contract A3: the scheme's case does not matter."""
    assert http.get(BATCHES.format("acme"), headers={"Authorization": f"{scheme} k"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", "Bearer k"), ("apiKey", "")],
        [("Authorization", "Bearer k"), ("apiKey", "  ")],
        [("Authorization", "Bearer"), ("apiKey", "k")],
        [("Authorization", "Bearer  "), ("apiKey", "k")],
        [("Authorization", "Basic dXNlcjpwYXNz"), ("apiKey", "k")],
        [("Authorization", "garbage"), ("apiKey", "k")],
        [("Authorization", ""), ("apiKey", "k")],
        [("apiKey", ""), ("apiKey", "k")],
        [("Authorization", "Bearer k"), ("apiKey", "k2")],
    ],
)
def test_either_header_with_a_usable_key_suffices(headers: list[tuple[str, str]], http: TestClient) -> None:
    """contract A3: either header with a usable key suffices."""
    assert http.get(BATCHES.format("acme"), headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"apiKey": ""},
        {"apiKey": "   "},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer    "},
        {"Authorization": "k"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Digest k"},
        {"Authorization": "BearerX k"},
        {"Authorization": "Bearer", "apiKey": ""},
    ],
)
def test_without_a_key_nobody_enters(headers: dict[str, str], org: Org) -> None:
    """contract A3: neither is a 401 with `WWW-Authenticate: Bearer` and a detail."""
    response = org.http.get(BATCHES.format(org.slug), headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json().keys() == {"detail"}
    assert isinstance(response.json()["detail"], str)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_needs_a_key(method: str, path: str, org: Org) -> None:
    """contract A3: neither is a 401, on every operation, and makes no world (contract B5)."""
    response = org.http.request(method, f"/v1/{org.slug}/place_enrichment{path}")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert org.slug not in worlds(org.http)


# A4


@pytest.fixture(scope="module")
def strict() -> Iterator[TestClient]:
    """An emulator in strict mode."""
    settings = {
        "clock": "paused",
        "api_keys": {
            "key-a": "org-a",
            "key-a2": "org-a",
            "key-b": "org-b",
            "key-all": "*",
            "old-c": "org-c",
            "old": "*",
        },
        "revoked_api_keys": ["old-c", "old", "never-known"],
        "max_body_bytes": 2000,
    }
    with TestClient(create_app(load(settings, environ={})), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("key", "slug", "status"),
    [
        ("key-a", "org-a", 200),
        ("key-a2", "org-a", 200),
        ("key-b", "org-b", 200),
        ("unknown", "org-a", 401),
        ("unknown", "org-new", 401),
        ("unknown", "x", 401),
        ("key-", "org-a", 401),
        ("key-aa", "org-a", 401),
        ("KEY-A", "org-a", 401),
        ("*", "org-a", 401),
        ("org-a", "org-a", 401),
        ("clé", "org-a", 401),
        ("old-c", "org-c", 401),
        ("old-c", "org-a", 401),
        ("old", "org-a", 401),
        ("never-known", "org-a", 401),
        ("key-a", "org-b", 403),
        ("key-b", "org-a", 403),
        ("key-a", "org-c", 403),
        ("key-a", "org-new", 404),
        ("key-a", "ORG-A", 404),
        ("key-a", "x", 404),
        ("key-a", "*", 404),
        ("key-all", "org-a", 200),
        ("key-all", "org-b", 200),
        ("key-all", "org-new", 200),
        ("key-all", "x", 404),
        ("key-all", "*", 404),
    ],
)
@pytest.mark.parametrize("header", ["apiKey", "Authorization"])
def test_a_key_opens_its_own_organization(header: str, key: str, slug: str, status: int, strict: TestClient) -> None:
    """contract A4: unknown or revoked 401; one-org keys 404 and 403 elsewhere; `*` opens every organization."""
    value = key if header == "apiKey" else f"Bearer {key}"
    response = strict.get(BATCHES.format(slug), headers={header.encode(): value.encode()})
    assert response.status_code == status
    assert (response.headers.get("www-authenticate") == "Bearer") == (status == 401)
    if status != 200:
        assert isinstance(response.json()["detail"], str)


def test_without_a_key_strict_mode_lets_nobody_in(strict: TestClient) -> None:
    """contract A4: no key is no known key."""
    assert strict.get(BATCHES.format("org-a")).status_code == 401


def test_the_key_of_every_organization_makes_none_known(strict: TestClient) -> None:
    """contract A4: the `*` key opens every org and makes none known."""
    assert strict.post(BATCHES.format("made-by-all"), headers={"apiKey": "key-all"}, json=body()).status_code == 200
    assert strict.get(BATCHES.format("made-by-all"), headers={"apiKey": "key-a"}).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer unknown", "apiKey": "key-a"},
        {"Authorization": "Bearer key-a", "apiKey": "unknown"},
        {"Authorization": "Bearer key-b", "apiKey": "key-a"},
        {"Authorization": "Bearer old", "apiKey": "key-a"},
    ],
)
def test_one_good_key_of_two_suffices_in_strict_mode(headers: dict[str, str], strict: TestClient) -> None:
    """contract A3: either header with a usable key suffices."""
    assert strict.get(BATCHES.format("org-a"), headers=headers).status_code == 200


@pytest.mark.parametrize(("key", "slug"), [("unknown", "fresh-1"), ("key-a", "fresh-2"), ("key-a", "org-b")])
def test_who_is_refused_makes_no_world(key: str, slug: str) -> None:
    """contract A4, B5: 401, 404 and 403 make no world."""
    settings = load({"api_keys": {"key-a": "org-a", "key-b": "org-b"}}, environ={})
    with TestClient(create_app(settings)) as http:
        assert http.post(BATCHES.format(slug), headers={"apiKey": key}, json=body()).status_code in {401, 403, 404}
        assert worlds(http) == set()


# A5


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"jobs": 1}', b"x" * 5000])
@pytest.mark.parametrize(
    ("key", "slug", "status"),
    [("", "org-a", 401), ("unknown", "org-a", 401), ("key-a", "org-b", 403), ("key-a", "no", 404)],
)
def test_authentication_comes_before_the_body(
    key: str, slug: str, status: int, content: bytes, strict: TestClient
) -> None:
    """contract A5: authentication is judged before the body, its size included."""
    for path in ("/batches", "/batches/b/reprocess", "/jobs", "/enrich", "/batches/refresh", "/jobs/reprocess"):
        url = f"/v1/{slug}/place_enrichment{path}"
        assert strict.post(url, headers={"apiKey": key}, content=content).status_code == status


def test_authentication_comes_before_parameters(http: TestClient) -> None:
    """contract A5: whoever is not let in learns nothing about parameters either."""
    assert http.get(f"{BATCHES.format('acme')}?limit=abc").status_code == 401


@pytest.mark.parametrize("key", ["key-a", "key-all", "unknown", "old"])
def test_every_key_is_compared_in_constant_time(key: str, strict: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """contract A5: keys are compared in constant time, and all of them, wherever the matching one stands."""
    compared: list[bytes] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.extend((one, other))
        return one == other

    monkeypatch.setattr(auth, "compare_digest", compare)
    strict.get(BATCHES.format("org-a"), headers={"apiKey": key})
    revoked = {b"old", b"old-c", b"never-known"}
    known = {b"key-a", b"key-a2", b"key-b", b"key-all"}
    assert revoked <= set(compared)
    assert key == "old" or known <= set(compared)


@pytest.mark.parametrize("header", ["apiKey", "Authorization"])
def test_a_key_is_never_seen_again(header: str, org: Org, caplog: pytest.LogCaptureFixture) -> None:
    """contract A5: keys are never logged, journalled or echoed."""
    key = {header: SECRET if header == "apiKey" else f"Bearer {SECRET}"}
    caller = Org(org.http, org.slug, key)
    with caplog.at_level(logging.DEBUG):
        answers = [
            caller.call("POST", "/batches", json=body(batch_id="b")),
            *(caller.call(method, path) for method, path in OPERATIONS if method != "DELETE"),
            caller.call("POST", "/batches", content=b"{"),
            caller.call("POST", "/batches", json=body(attribute_set=None)),
            caller.call("GET", "/batches", params={"limit": "x"}),
            caller.call("PATCH", "/batches"),
            caller.call("GET", "/nowhere"),
        ]
    journal = caller.control("GET", "/journal")
    assert {answer.status_code for answer in answers} >= {200, 400, 404, 405, 422}
    assert len(journal.json()["requests"]) == len(answers)
    assert SECRET not in caplog.text
    assert SECRET not in journal.text
    assert SECRET not in caller.control("GET", "/snapshot").text
    for answer in answers:
        assert SECRET not in answer.text + repr(answer.headers)


@pytest.mark.parametrize("headers", [{"apiKey": SECRET}, {"Authorization": f"Bearer {SECRET}"}])
def test_a_refused_key_is_never_seen_again(
    headers: dict[str, str], strict: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """contract A5: keys are never logged, journalled or echoed, unknown ones included."""
    strict.get(BATCHES.format("org-a"), headers={"apiKey": "key-a"})
    with caplog.at_level(logging.DEBUG):
        response = strict.get(BATCHES.format("org-a"), headers=headers)
    assert response.status_code == 401
    assert SECRET not in caplog.text + response.text + repr(response.headers)
    assert SECRET not in strict.get("/_mock/orgs/org-a/journal").text


@pytest.mark.parametrize(
    "flags",
    [
        {"api_keys": SECRET},
        {"api_keys": [SECRET]},
        {"api_keys": {SECRET: 5}},
        {"api_keys": {SECRET: None}},
        {"api_keys": {SECRET: ["acme"]}},
        {"revoked_api_keys": SECRET},
        {"revoked_api_keys": {SECRET: "acme"}},
        {"revoked_api_keys": [[SECRET]]},
        {"api_keys": {SECRET: "acme"}, "port": -1},
    ],
)
def test_an_error_at_the_start_tells_no_key(flags: dict[str, Any]) -> None:
    """contract A5: start-up errors included."""
    with pytest.raises(ConfigurationError) as caught:
        load(flags, environ={})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("name", ["API_KEYS", "REVOKED_API_KEYS"])
@pytest.mark.parametrize("value", [SECRET, f"{{{SECRET}", f'{{"{SECRET}": 5}}', f'[["{SECRET}"]]', f'"{SECRET}"'])
def test_a_variable_that_cannot_be_read_tells_no_key(name: str, value: str) -> None:
    """contract A5: start-up errors included, whatever the source."""
    with pytest.raises(ConfigurationError) as caught:
        load(environ={f"REPROMPT_MOCK_{name}": value})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "text",
    [f'api_keys = "{SECRET}"', f'api_keys = ["{SECRET}"]', f"api_keys = {{{SECRET} = 5}}", f"api_keys = {SECRET}"],
)
def test_a_file_that_cannot_be_used_tells_no_key(text: str, tmp_path: Path) -> None:
    """contract A5: start-up errors included, whatever the source."""
    config = tmp_path / "mock.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(environ={}, config=config)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


# A6


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", "/batches/b", None),
        ("PUT", "/batches/b", {"batch_name": "Stolen"}),
        ("DELETE", "/batches/b", None),
        ("POST", "/batches/b/reprocess", {"failed_only": False}),
        ("GET", "/jobs?batchId=b", None),
        ("GET", "/jobs/a", None),
        ("DELETE", "/jobs/a", None),
        ("POST", "/jobs/reprocess", {"place_ids": ["a"]}),
    ],
)
def test_another_organizations_id_is_unknown(method: str, path: str, content: Any, org: Org) -> None:
    """contract A6: another org's id is a 404, and nothing happens to it."""
    org.create("a", batch_id="b")
    before = org.batch("b"), org.get("/jobs/a")
    stranger = org.other()
    stranger.create("z", batch_id="z")
    assert stranger.call(method, path, json=content).status_code == 404
    assert (org.batch("b"), org.get("/jobs/a")) == before


def test_organizations_never_see_each_others_batches_jobs_or_counts(org: Org) -> None:
    """contract A6: organizations never see each other's batches, jobs or counts."""
    stranger = org.other()
    org.create("a", "b", batch_id="mine")
    stranger.create("z", batch_id="theirs")
    assert [batch["id"] for batch in org.get("/batches")["batches"]] == ["mine"]
    assert [batch["id"] for batch in stranger.get("/batches")["batches"]] == ["theirs"]
    assert org.get("/batches")["total"] == stranger.get("/batches")["total"] == 1
    assert [job["place_id"] for job in org.get("/jobs")["jobs"]] == ["a", "b"]
    assert (org.get("/jobs")["total"], stranger.get("/jobs")["total"]) == (2, 1)
    marked = org.post("/batches/refresh", {"batch_ids": ["theirs", "mine"], "refresh": True})
    assert (marked["updated"], marked["missing"]) == (["mine"], ["theirs"])
    assert org.control("GET").json()["jobs"]["pending"] == 2


def test_the_same_batch_id_in_two_organizations_is_two_batches(org: Org) -> None:
    """contract A6: the same `batch_id` in two orgs is two batches."""
    stranger = org.other()
    org.create("a", batch_id="b", batch_name="Mine")
    stranger.create("a", "z", batch_id="b", batch_name="Theirs")
    org.settle()
    assert (org.batch("b")["batch_name"], org.batch("b")["status"]) == ("Mine", "completed")
    assert (stranger.batch("b")["batch_name"], stranger.batch("b")["status"]) == ("Theirs", "pending")
    assert org.call("DELETE", "/batches/b").status_code == 200
    assert stranger.batch("b")["jobs"]["pending"] == ["a", "z"]
