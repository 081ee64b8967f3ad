"""The engine against a small model of it: whatever is done in whatever order, what clients see is consistent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from reprompt_mock.engine import (
    batches,
    clock,
    release,
    reprocess,
    results,
    scenario,
    snapshot,
    worlds,
)
from reprompt_mock.engine import (
    jobs as engine_jobs,
)
from reprompt_mock.engine import settings as world_settings
from reprompt_mock.engine.batches import BatchView
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.reprocess import Wanted
from reprompt_mock.engine.results import ResultPage, ResultQuery
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.errors import BatchNotFound, JobNotFound, JobsNotFound, NothingToReprocess
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.reprocess import scope_of
from reprompt_mock.settings import load
from reprompt_mock.specs import RuleSpec

ALONE = ""
STATUSES = [status.name for status in JobStatus]
RANK = {"pending": 0, "queued": 1, "in_progress": 2, "completed": 3, "failed": 3}
PLACES = [
    *(f"store-{number}" for number in range(8)),
    *(f"held-{number}" for number in range(2)),
    "mock-ok-1",
    "mock-fail-1",
    "mock-flaky-1",
    "mock-stuck-1",
    "mock-slow-1",
]
_slugs = (f"world-{number}" for number in count())

place_lists = st.lists(st.sampled_from(PLACES), max_size=10)
batch_ids = st.sampled_from(["b-1", "b-2", "b-3"])
steps = st.one_of(st.integers(0, 400_000), st.integers(0, 5_000_000), st.just(0))
pages = st.integers(1, 7)


@dataclass
class ModelledJob:
    """A job as the model knows it: when it was submitted, its attempt, and the last status that anybody saw."""

    submitted: int
    attempt: int
    moves: bool
    seen: str = "pending"


@dataclass
class Model:
    """The jobs of each batch by place, in order of first mention, and the batches in order of creation."""

    batches: dict[str, dict[str, ModelledJob]] = field(default_factory=dict)
    order: list[tuple[str, str]] = field(default_factory=list)

    def jobs(self) -> Iterator[tuple[str, str, ModelledJob]]:
        """Go through all jobs: batch, place, job."""
        for batch_id, jobs in self.batches.items():
            for place_id, job in jobs.items():
                yield batch_id, place_id, job

    def newest(self, place_id: str) -> tuple[str, ModelledJob] | None:
        """Find the place's job that was submitted last, and its batch (contract F8)."""
        found = [(job.submitted, batch_id, job) for batch_id, place, job in self.jobs() if place == place_id]
        return max(found, key=lambda one: one[0])[1:] if found else None


def _status_in_words(lists: dict[str, list[str]], threshold: float) -> str:
    """Say a batch's status by the sentence of contract E3."""
    total = sum(map(len, lists.values()))
    if not total:
        return "completed"
    if len(lists["pending"]) == total:
        return "pending"
    if len(lists["pending"]) + len(lists["queued"]) == total:
        return "queued"
    if len(lists["completed"]) + len(lists["failed"]) == total:
        return "failed" if len(lists["failed"]) / total > threshold else "completed"
    return "in_progress"


def _read(page: ResultPage) -> list[Any]:
    results: list[Any] = orjson.loads(b"[" + b",".join(page.jobs) + b"]")
    return results


