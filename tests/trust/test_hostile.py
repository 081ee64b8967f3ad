"""Whatever a client sends: never a 500, and what is refused changes nothing (contract B5)."""

from __future__ import annotations

import gzip
import itertools
import logging
import os
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, cast
from urllib.parse import quote

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from reprompt_mock.app import Emulator, create_app
from reprompt_mock.control.bodies import MOST_WAIT_SECONDS
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org
from tests.processes import PATIENCE_SECONDS
from tests.trust.lax import only_lax
from tests.trust.scale import SOAK, tries

Record = Callable[[str, object], None]
KEY = "hostile-key"
SLUG = "acme"
KEPT = "kept batch"

# Documents: whatever schemathesis makes of them

load_all_checks()
RULES_BEYOND: Any = CHECKS.get_one("positive_data_acceptance")
"""Not all that fits a schema is accepted: the service has rules that no schema says (contract C1, D5)."""
REJECTION: Any = CHECKS.get_one("negative_data_rejection")
"""Not all that breaks a schema is rejected: lax scalars are accepted (contract B6)."""
EXAMPLES = settings(
    max_examples=tries(3, 200),
    deadline=None,
    database=None,
    derandomize=not SOAK,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def strict() -> Iterator[Emulator]:
    """An emulator in strict mode, with a batch of the organization that its key opens."""
    app = create_app(load({"clock": "paused", "api_keys": {KEY: SLUG}}, environ={}))
    http = TestClient(app, raise_server_exceptions=False)
    Org(http, SLUG, {"apiKey": KEY}).create("a", "b", batch_id=KEPT)
    yield app
    app.engine.close()


class WithoutEnd:
    """An emulator that outlives its clients: schemathesis starts and stops an app around each request."""

    def __init__(self, app: Emulator) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})


def described(app: Emulator, document: str) -> Any:
    """Read an emulator's document, so that half of what it names is there."""
    config = SchemathesisConfig.from_dict(
        {
            "headers": {"apiKey": KEY},
            "parameters": {"org_slug": SLUG},
            # Else it adds wrong keys of the other header, and the right one suffices (contract A3).
            "generation": {"allow-x00": True, "with-security-parameters": False},
        }
    )
    schema = schemathesis.openapi.from_asgi(document, WithoutEnd(app), config=config)
    names = itertools.cycle(
        [{"org_slug": SLUG}, {"org_slug": SLUG, "batch_id": KEPT, "place_id": "a", "rule_id": "rule-1"}]
    )

    def map_path_parameters(_: Any, parameters: Any) -> Any:
        known = next(names)
        return {name: known.get(name, value) for name, value in (parameters or {}).items()}

    def map_body(context: Any, body: Any) -> Any:
        return at_once(body) if isinstance(body, dict) and context.operation.path.endswith("/wait") else body

    schema.hook(map_path_parameters)
    schema.hook(map_body)
    return schema.exclude(path_regex=r"/events$")  # they have no end; tests/control/test_events.py tries them


def at_once(body: dict[str, Any]) -> dict[str, Any]:
    """Let a wait that would be accepted end at once."""
    try:
        would_wait = 0 <= float(body.get("timeout_seconds", 30)) <= MOST_WAIT_SECONDS
    except (TypeError, ValueError):
        return body
    return {**body, "timeout_seconds": 0} if would_wait else body


def breaks_by_lax_scalars(case: schemathesis.Case[Any]) -> bool:
    """Tell whether nothing is wrong with a request but scalars of its body that the service takes for others."""
    components = case.meta.components if case.meta else {}
    wrong = {location for location, found in components.items() if found.mode is GenerationMode.NEGATIVE}
    if wrong != {ParameterLocation.BODY} or isinstance(case.body, bytes):
        return False
    schema = case.operation.definition.raw["requestBody"]["content"]["application/json"]["schema"]
    return only_lax(case.operation.schema.raw_schema, schema, case.body)


