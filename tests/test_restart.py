"""What survives a restart and a `kill -9` where a database is given: everything that was acknowledged."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import Org
from tests.processes import eventually, serve
from tests.stores import connected, new_database

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")

Send = Callable[[str, str, Any], Any]
START = "2030-01-01T00:00:00Z"
STATUSES = ["pending", "queued", "in_progress", "completed", "failed"]


@dataclass(frozen=True)
class Place:
    """Where a world is reached: an emulator's way to send, and the organization."""

    send: Send
    slug: str

    def service(self, method: str, path: str, body: Any = None) -> Any:
        """Call an operation of the service."""
        return self.send(method, f"/v1/{self.slug}/place_enrichment{path}", body)

    def control(self, method: str = "GET", path: str = "", body: Any = None) -> Any:
        """Call the control API of the world."""
        return self.send(method, f"/_mock/orgs/{self.slug}{path}", body)

    def create(self, count: int, *, first: int = 0, batch_id: str | None = None) -> Any:
        """Create a batch of numbered places, or append them."""
        jobs = [
            {"place_id": f"store-{number}", "inputs": {"name": f"Store {number}", "full_address": "Lyon, France"}}
            for number in range(first, first + count)
        ]
        return self.service(
            "POST",
            "/batches",
            {"batch_id": batch_id, "batch_name": "Stores", "attribute_set": "core", "jobs": jobs},
        )

    def batches(self) -> list[Any]:
        """List all batches."""
        listed = self.service("GET", "/batches?limit=500")
        assert listed["total"] == len(listed["batches"])
        found: list[Any] = listed["batches"]
        return found

    def results(self, batch_id: str) -> list[Any]:
        """Read a batch's results."""
        found: list[Any] = self.service("GET", f"/jobs?batchId={batch_id}")["jobs"]
        return found

    def everything(self) -> dict[str, Any]:
        """Read all that can be read of the world, but for its slug and the ids of rules and faults."""
        batches = self.batches()
        return {
            "batches": batches,
            "statuses": [self.service("GET", f"/batches/{batch['id']}?enrichments=websites") for batch in batches],
            "jobs": self.service("GET", "/jobs"),
            "counts": self.control()["jobs"],
            "clock": self.control(path="/clock"),
            "settings": self.control(path="/settings"),
            "rules": _without_ids(self.control(path="/rules")),
            "faults": _without_ids(self.control(path="/faults")),
        }

    def check(self) -> None:
        """Check that counts, lists and results say the same."""
        total = dict.fromkeys(STATUSES, 0)
        for batch in self.batches():
            shown = self.service("GET", f"/batches/{batch['id']}")
            by_status: dict[str, list[str]] = {status: [] for status in STATUSES}
            for job in self.results(batch["id"]):
                by_status[job["status"]].append(job["place_id"])
            assert shown["jobs"] == by_status
            assert batch["status_counts"] == {status: len(ids) for status, ids in by_status.items()}
            assert shown["status"] == batch["status"]
            for status, ids in by_status.items():
                total[status] += len(ids)
        assert self.control()["jobs"] == total


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(entry) for key, entry in value.items() if key != "id"}
    return [_without_ids(entry) for entry in value] if isinstance(value, list) else value


