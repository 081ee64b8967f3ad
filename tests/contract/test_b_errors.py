"""Contract B: how a request is refused, and what is let pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from reprompt_mock.api.schemas.batches import (
    BulkRefreshBatchRequest,
    PlaceBatchPayload,
    ReprocessBatchRequest,
    ReprocessJobRequest,
)
from reprompt_mock.api.schemas.places import PlaceJob, UniversalPlace
from reprompt_mock.app import create_app
from reprompt_mock.enrichment.places import ADDRESS_PARTS
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org

JOB = {"place_id": "heathrow", "inputs": LONDON}
BATCH = {"batch_name": "Places", "attribute_set": "core", "jobs": [JOB]}
# Every operation that reads a body, with one that it accepts.
BODIES: list[tuple[str, str, Any]] = [
    ("POST", "/batches", BATCH),
    ("PUT", "/batches/b", {"batch_name": "Renamed"}),
    ("POST", "/batches/b/reprocess", {"failed_only": False}),
    ("POST", "/batches/refresh", {"batch_ids": ["b"]}),
    ("POST", "/jobs", JOB),
    ("POST", "/jobs/reprocess", {"place_ids": ["heathrow"]}),
    ("POST", "/enrich", JOB),
]
NAMES = [f"{method} {path}" for method, path, _ in BODIES]
MOST_BYTES = 2000


def batch(**fields: Any) -> dict[str, Any]:
    """A batch of one place, changed."""
    return {**BATCH, **fields}


def of(**inputs: Any) -> dict[str, Any]:
    """A batch of one place with these inputs."""
    return batch(jobs=[{"place_id": "p", "inputs": inputs}])


def worlds(http: TestClient) -> set[str]:
    """The slugs of all worlds."""
    return {world["org_slug"] for world in http.get("/_mock/orgs").json()["orgs"]}


@pytest.fixture(scope="module")
def narrow() -> Iterator[TestClient]:
    """An emulator that reads small bodies only."""
    limited = load({"clock": "paused", "max_body_bytes": MOST_BYTES}, environ={})
    with TestClient(create_app(limited), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def used(org: Org) -> Org:
    """An organization with a finished batch b of the place heathrow."""
    org.post("/batches", batch(batch_id="b"))
    org.settle()
    return org


# B1


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/batches", {"headers": {"apiKey": ""}}, 401),
        ("GET", "/batches/unknown", {}, 404),
        ("GET", "/jobs/unknown", {}, 404),
        ("GET", "/jobs?batchId=unknown", {}, 404),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/batches/", {}, 404),
        ("PATCH", "/batches", {}, 405),
        ("POST", "/batches", {"json": batch(attribute_set=None)}, 400),
        ("POST", "/batches/b/reprocess", {"json": {}}, 400),
    ],
)
def test_the_body_of_an_error_is_a_detail(
    method: str, path: str, options: dict[str, Any], status: int, used: Org
) -> None:
    """contract B1: the body of every error is `{"detail": …}`, a string except for B2."""
    response = used.call(method, path, **options)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.json().keys() == {"detail"}
    assert isinstance(response.json()["detail"], str)
    assert response.json()["detail"]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/acme", "/v2/acme/place_enrichment/batches", "/docs", "/favicon.ico"])
def test_a_path_outside_the_service_is_a_detail_too(path: str, http: TestClient) -> None:
    """contract B1, B4: every error, wherever it occurs."""
    response = http.get(path)
    assert response.status_code == 404
    assert isinstance(response.json()["detail"], str)


# B2


def details(response: Any) -> list[dict[str, Any]]:
    """The entries of a 422, after a look at their form."""
    assert response.status_code == 422, response.text
    assert response.json().keys() == {"detail"}
    entries: list[dict[str, Any]] = response.json()["detail"]
    assert entries
    for entry in entries:
        assert entry.keys() == {"loc", "msg", "type", "input"}
        assert entry["loc"]
        assert all(isinstance(part, str | int) for part in entry["loc"])
        assert isinstance(entry["msg"], str)
        assert isinstance(entry["type"], str)
    return entries


@pytest.mark.parametrize(
    ("body", "location", "echo"),
    [
        ({"jobs": []}, ["body", "batch_name"], {"jobs": []}),
        (batch(jobs="none"), ["body", "jobs"], "none"),
        (batch(jobs=[{"place_id": "p"}]), ["body", "jobs", 0, "inputs"], {"place_id": "p"}),
        (of(name="Somewhere", latitude=91, longitude=0), ["body", "jobs", 0, "inputs", "latitude"], 91),
        (batch(attribute_set="everything"), ["body", "attribute_set"], "everything"),
        (batch(kick_off_jobs_now="perhaps"), ["body", "kick_off_jobs_now"], "perhaps"),
    ],
)
def test_a_body_that_does_not_fit_is_told_where(body: Any, location: list[Any], echo: Any, org: Org) -> None:
    """contract B2: a body that does not fit its schema is a 422 with `{loc, msg, type, input}`."""
    (entry,) = details(org.call("POST", "/batches", json=body))
    assert entry["loc"] == location
    assert entry["input"] == echo


@pytest.mark.parametrize(
    ("path", "location", "echo"),
    [
        ("/batches?limit=abc", ["query", "limit"], "abc"),
        ("/batches?limit=501", ["query", "limit"], "501"),
        ("/batches?offset=-1", ["query", "offset"], "-1"),
        ("/jobs?day=yesterday", ["query", "day"], "yesterday"),
        ("/jobs?excludeBatches=perhaps", ["query", "excludeBatches"], "perhaps"),
    ],
)
def test_a_parameter_that_does_not_fit_is_told_where(path: str, location: list[str], echo: str, org: Org) -> None:
    """contract B2: a parameter that does not fit its schema is a 422 with the same list."""
    (entry,) = details(org.call("GET", path))
    assert entry["loc"] == location
    assert entry["input"] == echo


@pytest.mark.parametrize(("method", "path", "_body"), BODIES, ids=NAMES)
@pytest.mark.parametrize("content", [b"{", b"[1]", b"7", b"\xff", b"[" * 5000])
def test_every_operation_describes_a_body_that_does_not_fit(
    method: str, path: str, _body: Any, content: bytes, used: Org
) -> None:
    """contract B2: on every operation that reads a body."""
    details(used.call(method, path, content=content))


@pytest.mark.parametrize(
    "value",
    [
        "x" * 100_000,
        "😀" * 50_000,
        "\u0000" * 5000,
        '"' * 5000,
        ["x" * 400] * 10,
        {"key" * 100: "x" * 5000},
        [[[[[]]]]] * 1000,
        "x" * 1022,
        "x" * 1023,
        '"' * 511,
        '"' * 512,
        "é" * 511 + "x",
    ],
)
def test_an_echoed_input_has_at_most_1_kb(value: Any, org: Org) -> None:
    """contract B2: at most 1 kB of input an entry."""
    response = org.call("POST", "/batches", content=json.dumps(of(name="A", latitude=value, longitude=0)))
    (entry,) = details(response)
    echo = json.dumps(entry["input"], ensure_ascii=False, separators=(",", ":")).encode()
    assert 0 < len(echo) <= 1024
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()) <= 1024:
        assert entry["input"] == value
    assert len(response.content) <= 16 * 1024


@pytest.mark.parametrize("depth", [100, 253, 254, 300, 900])
def test_an_input_that_cannot_be_written_is_left_out(depth: int, org: Org) -> None:
    """contract B2: nothing that cannot be serialized."""
    nested = "[" * depth + "]" * depth
    inputs = f'{{"name": "A", "latitude": {nested}, "longitude": 0}}'
    body = f'{{"batch_name": "x", "jobs": [{{"place_id": "a", "inputs": {inputs}}}]}}'
    (entry,) = details(org.call("POST", "/batches", content=body))
    assert entry["loc"] == ["body", "jobs", 0, "inputs", "latitude"]


@pytest.mark.parametrize("count", [1, 2, 19, 20])
def test_up_to_20_errors_are_told_each(count: int, org: Org) -> None:
    """contract B2: up to 20 entries."""
    entries = details(org.call("POST", "/batches", json=batch(jobs=[{"place_id": "a"}] * count)))
    assert [entry["loc"] for entry in entries] == [["body", "jobs", number, "inputs"] for number in range(count)]


@pytest.mark.parametrize(("count", "more"), [(21, "1"), (22, "2"), (1000, "980")])
def test_of_more_than_20_errors_the_rest_is_counted(count: int, more: str, org: Org) -> None:
    """contract B2: 20 entries and then one that says how many more."""
    entries = details(org.call("POST", "/batches", json=batch(jobs=[{"place_id": "a"}] * count)))
    assert len(entries) == 21
    assert [entry["loc"] for entry in entries[:20]] == [["body", "jobs", number, "inputs"] for number in range(20)]
    assert more in entries[20]["msg"].split()


@pytest.mark.parametrize("text", ["x" * 900, "😀" * 250, '"' * 450, "\u0001" * 150])
@pytest.mark.parametrize("count", [16, 20, 500])
def test_all_errors_together_have_at_most_16_kb(text: str, count: int, org: Org) -> None:
    """contract B2: 16 kB in all, and then an entry that says how many more."""
    response = org.call("POST", "/batches", json=batch(jobs=[{"place_id": "p", "inputs": text}] * count))
    entries = details(response)
    assert len(response.content) <= 16 * 1024
    told = [entry for entry in entries if entry["input"] == text]
    if len(told) < count:
        assert str(count - len(told)) in entries[-1]["msg"].split()
        assert len(entries) == len(told) + 1
    assert len(told) >= 10


def test_long_names_of_fields_keep_within_the_bound(org: Org) -> None:
    """contract B2: 16 kB in all, whatever the names of the fields are."""
    hours = {f"{number}" + "x" * 5000: 7 for number in range(100)}
    response = org.call("POST", "/batches", json=of(**LONDON, opening_hours=hours))
    assert len(details(response)) == 21
    assert len(response.content) <= 16 * 1024


# B3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/batches", batch(attribute_set=None)),
        ("/batches", batch(attribute_set=None, attributes=[])),
        ("/batches", batch(jobs=[JOB] * 3)),
        ("/batches/b/reprocess", {"failed_only": True}),
    ],
)
def test_a_broken_rule_is_a_400_with_a_sentence(path: str, body: Any, used: Org) -> None:
    """contract B3: a request that fits its schema and breaks a rule (D2, D5, G5) is a 400 with a sentence."""
    used.set(max_jobs_per_request=2)
    response = used.call("POST", path, json=body)
    assert response.status_code == 400
    sentence = response.json()["detail"]
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert " " in sentence


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"name": "Somewhere"},
        {"name": " ", "city": "Paris"},
        {"name": "Somewhere", "latitude": 1},
        {"name": "Somewhere", "latitude": 91, "longitude": 1},
        {"name": "Somewhere", "wkt_geometry": "POINT"},
    ],
)
def test_what_c1_demands_of_a_place_is_schema(inputs: Any, org: Org) -> None:
    """contract B3: what C1 demands of a place is schema: 422."""
    details(org.call("POST", "/batches", json=of(**inputs)))
    details(org.call("POST", "/jobs", json={"inputs": inputs}))
    details(org.call("POST", "/enrich", json={"inputs": inputs}))


# B4


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/batches/unknown"),
        ("PUT", "/batches/unknown"),
        ("DELETE", "/batches/unknown"),
        ("POST", "/batches/unknown/reprocess"),
        ("GET", "/jobs?batchId=unknown"),
        ("GET", "/jobs?batchId="),
        ("GET", "/jobs/unknown"),
        ("DELETE", "/jobs/unknown"),
        ("GET", "/jobs/"),
        ("GET", ""),
        ("GET", "/"),
        ("GET", "/batches/"),
        ("POST", "/batches/"),
        ("GET", "/batches/b/jobs"),
        ("GET", "/batch"),
        ("GET", "/Batches"),
        ("GET", "/enrich/"),
        ("PATCH", "/nowhere"),
    ],
)
def test_what_is_unknown_is_a_404(method: str, path: str, used: Org) -> None:
    """contract B4: unknown batch, place or path: 404."""
    response = used.call(method, path, json=None if method in {"GET", "DELETE"} else {})
    assert response.status_code == 404
    assert isinstance(response.json()["detail"], str)


ALLOWED = {
    "/batches": {"GET", "POST"},
    "/batches/b": {"GET", "PUT", "DELETE"},
    "/batches/a%3Fb%23c": {"GET", "PUT", "DELETE"},
    "/batches/b/reprocess": {"POST"},
    "/batches/a%3Fb/reprocess": {"POST"},
    "/batches/refresh": {"GET", "PUT", "DELETE", "POST"},
    "/jobs": {"GET", "POST"},
    "/jobs/p": {"GET", "DELETE"},
    "/jobs/a%0Ab": {"GET", "DELETE"},
    "/jobs/a/b/c": {"GET", "DELETE"},
    "/jobs/reprocess": {"GET", "DELETE", "POST"},
    "/enrich": {"POST"},
    "/attributes": {"GET"},
}


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (path, method)
        for path, allowed in ALLOWED.items()
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
        if method not in allowed
    ],
)
def test_a_wrong_method_is_a_405_that_names_every_right_one(method: str, path: str, org: Org) -> None:
    """contract B4: known path, wrong method: 405, with every method of the path in `Allow`."""
    response = org.call(method, path)
    assert response.status_code == 405
    with_head = {"HEAD"} if "GET" in ALLOWED[path] else set()
    assert set(response.headers["allow"].split(", ")) == ALLOWED[path] | with_head
    assert isinstance(response.json()["detail"], str)


def padded(size: int, **fields: Any) -> bytes:
    """A batch as JSON of exactly this many bytes."""
    content = json.dumps(batch(**fields)).encode()
    return content + b" " * (size - len(content))


def in_pieces(content: bytes) -> Iterator[bytes]:
    """A body whose length is not announced."""
    for start in range(0, len(content), 100):
        yield content[start : start + 100]


def test_a_body_of_the_limit_is_read(narrow: TestClient) -> None:
    """contract B4: a body of just the limit is not over it."""
    org = Org(narrow, "fits", {"apiKey": "k"})
    assert org.call("POST", "/batches", content=padded(MOST_BYTES)).status_code == 200
    assert org.call("POST", "/batches", content=in_pieces(padded(MOST_BYTES))).status_code == 200


@pytest.mark.parametrize(("method", "path", "_body"), BODIES, ids=NAMES)
@pytest.mark.parametrize("size", [MOST_BYTES + 1, 100 * MOST_BYTES])
def test_a_larger_body_is_a_413(method: str, path: str, _body: Any, size: int, narrow: TestClient) -> None:
    """contract B4: a body over the emulator's byte limit: 413, announced or not; nothing happens (B5)."""
    org = Org(narrow, "too-large", {"apiKey": "k"})
    for content in (padded(size), in_pieces(padded(size))):
        response = org.call(method, path, content=content)
        assert response.status_code == 413
        assert isinstance(response.json()["detail"], str)
    assert org.slug not in worlds(narrow)


