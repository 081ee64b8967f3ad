"""Who may call the control API: no page of another site, and only holders of the token if one is set."""

from __future__ import annotations

from hmac import compare_digest
from ipaddress import ip_address
from typing import TYPE_CHECKING

from reprompt_mock.errors import ControlForbidden, ControlTokenRefused, MockError
from reprompt_mock.http.problems import problem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

_OWN_SITES = frozenset({"same-origin", "none"})
_LOCAL_ENDINGS = (".localhost", ".internal")


def is_local(host: str, allowed: Collection[str]) -> bool:
    """Return whether no foreign page can be served from the host of a `Host` header (DNS rebinding)."""
    name = _without_port(host).rstrip(".").lower()
    if not name:
        return False
    return name in allowed or "." not in name or name.endswith(_LOCAL_ENDINGS) or _is_ip(name)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_ip(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """Refuses requests before they reach the control app.

    Args:
        app: the control app.
        allowed_hosts: further host names under which it may be called.
        token: the required Bearer token, None for none.
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Collection[str], token: str | None) -> None:
        self._app = app
        self._allowed_hosts = {host.lower() for host in allowed_hosts}
        self._token = None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401 or 403."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope["scheme"], dict(scope["headers"]))
        except MockError as refusal:
            await problem(str(refusal), refusal.status, refusal.headers)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scheme: str, headers: Mapping[bytes, bytes]) -> None:
        host = headers.get(b"host", b"").decode("latin-1")
        if not is_local(host, self._allowed_hosts):
            raise ControlForbidden(
                what="Host", hint="use an IP address or localhost, or name the host in allowed_hosts"
            )
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").lower() != f"{scheme}://{host}".lower():
            raise ControlForbidden(what="Origin", hint="pages of other sites may not call the control API")
        site = headers.get(b"sec-fetch-site")
        if site is not None and site.decode("latin-1") not in _OWN_SITES:
            raise ControlForbidden(what="Sec-Fetch-Site", hint="pages of other sites may not call the control API")
        if self._token is not None:
            sent = headers.get(b"authorization", b"")
            if not compare_digest(sent, self._token):
                raise ControlTokenRefused
