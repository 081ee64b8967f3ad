"""The shortcut: a request of a known operation, without a query, goes straight to its route.

FastAPI would go through its middleware and try its routes one by one, to find what the recorder has found already. It
still serves everything else: queries, unknown paths and methods, documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from starlette.requests import Request

from reprompt_mock.api.call import CallRoute
from reprompt_mock.api.recording import RECORDING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Coroutine

    from fastapi import FastAPI
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from reprompt_mock.http.problems import Refusals


class _Way(NamedTuple):
    """What a path of an operation matches, and the handler of its route."""

    match: Callable[[str], re.Match[str] | None]
    handle: Callable[[Request], Coroutine[None, None, Response]]


class Shortcut:
    """Passes requests to the routes of an app.

    Args:
        app: the app, which has no middleware of its own.
        refusals: its answers to errors.
    """

    def __init__(self, app: FastAPI, refusals: Refusals) -> None:
        self._app = app
        self._refusals = refusals
        self._ways = {
            route.operation_id: _Way(route.path_regex.match, route.get_route_handler())
            for route in app.routes
            if isinstance(route, CallRoute)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        recording = scope.get(RECORDING)
        way = None if recording is None or scope["query_string"] else self._ways.get(recording.operation)
        found = way and way.match(scope["path"])
        if not (way and found):
            await self._app(scope, receive, send)
            return
        scope["app"], scope["path_params"] = self._app, found.groupdict()
        request = Request(scope, receive, send)
        try:
            answer = await way.handle(request)
        except Exception as error:
            await self._refusals.answer(request, error)(scope, receive, send)
            if self._refusals.is_defect(error):
                raise
        else:
            await answer(scope, receive, send)