# B5

ODD_REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/batches/%00", {}),
    ("GET", "/batches/%FF%FE", {}),
    ("GET", "/batches/%ED%A0%80", {}),
    ("GET", "/batches/" + "x" * 5000, {}),
    ("GET", "/batches/{batch_id}", {}),
    ("GET", "/batches/b?enrichments=%00,,%FF,names", {}),
    ("GET", "/batches?query=%00", {}),
    ("GET", "/batches?query=%ED%A0%80", {}),
    ("GET", "/batches?query=%", {}),
    ("GET", "/batches?limit=" + "9" * 5000, {}),
    ("GET", "/batches?limit=1&limit=2", {}),
    ("GET", "/batches?limit=%D9%A1", {}),
    ("GET", "/batches?offset=9223372036854775807", {}),
    ("GET", "/batches?offset=9223372036854775808", {}),
    ("GET", "/jobs?batchId=%00", {}),
    ("GET", "/jobs?limit=9223372036854775807&offset=9223372036854775807", {}),
    ("GET", "/jobs?day=9999-12-31", {}),
    ("GET", "/jobs?day=0001-01-01", {}),
    ("GET", "/jobs?day=%00%00%00%00-01-01", {}),
    ("GET", "/jobs?groupBy=day&day=9999-12-31", {}),
    ("GET", "/jobs?groupBy=day&offset=9223372036854775807", {}),
    ("GET", "/jobs/%00", {}),
    ("DELETE", "/jobs/%00", {}),
    ("GET", "/jobs/%F0%9F%98", {}),
    ("GET", "/attributes?x=%FF", {}),
    ("GET", "/batches", {"headers": {"host": "["}}),
    ("PATCH", "/batches", {"headers": {"host": "[::1"}}),
    ("GET", "/nowhere", {"headers": {"host": "a b"}}),
    ("GET", "/batches", {"headers": {"content-length": "-1", "accept": b"\xff", "cookie": b"\xff"}}),
    ("GET", "/batches", {"content": b"\xff" * 10}),
    ("POST", "/batches", {"content": b"", "headers": {"content-type": "multipart/form-data"}}),
    ("POST", "/batches", {"content": b"{}", "headers": {"content-type": b"\xff; charset=\xff"}}),
    ("POST", "/batches", {"content": b"{}", "headers": {"content-encoding": "gzip"}}),
    ("POST", "/batches", {"json": batch(batch_id="x" * 255, batch_name="")}),
    ("POST", "/batches", {"json": batch(attributes=["", " ", "\n", "😀", "a/b", "names", "x" * 10_000])}),
    ("POST", "/batches", {"json": of(name="A" * 100_000, city="\n")}),
    ("POST", "/batches", {"json": of(name="{name} {0} %s", full_address="{value} %d")}),
    ("POST", "/batches", {"json": of(name="A", city="B", country_code="ZZ", opening_hours={})}),
    ("POST", "/batches", {"json": of(name="A", wkt_geometry="POINT(" * 5000)}),
    ("POST", "/batches", {"json": of(name="A", wkt_geometry="GEOMETRYCOLLECTION(" * 500 + ")" * 500)}),
    ("POST", "/batches", {"json": of(name="A", wkt_geometry="POINT(" + " " * 20_000 + "x")}),
    ("POST", "/batches", {"json": of(name="A", wkt_geometry="POINT(" + "9" * 5000 + " 1)")}),
    ("POST", "/batches", {"json": of(name="A", wkt_geometry="LINESTRING(" + "1 1," * 5000 + "1 1)")}),
    ("POST", "/batches", {"json": of(name="A", city="B", model_dump=1, __class__=2, __dict__={}, model_fields=[])}),
    ("POST", "/jobs/reprocess", {"json": {"place_ids": []}}),
    ("POST", "/jobs/reprocess", {"json": {"place_ids": [""]}}),
    ("POST", "/jobs/reprocess", {"json": {"place_ids": ["heathrow"] * 40_000}}),
    ("POST", "/batches/refresh", {"json": {"batch_ids": ["b"] * 40_000}}),
    ("POST", "/batches/b/reprocess", {"json": {"failed_only": False, "attributes": ["", "x" * 10_000]}}),
    ("PUT", "/batches/b", {"json": {"batch_name": ""}}),
    ("PUT", "/batches/b", {"content": b""}),
]


