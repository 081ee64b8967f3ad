"""The connection to one world's part of the control API."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from reprompt_mock.handle.transport import TIMEOUT_SECONDS, Answer, ControlError, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.handle.transport import Transport

__all__ = ["Connection", "ControlError"]

_FIRST_ERROR = 400


class Connection:
    """Calls one world's part of the control API."""

    def __init__(self, transport: Transport, org_slug: str) -> None:
        self.transport = transport
        self.org_slug = org_slug

    def call(
        self,
        method: str,
        path: str = "",
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        patience: float = TIMEOUT_SECONDS,
    ) -> Any:
        """Call the control API, which may take `patience` seconds; return the decoded JSON, or None for an empty body.

        Raises:
            ControlError: the emulator refused, or did not answer.
        """
        wanted = urlencode({name: value for name, value in (query or {}).items() if value is not None})
        target = f"/_mock/orgs/{quote(self.org_slug, safe='')}{path}{'?' if wanted else ''}{wanted}"
        answer = self.transport.send(Request(method, target, None if body is None else _written(body), patience))
        if answer.status >= _FIRST_ERROR:
            raise ControlError(answer.status, _sentence(answer))
        return json.loads(answer.body) if answer.body else None


def _written(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _sentence(answer: Answer) -> str:
    try:
        detail = json.loads(answer.body)["detail"]
    except (ValueError, KeyError, TypeError):
        phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
        return f"{answer.status} {phrase}".rstrip()
    if isinstance(detail, str):
        return detail
    return "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in detail)
