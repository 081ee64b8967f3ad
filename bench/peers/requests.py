"""The requests that are measured: the service's own, and what comes nearest to them in DynamoDB."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson

from bench import places
from bench.load import Load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.servers import Server

BATCHES = "/v1/bench/place_enrichment/batches"
SMALL = f"{BATCHES}/small"
HEALTH = "/_mock/health"
LARGE = "/v1/large/place_enrichment/batches"
"""Where large batches are created: in an organization of their own, so that canned answers differ by path."""
_PER_WRITE = 25
"""DynamoDB's limit of items in one BatchWriteItem."""


@dataclass(frozen=True)
class Request:
    """A GET, or a POST if there is a body."""

    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """The request's method."""
        return "GET" if self.body is None else "POST"

    def sent(self, server: Server) -> bytes:
        """Send the request; return the body of its answer."""
        return server.call(self.method, self.path, self.body, self.headers)

    def load(self, server: Server, connections: int) -> Load:
        """Return the request as a load on `connections`."""
        body = None if self.body is None else self.body.decode()
        return Load(server.port, self.path, body, connections=connections, headers=dict(self.headers))


@dataclass(frozen=True)
class Operations:
    """What is sent to a server: before anything is measured, and for each operation.

    `create` returns the requests that store a number of jobs.
    """

    setup: Sequence[Request]
    get: Request
    post: Request
    create: Callable[[int], Sequence[Request]]


def service(batch: int) -> Operations:
    """Return the service's operations, with a batch of `batch` jobs to GET."""
    return Operations(
        setup=[Request(BATCHES, places.body(batch, batch_id="small"))],
        get=Request(SMALL),
        post=Request(BATCHES, places.template()),
        create=lambda count: [Request(LARGE, places.body(count))],
    )


_SIGNED = "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
_TABLE = "jobs"


def _dynamo(action: str, document: Mapping[str, object]) -> Request:
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": f"DynamoDB_20120810.{action}",
        "authorization": _SIGNED,
    }
    return Request("/", orjson.dumps(document), headers)


LIST_TABLES = _dynamo("ListTables", {})


def dynamo(batch: int) -> Operations:
    """Return what comes nearest in DynamoDB: an item for each job, with its inputs as JSON, and one for a batch."""
    small = {"id": {"S": "small"}, "status": {"S": places.body(batch).decode()}}
    return Operations(
        setup=[_dynamo("CreateTable", _TABLE_OF_JOBS), _dynamo("PutItem", {"TableName": _TABLE, "Item": small})],
        get=_dynamo("GetItem", {"TableName": _TABLE, "Key": {"id": {"S": "small"}}}),
        post=_dynamo("PutItem", {"TableName": _TABLE, "Item": _item(f"place-{places.NUMBER}", 0)}),
        create=_writes,
    )


_TABLE_OF_JOBS = {
    "TableName": _TABLE,
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def _item(identity: str, number: int) -> dict[str, dict[str, str]]:
    inputs = orjson.dumps(places.job(number)["inputs"]).decode()
    return {"id": {"S": identity}, "status": {"S": "pending"}, "inputs": {"S": inputs}}


def _writes(count: int) -> list[Request]:
    puts = [{"PutRequest": {"Item": _item(f"batch-{place}", place)}} for place in range(count)]
    parts = (puts[start : start + _PER_WRITE] for start in range(0, count, _PER_WRITE))
    return [_dynamo("BatchWriteItem", {"RequestItems": {_TABLE: part}}) for part in parts]