@pytest.mark.parametrize(("method", "path", "options"), ODD_REQUESTS)
def test_no_odd_request_gets_a_500(method: str, path: str, options: dict[str, Any], used: Org) -> None:
    """contract B5: nothing that a client sends gets a 500, at once or when results are read."""
    assert used.call(method, path, **options).status_code < 500
    used.settle()
    assert used.call("GET", "/jobs").status_code == 200
    assert used.call("GET", "/batches").status_code == 200


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MODELS = (PlaceBatchPayload, PlaceJob, ReprocessBatchRequest, ReprocessJobRequest, BulkRefreshBatchRequest)
FIELDS = sorted({name for model in MODELS for name in model.model_fields})
INPUTS = sorted({*UniversalPlace.model_fields, *ADDRESS_PARTS, "place_id"})


def changed(draw: st.DrawFn, value: Any, names: list[str]) -> Any:
    """Put odd values into some fields of an object."""
    return {**value, **draw(st.dictionaries(st.sampled_from(names), JSON_VALUES, max_size=3))}


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, Any]:
    """An operation with a body that nearly fits."""
    method, path, body = draw(st.sampled_from(BODIES))
    changed_inputs = changed(draw, LONDON, INPUTS)
    job = changed(draw, {"place_id": "heathrow", "inputs": changed_inputs}, FIELDS)
    if "jobs" in body:
        body = {**body, "jobs": [job]}
    elif "inputs" in body:
        body = job
    return method, path, changed(draw, body, FIELDS) if draw(st.booleans()) else body


@settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(requests())
def test_no_body_that_nearly_fits_gets_a_500(http: TestClient, request_: tuple[str, str, Any]) -> None:
    """contract B5: nothing that a client sends gets a 500, at once or when results are read."""
    method, path, body = request_
    org = Org(http, "nearly-fits", {"apiKey": "k"})
    org.control("DELETE")
    org.post("/batches", batch(batch_id="b"))
    assert org.call(method, path, content=json.dumps(body)).status_code < 500
    org.settle()
    assert org.call("GET", "/jobs").status_code == 200
    assert org.call("GET", "/batches").status_code == 200


REJECTED: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/batches", {"json": batch(batch_id="b", jobs=[{"place_id": "new", "inputs": {"name": ""}}])}, 422),
    ("POST", "/batches", {"json": batch(batch_id="b", jobs=[JOB, {"inputs": {"name": "x"}}])}, 422),
    ("POST", "/batches", {"json": batch(batch_id="b", attribute_set=None)}, 400),
    ("POST", "/batches", {"json": batch(batch_id="b", jobs=[JOB] * 4)}, 400),
    ("POST", "/batches", {"json": batch(batch_id="new", attribute_set=None)}, 400),
    ("POST", "/batches", {"json": batch(batch_id="a/b")}, 422),
    ("POST", "/batches", {"content": b"{"}, 422),
    ("PUT", "/batches/b", {"json": {"batch_name": "New", "refresh": "perhaps"}}, 422),
    ("POST", "/batches/b/reprocess", {"json": {}}, 400),
    ("POST", "/batches/b/reprocess", {"json": {"failed_only": False, "attributes": "names"}}, 422),
    ("POST", "/batches/unknown/reprocess", {"json": {"failed_only": False}}, 404),
    ("POST", "/batches/refresh", {"json": {"batch_ids": ["b", 7]}}, 422),
    ("POST", "/jobs", {"json": {"place_id": "new", "inputs": {"name": "x"}}}, 422),
    ("POST", "/enrich", {"json": {"place_id": "mock-fail-1", "inputs": LONDON}}, 404),
    ("POST", "/enrich", {"json": {"place_id": "new", "inputs": {"name": "x"}}}, 422),
    ("POST", "/jobs/reprocess", {"json": {"place_ids": ["unknown"]}}, 404),
    ("DELETE", "/batches/unknown", {}, 404),
    ("DELETE", "/jobs/unknown", {}, 404),
    ("GET", "/batches/unknown", {}, 404),
    ("GET", "/batches/b?limit=x", {"headers": {"apiKey": ""}}, 401),
    ("GET", "/jobs?limit=0", {}, 422),
    ("PATCH", "/batches", {}, 405),
]
ids_of_rejected = [f"{method} {path} {status}" for method, path, _, status in REJECTED]


