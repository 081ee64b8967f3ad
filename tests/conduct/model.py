"""A model of a client that behaves well, or commits exactly one misdeed, on real time that does not have to pass."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from reprompt_mock.api.connection import LINE, Line
from tests.conftest import LONDON, Org

CONNECTION = "x-test-connection"
FINISHED = {"completed", "failed"}
PLACES = ("a", "b", "c", "mock-ok-1", "mock-fail-1", "mock-flaky-1", "mock-partial-1", "mock-empty-1", "mock-slow-1")
AGAIN = {408, 429, 500, 502, 503, 504}
Waits = Generator[float, None, Any]
"""What a client does: it gives the real seconds for which it waits."""


class WithConnections:
    """An app whose requests come on the connections that a header of the test names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._requests: dict[int, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = dict(scope.get("headers", ())).get(CONNECTION.encode())
        if named:
            number = int(named)
            self._requests[number] = self._requests.get(number, 0) + 1
            scope["extensions"] = {**scope.get("extensions", {}), LINE: Line(None, number, self._requests[number])}
        await self._app(scope, receive, send)


_connections = count(1)


@dataclass
class Client:
    """A client of the service.

    Attributes:
        org: the world, with the client's key.
        draw: what its choices are drawn from.
        interval: seconds of the world between two polls.
        pace: real seconds that a second of the world takes.
        style: whether it keeps one connection, opens one for each request, or has three that it uses in turn.
        misdeed: the rule that it breaks, once.
        known: the beginning of a place's id that its batches have.
        pool: the numbers of its connections.
    """

    org: Org
    draw: random.Random
    interval: float
    pace: float
    style: str = "kept"
    misdeed: str | None = None
    known: str = ""
    pool: list[int] = field(default_factory=lambda: [next(_connections) for _ in range(3)])

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> Any:
        """Send one request."""
        number = {"kept": self.pool[0], "pooled": self.draw.choice(self.pool)}.get(self.style) or next(_connections)
        return self.org.call(method, path, headers={CONNECTION: str(number), **(headers or {})}, **options)

    def call(self, method: str, path: str, **options: Any) -> Waits:
        """Send a request, again where that is worthwhile, after the time that it is told, else after a while."""
        for attempt in range(12):
            response = self.send(method, path, **options)
            if response.status_code not in AGAIN:
                return response
            told = response.headers.get("retry-after")
            yield float(told) if told is not None else 0.2 * 2**attempt
        raise AssertionError(f"{method} {path} fails for ever")

    def world_seconds(self, seconds: float) -> float:
        return seconds * self.pace

    # What it does

    def work(self, batch_id: str) -> Waits:
        """Create a batch, follow it to its end, look after failures, read all results."""
        yield from self.create(batch_id)
        batch = yield from self.follow(batch_id)
        for _ in range(self.draw.randrange(3)):
            if not batch["jobs"]["failed"]:
                break
            yield from self.call("POST", f"/batches/{batch_id}/reprocess", json={"failed_only": True})
            batch = yield from self.follow(batch_id)
        yield from self.read(batch_id)
        for _ in range(self.draw.randrange(3)):
            yield from self.draw.choice((self.look_around, self.refresh, self.export, self.delete_other))(batch_id)

    def create(self, batch_id: str) -> Waits:
        places = self.draw.sample(PLACES, self.draw.randint(2, len(PLACES)))
        fields = {
            "batch_id": batch_id,
            "batch_name": "Stores",
            "attributes": self.draw.choice((["names"], ["websites"])),
        }
        self.known = places[0]
        parts = [places] if self.draw.random() < 0.5 else [places[:1], places[1:]]
        for part in parts:
            jobs = [{"place_id": f"{place}{batch_id}", "inputs": LONDON} for place in part]
            response = yield from self.call("POST", "/batches", json={**fields, "jobs": jobs})
            assert response.status_code == 200, response.text

    def follow(self, batch_id: str) -> Waits:
        if self.draw.random() < 0.5:
            yield self.world_seconds(self.interval)
        while True:
            response = yield from self.call("GET", f"/batches/{batch_id}")
            if response.json()["status"] in FINISHED:
                return response.json()
            yield self.world_seconds(self.interval * self.draw.uniform(1, 2))

    def read(self, batch_id: str) -> Waits:
        limit, offset, total = self.draw.choice((1, 2, 3, 100)), 0, 1
        while offset < total:
            path = f"/jobs?batchId={batch_id}&limit={limit}&offset={offset}"
            page = (yield from self.call("GET", path)).json()
            offset, total = offset + len(page["jobs"]), page["total"]
            if self.draw.random() < 0.2:
                yield self.world_seconds(self.interval)

    def look_around(self, batch_id: str) -> Waits:
        for path in self.draw.sample(("/attributes", "/batches", f"/jobs/{self.known}{batch_id}", "/jobs?limit=1"), 2):
            yield from self.call("GET", path)
            yield self.world_seconds(self.draw.choice((0, 1, 30)))

    def refresh(self, batch_id: str) -> Waits:
        yield from self.call("POST", f"/batches/{batch_id}/reprocess", json={"failed_only": False, "refresh": True})
        yield from self.follow(batch_id)
        yield from self.read(batch_id)

    def export(self, batch_id: str) -> Waits:
        key = {"Idempotency-Key": batch_id}
        for _ in range(2):
            yield from self.call("POST", "/exports", headers=key, json={"batch_ids": [batch_id]})

    def delete_other(self, batch_id: str) -> Waits:
        place_id = f"other-{batch_id}"
        yield from self.call("POST", "/jobs", json={"place_id": place_id, "inputs": LONDON})
        yield from self.call("DELETE", f"/jobs/{place_id}")


class Misdoer(Client):
    """A client that breaks one rule, once; for the rest it behaves well."""

    def work(self, batch_id: str) -> Waits:
        deed: Callable[[str], Waits] | None = getattr(self, f"do_{self.misdeed}", None)
        assert deed is not None
        yield from self.create(batch_id)
        if self.misdeed in {"failures_ignored", "results_unread", "pages_missed", "read_unfinished"}:
            yield from deed(batch_id)
            return
        yield from self.follow(batch_id)
        yield from self.read(batch_id)
        self.calm(export_inline_rows=0, max_jobs_per_request=3, attribute_error_rate=0)
        yield from deed(batch_id)

    def calm(self, **settings: Any) -> None:
        """Take away what may hide the misdeed; what a test changes in between excuses a client."""
        self.org.control("DELETE", "/faults")
        self.org.control("DELETE", "/rules")
        self.org.set(rate_limit=0, **settings)

    def body(self, *place_ids: str, **fields: Any) -> dict[str, Any]:
        jobs = [{"place_id": place_id, "inputs": LONDON} for place_id in place_ids]
        return {"batch_name": "Stores", "attributes": ["names"], "jobs": jobs, **fields}

    def settled(self, *place_ids: str, batch_id: str) -> Waits:
        """A batch of its own that it has seen finished."""
        self.calm()
        self.send("POST", "/batches", json=self.body(*place_ids, batch_id=batch_id))
        yield from self.follow(batch_id)

    def nothing(self) -> Waits:
        yield 0

    def do_created_twice(self, batch_id: str) -> Waits:
        for number in range(2):
            self.send("POST", "/batches", json=self.body("x", batch_id=f"{batch_id}-{number}"))
            yield 1

    def do_ignored_retry_after(self, batch_id: str) -> Waits:
        answer = {"status": self.draw.choice((429, 503)), "headers": {"Retry-After": "30"}}
        self.org.control("POST", "/faults", {"match": {"operation": "get_attributes"}, "then": answer, "times": 1})
        self.send("GET", "/attributes")
        yield self.draw.uniform(0.2, 20)
        self.send("GET", "/attributes")

    def do_repeated_refusal(self, batch_id: str) -> Waits:
        path, body = self.draw.choice(((f"/batches/no-{batch_id}", None), ("/batches", {"jobs": 3})))
        for _ in range(self.draw.randint(2, 4)):
            self.send("POST" if body else "GET", path, json=body)
            yield self.draw.uniform(0.2, 20)

    def do_pages_missed(self, batch_id: str) -> Waits:
        yield from self.follow(batch_id)
        self.calm()
        self.send("GET", f"/jobs?batchId={batch_id}&limit=1&offset={self.draw.randrange(2)}")
        yield from self.nothing()

    def do_failures_ignored(self, batch_id: str) -> Waits:
        yield from self.follow(batch_id)
        yield from self.read(batch_id)
        yield from self.settled("mock-fail-x", "mock-ok-x", batch_id=f"{batch_id}-x")

    def do_too_many_places(self, batch_id: str) -> Waits:
        assert self.send("POST", "/batches", json=self.body(*"abcd")).status_code == 400
        yield from self.nothing()

    def do_key_in_url(self, batch_id: str) -> Waits:
        self.send("GET", "/attributes?apikey=key-1")
        yield from self.nothing()

    def do_key_in_unknown_header(self, batch_id: str) -> Waits:
        self.send("GET", "/attributes", headers={"X-API-Key": "key-1"})
        yield from self.nothing()

    def do_gave_up(self, batch_id: str) -> Waits:
        self.send("POST", "/batches", json=self.body("mock-stuck-x", batch_id=f"{batch_id}-x"))
        self.send("GET", f"/batches/{batch_id}-x")
        yield self.world_seconds(self.interval * self.draw.uniform(3.2, 9))
        self.send("GET", "/attributes")

    def do_polled_too_fast(self, batch_id: str) -> Waits:
        self.send("POST", "/batches", json=self.body("mock-stuck-x", batch_id=f"{batch_id}-x"))
        for _ in range(3):
            self.send("GET", f"/batches/{batch_id}-x")
            yield self.world_seconds(self.interval * 0.2)

    def do_polled_after_finish(self, batch_id: str) -> Waits:
        self.send("GET", f"/batches/{batch_id}")
        for _ in range(self.draw.randint(1, 3)):
            yield self.world_seconds(self.interval)
            self.send("GET", f"/batches/{batch_id}")

    def do_read_unfinished(self, batch_id: str) -> Waits:
        self.calm()
        self.send("POST", "/batches", json=self.body("mock-stuck-x", batch_id=f"{batch_id}-x"))
        yield from self.read(f"{batch_id}-x")
        yield from self.follow(batch_id)
        yield from self.read(batch_id)

    def do_pages_repeated(self, batch_id: str) -> Waits:
        self.send("GET", f"/jobs?batchId={batch_id}&limit=2")
        self.send("GET", f"/jobs?batchId={batch_id}&limit=2&offset={self.draw.randrange(2)}")
        yield from self.nothing()

    def do_reprocessed_all(self, batch_id: str) -> Waits:
        yield from self.settled("mock-ok-x", batch_id=f"{batch_id}-x")
        yield from self.read(f"{batch_id}-x")
        body = {"failed_only": False, "attributes": ["names"]}
        self.send("POST", f"/batches/{batch_id}-x/reprocess", json=body)

    def do_retried_at_once(self, batch_id: str) -> Waits:
        self.send("GET", "/attributes")
        self.org.control(
            "POST", "/faults", {"match": {"operation": "get_attributes"}, "then": {"status": 500}, "times": 3}
        )
        for _ in range(self.draw.randint(3, 4)):
            self.send("GET", "/attributes")
            yield self.draw.uniform(0, 0.05)

    def do_unknown_field(self, batch_id: str) -> Waits:
        self.send("POST", "/batches", json=self.body("x", batchId="x", batch_id=f"{batch_id}-x"))
        yield from self.nothing()

    def do_unknown_attribute(self, batch_id: str) -> Waits:
        self.send("POST", "/batches", json=self.body("x", attributes=["webistes"], batch_id=f"{batch_id}-x"))
        yield from self.nothing()

    def do_export_repeated(self, batch_id: str) -> Waits:
        yield from self.settled("mock-ok-x", batch_id=f"{batch_id}-x")
        for _ in range(2):
            self.send("POST", "/exports", json={"batch_ids": [batch_id, f"{batch_id}-x"]})
            yield 1

    def do_results_unread(self, batch_id: str) -> Waits:
        yield from self.follow(batch_id)
        yield from self.read(batch_id)
        yield from self.settled("mock-ok-x", batch_id=f"{batch_id}-x")


def run(clients: list[Waits], wait: Callable[[float], None]) -> None:
    """Let clients work at the same time; `wait` lets real seconds pass."""
    now = 0.0
    order = count()
    due = [(0.0, next(order), client) for client in clients]
    while due:
        at, _, client = heapq.heappop(due)
        wait(at - now)
        now = at
        try:
            heapq.heappush(due, (at + next(client), next(order), client))
        except StopIteration:
            continue
