"""The process is killed at random moments, again and again, on one database: whatever it acknowledged is there."""

from __future__ import annotations

import itertools
import random
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conftest import Org
from tests.processes import PATIENCE_SECONDS, Served, eventually, serve
from tests.test_restart import START, Place
from tests.trust.scale import tries

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")

Request = tuple[str, str, Any]
SETTINGS = {
    "attribute_status": "all",
    "seed": 11,
    "failure_rate": 0.3,
    "attribute_error_rate": 0.2,
    "drift_rate": 0.5,
    "workers": 20,
}
TIMES = {"created_at", "last_enriched", "last_enriched_at", "enriched_at", "updated_at"}
STEADY_WORLDS = 3
RUNNING_WRITERS = 2


def body_of(batch_id: str, first: int, count: int) -> dict[str, Any]:
    """Make the body of a create or an append."""
    jobs = [
        {"place_id": f"{batch_id}-{number}", "inputs": {"name": f"Store {number}", "full_address": "Lyon, France"}}
        for number in range(first, first + count)
    ]
    return {"batch_id": batch_id, "batch_name": batch_id, "attributes": ["websites", "names"], "jobs": jobs}


def a_history(draws: random.Random) -> Iterator[Request]:
    """Draw what one client does, which has its world for itself and moves its clock."""
    for number in itertools.count():
        batch_id = f"batch-{number}"
        batch = f"/batches/{batch_id}"
        yield "POST", "/batches", body_of(batch_id, 0, draws.randint(1, 150))
        steps: list[Request] = [
            ("POST", "/batches", body_of(batch_id, draws.randint(0, 150), draws.randint(1, 100))),
            ("POST", "advance", {"seconds": draws.uniform(0, 5)}),
            ("POST", "advance", {"seconds": draws.uniform(0, 60)}),
            ("POST", f"{batch}/reprocess", {"failed_only": True}),
            ("POST", f"{batch}/reprocess", {"failed_only": False, "refresh": True}),
            ("POST", f"{batch}/reprocess", {"incomplete_only": True}),
            ("PUT", batch, {"batch_name": "Renamed", "refresh": True}),
            ("POST", "settle", {}),
        ]
        yield from draws.sample(steps, draws.randint(2, len(steps)))
        if not draws.randrange(5):
            yield "DELETE", batch, None


def a_running_history(writer: int) -> Iterator[Request]:
    """Tell what one of several clients does in a world whose clock runs; None is waiting for all to be finished."""
    for number in itertools.count():
        batch_id = f"batch-{writer}-{number}"
        yield "POST", "/batches", body_of(batch_id, 0, 120)
        yield "POST", "/batches", body_of(batch_id, 120, 60)
        yield "POST", f"/batches/{batch_id}/reprocess", {"failed_only": False, "refresh": True}


def path_of(slug: str, path: str) -> str:
    """Give the whole path of a request: of the service, or of the clock."""
    return f"/v1/{slug}/place_enrichment{path}" if path.startswith("/") else f"/_mock/orgs/{slug}/clock/{path}"


@dataclass
class Writer:
    """A client that sends its history until the emulator is gone, and remembers what was acknowledged."""

    slug: str
    history: Iterator[Request]
    waits: bool = False
    done: list[tuple[Request, int]] = field(default_factory=list)
    under_way: Request | None = None

    def run(self, url: str, acknowledged: Callable[[], None]) -> None:
        """Send one request after another."""
        with httpx2.Client(base_url=url, headers={"apiKey": "k"}, timeout=PATIENCE_SECONDS, trust_env=False) as http:
            for request in self.history:
                try:
                    if self.waits and request[1].startswith("/batches/"):
                        self._wait(http, request[1].split("/")[2])
                    self.under_way = request
                    response = http.request(request[0], path_of(self.slug, request[1]), json=request[2])
                except httpx2.TransportError:
                    return
                self.done.append((request, response.status_code))
                self.under_way = None
                acknowledged()

    def _wait(self, http: httpx2.Client, batch_id: str) -> None:
        """Poll a batch until it is finished: what a reprocess picks is the same then, whatever the time."""
        path = path_of(self.slug, f"/batches/{batch_id}")
        eventually(lambda: http.get(path).json()["status"] in {"completed", "failed"})


class Reference:
    """The worlds of an emulator that nobody kills; `code` is the status of its latest answer."""

    def __init__(self, org: Org) -> None:
        self.code = 0
        self._org = org
        self._places: dict[str, Place] = {}

    def __getitem__(self, slug: str) -> Place:
        if slug not in self._places:
            self._places[slug] = Place(self._send, self._org.other().slug)
            set_up(self._places[slug])
        return self._places[slug]

    def _send(self, method: str, path: str, body: Any) -> Any:
        response = self._org.http.request(method, path, json=body, headers=self._org.headers)
        assert response.is_success or response.status_code in {400, 404}, response.text
        self.code = response.status_code
        return response.json() if response.content else None


def set_up(place: Place) -> None:
    """Give a world its settings and time."""
    place.control("PATCH", "/settings", SETTINGS)
    place.control("PATCH", "/clock", {"now": START, "running": False})