@pytest.mark.parametrize(("method", "path", "options", "status"), REJECTED, ids=ids_of_rejected)
def test_a_rejected_request_changes_nothing(
    method: str, path: str, options: dict[str, Any], status: int, used: Org
) -> None:
    """contract B5: a rejected request changes nothing, the clock included."""
    used.set(max_jobs_per_request=3, poll_advance=5)
    before = used.control("GET", "/snapshot").json()
    assert used.call(method, path, **options).status_code == status
    assert used.control("GET", "/snapshot").json() == before


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [(method, path, options) for method, path, options, status in REJECTED if status not in {400, 405}],
)
def test_a_rejected_request_makes_no_world(method: str, path: str, options: dict[str, Any], org: Org) -> None:
    """contract B5: a rejected request makes no world."""
    assert org.call(method, path, **options).status_code >= 400
    assert org.slug not in worlds(org.http)
    assert org.control("GET").json()["batches"] == 0


def test_a_broken_rule_makes_no_world(org: Org) -> None:
    """contract B5: a rejected request makes no world, a 400 neither."""
    assert org.call("POST", "/batches", json=batch(attribute_set=None)).status_code == 400
    assert org.slug not in worlds(org.http)


def test_a_rejected_body_does_not_count_among_equal_ones(org: Org) -> None:
    """contract B5, D1: equal bodies that were rejected leave no trace in generated ids."""
    stranger = org.other()
    org.set(strict_attributes=True)
    body = batch(attribute_set=None, attributes=["vibes"])
    assert org.call("POST", "/batches", json=body).status_code == 400
    org.set(strict_attributes=False)
    assert org.post("/batches", body)["id"] == stranger.post("/batches", body)["id"]


