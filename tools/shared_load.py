"""Load on an emulator behind a load balancer, and an account of what was acknowledged."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, Self

import httpx2

from reprompt_mock import samples
from reprompt_mock.real_time import monotonic_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ORG = "shared-check"
SERVICE = f"/v1/{ORG}/place_enrichment"
CONTROL = f"/_mock/orgs/{ORG}"
PATIENCE_SECONDS = 60.0
"""Longer than a start, a stop, and the balancer's notice of them take, on however slow a machine."""
_CLIENTS = 4
_PAUSE_SECONDS = 0.05
_UNSURE = frozenset((502, 503, 504))
"""Statuses after which a client repeats, since nothing was acknowledged."""


class Wrong(Exception):
    """The emulators did not keep a promise; the message is a sentence."""


@dataclass
class Account:
    """What clients were told; several threads write it.

    Attributes:
        acknowledged: the number of jobs of each batch whose creation was answered with 200, by id.
        answers: how many requests were answered.
        repeats: how many requests had no answer, or 502 to 504, and were repeated.
    """

    acknowledged: dict[str, int] = field(default_factory=dict)
    answers: int = 0
    repeats: int = 0
    lock: Lock = field(default_factory=Lock)


def client(url: str) -> httpx2.Client:
    """Return a client of an emulator, or of what stands before it."""
    return httpx2.Client(base_url=url, headers={"apiKey": "any"}, timeout=PATIENCE_SECONDS, trust_env=False)


def batch(batch_id: str, jobs: int) -> dict[str, Any]:
    """Return the body of a create with some jobs."""
    place = samples.request("create_batch")["jobs"][0]
    places = [{**place, "place_id": f"mock-ok-{batch_id}-{number}"} for number in range(jobs)]
    return {"batch_id": batch_id, "batch_name": batch_id, "attribute_set": "core", "jobs": places}


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: it never did; says what.
    """
    deadline = monotonic_seconds() + PATIENCE_SECONDS
    while not holds():
        if monotonic_seconds() > deadline:
            raise TimeoutError(what)
        Event().wait(_PAUSE_SECONDS)


class Load:
    """Clients that create batches and read them at once, until the end of the block.

    Args:
        url: the load balancer's address.
    """

    def __init__(self, url: str) -> None:
        self.account = Account()
        self._url = url
        self._ended = Event()
        self._threads = ThreadPoolExecutor(_CLIENTS)
        self._running = [self._threads.submit(self._work, number) for number in range(_CLIENTS)]

    def __enter__(self) -> Self:
        """Return it, running."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all clients.

        Raises:
            Wrong: one of them got an answer that contradicts what was acknowledged, or none.
        """
        self._ended.set()
        self._threads.shutdown()
        for one in self._running:
            one.result(timeout=0)

    def go_on(self, count: int = 200) -> None:
        """Wait for as many more answers."""
        goal = self.account.answers + count
        until(lambda: self.account.answers >= goal or self._has_failed(), f"{count} more answers never came")

    def _has_failed(self) -> bool:
        return any(one.done() for one in self._running)

    def _work(self, number: int) -> None:
        with client(self._url) as http:
            for turn in itertools.count():
                if self._ended.is_set():
                    return
                self._follow(http, f"{number}-{turn}", 1 + turn % 3)

    def _follow(self, http: httpx2.Client, batch_id: str, jobs: int) -> None:
        """Create a batch, then read it from each emulator."""
        self._asked(http, "POST", "/batches", batch(batch_id, jobs))
        with self.account.lock:
            self.account.acknowledged[batch_id] = jobs
        for _ in range(2):
            status = self._asked(http, "GET", f"/batches/{batch_id}")
            page = self._asked(http, "GET", f"/jobs?batchId={batch_id}&limit=100&offset=0")
            found = (status["metadata"]["total_jobs"], len(page["jobs"]))
            if found != (jobs, jobs):
                raise Wrong(f"batch {batch_id} has {found} jobs instead of {jobs}")

    def _asked(self, http: httpx2.Client, method: str, path: str, body: Any = None) -> Any:
        """Request something, and again until it is answered, and return the JSON of a 200.

        Raises:
            Wrong: it got another status, or no answer in time.
        """
        for answer in _answers(http, method, path, body):
            if answer is None:
                with self.account.lock:
                    self.account.repeats += 1
                continue
            if answer.status_code == 200:
                with self.account.lock:
                    self.account.answers += 1
                return answer.json()
            raise Wrong(f"{method} {path} was answered with {answer.status_code} {answer.text[:200]}")
        raise Wrong(f"{method} {path} was not answered within {PATIENCE_SECONDS:.0f} s")


def _answers(http: httpx2.Client, method: str, path: str, body: Any) -> Iterator[httpx2.Response | None]:
    """Send a request again and again; yields None if it may have been carried out or not."""
    deadline = monotonic_seconds() + PATIENCE_SECONDS
    while monotonic_seconds() < deadline:
        try:
            answer = http.request(method, SERVICE + path, json=body)
        except httpx2.TransportError:
            yield None
        else:
            yield None if answer.status_code in _UNSURE else answer
        Event().wait(_PAUSE_SECONDS)