class EngineMachine(RuleBasedStateMachine):
    """Uses one world in every way, and compares what it shows with the model."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.slug = next(_slugs)
        self.model = Model()
        self.sequence = count()

    @property
    def world(self) -> World:
        """The world, as a request finds it."""
        return self.engine.worlds.peek(self.slug)

    def teardown(self) -> None:
        """Forget the world, and its rows."""
        self.engine.forget(self.world)
        while self.engine.purge.is_due:
            self.engine.tick()

    @initialize(hold=st.sampled_from(["pending", "queued", "in_progress"]), workers=st.integers(1, 4))
    def begin(self, hold: str, workers: int) -> None:
        spec = RuleSpec.model_validate({"match": {"place_id": "held-*"}, "then": {"hold": hold}})
        self.engine.write(self.world, scenario.change, lambda scenario: scenario.with_rules([spec]))
        self.engine.write(self.world, world_settings.change, {"workers": workers})

    @rule(
        batch_id=batch_ids,
        place_ids=place_lists,
        kick_off=st.sampled_from([True, True, True, False]),
    )
    def create_or_append(self, batch_id: str, place_ids: list[str], kick_off: bool) -> None:
        places = [
            PlaceToEnrich(
                place_id, orjson.dumps({"name": f"Store {next(self.sequence)}", "city": "Lyon"}), ("websites",)
            )
            for place_id in place_ids
        ]
        answer = self.engine.write(
            self.world, batches.create, BatchToCreate(batch_id, "Stores", places, kick_off, "")
        ).value
        jobs = self.model.batches.setdefault(batch_id, {})
        for place_id in place_ids:
            self._submitted(jobs, batch_id, place_id, attempt=int(kick_off), moves=kick_off)
        self._check_pending(answer, place_ids)
        self._check_batch(batch_id, answer)

    @rule(place_id=st.sampled_from(PLACES))
    def submit_alone(self, place_id: str) -> None:
        place = PlaceToEnrich(place_id, b'{"name":"Alone","city":"Lyon"}', ("websites",))
        assert self.engine.write(self.world, engine_jobs.submit, place).value["place_id"] == place_id
        jobs = self.model.batches.setdefault(ALONE, {})
        self._submitted(jobs, ALONE, place_id, attempt=1, moves=True)

    def _submitted(
        self, jobs: dict[str, ModelledJob], batch_id: str, place_id: str, *, attempt: int, moves: bool
    ) -> None:
        if place_id not in jobs:
            self.model.order.append((batch_id, place_id))
        jobs[place_id] = ModelledJob(next(self.sequence), attempt, moves)

    @rule(microseconds=steps)
    def advance(self, microseconds: int) -> None:
        before = self.world.now()
        assert self.engine.write(self.world, clock.advance, microseconds).value.now == before + microseconds

    @rule(batch_id=st.none() | batch_ids)
    def settle(self, batch_id: str | None) -> None:
        if batch_id is not None and batch_id not in self.model.batches:
            with pytest.raises(BatchNotFound):
                self.engine.write(self.world, clock.settle, batch_id)
            return
        before = self.world.now()
        settled = self.engine.write(self.world, clock.settle, batch_id).value
        assert settled.now == self.world.now() == before + settled.advanced
        for batch, place_id, job in self.model.jobs():
            if batch_id in {None, batch} and job.moves and not place_id.startswith(("held", "mock-stuck")):
                assert self._statuses(batch)[place_id] in {"completed", "failed"}
        scope = self.model.batches if batch_id is None else [batch_id]
        unfinished = [
            status for batch in scope for status in self._statuses(batch).values() if RANK[status] < RANK["completed"]
        ]
        assert settled.unfinished == len(unfinished)

    @rule(
        batch_id=batch_ids,
        failed_only=st.sampled_from([None, True, False]),
        incomplete_only=st.booleans(),
        refresh=st.booleans(),
        attributes=st.sampled_from([(), ("menu",), ("websites", "names")]),
    )
    def reprocess(
        self,
        batch_id: str,
        failed_only: bool | None,
        incomplete_only: bool,
        refresh: bool,
        attributes: tuple[str, ...],
    ) -> None:
        scope, wanted = scope_of(failed_only, incomplete_only), Wanted(attributes, refresh)
        if batch_id not in self.model.batches:
            with pytest.raises(BatchNotFound):
                self.engine.write(self.world, reprocess.batch, batch_id, scope, wanted)
            return
        names = {status.name for status in scope.statuses}
        picked = [place_id for place_id, status in self._statuses(batch_id).items() if status in names]
        if not picked:
            with pytest.raises(NothingToReprocess):
                self.engine.write(self.world, reprocess.batch, batch_id, scope, wanted)
            return
        assert self.engine.write(self.world, reprocess.batch, batch_id, scope, wanted).value.jobs == len(picked)
        for place_id in picked:
            self._restarted(batch_id, place_id)
        self._check_pending(self.engine.read(self.world, batches.status, batch_id), picked)

    @rule(place_ids=place_lists)
    def reprocess_places(self, place_ids: list[str]) -> None:
        newest = {place_id: self.model.newest(place_id) for place_id in dict.fromkeys(place_ids)}
        known = [place_id for place_id, found in newest.items() if found]
        if not known:
            with pytest.raises(JobsNotFound):
                self.engine.write(self.world, reprocess.places, place_ids, Wanted(()))
            return
        answer = self.engine.write(self.world, reprocess.places, place_ids, Wanted(())).value
        assert answer.found == known
        assert answer.missing == [place_id for place_id in newest if place_id not in known]
        for place_id in known:
            found = newest[place_id]
            assert found is not None
            self._restarted(found[0], place_id)

    def _restarted(self, batch_id: str, place_id: str) -> None:
        job = self.model.batches[batch_id][place_id]
        job.seen, job.attempt, job.moves = "pending", job.attempt + 1, True

    @rule(batch=st.none() | st.sampled_from(["b-*", "b-1"]))
    def release(self, batch: str | None) -> None:
        released = self.engine.write(self.world, release.release, place_id="held-*", batch=batch).value
        assert 0 <= released <= sum(place_id.startswith("held") for _, place_id, _ in self.model.jobs())

    @rule(
        changes=st.fixed_dictionaries(
            {},
            optional={
                "workers": st.integers(1, 4),
                "failure_rate": st.sampled_from([0.0, 0.5, 1.0]),
                "batch_failure_threshold": st.sampled_from([0.0, 0.5, 1.0]),
                "pending_seconds": st.sampled_from([0.0, 1.0]),
                "seed": st.integers(0, 3),
            },
        )
    )
    def change_settings(self, changes: dict[str, Any]) -> None:
        self.engine.write(self.world, world_settings.change, changes)

    @precondition(lambda self: self.model.batches)
    @rule(batch_id=batch_ids)
    def delete_batch(self, batch_id: str) -> None:
        if batch_id not in self.model.batches:
            with pytest.raises(BatchNotFound):
                self.engine.write(self.world, batches.delete, batch_id)
            return
        self.engine.write(self.world, batches.delete, batch_id)
        del self.model.batches[batch_id]
        self.model.order = [one for one in self.model.order if one[0] != batch_id]

    @precondition(lambda self: self.model.order)
    @rule(place_id=st.sampled_from(PLACES))
    def delete_place(self, place_id: str) -> None:
        mentioned = [one for one in self.model.order if one[1] == place_id]
        if not mentioned:
            with pytest.raises(JobNotFound):
                self.engine.write(self.world, engine_jobs.delete, place_id)
            return
        assert self.engine.write(self.world, engine_jobs.delete, place_id).value == len(mentioned)
        for batch_id, _ in mentioned:
            del self.model.batches[batch_id][place_id]
        self.model.order = [one for one in self.model.order if one[1] != place_id]

    def _results(self, batch_id: str) -> dict[str, Any]:
        query = ResultQuery(alone=True) if batch_id == ALONE else ResultQuery(batch_id)
        page = self.engine.read(self.world, results.page, query, limit=1000, offset=0)
        return {result["place_id"]: result for result in _read(page)}

    def _statuses(self, batch_id: str) -> dict[str, str]:
        """Read each job's status by its result."""
        return {place_id: result["status"] for place_id, result in self._results(batch_id).items()}

    def _check_pending(self, view: BatchView, place_ids: list[str]) -> None:
        """Check that jobs start in pending, where they stay there at all."""
        if self.world.settings.pending_seconds:
            assert set(view.jobs["pending"]) >= set(place_ids)

    def _check_batch(self, batch_id: str, view: BatchView) -> None:
        lists = {status: list(ids) for status, ids in view.jobs.items()}
        assert list(lists) == STATUSES
        places = list(self.model.batches[batch_id])
        assert sorted(chain(*lists.values())) == sorted(places), "the lists are disjoint and add up"
        for ids in lists.values():
            assert ids == [place_id for place_id in places if place_id in ids], "in order of first mention"
        assert view.batch.counts == tuple(map(len, lists.values()))
        threshold = self.world.settings.batch_failure_threshold
        assert view.status.name == _status_in_words(lists, threshold)

    @invariant()
    def batches_are_consistent(self) -> None:
        listed = self.engine.read(self.world, batches.page, "", limit=500, offset=0)
        named = [batch_id for batch_id in self.model.batches if batch_id != ALONE]
        assert [batch.id for batch, _, _ in listed.batches] == named[::-1]
        for batch, status, _ in listed.batches:
            view = self.engine.read(self.world, batches.status, batch.id)
            self._check_batch(batch.id, view)
            assert (batch.counts, status) == (view.batch.counts, view.status), "the row's counts are the jobs' counts"
        total = self.engine.read(self.world, worlds.summary).jobs
        assert total.total == len(self.model.order)

    @invariant()
    def jobs_never_go_back(self) -> None:
        for batch_id, jobs in self.model.batches.items():
            statuses = self._statuses(batch_id)
            assert list(statuses) == list(jobs)
            for place_id, job in jobs.items():
                self._check_job(place_id, job, statuses[place_id])

    def _check_job(self, place_id: str, job: ModelledJob, status: str) -> None:
        assert RANK[status] >= RANK[job.seen]
        assert job.seen not in {"completed", "failed"} or status == job.seen
        assert job.moves or status == "pending"
        if status in {"completed", "failed"}:
            expected = {
                "mock-ok-1": "completed",
                "mock-fail-1": "failed",
                "mock-flaky-1": "failed" if job.attempt == 1 else "completed",
                "mock-stuck-1": None,
            }
            assert status == expected.get(place_id, status)
        job.seen = status

    @invariant()
    def the_newest_job_of_a_place_is_the_one_that_is_shown(self) -> None:
        for place_id in ("store-0", "mock-flaky-1"):
            newest = self.model.newest(place_id)
            if newest is None:
                with pytest.raises(JobNotFound):
                    self.engine.read(self.world, results.of_place, place_id)
            else:
                result = self.engine.read(self.world, results.of_place, place_id)
                assert result == self._results(newest[0])[place_id]

    @rule(size=pages, microseconds=steps)
    def page_through_everything(self, size: int, microseconds: int) -> None:
        paged: list[str] = []
        for offset in range(0, len(self.model.order) + size, size):
            page = self.engine.read(self.world, results.page, ResultQuery(), limit=size, offset=offset)
            assert page.total == len(self.model.order)
            paged += [result["place_id"] for result in _read(page)]
            self.engine.write(self.world, clock.advance, microseconds)
        assert paged == [place_id for _, place_id in self.model.order]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = Engine(load({"clock": "paused", "attribute_status": "asked"}, environ={}))
    yield engine
    engine.close()


