"""Many clients at once: no error of the emulator's, and every answer is consistent in itself."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import httpx2
import pytest

from reprompt_mock.engine import batches
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.conftest import LONDON
from tests.trust.scale import tries

THREADS = 12
STATUSES = ("pending", "queued", "in_progress", "completed", "failed")
EXPECTED = {200, 201, 204, 400, 404}
"""404 where another thread has just deleted, 400 where a reprocess finds nothing to do."""


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    """An emulator on a real socket, whose time runs quickly."""
    flags = {"host": "127.0.0.1", "port": 0, "speed": 20.0, "failure_rate": 0.3}
    thread = ServerThread(load(flags, environ={}))
    thread.start()
    yield thread
    thread.stop()


class Client:
    """One thread's client, which holds every answer to what must always be so."""

    def __init__(self, server: ServerThread, slug: str, seed: int = 0) -> None:
        self.http = httpx2.Client(base_url=server.url, headers={"apiKey": "k"}, timeout=30, trust_env=False)
        self.slug = slug
        self.random = random.Random(seed)
        self.statuses: Counter[int] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Call an operation; gives the JSON, None where it is refused."""
        return self._request(method, f"/v1/{self.slug}/place_enrichment{path}", body, params)

    def control(self, method: str, path: str = "", body: Any = None) -> Any:
        return self._request(method, f"/_mock/orgs/{self.slug}{path}", body, {})

    def _request(self, method: str, url: str, body: Any, params: Any) -> Any:
        response = self.http.request(method, url, json=body, params=params)
        self.statuses[response.status_code] += 1
        assert response.status_code in EXPECTED, f"{method} {url}: {response.status_code} {response.text[:300]}"
        return response.json() if response.status_code == 200 else None

    def create(self, batch_id: str, place_ids: list[str]) -> Any:
        jobs = [{"place_id": place_id, "inputs": LONDON} for place_id in place_ids]
        body = {"batch_id": batch_id, "batch_name": "Shared", "attributes": ["websites"], "jobs": jobs}
        batch = self.call("POST", "/batches", body)
        is_consistent(batch)
        named = {place_id for ids in batch["jobs"].values() for place_id in ids}
        assert named >= set(place_ids)
        return batch

    def poll(self, batch_id: str) -> Any:
        batch = self.call("GET", f"/batches/{batch_id}")
        if batch is not None:
            is_consistent(batch)
        return batch

    def page(self, batch_id: str) -> None:
        """Page through a batch, while jobs move and are added."""
        seen: list[str] = []
        while page := self.call("GET", "/jobs", batchId=batch_id, limit=7, offset=len(seen)):
            assert page["total"] >= len(seen) + len(page["jobs"]) or not page["jobs"]
            seen += [job["place_id"] for job in page["jobs"]]
            if len(page["jobs"]) < 7:
                break
        assert len(seen) == len(set(seen))

    def list(self) -> None:
        page = self.call("GET", "/batches", limit=500)
        assert len(page["batches"]) == page["total"]
        for batch in page["batches"]:
            assert batch["status"] == status_of(batch["status_counts"])
        created = [batch["created_at"] for batch in page["batches"]]
        assert created == sorted(created, reverse=True)


def number_of(place_id: str) -> tuple[int, int]:
    thread, number = place_id.split("-")
    return int(thread), int(number)


def status_of(counts: dict[str, int]) -> str:
    """Work out a batch's status (contract E3)."""
    total, finished = sum(counts.values()), counts["completed"] + counts["failed"]
    if not total:
        return "completed"
    if counts["pending"] == total:
        return "pending"
    if finished == total:
        return "failed" if counts["failed"] / total > 0.5 else "completed"
    return "queued" if counts["queued"] and counts["pending"] + counts["queued"] == total else "in_progress"


def is_consistent(batch: Any) -> None:
    """Assert that the five lists are disjoint, in order, and what status and metadata say."""
    assert tuple(batch["jobs"]) == STATUSES
    counts = {status: len(ids) for status, ids in batch["jobs"].items()}
    named = [place_id for ids in batch["jobs"].values() for place_id in ids]
    assert len(named) == len(set(named))
    assert batch["status"] == status_of(counts)
    if batch["metadata"] is not None:
        assert batch["metadata"]["status_counts"] == counts
        assert batch["metadata"]["total_jobs"] == len(named)
    for ids in batch["jobs"].values():
        of_thread: dict[int, list[int]] = {}
        for place_id in ids:
            thread, number = number_of(place_id)
            of_thread.setdefault(thread, []).append(number)
        assert all(numbers == sorted(numbers) for numbers in of_thread.values())


def in_threads(work: Any) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result() for future in [pool.submit(work, number) for number in range(THREADS)]]


def test_appending_to_one_batch_from_many_threads_loses_no_place(server: ServerThread) -> None:
    rounds = tries(4, 20)

    def append(thread: int) -> None:
        with Client(server, "appended") as client:
            for step in range(rounds):
                client.create("one", [f"{thread}-{step * 5 + number}" for number in range(5)])
                client.poll("one")
                client.page("one")

    in_threads(append)

    with Client(server, "appended") as client:
        batch = client.poll("one")
        expected = {f"{thread}-{number}" for thread in range(THREADS) for number in range(rounds * 5)}
        assert {place_id for ids in batch["jobs"].values() for place_id in ids} == expected
        assert client.call("GET", "/batches")["total"] == 1
        client.control("POST", "/clock/settle", {})
        order = [job["place_id"] for job in client.call("GET", "/jobs", batchId="one")["jobs"]]
        done = client.poll("one")["jobs"]
        assert [place_id for place_id in order if place_id in set(done["failed"])] == done["failed"]
        assert [place_id for place_id in order if place_id in set(done["completed"])] == done["completed"]


