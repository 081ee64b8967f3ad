"""Random histories over HTTP, held to a small model; same seed and same calls, same answers."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org
from tests.trust.scale import try_histories

STATUSES = ("pending", "queued", "in_progress", "completed", "failed")
TIMES = {"created_at", "last_enriched", "now", "real_time", "time", "duration_seconds"}
_numbers = itertools.count()

place_ids = st.sampled_from(
    [
        "a",
        "b",
        "c/d",
        "é 😀",
        "mock-ok-1",
        "mock-fail-1",
        "mock-flaky-1",
        "mock-partial-1",
        "mock-stuck-1",
        "mock-slow-1",
    ]
)
batch_ids = st.sampled_from(["one", "two", "three words"])
attributes = st.lists(st.sampled_from(["websites", "names", "cuisine", "unknown"]), min_size=1, max_size=3)
THEN = st.sampled_from(
    [
        {"outcome": "failed", "error": "no"},
        {"outcome": "completed"},
        {"hold": "queued"},
        {"seconds": 0},
        {"attributes": {"websites": "ERROR"}},
        {"outputs": {"website": "https://example.org"}},
    ]
)


def without_times(value: Any) -> Any:
    """Take the times, and what organization it is, out of an answer."""
    if isinstance(value, dict):
        return {key: without_times(one) for key, one in value.items() if key not in {*TIMES, "org_slug"}}
    return [without_times(one) for one in value] if isinstance(value, list) else value


class Emulators:
    """Two emulators whose worlds are all of one seed and a paused clock; the left one is restarted now and then."""

    def __init__(self, folder: Path) -> None:
        self.restarts = 0
        self._settings = [{"clock": "paused", "db": folder / f"{name}.db"} for name in ("left", "right")]
        self.clients = [self._start(side) for side in (0, 1)]

    def _start(self, side: int) -> TestClient:
        client = TestClient(create_app(load(self._settings[side], environ={})), raise_server_exceptions=False)
        client.__enter__()
        return client

    def restart(self) -> TestClient:
        """Stop the left one and start it again."""
        self.clients[0].__exit__(None, None, None)
        self.clients[0] = self._start(0)
        self.restarts += 1
        return self.clients[0]

    def close(self) -> None:
        """Stop both."""
        for client in self.clients:
            client.__exit__(None, None, None)


class Histories(RuleBasedStateMachine):
    """Does anything in one world, and the same in a twin, whose every answer must be the same.

    The model is which places each batch has, in order.
    """

    emulators: ClassVar[Emulators]

    def __init__(self) -> None:
        super().__init__()
        number = next(_numbers)
        self.twins = [Org(http, f"{name}-{number}", {"apiKey": "k"}) for http, name in self._sides()]
        self.model: dict[str, list[str]] = {}
        self.kept: tuple[Any, dict[str, list[str]]] | None = None

    def _sides(self) -> Iterator[tuple[TestClient, str]]:
        return zip(self.emulators.clients, ("left", "right"), strict=True)

    def teardown(self) -> None:
        for org in self.twins:
            org.control("DELETE")

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Call an operation in both worlds; gives the one answer."""
        left, right = (org.call(method, path, json=body, params=params) for org in self.twins)
        return self._same(left, right)

    def control(self, method: str, path: str = "", body: Any = None) -> Any:
        left, right = (org.control(method, path, body) for org in self.twins)
        return self._same(left, right)

    @staticmethod
    def _same(left: Any, right: Any) -> Any:
        assert left.status_code == right.status_code < 500, (left.text, right.text)
        if left.content:
            texts = [json.dumps(without_times(one.json())) for one in (left, right)]
            assert texts[0] == texts[1]
        return left

    @initialize(seed=st.integers(0, 3), failure_rate=st.sampled_from([0.0, 0.5, 1.0]))
    def start(self, seed: int, failure_rate: float) -> None:
        changes = {"seed": seed, "failure_rate": failure_rate, "attribute_error_rate": 0.3, "drift_rate": 0.5}
        self.control("PATCH", "/settings", changes)

    @rule(batch_id=batch_ids, places=st.lists(place_ids, max_size=6), names=attributes, kick_off=st.booleans())
    def create(self, batch_id: str, places: list[str], names: list[str], kick_off: bool) -> None:
        jobs = [{"place_id": place_id, "inputs": LONDON} for place_id in places]
        body = {"batch_id": batch_id, "batch_name": batch_id, "jobs": jobs, "attributes": names}
        response = self.call("POST", "/batches", {**body, "kick_off_jobs_now": kick_off})
        assert response.status_code == 200
        self.model[batch_id] = list(dict.fromkeys([*self.model.get(batch_id, []), *places]))

    @rule(batch_id=batch_ids, failed=st.booleans(), incomplete=st.booleans(), refresh=st.booleans())
    def reprocess(self, batch_id: str, failed: bool, incomplete: bool, refresh: bool) -> None:
        chosen = set()
        if batch_id in self.model:
            lists = self.call("GET", f"/batches/{batch_id}").json()["jobs"]
            wanted = STATUSES if not failed and not incomplete else ("failed",) * failed + STATUSES[:3] * incomplete
            chosen = {place_id for status in wanted for place_id in lists[status]}
        body = {"failed_only": failed, "incomplete_only": incomplete, "refresh": refresh}
        response = self.call("POST", f"/batches/{batch_id}/reprocess", body)
        expected = 404 if batch_id not in self.model else 200 if chosen else 400
        assert response.status_code == expected
        if expected == 200:
            assert response.json()["job_count"] == len(chosen)

    @rule(batch_id=batch_ids, name=st.sampled_from(["New", "näme"]), refresh=st.booleans())
    def update(self, batch_id: str, name: str, refresh: bool) -> None:
        response = self.call("PUT", f"/batches/{batch_id}", {"batch_name": name, "refresh": refresh})
        assert response.status_code == (200 if batch_id in self.model else 404)
        marked = self.call("POST", "/batches/refresh", {"batch_ids": [batch_id], "refresh": refresh}).json()
        assert marked["updated"] == ([batch_id] if batch_id in self.model else [])

    @rule(batch_id=batch_ids)
    def delete(self, batch_id: str) -> None:
        response = self.call("DELETE", f"/batches/{batch_id}")
        assert response.status_code == (404 if self.model.pop(batch_id, None) is None else 200)

    @rule(place_id=place_ids, operation=st.sampled_from(["/jobs", "/enrich"]), names=attributes)
    def submit_alone(self, place_id: str, operation: str, names: list[str]) -> None:
        response = self.call("POST", operation, {"place_id": place_id, "inputs": LONDON, "attributes": names})
        assert response.status_code == 200 or (operation == "/enrich" and response.status_code == 404)

    @rule(place_id=place_ids)
    def delete_place(self, place_id: str) -> None:
        self.call("DELETE", f"/jobs/{place_id}")
        self.model = {batch: [one for one in places if one != place_id] for batch, places in self.model.items()}
        assert self.call("GET", f"/jobs/{place_id}").status_code == 404

    @rule(places=st.lists(place_ids, min_size=1, max_size=4), refresh=st.booleans())
    def reprocess_places(self, places: list[str], refresh: bool) -> None:
        response = self.call("POST", "/jobs/reprocess", {"place_ids": places, "refresh": refresh})
        if response.status_code == 200:
            assert {*response.json()["place_ids"], *response.json()["missing"]} == set(places)

    @rule(seconds=st.floats(0, 10))
    def advance(self, seconds: float) -> None:
        self.control("POST", "/clock/advance", {"seconds": seconds})

    @rule()
    def settle(self) -> None:
        self.control("POST", "/clock/settle", {})

    @rule()
    def release(self) -> None:
        self.control("POST", "/release", {})

    @rule(place_id=st.sampled_from(["*", "a", "mock-*"]), then=THEN, times=st.sampled_from([None, 1, 3]))
    def add_rule(self, place_id: str, then: Any, times: int | None) -> None:
        body = {"match": {"place_id": place_id}, "then": then, "times": times}
        assert self.control("POST", "/rules", body).status_code == 201

    @rule()
    def delete_rules(self) -> None:
        self.control("DELETE", "/rules")

    @rule(probability=st.sampled_from([0.5, 1.0]), when=st.sampled_from(["before", "after"]), skip=st.integers(0, 2))
    def meet_a_fault(self, probability: float, when: str, skip: int) -> None:
        """Let some requests fail, which store nothing or everything, and take the fault away again."""
        match = {"operation": "create_batch"}
        fault = {"match": match, "probability": probability, "when": when, "skip": skip, "then": {"status": 418}}
        self.control("POST", "/faults", fault)
        for _ in range(3):
            body = {"batch_id": "one", "batch_name": "one", "jobs": [], "attributes": ["names"]}
            response = self.call("POST", "/batches", body)
            if response.status_code == 200 or when == "after":
                self.model.setdefault("one", [])
        self.control("DELETE", "/faults")

    @rule()
    def take_snapshot(self) -> None:
        self.kept = (self.twins[0].control("GET", "/snapshot").json(), dict(self.model))

    @precondition(lambda self: self.kept is not None)
    @rule()
    def restore(self) -> None:
        """Put one twin's snapshot into both."""
        assert self.kept is not None
        snapshot, model = self.kept
        assert self.control("PUT", "/snapshot", snapshot).status_code == 200
        self.model = dict(model)

    @rule()
    def restart_one(self) -> None:
        self.twins[0].http = self.emulators.restart()

    @rule(seed=st.integers(0, 3))
    def reset_one_and_start_the_other_afresh(self, seed: int) -> None:
        """Forget one twin; a world that was never used takes the other's place."""
        left, right = self.twins
        left.control("DELETE")
        right.control("DELETE")
        self.twins = [left, Org(right.http, f"fresh-{next(_numbers)}", right.headers)]
        self.model, self.kept = {}, None
        self.start(seed, 0.5)

    @invariant()
    def batches_are_what_the_model_says(self) -> None:
        listed = self.call("GET", "/batches", limit=500).json()
        assert {batch["id"] for batch in listed["batches"]} == set(self.model)
        for batch_id, places in self.model.items():
            batch = self.call("GET", f"/batches/{batch_id}", enrichments="websites").json()
            page = self.call("GET", "/jobs", batchId=batch_id).json()
            assert [job["place_id"] for job in page["jobs"]] == places
            position = {place_id: number for number, place_id in enumerate(places)}
            of_status = {job["place_id"]: job["status"] for job in page["jobs"]}
            for status, ids in batch["jobs"].items():
                assert ids == sorted((one for one in places if of_status[one] == status), key=position.__getitem__)
            counts = {status: len(ids) for status, ids in batch["jobs"].items()}
            assert batch["metadata"]["status_counts"] == counts
            (entry,) = [one for one in listed["batches"] if one["id"] == batch_id]
            assert (entry["status"], entry["status_counts"]) == (batch["status"], counts)
            totals = [one["total"] for one in batch["attribute_statuses"]["websites"].values()]
            assert sum(totals) == len(places)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[type[Histories]]:
    """The machine, on two emulators of its own."""
    Histories.emulators = Emulators(tmp_path)
    yield Histories
    Histories.emulators.close()


def test_any_history_is_what_the_model_says_and_the_same_in_every_world(
    machine: type[Histories], record_property: Callable[[str, object], None]
) -> None:
    try_histories(machine, record_property, quick=6, soak=150)
    assert machine.emulators.restarts
    record_property("restarts", machine.emulators.restarts)
