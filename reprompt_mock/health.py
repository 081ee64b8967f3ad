"""Checks whether an emulator answers or is ready. It must start fast: a container's HEALTHCHECK runs it repeatedly."""

from __future__ import annotations

import json
import os
from contextlib import closing
from threading import Event
from typing import TYPE_CHECKING, Any

from reprompt_mock.addresses import DEFAULT_PORT, LOCALHOST, AddressUnreadable, read_url, urls_of
from reprompt_mock.probes import HEALTH, READY
from reprompt_mock.real_time import monotonic_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

_POLL_SECONDS = 0.05
_LONGEST_ANSWER = 10_000


class Unhealthy(Exception):
    """No emulator answers, or none is ready."""


def check(urls: tuple[str, ...], *, wait: bool, patience: float) -> None:
    """Check that an emulator at one of the URLs answers, or wait until one is ready.

    Args:
        urls: where to look.
        wait: poll until an emulator is ready, instead of asking once whether it answers.
        patience: seconds to try for, at most.

    Raises:
        Unhealthy: none answered, or none was ready in time.
    """
    deadline = monotonic_seconds() + patience
    while True:
        obstacles = []
        for url in urls:
            left = max(deadline - monotonic_seconds(), _POLL_SECONDS)
            obstacle = _obstacle(url, READY if wait else HEALTH, left)
            if obstacle is None:
                return
            obstacles.append(obstacle)
        if not wait or monotonic_seconds() >= deadline:
            said = next((obstacle for obstacle in obstacles if obstacle), None)
            raise Unhealthy(said or f"no emulator answers at {' or '.join(urls)}")
        Event().wait(_POLL_SECONDS)


def _obstacle(url: str, path: str, timeout: float) -> str | None:
    """Ask once: return None if all is well, an emulator's explanation if it is not ready, "" if none answers."""
    from http.client import HTTPConnection, HTTPException, HTTPSConnection

    scheme, _, rest = url.partition("://")
    address, slash, prefix = rest.partition("/")
    # No proxy: Docker passes the host's to containers, which cannot reach their own localhost through it.
    kind = HTTPSConnection if scheme == "https" else HTTPConnection
    try:
        with closing(kind(address, timeout=timeout)) as connection:
            connection.request("GET", f"{slash}{prefix}{path}")
            answer = connection.getresponse()
            if answer.status == 200:
                return None
            return _said(url, answer.read(_LONGEST_ANSWER)) if answer.status == 503 else ""
    except (HTTPException, OSError, ValueError):
        return ""


def _said(url: str, body: bytes) -> str:
    try:
        return f"the emulator at {url} is not ready: {json.loads(body)['detail']}"
    except (ValueError, TypeError, KeyError):
        return ""


def places_to_look(url: str | None, host: str | None, port: int | None) -> tuple[str, ...]:
    """Return the URLs of the named emulator, else of one started with these flags and this environment.

    Raises:
        AddressUnreadable: the address cannot be determined.
    """
    named = url or os.environ.get("REPROMPT_MOCK_URL")
    if named:
        return (read_url(named),)
    in_file = _configured()
    own_host = host or os.environ.get("REPROMPT_MOCK_HOST") or in_file.get("host") or LOCALHOST
    own_port = _port_of(port, os.environ.get("REPROMPT_MOCK_PORT"), in_file.get("port"))
    if own_port == 0:
        raise AddressUnreadable("port 0 means any free port: pass --url with the address that the emulator printed")
    return urls_of(str(own_host), own_port)


def _port_of(flag: int | None, variable: str | None, in_file: Any) -> int:
    if flag is not None:
        return flag
    if variable and variable.isdecimal():  # Kubernetes sets it to a URL if a service is called reprompt-mock
        return int(variable)
    return in_file if isinstance(in_file, int) else DEFAULT_PORT


def _configured() -> Mapping[str, Any]:
    """Return the values of the config file that the environment names."""
    file = os.environ.get("REPROMPT_MOCK_CONFIG")
    if not file:
        return {}
    import tomllib
    from pathlib import Path

    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise AddressUnreadable(
            f"cannot read {file}, which may configure the emulator's address: pass it with --url"
        ) from None
