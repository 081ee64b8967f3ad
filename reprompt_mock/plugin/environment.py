"""The environment variables that clients read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reprompt_mock.handle import RepromptMock

_NO_PROXY = ("NO_PROXY", "no_proxy")


def variables(mock: RepromptMock, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that let clients find a world and bypass any proxy."""
    return {
        "REPROMPT_API_KEY": mock.api_key,
        "REPROMPT_ORG_SLUG": mock.org_slug,
        "REPROMPT_BASE_URL": mock.base_url,
        **_no_proxy(urlsplit(mock.url).hostname or "", environ),
    }


def _no_proxy(host: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Extend both spellings, since clients read one or the other."""
    either = next((environ[name] for name in reversed(_NO_PROXY) if environ.get(name)), "")
    return {name: _with(host, environ.get(name) or either) for name in _NO_PROXY}


def _with(host: str, listed: str) -> str:
    hosts = [one for one in map(str.strip, listed.split(",")) if one]
    if "*" in hosts:
        return listed
    wanted = (host, f"[{host}]") if ":" in host else (host,)
    return ",".join([*hosts, *(one for one in wanted if one not in hosts)])