# B6


@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ({"latitude": "40.7", "longitude": "-74"}, {"latitude": 40.7, "longitude": -74.0}),
        ({"latitude": " 40.7 ", "longitude": "1e1"}, {"latitude": 40.7, "longitude": 10.0}),
        ({"latitude": 40, "longitude": -74}, {"latitude": 40.0, "longitude": -74.0}),
        ({"latitude": True, "longitude": False}, {"latitude": 1.0, "longitude": 0.0}),
    ],
)
def test_a_number_as_text_is_echoed_as_a_number(sent: Any, echoed: Any, org: Org) -> None:
    """contract B6: what pydantic's lax mode accepts is accepted and echoed as the typed value."""
    org.post("/batches", of(name="Somewhere", **sent))
    inputs = org.get("/jobs/p")["inputs"]
    assert {key: inputs[key] for key in echoed} == echoed
    assert all(isinstance(inputs[key], float) for key in echoed)


@pytest.mark.parametrize(
    ("value", "starts"),
    [
        ("true", True),
        ("yes", True),
        (1, True),
        ("ON", True),
        ("false", False),
        ("off", False),
        (0, False),
        ("n", False),
    ],
)
def test_a_boolean_as_text_or_number_is_understood(value: Any, starts: bool, org: Org) -> None:
    """contract B6: what pydantic's lax mode accepts is accepted."""
    org.post("/batches", batch(batch_id="b", kick_off_jobs_now=value))
    org.settle()
    assert org.batch("b")["status"] == ("completed" if starts else "pending")


