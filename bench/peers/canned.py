"""What peers answer from: the emulator's document for Prism, its answers for WireMock and Mockoon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from bench.peers.requests import BATCHES, LARGE, SMALL, service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.servers import Server

_JSON = "application/json"
_MIGRATED = 33
"""The last change of Mockoon's format that the file has, so that nothing is migrated at the start."""


@dataclass(frozen=True)
class Answers:
    """The emulator's document, and its answers to the operations."""

    document: bytes
    get: bytes
    post: bytes
    create: bytes

    def routes(self) -> Iterator[tuple[str, str, str]]:
        """Yield method, path and answer of each operation."""
        yield "GET", SMALL, self.get.decode()
        yield "POST", BATCHES, self.post.decode()
        yield "POST", LARGE, self.create.decode()


def recorded(server: Server, *, batch: int, count: int) -> Answers:
    """Ask the emulator for its document and its answers."""
    operations = service(batch)
    for request in operations.setup:
        request.sent(server)
    (create,) = operations.create(count)
    return Answers(
        document=server.call("GET", "/openapi.json"),
        get=operations.get.sent(server),
        post=operations.post.sent(server),
        create=create.sent(server),
    )


def prism(answers: Answers) -> dict[str, bytes]:
    """Return Prism's files by path."""
    return {"openapi.json": answers.document}


def wiremock(answers: Answers) -> dict[str, bytes]:
    """Return WireMock's files by path."""
    mappings = [
        {
            "request": {"method": method, "urlPath": path},
            "response": {"status": 200, "headers": {"Content-Type": _JSON}, "body": answer},
        }
        for method, path, answer in answers.routes()
    ]
    return {"mappings/routes.json": orjson.dumps({"mappings": mappings})}


def mockoon(answers: Answers) -> dict[str, bytes]:
    """Return Mockoon's files by path."""
    routes = [_route(number, *route) for number, route in enumerate(answers.routes())]
    environment = {
        "uuid": "environment",
        "lastMigration": _MIGRATED,
        "name": "reprompt",
        "endpointPrefix": "",
        "latency": 0,
        "port": 3000,
        "hostname": "127.0.0.1",
        "folders": [],
        "routes": routes,
        "rootChildren": [{"type": "route", "uuid": route["uuid"]} for route in routes],
        "proxyMode": False,
        "proxyHost": "",
        "proxyRemovePrefix": False,
        "tlsOptions": {"enabled": False, "type": "CERT"},
        "cors": True,
        "headers": [],
        "proxyReqHeaders": [],
        "proxyResHeaders": [],
        "data": [],
        "callbacks": [],
    }
    return {"environment.json": orjson.dumps(environment)}


def _route(number: int, method: str, path: str, answer: str) -> dict[str, Any]:
    response = {
        "uuid": f"response-{number}",
        "body": answer,
        "latency": 0,
        "statusCode": 200,
        "label": "",
        "headers": [{"key": "Content-Type", "value": _JSON}],
        "bodyType": "INLINE",
        "filePath": "",
        "databucketID": "",
        "sendFileAsBody": False,
        "rules": [],
        "rulesOperator": "OR",
        "disableTemplating": True,
        "fallbackTo404": False,
        "default": True,
        "crudKey": "id",
        "callbacks": [],
    }
    return {
        "uuid": f"route-{number}",
        "type": "http",
        "documentation": "",
        "method": method.lower(),
        "endpoint": path.removeprefix("/"),
        "responses": [response],
        "responseMode": None,
        "streamingMode": None,
        "streamingInterval": 0,
    }