def conforms(app: Emulator, document: str, **headers: str) -> int:
    """Try every operation of a document, and count the requests; schemathesis's plugin does not know pytest 9."""
    requests = itertools.count()
    operations = [found.ok() for found in described(app, document).get_all_operations()]
    assert operations
    for operation in operations:
        # Without a body hardly anything can be wrong, and it takes long to find.
        for mode in GenerationMode if operation.body or SOAK else [GenerationMode.POSITIVE]:

            @EXAMPLES
            @given(case=operation.as_strategy(generation_mode=mode))
            def answers_as_described(case: schemathesis.Case[Any]) -> None:
                next(requests)
                response = case.call_and_validate(excluded_checks=[RULES_BEYOND, REJECTION], headers=headers)
                if not breaks_by_lax_scalars(case):
                    case.validate_response(response, checks=[REJECTION])

            try:
                answers_as_described()
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, operation.label  # nothing of it can be wrong
    return next(requests)


def test_the_service_answers_as_its_document_says(strict: Emulator, record_property: Record) -> None:
    record_property("requests", conforms(strict, "/openapi.json"))


def test_the_control_api_answers_as_its_document_says(strict: Emulator, record_property: Record) -> None:
    record_property("requests", conforms(strict, "/_mock/openapi.json", host="localhost"))


# Bodies that no operation accepts

DEEP = 100_000
NO_BODY: dict[str, bytes] = {
    "half an object": b'{"batch_name": ',
    "a trailing comma": b'{"batch_name": "x",}',
    "two values": b"{} {}",
    "single quotes": b"{'batch_name': 'x'}",
    "a comment": b"{} // no",
    "text": b"batch_name=x&jobs=",
    "null": b"null",
    "a number": b"17",
    "a string": b'"{}"',
    "a list of lists": b"[[]]",
    "NaN": b'{"x": NaN}',
    "infinity": b'{"x": -Infinity}',
    "a number beyond doubles": b'{"x": 1e999}',
    "a number of 5,000 digits": b'{"x": ' + b"9" * 5000 + b"}",
    "a lone surrogate": rb'{"x": "\ud800"}',
    "a lone surrogate as key": rb'{"\udfff": 1}',
    "a lone surrogate in UTF-8": b'{"x": "\xed\xa0\x80"}',
    "a raw NUL": b'{"x": "\0"}',
    "NUL alone": b"\0",
    "arrays without end": b"[" * DEEP,
    "objects without end": b'{"x":' * DEEP,
    "deep arrays": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"x":' * DEEP + b"1" + b"}" * DEEP,
    "UTF-16": '{"x": "é"}'.encode("utf-16"),
    "UTF-32": '{"x": "é"}'.encode("utf-32"),
    "Latin-1": '{"x": "é"}'.encode("latin-1"),
    "a byte order mark alone": b"\xef\xbb\xbf",
    "noise": bytes(range(256)),
    "gzip that nobody names": gzip.compress(b"{}", mtime=0),
    "deflate that nobody names": zlib.compress(b"{}"),
}