@pytest.mark.parametrize(
    "body",
    [
        batch(surprise=1),
        batch(metadata={"a": [1]}, owner_id="me"),
        batch(jobs=[{**JOB, "surprise": {"a": None}}]),
        batch(jobs=[{**JOB, "attributes_enrichments": [{"a": 1}]}]),
        of(**LONDON, surprise=[1, {"a": None}]),
    ],
)
def test_unknown_fields_do_no_harm(body: Any, org: Org) -> None:
    """contract B6: unknown fields anywhere are ignored or kept (C3)."""
    assert org.post("/batches", body)["status"] == "pending"


@pytest.mark.parametrize(("method", "path", "body"), BODIES, ids=NAMES)
def test_unknown_fields_do_no_harm_to_any_operation(method: str, path: str, body: Any, used: Org) -> None:
    """contract B6: unknown fields anywhere are ignored."""
    response = used.call(method, path, json={**body, "surprise": {"a": [None]}}, params={"surprise": "1"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "application/json; charset=latin-1",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain",
        "garbage",
    ],
)
@pytest.mark.parametrize(("method", "path", "body"), BODIES, ids=NAMES)
def test_the_content_type_is_not_looked_at(
    method: str, path: str, body: Any, content_type: str | None, used: Org
) -> None:
    """contract B6: the Content-Type of a body is not looked at (a plain `curl -d` works)."""
    headers = {} if content_type is None else {"content-type": content_type}
    assert used.call(method, path, content=json.dumps(body).encode(), headers=headers).status_code == 200


NUL = "a\0b"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/batches", batch(batch_id=NUL)),
        ("/batches", batch(batch_id="\0")),
        ("/batches", batch(batch_name=NUL)),
        ("/batches", batch(jobs=[{"place_id": NUL, "inputs": LONDON}])),
        ("/batches", batch(jobs=[{"inputs": {**LONDON, "place_id": NUL}}])),
        ("/batches", batch(jobs=[{"inputs": {**LONDON, "id": NUL}}])),
        ("/batches", batch(jobs=[{"place_id": "p", "inputs": {**LONDON, "name": NUL}}])),
        ("/batches", batch(attributes=[NUL])),
        ("/batches", batch(jobs=[{**JOB, "attributes": [NUL]}])),
        ("/batches/b/reprocess", {"failed_only": False, "attributes": [NUL]}),
        ("/batches/refresh", {"batch_ids": [NUL]}),
        ("/jobs", {"place_id": NUL, "inputs": LONDON}),
        ("/enrich", {"place_id": NUL, "inputs": LONDON}),
        ("/jobs/reprocess", {"place_ids": [NUL]}),
    ],
)
def test_nul_in_an_id_or_name_is_refused(path: str, body: Any, used: Org) -> None:
    """contract B6: NUL in an id or name is a 422."""
    details(used.call("POST", path, json=body))


def test_nul_in_the_new_name_of_a_batch_is_refused(used: Org) -> None:
    """contract B6: NUL in an id or name is a 422."""
    details(used.call("PUT", "/batches/b", json={"batch_name": NUL}))


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/batches/a%00b", {}),
        ("PUT", "/batches/a%00b", {"json": {"batch_name": "x"}}),
        ("DELETE", "/batches/a%00b", {}),
        ("POST", "/batches/a%00b/reprocess", {"json": {"failed_only": False}}),
        ("GET", "/jobs?batchId=a%00b", {}),
        ("GET", "/jobs/a%00b", {}),
        ("GET", "/exports/a%00b", {}),
    ],
)
def test_nothing_has_a_name_with_nul(method: str, path: str, options: dict[str, Any], used: Org) -> None:
    """contract B6: what is looked up by a name with NUL is not found."""
    assert used.call(method, path, **options).status_code == 404


