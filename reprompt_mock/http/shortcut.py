"""The shortcut: a request goes straight to its route.

FastAPI would go through its middleware, try its routes one by one, and open what its dependencies may need. It still
serves what is no route of a surface: unknown paths and methods, documents.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

    from fastapi import FastAPI
    from fastapi.dependencies.models import Dependant
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from reprompt_mock.http.problems import Refusals


class _Way(NamedTuple):
    """What a path of a route matches, and the route's handler."""

    match: Callable[[str], re.Match[str] | None]
    handle: Callable[[Request], Coroutine[None, None, Response]]


class DirectRoute(APIRoute):
    """A route whose handler needs nothing of FastAPI's around it; its path parameters are texts."""


class Shortcut:
    """Passes requests to the routes of an app.

    Args:
        app: the app, which has no middleware of its own.
        refusals: its answers to errors.
    """

    def __init__(self, app: FastAPI, refusals: Refusals) -> None:
        self._app = app
        self._refusals = refusals
        self._ways = _ways(route for route in app.routes if isinstance(route, DirectRoute))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        for way in self._ways.get(_kind(scope), ()) if scope["type"] == "http" else ():
            found = way.match(scope["path"])
            if found:
                scope["app"], scope["path_params"] = self._app, found.groupdict()
                await self._serve(way, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _serve(self, way: _Way, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            answer = await way.handle(request)
        except Exception as error:
            await self._refusals.answer(request, error)(scope, receive, send)
            if self._refusals.is_defect(error):
                raise
        else:
            await answer(scope, receive, send)


def _kind(scope: Scope) -> tuple[str, int]:
    """Return what tells most routes apart: the method, and how many parts the path has."""
    return scope["method"], scope["path"].count("/")


def _ways(routes: Iterable[DirectRoute]) -> dict[tuple[str, int], list[_Way]]:
    ways: dict[tuple[str, int], list[_Way]] = defaultdict(list)
    for route in routes:
        way = _Way(route.path_regex.match, route.get_route_handler())
        for method in route.methods or ():
            ways[method, route.path.count("/")].append(way)
    return dict(ways)


def parameters(dependant: Dependant, request: Request) -> dict[str, Any]:
    """Return the parameters in a request's path, query and headers, by the names of its function's arguments.

    What a query does not name has the function's own default, which FastAPI would take long to find.

    Raises:
        RequestValidationError: some of them do not fit.
    """
    values: dict[str, Any] = {field.name: request.path_params[field.name] for field in dependant.path_params}
    errors: list[Any] = []
    query = request.query_params if request.scope["query_string"] else {}
    asked = [field for field in dependant.query_params if field.alias in query]
    for fields, where in ((asked, "query_params"), (dependant.header_params, "headers")):
        if fields:  # what nobody asks for is not read
            found, wrong = request_params_to_args(fields, getattr(request, where))
            values |= found
            errors += wrong
    if errors:
        raise RequestValidationError(errors)
    return values