def carry_out(place: Place, request: Request) -> None:
    """Send a request to a world."""
    method, path, body = request
    place.send(method, path_of(place.slug, path), body)


def test_kills_lose_nothing_acknowledged_and_keep_nothing_in_part(
    tmp_path: Path, org: Org, record_property: Callable[[str, object], None]
) -> None:
    rounds = tries(2, 24)
    db, draws, reference = tmp_path / "world.db", random.Random(20), Reference(org)
    steady: list[Writer] = []
    acknowledged = cut_short = kept = 0
    for number in range(rounds):
        with serve("--port", "0", "--clock", "paused", "--db", str(db)) as served:
            new = [Writer(f"steady-{number}-{n}", a_history(random.Random(f"{number}-{n}"))) for n in range(3)]
            going = [Writer(f"going-{number}", a_running_history(n), waits=True) for n in range(RUNNING_WRITERS)]
            for writer in new:
                set_up(Place(served.call, writer.slug))
            run = Place(served.call, going[0].slug)
            set_up(run)
            run.control("PATCH", "/clock", {"running": True, "speed": 2000})
            # The worlds of the round before go on where the kill left them.
            kill_amid(served, [*new, *steady[-STEADY_WORLDS:], *going], draws)
        steady += new
        writers = [*steady, *going]
        acknowledged += sum(len(writer.done) for writer in writers)
        with serve("--port", "0", "--clock", "paused", "--db", str(db)) as served:
            for writer in steady:
                place = Place(served.call, writer.slug)
                cut_short += writer.under_way is not None
                kept += follow(place, reference, writer)
            cut_short += sum(writer.under_way is not None for writer in going)
            kept += follow_running(Place(served.call, going[0].slug), reference, going)
            served.kill()
    record_property("kills", 2 * rounds)
    record_property("requests acknowledged, all there", acknowledged)
    record_property("requests cut short", cut_short)
    record_property("of these carried out, whole", kept)


def kill_amid(served: Served, writers: list[Writer], draws: random.Random) -> None:
    """Let all write at once, and kill the process at a random moment."""
    enough, count, least = threading.Event(), itertools.count(1), draws.randint(20, 120)

    def acknowledged() -> None:
        if next(count) >= least:
            enough.set()

    threads = [threading.Thread(target=writer.run, args=(served.url, acknowledged)) for writer in writers]
    for thread in threads:
        thread.start()
    assert enough.wait(PATIENCE_SECONDS)
    threading.Event().wait(draws.uniform(0, 0.05))
    served.kill()
    for thread in threads:
        thread.join()
    codes = {code for writer in writers for _, code in writer.done}
    assert codes <= {200, 204, 400, 404}  # nothing to reprocess; a batch whose create was cut short


def follow(actual: Place, reference: Reference, writer: Writer) -> int:
    """Check a world and its answers against one that was never interrupted; tells whether more was kept."""
    expected = reference[writer.slug]
    for request, code in writer.done:
        carry_out(expected, request)
        assert reference.code == code
    writer.done.clear()
    kept = 0
    if writer.under_way:
        if seen(actual) != seen(expected):
            carry_out(expected, writer.under_way)
            kept = 1
        writer.under_way = None
    assert seen(actual) == seen(expected)
    actual.check()
    return kept


def seen(place: Place) -> dict[str, Any]:
    """Read all of a world and what is drawn for it: only that shows that pending jobs were reprocessed."""
    return {**place.everything(), "drawn": place.control(path="/timeline?points=100")}


def follow_running(actual: Place, reference: Reference, writers: list[Writer]) -> int:
    """Check a world whose clock ran: all but the times is as the seed says."""
    actual.control("POST", "/clock/settle", {})
    actual.check()
    expected = reference[actual.slug]
    kept = 0
    for writer in writers:
        for request, _ in writer.done:
            carry_out(expected, request)
            expected.control("POST", "/clock/settle", {})
    for writer in writers:
        if writer.under_way and outcome(actual, writer.under_way) != outcome(expected, writer.under_way):
            carry_out(expected, writer.under_way)
            expected.control("POST", "/clock/settle", {})
            kept += 1
    ids = {batch["id"] for batch in actual.batches()}
    assert ids == {batch["id"] for batch in expected.batches()}
    for batch_id in ids:
        assert timeless(actual.results(batch_id)) == timeless(expected.results(batch_id))
    assert actual.control()["jobs"] == expected.control()["jobs"]
    return kept


def outcome(place: Place, request: Request) -> Any:
    """Give the results of the batch that a request is about, None where there is none."""
    _, path, body = request
    batch_id = body["batch_id"] if "batch_id" in body else path.split("/")[2]
    return timeless(place.results(batch_id)) if batch_id in {batch["id"] for batch in place.batches()} else None


def timeless(value: Any) -> Any:
    """Leave out what depends on when it happened."""
    if isinstance(value, dict):
        return {key: timeless(entry) for key, entry in value.items() if key not in TIMES}
    return [timeless(entry) for entry in value] if isinstance(value, list) else value