def through(http: httpx2.Client) -> Send:
    """Send by a client."""

    def send(method: str, path: str, body: Any) -> Any:
        response = http.request(method, path, json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    return send


@contextmanager
def running(db: str, **flags: Any) -> Iterator[Send]:
    """Run an emulator of a database in this process."""
    server = ServerThread(load({"port": 0, "db": db, **flags}, environ={}))
    server.start()
    try:
        with httpx2.Client(base_url=server.url, headers={"apiKey": "k"}, timeout=30, trust_env=False) as http:
            yield through(http)
    finally:
        server.stop()


@pytest.fixture
def reference(org: Org) -> Place:
    """A world of an emulator that nothing interrupts, with the defaults of one that is served."""
    org.set(attribute_status="all")

    def send(method: str, path: str, body: Any) -> Any:
        response = org.http.request(method, path, json=body, headers=org.headers)
        assert response.is_success, response.text
        return response.json() if response.content else None

    return Place(send, org.slug)


# A history in three parts, of everything that changes a world.


def first_part(place: Place) -> None:
    place.control("PATCH", "/settings", {"seed": 11, "failure_rate": 0.3, "attribute_error_rate": 0.2, "workers": 5})
    place.control("PATCH", "/clock", {"now": START, "running": False})
    place.control("POST", "/rules", {"match": {"place_id": "store-3*"}, "then": {"outcome": "failed"}, "times": 3})
    place.control("POST", "/rules", {"match": {"place_id": "store-7"}, "then": {"hold": "queued"}})
    place.control("POST", "/faults", {"match": {"operation": "enrich"}, "then": {"status": 503}})
    place.create(40, batch_id="mine")
    place.create(2)
    place.control("POST", "/clock/advance", {"seconds": 4.25})


def second_part(place: Place) -> None:
    place.create(2)  # an equal body again: another id, which depends on how many there were
    place.create(20, first=30, batch_id="mine")
    place.control("PATCH", "/settings", {"seed": 12})
    place.service("POST", "/batches/mine/reprocess", {"failed_only": False, "refresh": True})
    place.control("POST", "/clock/advance", {"seconds": 3})


def third_part(place: Place) -> None:
    place.control("POST", "/release", {"place_id": "store-7"})
    place.control("POST", "/clock/settle", {})
    place.service("POST", "/batches/mine/reprocess", {"incomplete_only": True, "failed_only": True})
    place.service("PUT", "/batches/mine", {"batch_name": "Renamed", "refresh": True})
    place.control("POST", "/clock/settle", {})


@dataclass
class Life:
    """What was seen before the kill, and the emulator that took over."""

    send: Send
    seen: dict[str, Any] = field(default_factory=dict)

    def place(self, slug: str) -> Place:
        """A world after the kill."""
        return Place(self.send, slug)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """An emulator that takes over the database of a killed one, with other flags."""
    db = new_database(tmp_path_factory.mktemp("life"))
    seen: dict[str, Any] = {}
    with serve("--port", "0", "--clock", "paused", "--seed", "5", "--db", db) as served:

        def world(slug: str) -> Place:
            return Place(served.call, slug)

        first_part(world("steady"))
        seen["steady"] = world("steady").everything()
        world("steady").check()

        world("going").control("PATCH", "/clock", {"now": START, "running": True, "speed": 1000})
        world("going").create(3, batch_id="mine")
        seen["going"] = (time.monotonic(), world("going").control(path="/clock")["now"])

        world("plain").create(1, batch_id="mine")
        seen["plain"] = world("plain").everything()

        world("looked-at").service("GET", "/batches")
        world("reused").create(3000, batch_id="mine")
        world("reused").control("DELETE")
        world("reused").create(2, batch_id="other")
        world("gone").create(3000, batch_id="mine")
        world("gone").control("PATCH", "/settings", {"seed": 77})
        world("gone").control("DELETE")
        served.kill()
    with running(db, clock="running", seed=99, failure_rate=1) as send:
        yield Life(send, seen)
        with closing(connected(db)) as connection:
            # What was forgotten is not only hidden; the database itself holds nothing of it.
            eventually(lambda: _rows(connection) == _rows(connection, "JOIN world ON world.pk = job.world"))


def _rows(connection: Any, join: str = "") -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM job {join}").fetchone()
    return int(count)


def test_a_history_goes_on_after_a_kill_as_the_seed_says(life: Life, reference: Place) -> None:
    """Data, clock, settings, rules and faults are as they were, and what follows is as if nothing had happened."""
    steady = life.place("steady")
    first_part(reference)
    assert life.seen["steady"] == reference.everything()
    assert steady.everything() == life.seen["steady"]
    for part in (second_part, third_part):
        part(steady)
        part(reference)
        assert steady.everything() == reference.everything()
        steady.check()


def test_a_running_clock_went_on_while_nothing_ran(life: Life) -> None:
    going = life.place("going")
    stopped, before = life.seen["going"]
    elapsed = time.monotonic() - stopped
    clock = going.control(path="/clock")
    assert (clock["running"], clock["speed"]) == (True, 1000)
    passed = datetime.fromisoformat(clock["now"]) - datetime.fromisoformat(before)
    assert passed.total_seconds() >= 900 * elapsed
    assert going.service("GET", "/batches/mine")["status"] == "completed"


def test_a_world_keeps_the_settings_that_it_started_with(life: Life, reference: Place) -> None:
    """The flags of the second start are for new worlds only."""
    assert life.place("plain").everything() == life.seen["plain"]
    assert life.place("plain").control(path="/settings")["seed"] == 5
    assert life.place("new").control(path="/settings")["seed"] == 99


def test_a_forgotten_world_stays_forgotten(life: Life) -> None:
    slugs = {org["org_slug"] for org in life.send("GET", "/_mock/orgs", None)["orgs"]}
    assert "gone" not in slugs
    assert {"steady", "going", "plain", "reused"} <= slugs
    gone = life.place("gone")
    assert gone.control()["jobs"] == dict.fromkeys(STATUSES, 0)
    assert gone.control(path="/settings")["seed"] == 99
    assert gone.batches() == []
    assert len(gone.create(1, first=5, batch_id="mine")["jobs"]["pending"]) == 1


def test_a_world_that_was_used_again_after_it_was_forgotten_has_only_the_new(life: Life) -> None:
    reused = life.place("reused")
    assert [batch["id"] for batch in reused.batches()] == ["other"]
    assert [job["place_id"] for job in reused.service("GET", "/jobs")["jobs"]] == ["store-0", "store-1"]
    reused.check()


# Killed in the middle of writes


@dataclass
class Writer:
    """A client that writes until the emulator is gone, and remembers what was acknowledged."""

    number: int
    url: str
    acknowledged: Callable[[], Any]
    done: list[tuple[str, str, Any]] = field(default_factory=list)
    under_way: tuple[str, str, Any] | None = None
    answers: list[int] = field(default_factory=list)

    def run(self) -> None:
        """Send one request after another."""
        with httpx2.Client(base_url=self.url, headers={"apiKey": "k"}, timeout=30, trust_env=False) as http:
            for request in self.requests():
                self.under_way = request
                method, path, body = request
                try:
                    response = http.request(method, f"/v1/acme/place_enrichment{path}", json=body)
                except httpx2.TransportError:
                    return
                self.answers.append(response.status_code)
                self.done.append(request)
                self.under_way = None
                self.acknowledged()

    def requests(self) -> Iterator[tuple[str, str, Any]]:
        """Create, append over the end, reprocess, and delete every third batch."""
        for count in itertools.count():
            batch_id = f"batch-{self.number}-{count}"
            yield "POST", "/batches", self.body(batch_id, 0, 120)
            yield "POST", "/batches", self.body(batch_id, 100, 60)
            yield "POST", f"/batches/{batch_id}/reprocess", {"failed_only": False, "refresh": True}
            if count % 3 == 2:
                yield "DELETE", f"/batches/{batch_id}", None

    def body(self, batch_id: str, first: int, count: int) -> Any:
        """Make the body of a create or an append."""
        jobs = [
            {"place_id": f"{batch_id}-{place}", "inputs": {"name": f"Store {place}", "full_address": "Lyon, France"}}
            for place in range(first, first + count)
        ]
        return {"batch_id": batch_id, "batch_name": batch_id, "attributes": ["websites", "names"], "jobs": jobs}


def test_a_kill_amid_writes_loses_nothing_acknowledged_and_keeps_nothing_in_part(
    tmp_path: Path, reference: Place
) -> None:
    db = new_database(tmp_path)
    beginning = {"now": START, "running": False}
    enough, count = threading.Event(), itertools.count(1)
    with serve("--port", "0", "--db", db) as served:
        served.control("acme", "PATCH", "/clock", beginning)

        def acknowledged() -> None:
            if next(count) >= 60:
                enough.set()

        writers = [Writer(number, served.url, acknowledged) for number in range(4)]
        threads = [threading.Thread(target=writer.run) for writer in writers]
        for thread in threads:
            thread.start()
        assert enough.wait(30)
        served.kill()
        for thread in threads:
            thread.join()
    assert {code for writer in writers for code in writer.answers} == {200}

    reference.control("PATCH", "/clock", beginning)
    for writer in writers:
        for method, path, body in writer.done:
            reference.service(method, path, body)
    with running(db) as send:
        acme = Place(send, "acme")
        acme.check()
        for writer in writers:
            # A request that got no answer was carried out whole or not at all.
            for method, path, body in filter(None, [writer.under_way]):
                batch_id = body["batch_id"] if body and "batch_id" in body else path.split("/")[2]
                if _batch(acme, batch_id) != _batch(reference, batch_id):
                    reference.service(method, path, body)
                assert _batch(acme, batch_id) == _batch(reference, batch_id)
        assert _all(acme) == _all(reference)
        assert acme.control("POST", "/clock/settle", {})["unfinished"] == 0
        reference.control("POST", "/clock/settle", {})
        acme.check()
        assert _all(acme) == _all(reference)


def _batch(place: Place, batch_id: str) -> Any:
    """Give a batch's results and, as what tells its attempts apart, how its jobs will go on; None without it."""
    if batch_id not in {batch["id"] for batch in place.batches()}:
        return None
    future = place.control(path=f"/timeline?batch_id={batch_id}")
    return place.results(batch_id), place.service("GET", f"/batches/{batch_id}"), future


def _all(place: Place) -> dict[str, Any]:
    return {batch["id"]: _batch(place, batch["id"]) for batch in place.batches()}


def test_a_clock_that_is_set_and_paused_in_one_call_is_exact(reference: Place) -> None:
    """Golden files depend on it, also where the clock was running fast."""
    reference.control("PATCH", "/clock", {"running": True, "speed": 1_000_000})
    clock = reference.control("PATCH", "/clock", {"now": "2031-02-03T04:05:06Z", "running": False, "speed": 1})
    assert clock == {"now": "2031-02-03T04:05:06.000000Z", "running": False, "speed": 1}
    assert reference.control(path="/clock") == clock