def test_whatever_is_done_what_clients_see_is_consistent(engine: Engine) -> None:
    """contract D4, E1, E3, F1, F8, G2, G5, G6: any order of any operations."""

    class Machine(EngineMachine):
        def __init__(self) -> None:
            super().__init__(engine)

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )


def test_a_refused_change_leaves_no_trace(engine: Engine) -> None:
    """contract B5: also in a world that is used."""
    slug = next(_slugs)
    world = engine.worlds.peek(slug)
    place = PlaceToEnrich("store-1", b'{"name":"A","city":"Lyon"}', ("websites",))
    engine.write(world, batches.create, BatchToCreate("b", "B", [place], kick_off=True, fingerprint=""))
    before = engine.read(engine.worlds.peek(slug), snapshot.take)
    for refused in (
        lambda: engine.write(world, reprocess.batch, "b", scope_of(None, incomplete_only=False), Wanted(())).value,
        lambda: engine.write(world, clock.settle, "unknown").value,
        lambda: engine.write(world, reprocess.places, ["unknown"], Wanted(())).value,
        lambda: engine.write(world, engine_jobs.delete, "unknown").value,
    ):
        with pytest.raises((NothingToReprocess, BatchNotFound, JobsNotFound, JobNotFound)):
            refused()
    assert engine.read(engine.worlds.peek(slug), snapshot.take) == before


def test_ticking_changes_nothing_that_a_read_would_not_show(engine: Engine) -> None:
    """design: answers never depend on how late the ticker is."""
    worlds = [next(_slugs) for _ in range(2)]
    place = b'{"name":"A","city":"Lyon"}'
    places = [PlaceToEnrich(f"store-{number}", place, ("websites",)) for number in range(20)]
    for slug in worlds:
        engine.write(engine.worlds.peek(slug), clock.change, now=1_900_000_000_000_000)
        engine.write(
            engine.worlds.peek(slug), batches.create, BatchToCreate("b", "B", places, kick_off=True, fingerprint="")
        )
    for _ in range(12):
        for slug in worlds:
            engine.write(engine.worlds.peek(slug), clock.advance, 500_000)
        engine.tick()
        shown = [
            engine.read(engine.worlds.peek(slug), results.page, ResultQuery("b"), limit=50, offset=0) for slug in worlds
        ]
        assert shown[0] == shown[1]
