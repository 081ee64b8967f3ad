"""The dashboard's app: shell and static files for everybody, everything with data behind the control API's guard."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from reprompt_mock.dashboard import files
from reprompt_mock.dashboard.paths import UI, is_lost_browser
from reprompt_mock.errors import DEFECT, MockError
from reprompt_mock.http.guard import Guard
from reprompt_mock.http.problems import problem
from reprompt_mock.mounting import root_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from reprompt_mock.http.offload import Offload

_logger = logging.getLogger(__name__)
_FRAGMENTS = f"{UI}/fragments"
_STATIC = f"{UI}/static/"
_READ = frozenset({"GET", "HEAD"})


class Dashboard:
    """The ASGI app of the dashboard.

    Args:
        offload: the engine's offload.
    """

    def __init__(self, offload: Offload) -> None:
        files.warm()
        settings = offload.engine.settings
        app = Starlette(
            routes=[Route(f"{_FRAGMENTS}/{{place:path}}", _fragment, methods=["GET", "POST"])],
            exception_handlers={MockError: _on_refusal, HTTPException: _on_http, Exception: _on_defect},
        )
        app.state.offload = offload
        self._guarded: ASGIApp = Guard(app, allowed_hosts=settings.allowed_hosts, token=settings.control_token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the shell or a file of it, or pass a request for data to the guard."""
        is_data = scope["path"].startswith(f"{_FRAGMENTS}/")
        await (self._guarded if is_data else _open_answer(Request(scope)))(scope, receive, send)


def _open_answer(request: Request) -> Response:
    """Answer what needs no token, since it shows nothing of any world."""
    root, path = root_of(request.scope), request.scope["path"]
    if request.method not in _READ:
        allowed = ", ".join(sorted(_READ))
        return problem(f"{request.method} is not allowed at this path: use {allowed}.", 405, {"Allow": allowed})
    if path == UI or is_lost_browser(request.scope):
        return RedirectResponse(f"{root}{UI}/", headers={**files.HEADERS, "Vary": "Accept"})
    if path.startswith(_STATIC):
        found = files.static(request, path.removeprefix(_STATIC))
        return found or problem("There is nothing at this path.", 404, files.HEADERS)
    return files.shell(request, root)


async def _fragment(request: Request) -> Response:
    """Answer with a piece of a page.

    What renders it is loaded with the first, so that an emulator whose dashboard is never opened starts without it.
    """
    from reprompt_mock.dashboard.pages import answer

    return await answer(request)


def _on_refusal(_: Request, error: Exception) -> Response:
    refusal = cast("MockError", error)
    return problem(str(refusal), refusal.status, {**files.HEADERS, **refusal.headers})


def _on_http(_: Request, error: Exception) -> Response:
    refusal = cast("HTTPException", error)
    return problem(refusal.detail, refusal.status_code, {**files.HEADERS, **(refusal.headers or {})})


def _on_defect(_: Request, error: Exception) -> Response:
    _logger.error("a bug in the emulator", exc_info=error)
    return problem(DEFECT, 500, files.HEADERS)