def test_no_batch_is_listed_for_a_query_with_nul(used: Org) -> None:
    """contract B6: no name contains NUL."""
    assert used.get("/batches", query="a\0b")["batches"] == []


def test_nul_elsewhere_is_text_like_any_other(org: Org) -> None:
    """contract B6, C5: only ids and names must not contain NUL."""
    org.post("/batches", of(**LONDON, full_address="a\0b", note="\0"))
    inputs = org.get("/jobs/p")["inputs"]
    assert (inputs["full_address"], inputs["note"]) == ("a\0b", "\0")


ILLEGAL = [
    r'"\ud800"',
    r'"\udc00"',
    r'"a\uD83Db"',
    r'"\ude00\ud83d"',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
]
WHERE = [
    '{"batch_name": "x", "attribute_set": "core", "jobs": [], "batch_id": ?}',
    '{"batch_name": ?, "attribute_set": "core", "jobs": []}',
    '{"batch_name": "x", "attribute_set": "core", "jobs": [], "surprise": ?}',
    '{"batch_name": "x", "attribute_set": "core", "jobs": [], "surprise": [{"a": ?}]}',
    '{"batch_name": "x", "attributes": [?], "jobs": []}',
    '{"batch_name": "x", "attribute_set": "core", "jobs": [{"inputs": {"name": "a", "city": "b"}, "surprise": ?}]}',
    '{"batch_name": "x", "attribute_set": "core", "jobs": [{"inputs": {"name": "a", "city": "b"}, "place_id": ?}]}',
    '{"batch_name": "x", "attribute_set": "core", "jobs": [{"inputs": {"name": "a", "city": ?}}]}',
    '{"batch_name": "x", "attribute_set": "core", "jobs": [{"inputs": {"name": "a", "city": "b", "latitude": ?}}]}',
    '{"batch_name": "x", "attribute_set": "core", "jobs": [{"inputs": {"name": "a", "city": "b", "other": [?]}}]}',
    '{"batch_name": "x", "attribute_set": "core", "jobs": [{"inputs": {"name": "a", "city": "b"},'
    ' "attributes_enrichments": [{"a": ?}]}]}',
]


@pytest.mark.parametrize("value", ILLEGAL)
@pytest.mark.parametrize("body", WHERE)
def test_lone_surrogates_nan_and_infinities_are_refused_anywhere(body: str, value: str, org: Org) -> None:
    """contract B6: lone surrogates, NaN and infinities anywhere are 422."""
    details(org.call("POST", "/batches", content=body.replace("?", value)))


@pytest.mark.parametrize("value", ILLEGAL)
@pytest.mark.parametrize(("method", "path", "body"), BODIES, ids=NAMES)
def test_every_operation_refuses_lone_surrogates_nan_and_infinities(
    method: str, path: str, body: Any, value: str, used: Org
) -> None:
    """contract B6: lone surrogates, NaN and infinities anywhere are 422."""
    details(used.call(method, path, content=f'{json.dumps(body)[:-1]}, "surprise": {value}}}'))


def test_a_lone_surrogate_in_the_name_of_a_field_is_refused(org: Org) -> None:
    """contract B6: lone surrogates anywhere are 422."""
    details(org.call("POST", "/batches", content=r'{"batch_name": "x", "jobs": [], "\ud800": 1}'))


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-inf", "Infinity", "1e999"])
def test_nan_and_infinities_as_text_are_no_coordinates(value: str, org: Org) -> None:
    """contract B6: NaN and infinities are 422, even where lax mode would read them from text."""
    details(org.call("POST", "/batches", json=of(name="A", latitude=value, longitude="0")))
    details(org.call("POST", "/batches", json=of(name="A", latitude=0, longitude=value)))


@pytest.mark.parametrize("text", [r"\ud83d\ude00", "😀", r"\uD83D\uDE00"])
def test_a_pair_of_surrogates_is_one_character(text: str, org: Org) -> None:
    """contract B6: only lone surrogates are refused."""
    content = f'{{"batch_name": "{text}", "batch_id": "b", "attribute_set": "core", "jobs": []}}'
    assert org.call("POST", "/batches", content=content.encode()).status_code == 200
    assert org.batch("b")["batch_name"] == "😀"
