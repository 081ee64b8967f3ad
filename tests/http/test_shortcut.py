"""The shortcut: parameters are read as FastAPI reads them, and requests come to the routes that it would choose."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from fastapi import FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute
from starlette.testclient import TestClient

from reprompt_mock.http.problems import Refusals
from reprompt_mock.http.shortcut import DirectRoute, Shortcut, parameters


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("this is odd")
    return value


async def seen(
    item: str,
    *,
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
    even: Annotated[int, AfterValidator(_even)] = 0,
    name: Annotated[str | None, Query(alias="theName", max_length=5)] = None,
    flag: bool = False,
    by: Literal["day"] | None = None,
    day: date | None = None,
    tags: Annotated[list[str] | None, Query()] = None,
    last_seen: Annotated[str | None, Header(max_length=3)] = None,
) -> Response:
    """Tell what came."""
    told = {"item": item, "limit": limit, "even": even, "name": name, "flag": flag, "by": by, "tags": tags}
    return JSONResponse({**told, "day": day and day.isoformat(), "last_seen": last_seen})


class _Direct(DirectRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that reads parameters itself."""

        async def handle(request: Request) -> Response:
            answer: Response = await self.endpoint(**parameters(self.dependant, request))
            return answer

        return handle


def told(error: Any) -> Response:
    return Response(json.dumps(error.errors(), default=str), 422)


async def errors(_: Request, error: Any) -> Response:
    return told(error)


def plain() -> FastAPI:
    app = FastAPI()
    app.add_exception_handler(RequestValidationError, errors)
    app.add_api_route("/items/{item}", seen)
    return app


class _AsTheyCome(Refusals):
    def answer(self, _: Request, error: Exception) -> Response:
        """Tell all errors."""
        return told(error)


def shortened() -> Shortcut:
    routes: list[BaseRoute] = [_Direct("/items/{item}", seen), _Direct("/items/{item}/more", seen, methods=["POST"])]
    app = FastAPI(routes=routes, redirect_slashes=False)
    return Shortcut(app, _AsTheyCome(lambda _: ["GET"]))


QUERIES = [
    "",
    "limit=5",
    "limit=5&limit=7",
    "limit=",
    "limit=x",
    "limit=0",
    "limit=1e1",
    "limit=%35",
    "limit=5.0",
    "limit",
    "even=3&limit=51",
    "even=4",
    "theName=a%20b",
    "theName=%C3%A4%FF",
    "theName=abcdef",
    "name=abc",
    "flag=yes",
    "flag=2",
    "by=day",
    "by=week",
    "day=2026-02-30",
    "day=2026-02-28",
    "tags=a&tags=b",
    "unknown=1",
    "&&=&limit=2",
]


@pytest.mark.parametrize("headers", [{}, {"last-seen": "abc"}, {"last-seen": "abcd"}])
@pytest.mark.parametrize("query", QUERIES)
def test_parameters_are_read_as_fastapi_reads_them(query: str, headers: dict[str, str]) -> None:
    expected = TestClient(plain()).get(f"/items/a?{query}", headers=headers)

    answer = TestClient(shortened()).get(f"/items/a?{query}", headers=headers)

    assert (answer.status_code, answer.json()) == (expected.status_code, expected.json())


def test_the_queries_above_are_taken_and_refused() -> None:
    client = TestClient(plain())
    assert {client.get(f"/items/a?{query}").status_code for query in QUERIES} == {200, 422}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/items/a", 200),
        ("POST", "/items/a/more", 200),
        ("GET", "/items/a/more", 405),
        ("POST", "/items/a", 405),
        ("GET", "/items/a/b", 404),
        ("GET", "/items", 404),
        ("GET", "/items/a/", 404),
    ],
)
def test_what_is_no_route_is_left_to_the_app(method: str, path: str, status: int) -> None:
    assert TestClient(shortened()).request(method, path).status_code == status