def with_bodies(http: TestClient) -> list[tuple[str, str]]:
    """Find every operation that reads a body, by both documents."""
    return [
        (method.upper(), path)
        for document in ("/openapi.json", "/_mock/openapi.json")
        for path, operations in http.get(document).json()["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    ]


def test_every_operation_with_a_body_says_so(http: TestClient) -> None:
    assert len(with_bodies(http)) == 8 + 9


@pytest.mark.parametrize("name", NO_BODY)
def test_what_no_operation_accepts_is_refused_and_changes_nothing(org: Org, name: str) -> None:
    org.create("a", "b", batch_id=KEPT)
    before = org.control("GET", "/snapshot").json()

    for method, path in with_bodies(org.http):
        url = path.format(org_slug=org.slug, batch_id=quote(KEPT))
        response = org.http.request(method, url, content=NO_BODY[name], headers=org.headers)
        assert response.status_code == 422, (method, path, response.status_code, response.text[:300])
        assert set(response.json()) == {"detail"}
        assert len(response.content) <= 17 * 1024

    assert org.control("GET", "/snapshot").json() == before


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP", "identity, gzip", "x" * 100])
def test_a_compressed_body_is_refused_with_a_sentence(org: Org, encoding: str) -> None:
    """contract B4: 415, whatever the body is; without a key 401 all the same."""
    for method, path in with_bodies(org.http):
        url = path.format(org_slug=org.slug, batch_id="none")
        headers = {**org.headers, "Content-Encoding": encoding}
        response = org.http.request(method, url, content=b"{}", headers=headers)
        assert (response.status_code, response.headers["accept-encoding"]) == (415, "identity"), (method, path)
        assert "send the body uncompressed" in response.json()["detail"]
        if not path.startswith("/_mock"):
            keyless = org.http.request(method, url, content=b"{}", headers={"Content-Encoding": encoding})
            assert keyless.status_code == 401

    assert org.slug not in [world["org_slug"] for world in org.http.get("/_mock/orgs").json()["orgs"]]


@pytest.mark.parametrize("encoding", ["identity", "", "Identity , "])
def test_a_body_that_says_that_it_is_not_compressed_is_read(org: Org, encoding: str) -> None:
    body = b'{"batch_name": "x", "jobs": []}'
    assert org.call("POST", "/batches", content=body, headers={"Content-Encoding": encoding}).status_code == 200


def test_a_refused_body_makes_no_world(org: Org) -> None:
    for (method, path), body in itertools.product(with_bodies(org.http), (b"{", b"null", b"[[]]")):
        url = path.format(org_slug=org.slug, batch_id="none")
        assert 400 <= org.http.request(method, url, content=body, headers=org.headers).status_code < 500

    assert org.slug not in [world["org_slug"] for world in org.http.get("/_mock/orgs").json()["orgs"]]


PLACE: dict[str, Any] = {"place_id": "p", "inputs": LONDON, "attributes": ["websites"]}


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


BAD_PLACES: dict[str, dict[str, Any]] = {
    "NUL in its id": {**PLACE, "place_id": "a\0b"},
    "an empty id": {**PLACE, "place_id": ""},
    "an id too long": {**PLACE, "place_id": "x" * 513},
    "NUL in the id of its inputs": {"inputs": {**LONDON, "id": "a\0b"}, "attributes": ["websites"]},
    "an id of its inputs too long": {"inputs": {**LONDON, "id": "x" * 513}, "attributes": ["websites"]},
    "NUL in its name": {**PLACE, "inputs": {**LONDON, "name": "a\0"}},
    "NUL in an attribute": {**PLACE, "attributes": ["websites\0"]},
    "half a position": {**PLACE, "inputs": {"name": "A", "latitude": 1}},
    "a latitude beyond the pole": {**PLACE, "inputs": {**LONDON, "latitude": 90.001}},
    "a latitude beyond integers": {**PLACE, "inputs": {**LONDON, "latitude": 10**30}},
    "a latitude in words": {**PLACE, "inputs": {**LONDON, "latitude": "NaN"}},
    "an infinite longitude": {**PLACE, "inputs": {**LONDON, "longitude": "Infinity"}},
    "a geometry of noise": {**PLACE, "inputs": {"name": "A", "wkt_geometry": "POINT(" * 1000}},
    "a geometry of too many numbers": {**PLACE, "inputs": {"name": "A", "wkt_geometry": "POINT(1e999 1e999)"}},
    "a field nested too deeply": {**PLACE, "inputs": {**LONDON, "own": _nested(250)}},
    "a list for inputs": {**PLACE, "inputs": [LONDON]},
    "a number for an id": {**PLACE, "place_id": 7},
    "an object for attributes": {**PLACE, "attributes": {"websites": True}},
}


@pytest.mark.parametrize("name", BAD_PLACES)
def test_a_bad_place_is_refused_wherever_it_is_sent_and_stores_nothing(org: Org, name: str) -> None:
    batch = {"batch_name": "B", "jobs": [{**PLACE, "place_id": "fine"}, BAD_PLACES[name]]}

    for path, body in (("/batches", batch), ("/jobs", BAD_PLACES[name]), ("/enrich", BAD_PLACES[name])):
        response = org.call("POST", path, json=body)
        assert response.status_code == 422, (path, response.text[:300])

    assert org.slug not in [world["org_slug"] for world in org.http.get("/_mock/orgs").json()["orgs"]]


@pytest.mark.parametrize(
    "path",
    [
        "/jobs?limit=-1",
        "/jobs?offset=9223372036854775808",
        "/jobs?limit=NaN",
        "/jobs?day=2026-02-30",
        "/jobs?day=%00",
        "/jobs?groupBy=%ff",
        "/jobs?batchId=%ff",
        "/jobs?batchId=%ed%a0%80",
        "/jobs?batchId=a%00",
        "/jobs/%ff%fe",
        "/jobs/a%00b",
        "/batches/%ff",
        "/batches/a%00b",
        "/batches/x?enrichments=%00",
        "/batches?query=%ff&limit=501",
        "/batches?limit=" + "9" * 5000,
    ],
)
def test_weird_paths_and_queries_are_refused(org: Org, path: str) -> None:
    assert 400 <= org.call("GET", path).status_code < 500


@pytest.mark.parametrize("query", ["%00", "%ff", "%ed%a0%80", "%25_%5C'\"", "[", "x" * 5000])
def test_weird_queries_find_nothing(org: Org, query: str) -> None:
    org.create("a", batch_name="Plain")

    assert org.call("GET", f"/batches?query={query}").json()["total"] == 0
    assert org.control("GET", f"/journal?path={query}").json()["requests"] == []


def test_of_equal_keys_the_last_counts_everywhere(org: Org) -> None:
    place = b'{"name": "First", "name": "Last", "full_address": "A"}'
    body = b'{"batch_name": "First", "batch_name": "Last", "attribute_set": "core", "batch_id": "b", "jobs": [%s]}'
    job = b'{"place_id": "first", "place_id": "last", "inputs": {}, "inputs": %s}' % place

    created = org.call("POST", "/batches", content=body % job)

    assert created.status_code == 200, created.text
    assert created.json()["batch_name"] == "Last"
    assert org.results("b")["last"]["inputs"]["name"] == "Last"


MOST_BODY = 200_000


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    """An emulator on a real socket that reads small bodies only."""
    flags = {"host": "127.0.0.1", "port": 0, "clock": "paused", "max_body_bytes": MOST_BODY}
    thread = ServerThread(load(flags, environ={}))
    thread.start()
    yield thread
    thread.stop()


WEIRD_IDS = [
    "a/b",
    "//",
    "/",
    "a//b/",
    " ",
    "a b",
    "%",
    "%2F",
    "%00",
    "a%zz",
    "?",
    "a?b=c",
    "#",
    "&=+",
    "\\",
    "'; DROP TABLE job; --",
    '"',
    "\n",
    "\r\n\t",
    "\x01\x7f",
    "\u2028\ufeff\u202e",
    "é",
    "e\u0301",
    "😀",
    "👨‍👩‍👧‍👦" * 20,
    "null",
    "0",
    "{}",
    "reprocess",
    "refresh",
    "batches",
    "...",
    "..a",
    "*[a]?",
    "x" * 255,
]


@pytest.fixture
def socket_org(server: ServerThread) -> Iterator[Org]:
    """An organization behind a real socket: the client of tests decodes a path twice."""
    with httpx2.Client(base_url=server.url, trust_env=False) as http:
        org = Org(cast("TestClient", http), "socket-org", {"apiKey": "k"})
        yield org
        http.post("/_mock/reset")


def test_weird_place_ids_survive_a_round_trip(socket_org: Org) -> None:
    org = socket_org
    org.create(*WEIRD_IDS, batch_id="b", attributes=["websites"])
    org.settle()

    assert org.batch("b")["jobs"]["completed"] == WEIRD_IDS
    for place_id in WEIRD_IDS:
        job = org.call("GET", f"/jobs/{quote(place_id, safe='')}")
        assert (job.status_code, job.json().get("place_id")) == (200, place_id)
    snapshot = org.control("GET", "/snapshot").json()
    other = org.other()
    assert other.control("PUT", "/snapshot", snapshot).status_code == 200
    assert other.get("/jobs", batchId="b") == org.get("/jobs", batchId="b")


@pytest.mark.parametrize("batch_id", [weird for weird in WEIRD_IDS if "/" not in weird])
def test_weird_batch_ids_survive_a_round_trip(socket_org: Org, batch_id: str) -> None:
    org = socket_org
    org.create("a", batch_id=batch_id)
    path = f"/batches/{quote(batch_id, safe='')}"

    assert org.batch(quote(batch_id, safe=""))["id"] == batch_id
    assert org.get("/jobs", batchId=batch_id)["total"] == 1
    assert org.settle(batch_id)["unfinished"] == 0
    assert org.post(f"{path}/reprocess", {"failed_only": False})["batch_id"] == batch_id
    assert org.post("/batches/refresh", {"batch_ids": [batch_id]})["updated"] == [batch_id]
    assert org.call("PUT", path, json={"batch_name": batch_id}).status_code == 200
    assert org.get("/batches", query=batch_id)["batches"][0]["id"] == batch_id
    assert org.call("DELETE", path).status_code == 200
    assert org.get("/batches")["total"] == 0


# The protocol


def exchange(server: ServerThread, *parts: bytes, ends: bool = False) -> bytes:
    """Send bytes in pieces, and perhaps the end of the connection; gives all that comes back until it ends."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    received = b""
    with closing(socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for part in parts:
                connection.sendall(part)
            if ends:
                connection.shutdown(socket.SHUT_WR)
            while received_now := connection.recv(65536):
                received += received_now
        except (ConnectionError, TimeoutError):
            pass
    return received


def status_of(answer: bytes) -> int | None:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


URL = b"/v1/socket-org/place_enrichment/batches"
BODY = b'{"batch_name": "x", "jobs": []}'


def head(*lines: bytes, line: bytes = b"POST " + URL + b" HTTP/1.1") -> bytes:
    return b"\r\n".join([line, b"Host: localhost", b"apiKey: k", b"Connection: close", *lines, b"", b""])


def chunked(*chunks: bytes) -> list[bytes]:
    return [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks] + [b"0\r\n\r\n"]


def in_bytes(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


CHUNKED = b"Transfer-Encoding: chunked"
gz = gzip.compress(BODY, mtime=0)
REFUSED: dict[str, Callable[[], list[bytes]]] = {
    "a body that never ends": lambda: [head(b"Content-Length: 100"), b"{"],
    "chunks that never end": lambda: [head(CHUNKED), b"5\r\n{}"],
    "a chunk of no size": lambda: [head(CHUNKED), b"zz\r\n{}\r\n0\r\n\r\n"],
    "a chunk of a huge size": lambda: [head(CHUNKED), b"f" * 40 + b"\r\n{}"],
    "a negative length": lambda: [head(b"Content-Length: -5"), BODY],
    "a length in words": lambda: [head(b"Content-Length: many"), BODY],
    "two lengths": lambda: [head(b"Content-Length: 2", b"Content-Length: 31"), BODY],
    "length and chunks": lambda: [head(b"Content-Length: 31", CHUNKED), *chunked(BODY)],
    "a body too large": lambda: [head(b"Content-Length: %d" % (2 * MOST_BODY)), b" " * (2 * MOST_BODY)],
    "chunks too large": lambda: [head(CHUNKED), *chunked(*[b" " * 50_000] * 6)],
    "a length of a petabyte": lambda: [head(b"Content-Length: 1000000000000000"), b" " * (2 * MOST_BODY)],
    "compressed": lambda: [head(b"Content-Encoding: gzip", b"Content-Length: %d" % len(gz)), gz],
    "no method": lambda: [b"\r\n\r\n\0\0\0"],
    "an unknown method": lambda: [head(line=b"BREW " + URL + b" HTTP/1.1")],
    "an old protocol": lambda: [b"GET /\r\n\r\n"],
    "a future protocol": lambda: [head(line=b"POST " + URL + b" HTTP/9.9")],
    "TLS": lambda: [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(64)],
    "HTTP/2": lambda: [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    "TRACE": lambda: [head(line=b"TRACE " + URL + b" HTTP/1.1")],
    "CONNECT": lambda: [head(line=b"CONNECT example.com:443 HTTP/1.1")],
    "OPTIONS of all": lambda: [head(line=b"OPTIONS * HTTP/1.1")],
    "an unknown path in raw bytes": lambda: [head(line=b"GET /v1/socket-org/\xff\xfe\x80 HTTP/1.1")],
    "a broken escape": lambda: [head(line=b"GET " + URL + b"/%zz%f HTTP/1.1")],
    "an escape of no UTF-8": lambda: [head(line=b"GET " + URL + b"/%ff%c0%80 HTTP/1.1")],
    "a long path": lambda: [head(line=b"GET " + URL + b"/" + b"x" * 60_000 + b" HTTP/1.1")],
    "a header without a colon": lambda: [head(b"nonsense")],
    "a folded header": lambda: [head(b"X: a", b"  b")],
    "NUL in a header": lambda: [head(b"X: a\0b", b"Content-Length: 31"), BODY],
    "a header of another name for the slug": lambda: [head(line=b"GET /v1/-/place_enrichment/batches HTTP/1.1")],
    "a websocket": lambda: [
        head(b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: AAAA", line=b"GET /ws HTTP/1.1")
    ],
    "a header of a megabyte": lambda: [head(b"X: " + b"x" * 2**20, b"Content-Length: 31"), BODY],
    "ten thousand headers": lambda: [head(*[b"X-%d: x" % number for number in range(10_000)])],
}


def worlds(server: ServerThread) -> bytes:
    return exchange(server, b"GET /_mock/orgs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_request_is_refused_and_stores_nothing(
    server: ServerThread, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = exchange(server, *REFUSED[name](), ends=name.endswith(("never ends", "never end")))

    status = status_of(answer)
    assert status is None or 400 <= status < 500, answer[:300]
    assert not caplog.records
    assert b'"orgs":[]' in worlds(server)


@pytest.mark.parametrize(
    "parts",
    [
        [head(b"Content-Length: %d" % len(BODY)), *in_bytes(BODY)],
        in_bytes(head(b"Content-Length: %d" % len(BODY)) + BODY),
        [head(CHUNKED), *chunked(*in_bytes(BODY))],
        [head(CHUNKED), *in_bytes(b"".join(chunked(BODY)))],
        [head(b"Expect: 100-continue", b"Content-Length: %d" % len(BODY)), BODY],
        [head(b"Content-Type: text/plain; charset=utf-16", b"Content-Length: %d" % len(BODY)), BODY],
    ],
    ids=["slow body", "slow request", "tiny chunks", "slow chunks", "expecting", "a wrong content type"],
)
def test_a_body_may_come_in_any_pieces(server: ServerThread, parts: list[bytes]) -> None:
    try:
        answer = exchange(server, *parts)

        assert b"HTTP/1.1 200 OK" in answer
    finally:
        exchange(server, b"POST /_mock/reset HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
