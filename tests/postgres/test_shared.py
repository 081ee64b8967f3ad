"""Several emulators on one schema are one: what one has acknowledged, the others see."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from reprompt_mock.clock import iso
from reprompt_mock.engine import batches, clock, remote, scenario, settings, snapshot, worlds
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.errors import BatchNotFound
from reprompt_mock.specs import FaultSpec, RuleSpec
from reprompt_mock.store.worlds import WorldState
from tests.postgres.conftest import opened
from tests.trust.scale import tries

PLACE = b'{"name": "A", "full_address": "B"}'


@pytest.fixture
def engines(address: str) -> Iterator[tuple[Engine, Engine]]:
    """Two emulators on one schema."""
    first, second = opened(address), opened(address)
    yield first, second
    first.close()
    second.close()


def create(engine: Engine, batch_id: str | None = None, place_id: str = "a") -> str:
    """Create a batch as a request does; give its id."""
    places = [PlaceToEnrich(place_id, PLACE, ("websites",))]
    request = BatchToCreate(batch_id, "b", places, kick_off=True, fingerprint="")
    return engine.write(engine.arrive("acme"), batches.create, request).value.batch.id


def ids(engine: Engine) -> list[str]:
    """List the ids of all batches as a request does."""
    page = engine.read(engine.arrive("acme"), batches.page, "", limit=1000, offset=0)
    return [batch.id for batch, _, _ in page.batches]


def status(engine: Engine, batch_id: str) -> str:
    """Read the status of a batch as a request does, kept views included."""
    world = engine.arrive("acme")
    view = batches.kept(world, batch_id) or engine.read(world, batches.status, batch_id)
    return view.status.name


def test_a_batch_of_one_is_a_batch_of_all(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    batch = create(first)
    assert status(second, batch) == "pending"
    assert create(second) != batch
    assert len(first.read(first.arrive("acme"), batches.page, "", limit=9, offset=0).batches) == 2


def test_a_kept_answer_is_dropped_once_another_has_changed_the_world(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    batch = create(first)
    assert [status(engine, batch) for engine in (first, second, first, second)] == ["pending"] * 4
    second.write(second.arrive("acme"), clock.settle)
    assert [status(engine, batch) for engine in (first, second)] == ["completed"] * 2


def test_all_show_one_clock(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    create(first)
    seen = []
    for engine in (first, second) * 3:
        seen.append(engine.read(engine.arrive("acme"), clock.show).now)
        engine.write(engine.arrive("acme"), clock.advance, 1_000_000)
    assert [later - earlier for earlier, later in itertools.pairwise(seen)] == [1_000_000] * 5


def test_a_running_clock_never_goes_back_from_one_to_another(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    first.write(first.arrive("acme"), clock.change, running=True, speed=1e5)
    times = [engine.read(engine.arrive("acme"), clock.show).now for engine in (first, second) * 20]
    assert times == sorted(times), [iso(time) for time in times]


def test_settings_rules_and_faults_are_of_all(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    first.write(first.arrive("acme"), settings.change, {"failure_rate": 1.0})
    assert second.arrive("acme").settings.failure_rate == 1.0
    second.write(second.arrive("acme"), scenario.change, lambda one: one.with_rules([RuleSpec(then={"seconds": 1})]))
    assert len(first.arrive("acme").state.scenario.rules) == 1


def test_a_fault_hits_as_often_as_it_says_whoever_is_asked(engines: tuple[Engine, Engine]) -> None:
    first, _ = engines
    spec = FaultSpec(then={"status": 503}, times=10)
    first.write(first.arrive("acme"), scenario.change, lambda one: one.with_faults([spec]))

    def met(number: int) -> bool:
        engine = engines[number % 2]
        hit = engine.write(engine.arrive("acme"), scenario.meet_fault, "GET", "/", None, digest=str(number))
        return hit.value is not None

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(met, range(60))) == 10


def test_first_requests_to_all_at_once_make_one_world(engines: tuple[Engine, Engine]) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda number: create(engines[number % 2]), range(24)))
    assert len(set(made)) == 24
    assert [len(engine.every_world()) for engine in engines] == [1, 1]


def test_what_one_forgets_is_forgotten_by_all(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    batch = create(first)
    assert status(second, batch) == "pending"
    first.forget(first.arrive("acme"))
    with pytest.raises(BatchNotFound):
        status(second, batch)
    assert create(second) == batch
    assert status(first, batch) == "pending"


def test_a_change_after_a_forget_elsewhere_is_of_a_new_world(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    create(first, "old")
    create(second, "older")
    first.forget(first.arrive("acme"))
    second.write(second.arrive("acme"), settings.change, {"seed": 7})
    assert first.arrive("acme").settings.seed == 7
    assert first.read(first.arrive("acme"), worlds.summary).batches == 0


def test_memory_is_freed_of_worlds_that_others_have_forgotten(
    engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_PRUNE_SECONDS", -1)
    first, second = engines
    for engine in engines:
        create(engine)
        engine.write(engine.arrive("other"), clock.advance, 1)
    taken = snapshot.Snapshot.model_validate(first.read(first.arrive("other"), snapshot.take))
    first.write(first.arrive("other"), snapshot.restore, taken)
    first.forget(first.arrive("acme"))
    second.tick()
    assert [world.slug for world in second.worlds] == ["other"]


def test_reset_forgets_worlds_that_only_others_have_met(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    create(first)
    second.reset()
    assert [engine.every_world() for engine in engines] == [[], []]


def test_what_is_due_anywhere_is_counted_once(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    batch = create(first)
    first.write(first.arrive("acme"), clock.change, running=True, speed=1e6)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(Engine.tick, engines))
    assert {status(engine, batch) for engine in engines} <= {"in_progress", "completed", "queued", "pending"}
    second.write(second.arrive("acme"), clock.settle)
    assert status(first, batch) == "completed"


def test_the_same_history_has_the_same_snapshot_as_on_a_file(engines: tuple[Engine, Engine]) -> None:
    alone = Engine(first_settings := engines[0].settings.model_copy(update={"db": None}))
    assert first_settings.db is None
    snapshots = []
    for some in ((alone,), engines):
        turn = [engine for _ in range(10) for engine in some]
        for number, engine in enumerate(turn[:10]):
            if number == 0:
                engine.write(engine.arrive("acme"), clock.change, now=10**15)
            create(engine, f"b-{number}", f"p-{number % 3}")
            create(engine)
            if number % 3 == 2:
                engine.write(engine.arrive("acme"), clock.settle)
            if number % 4 == 3:
                engine.write(engine.arrive("acme"), batches.delete, f"b-{number - 1}")
        last = turn[0]
        snapshots.append(last.read(last.arrive("acme"), snapshot.written))
    alone.close()
    assert snapshots[0] == snapshots[1]


def test_a_write_under_way_while_another_restores_is_stored(engines: tuple[Engine, Engine]) -> None:
    first, second = engines
    create(first, "old")
    taken = snapshot.Snapshot.model_validate(first.read(first.arrive("acme"), snapshot.take))
    under_way = first.arrive("acme")
    second.write(second.arrive("acme"), snapshot.restore, taken)
    assert status(first, "old") == "pending"
    places = [PlaceToEnrich("a", PLACE, ("websites",))]
    first.write(under_way, batches.create, BatchToCreate("new", "b", places, kick_off=True, fingerprint=""))
    assert {status(engine, "new") for engine in engines} == {"pending"}


def test_a_forget_and_writes_of_others_come_in_some_order(engines: tuple[Engine, Engine]) -> None:
    """Whatever is there afterwards is a whole world: what it lists can be read."""
    first, second = engines

    def write(number: int) -> None:
        engine = engines[number % 2]
        if number % 7 == 6:
            engine.forget(engine.arrive("acme"))
        else:
            create(engine, f"b-{number}", f"p-{number}")

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(write, range(tries(70, 2000))))
    listed = [ids(engine) for engine in engines]
    assert listed[0] == listed[1]
    assert {status(second, batch_id) for batch_id in listed[0]} <= {"pending"}
    summary = first.read(first.arrive("acme"), worlds.summary)
    assert (summary.batches, summary.jobs.total) == (len(listed[0]), len(listed[0]))


def test_a_read_ends_where_something_is_due_at_all_times(
    engines: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows the world as the change left it that applied what was due when it came."""
    first, _ = engines
    create(first)
    seen: list[int] = []

    def always_due(world: World, state: WorldState) -> int:
        seen.append(state.next_due or 0)
        return seen[-1]

    monkeypatch.setattr(World, "now_in", always_due)
    world = first.arrive("acme")
    shown = first.read(world, lambda reading: (reading.now, reading.state.latest))

    assert shown == (world.state.latest, world.state.latest)
    assert world.state.next_due is not None, "it went on until nothing was due any more"
    assert len(seen) < 5
