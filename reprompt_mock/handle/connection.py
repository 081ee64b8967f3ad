"""The way to one world of the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2

if TYPE_CHECKING:
    from collections.abc import Mapping


class ControlError(Exception):
    """What the control API refused, in its own words; `status` is the HTTP status, None where nobody answered."""

    def __init__(self, status: int | None, message: str) -> None:
        super().__init__(message)
        self.status = status


class Connection:
    """A world's part of the control API."""

    def __init__(self, client: httpx2.Client, org_slug: str) -> None:
        self.client = client
        self.org_slug = org_slug

    def call(self, method: str, path: str = "", body: Any = None, *, query: Mapping[str, Any] | None = None) -> Any:
        """Call the control API; gives the JSON, None where there is none.

        Raises:
            ControlError: it refused, or there is none.
        """
        url = f"/_mock/orgs/{quote(self.org_slug, safe='')}{path}"
        wanted = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            response = self.client.request(method, url, json=body, params=wanted)
        except httpx2.TransportError as error:
            raise ControlError(None, f"no emulator answers at {self.client.base_url}: {error}") from error
        if response.is_error:
            raise ControlError(response.status_code, _sentence(response))
        return response.json() if response.content else None


def _sentence(response: httpx2.Response) -> str:
    try:
        detail = response.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return f"{response.status_code} {response.reason_phrase}"
    if isinstance(detail, str):
        return detail
    return "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in detail)
