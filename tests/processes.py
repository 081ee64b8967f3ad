"""Emulators in processes of their own."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from reprompt_mock import __version__

PATIENCE_SECONDS = 30.0
"""Longer than anything here takes, on however slow a machine."""


def has_ipv6() -> bool:
    """Tell whether the machine has ::1."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


@dataclass
class Served:
    """A process of `reprompt-mock serve` that answers."""

    process: subprocess.Popen[bytes]
    line: str
    url: str
    http: httpx2.Client

    @property
    def port(self) -> int:
        """The port that it really listens on."""
        return int(self.url.rpartition(":")[2])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call a path; gives the JSON, None where there is none."""
        response = self.http.request(method, path, json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    def control(self, org_slug: str, method: str = "GET", path: str = "", body: Any = None) -> Any:
        """Call the control API of a world."""
        return self.call(method, f"/_mock/orgs/{org_slug}{path}", body)

    def service(self, org_slug: str, method: str, path: str, body: Any = None) -> Any:
        """Call an operation of the service."""
        return self.call(method, f"/v1/{org_slug}/place_enrichment{path}", body)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal and wait for the end; gives the exit code and what was written beside the ready line."""
        self.process.send_signal(number)
        written, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, written.decode(), errors.decode()

    def kill(self) -> None:
        """End it without any warning."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE_SECONDS)


def environment(**variables: str) -> dict[str, str]:
    """Make an environment without settings of the machine's user."""
    return {name: value for name, value in os.environ.items() if not name.startswith("REPROMPT_")} | variables


@contextmanager
def serve(*arguments: str, under: Sequence[str] = (), **variables: str) -> Iterator[Served]:
    """Run `python -m reprompt_mock serve` until the end of the block, which may also end it.

    Args:
        arguments: those of `serve`.
        under: a command and its arguments that becomes the emulator, as `nice` does.
        variables: what its environment has besides.
    """
    process = subprocess.Popen(
        [*under, sys.executable, "-m", "reprompt_mock", "serve", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**variables),
    )
    try:
        line = _first_line(process)
        start = rf"reprompt-mock {re.escape(__version__)} listening on (http://\S+)"
        ready = re.fullmatch(rf"{start} \(dashboard: \1\S*/_mock/ui/\)\n", line)
        assert ready, line
        with httpx2.Client(
            base_url=ready[1], headers={"apiKey": "k"}, timeout=PATIENCE_SECONDS, trust_env=False
        ) as http:
            yield Served(process, line, ready[1], http)
    finally:
        process.kill()
        with suppress(ValueError):  # its pipes are closed where it was ended
            process.communicate(timeout=PATIENCE_SECONDS)


def _first_line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE_SECONDS)
    line = process.stdout.readline().decode() if ready else ""
    if not line:
        process.kill()
        _, errors = process.communicate()
        raise AssertionError(f"it did not start: {errors.decode()}")
    return line


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
