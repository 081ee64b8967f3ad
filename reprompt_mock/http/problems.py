"""Errors as the service sends them: `{"detail": …}` (contract B)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from reprompt_mock import numerals
from reprompt_mock.errors import DEFECT, MockError
from reprompt_mock.operations import with_head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastapi import FastAPI
    from starlette.requests import Request

_logger = logging.getLogger(__name__)

_NOTHING_HERE = "There is nothing at this path."

_MOST_ENTRIES = 20
_MOST_INPUT_BYTES = 1024
_MOST_BYTES = 16 * 1024
_SPARE_BYTES = 256
_ELLIPSIS_BYTES = 3


def problem(detail: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Create an error answer."""
    content = orjson.dumps({"detail": detail})
    return Response(content, status, dict(headers or {}), media_type="application/json")


class Refusals:
    """The answers to errors, in the service's form.

    Args:
        methods_of: returns the methods of a path, for `Allow`.
    """

    def __init__(self, methods_of: Callable[[str], Sequence[str]]) -> None:
        self._methods_of = methods_of
        self._by_error: Mapping[type[Exception], Callable[[Request, Any], Response]] = {
            MockError: _on_refusal,
            RequestValidationError: _on_invalid,
            HTTPException: self._on_http,
            ClientDisconnect: _on_disconnect,
            Exception: _on_defect,
        }

    def install(self, app: FastAPI) -> None:
        """Make an app answer its errors like this."""
        for error, respond in self._by_error.items():
            app.add_exception_handler(error, respond)

    def answer(self, request: Request, error: Exception) -> Response:
        """Create the answer to an error."""
        return self._by_error[self._kind(error)](request, error)

    def is_defect(self, error: Exception) -> bool:
        """Return whether an error is a bug in the emulator."""
        return self._kind(error) is Exception

    def _kind(self, error: Exception) -> type[Exception]:
        return next(kind for kind in type(error).__mro__ if kind in self._by_error)

    def _on_http(self, request: Request, refusal: HTTPException) -> Response:
        if refusal.status_code == 404:
            return problem(_NOTHING_HERE, 404, refusal.headers)
        if refusal.status_code == 405:
            allowed = self._methods_of(request.scope["path"]) or with_head(
                (refusal.headers or {}).get("Allow", "").split(", ")
            )
            named = ", ".join(allowed)
            return problem(f"{request.method} is not allowed at this path: use {named}.", 405, {"Allow": named})
        return problem(refusal.detail, refusal.status_code, refusal.headers)


def _on_refusal(_: Request, refusal: MockError) -> Response:
    return problem(str(refusal), refusal.status, refusal.headers)


def _on_invalid(_: Request, error: RequestValidationError) -> Response:
    return problem(described(error.errors()), 422)


def _on_disconnect(_: Request, __: ClientDisconnect) -> Response:
    # The client never sees this, but the journal records it, and the log does not report a bug.
    return problem("The client closed the connection before the end of its body.", 400)


def _on_defect(_: Request, error: Exception) -> Response:
    _logger.error("a bug in the emulator", exc_info=error)
    return problem(DEFECT, 500)


def described(errors: Sequence[Any]) -> list[dict[str, Any]]:
    """Describe validation errors: at most 20 entries and 16 kB, then how many more there are (contract B2)."""
    entries: list[dict[str, Any]] = []
    left = _MOST_BYTES - _SPARE_BYTES
    for error in errors[:_MOST_ENTRIES]:
        entry = {
            "loc": [_part(part) for part in error["loc"]],
            "msg": _printable(error["msg"]),
            "type": error["type"],
            "input": _bounded(error.get("input")),
        }
        left -= len(orjson.dumps(entry)) + 1
        if left < 0:
            break
        entries.append(entry)
    more = len(errors) - len(entries)
    if more:
        message = f"{more} more error{'s' if more > 1 else ''}"
        entries.append({"loc": ["body"], "msg": message, "type": "more_errors", "input": None})
    return entries


def _printable(text: str) -> str:
    return text.encode(errors="replace").decode()[:_MOST_INPUT_BYTES]


def _part(part: str | int) -> str | int:
    return part if isinstance(part, int) else _printable(part)[:64]


def _unknown(value: Any) -> Any:
    return numerals.written(value) if isinstance(value, numerals.Numeral) else str(value)


def _bounded(value: Any) -> Any:
    """Return an input to echo: cut off if it is long, None if it cannot be written as JSON."""
    try:
        written = orjson.dumps(value, default=_unknown)
    except orjson.JSONEncodeError:
        return None
    if len(written) <= _MOST_INPUT_BYTES:
        return orjson.Fragment(written)
    text = (value if isinstance(value, str) else written.decode())[:_MOST_INPUT_BYTES]
    while len(orjson.dumps(text)) > _MOST_INPUT_BYTES - _ELLIPSIS_BYTES:
        text = text[: len(text) * 3 // 4]
    return text + "…"
