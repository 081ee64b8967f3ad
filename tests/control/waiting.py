"""Emulators on real sockets, and clients that wait for something to happen in them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import httpx2
from starlette.testclient import TestClient

from reprompt_mock.app import Emulator
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import Org
from tests.processes import PATIENCE_SECONDS, eventually
from tests.stores import each


def start(**flags: Any) -> ServerThread:
    server = ServerThread(load({"host": "127.0.0.1", "port": 0, "clock": "paused", **flags}, environ={}))
    server.start()
    return server


@contextmanager
def client(server: ServerThread) -> Iterator[httpx2.Client]:
    """Open a client that waits long and has no proxy."""
    with httpx2.Client(base_url=server.url, headers={"apiKey": "k"}, trust_env=False, timeout=PATIENCE_SECONDS) as http:
        yield http


def org_of(http: httpx2.Client, slug: str) -> Org:
    return Org(cast("TestClient", http), slug, {"apiKey": "k"})


# Waiting


class Waiting:
    """A request that waits, in a thread."""

    def __init__(self, org: Org, **body: Any) -> None:
        self._org, self._body = org, {"timeout_seconds": PATIENCE_SECONDS, **body}
        self._answer: Any = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self._answer = self._org.control("POST", "/wait", self._body)

    @property
    def answer(self) -> Any:
        """The response, once it is there."""
        self._thread.join(PATIENCE_SECONDS * 2)
        assert self._answer is not None, "it still waits"
        return self._answer

    @property
    def seen(self) -> Any:
        """What was seen."""
        assert self.answer.status_code == 200, self.answer.text
        return self.answer.json()


def waiters(app: Emulator) -> int:
    """Count those who wait in an emulator, or in all that are asked in turn."""
    controls: list[Any] = [emulator.open().control for emulator in each(app)]
    watches = [watch for control in controls for watch in list(control._app._app._app.state.watches._watches.values())]
    return sum(len(watch._waiting) for watch in watches)


def until_they_wait(server: ServerThread, count: int) -> None:
    eventually(lambda: waiters(server.app) == count)


# Events


MOST_COMMENTS = 3
"""One comes every 15 seconds of silence."""


class Event(NamedTuple):
    """A server-sent event."""

    id: str | None
    event: str | None
    data: Any


@dataclass
class Stream:
    """Events as they come."""

    response: httpx2.Response
    lines: Iterator[str]
    comments: int = 0

    def next(self) -> Event:
        """Give the next event; comments are left out, but too many of them mean that it never comes."""
        fields: dict[str, str] = {}
        for line in self.lines:
            self.comments += line.startswith(":")
            assert self.comments < MOST_COMMENTS, "nothing comes"
            if not line and fields:
                return Event(fields.get("id"), fields.get("event"), json.loads(fields.get("data", "null")))
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value
        raise EOFError

    def until(self, event: str, slug: str | None = None) -> Event:
        """Skip events up to one."""
        while True:
            found = self.next()
            if found.event == event and (slug is None or found.data["org_slug"] == slug):
                return found


@contextmanager
def follow(http: httpx2.Client, path: str, **headers: str) -> Iterator[Stream]:
    """Follow events, from the moment on at which their headers are here."""
    with http.stream("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()}) as answer:
        assert answer.status_code == 200
        yield Stream(answer, answer.iter_lines())