ACTIONS = {
    "create": 4, "poll": 6, "page": 3, "list": 2, "failed": 2, "all": 1, "delete": 0.5, "job": 1, "enrich": 0.5,
    "advance": 1, "settle": 0.5, "snapshot": 0.2, "reset": 0.2,
}  # fmt: skip
"""What threads do, and how often."""


def do_something(client: Client, thread: int, step: int) -> None:
    """Do what the client draws, of which any may be refused because of what another thread did."""
    batch_id = client.random.choice("abc")
    place = {"place_id": f"{thread}-0", "inputs": LONDON}
    reprocess = f"/batches/{batch_id}/reprocess"
    place_ids = [f"{thread}-{step * 10 + number}" for number in range(client.random.randint(0, 10))]
    actions: dict[str, Callable[[], Any]] = {
        "create": lambda: client.create(batch_id, place_ids),
        "poll": lambda: client.poll(batch_id),
        "page": lambda: client.call("GET", "/jobs", batchId=batch_id, limit=7),
        "list": client.list,
        "failed": lambda: client.call("POST", reprocess),
        "all": lambda: client.call("POST", reprocess, {"failed_only": False, "refresh": True}),
        "delete": lambda: client.call("DELETE", f"/batches/{batch_id}"),
        "job": lambda: client.call("POST", "/jobs", place),
        "enrich": lambda: client.call("POST", "/enrich", place),
        "advance": lambda: client.control("POST", "/clock/advance", {"seconds": 1}),
        "settle": lambda: client.control("POST", "/clock/settle", {}),
        "snapshot": lambda: client.control("PUT", "/snapshot", client.control("GET", "/snapshot")),
        "reset": lambda: client.control("DELETE"),
    }
    (action,) = client.random.choices(list(ACTIONS), list(ACTIONS.values()))
    actions[action]()


def test_whatever_threads_do_at_once_every_answer_is_consistent(
    server: ServerThread, record_property: Callable[[str, object], None]
) -> None:
    def act(thread: int) -> Counter[int]:
        with Client(server, f"shared-{thread % 3}", seed=thread) as client:
            for step in range(tries(40, 1000)):
                do_something(client, thread, step)
            return client.statuses

    statuses: Counter[int] = sum(in_threads(act), Counter())

    record_property("threads", THREADS)
    record_property("requests", statuses.total())
    assert statuses[200] > statuses.total() / 2


def play(server: ServerThread, slug: str, seed: int) -> list[Any]:
    """Make the same requests of a world as anybody who has the same seed; gives what they answer but for times."""
    answers: list[Any] = []
    with Client(server, slug, seed) as client:
        client.control("PATCH", "/settings", {"clock": "paused", "seed": seed})
        for step in range(tries(5, 50)):
            place_ids = [f"{seed}-{step * 20 + number}" for number in range(20)]
            answers.append(client.create(f"b{step % 3}", place_ids))
            client.control("POST", "/clock/advance", {"seconds": client.random.uniform(0, 3)})
            answers.append(client.poll(f"b{step % 3}"))
            client.call("POST", f"/batches/b{step % 3}/reprocess", {"failed_only": client.random.random() < 0.5})
        client.control("POST", "/clock/settle", {})
        answers.append(client.call("GET", "/jobs"))
        answers.append(client.call("GET", "/batches", limit=100))
    return [without_times(answer) for answer in answers]


def without_times(value: Any) -> Any:
    """Take the times out of an answer."""
    if isinstance(value, dict):
        return {key: without_times(one) for key, one in value.items() if key not in {"created_at", "last_enriched"}}
    return [without_times(one) for one in value] if isinstance(value, list) else value


def test_worlds_side_by_side_answer_as_they_do_one_by_one(server: ServerThread) -> None:
    at_once = in_threads(lambda number: play(server, f"at-once-{number}", number))

    assert at_once == [play(server, f"alone-{number}", number) for number in range(THREADS)]


def test_a_world_that_two_clients_forget_at_once_can_spring_up_again() -> None:
    """The second was held up, until a third had let another world spring up, which is the one that it forgets."""
    engine = Engine(load({"clock": "paused"}, environ={}))
    batch = BatchToCreate("b", "B", [], True, "")
    first = engine.worlds.peek("org")
    engine.write(first, batches.create, batch)
    engine.forget(first)
    engine.write(engine.worlds.peek("org"), batches.create, batch)

    engine.forget(first)

    engine.write(engine.worlds.peek("org"), batches.create, batch._replace(batch_id="c"))
    page = engine.read(engine.worlds.peek("org"), batches.page, "", limit=10, offset=0)
    assert [batch.id for batch, _, _ in page.batches] == ["c"]
    engine.close()


def test_a_read_under_way_ends_where_its_world_is_forgotten_while_something_is_due() -> None:
    real = [1_800_000_000_000_000]
    engine = Engine(load(environ={}), real=lambda: real[0])
    world = engine.worlds.peek("org")
    place = PlaceToEnrich("a", b'{"name": "A", "full_address": "B"}', ("websites",))
    engine.write(world, batches.create, BatchToCreate("b", "B", [place], True, ""))
    real[0] += 10**9
    engine.forget(world)

    assert world.is_due()
    assert engine.read(world, lambda reading: reading.world) is world
    engine.close()
