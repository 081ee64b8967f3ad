"""What is committed is what is seen: no reader meets a state that was not, and a commit that fails leaves no trace."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from reprompt_mock.engine import batches, clock, scenario, snapshot, worlds
from reprompt_mock.engine import settings as engine_settings
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.events import Change, Kind
from reprompt_mock.engine.reading import Reading
from reprompt_mock.engine.snapshot import Snapshot
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.errors import StorageFailed
from reprompt_mock.specs import RuleSpec
from reprompt_mock.store.worlds import WorldState
from tests.stores import database_of
from tests.trust.scale import SOAK

PLACE = b'{"name": "A", "full_address": "B"}'
ROUNDS = 400 if SOAK else 40


def batch(batch_id: str, *place_ids: str) -> BatchToCreate:
    places = [PlaceToEnrich(place_id, PLACE, ("websites",)) for place_id in place_ids]
    return BatchToCreate(batch_id, f"named {batch_id}", places, kick_off=True, fingerprint="")


def a_world(engine: Engine, slug: str, number: int) -> World:
    """Make a world all of whose parts tell its number."""
    world = engine.worlds.peek(slug)
    engine.write(world, batches.create, batch(f"batch-{number}", *map(str, range(number))))
    engine.write(world, engine_settings.change, {"seed": number})
    rule = RuleSpec.model_validate({"then": {"seconds": number}})
    engine.write(world, scenario.change, lambda old: old.without_rule(None).with_rules([rule]))
    engine.write(world, clock.change, now=2_000_000_000_000_000 + number)
    return world


def numbers(reading: Reading) -> set[int]:
    """Read the number that every part of a world tells."""
    page = batches.page(reading, "", limit=10, offset=0)
    (rule,) = reading.state.scenario.rules
    return {
        reading.state.settings.seed,
        reading.now - 2_000_000_000_000_000,
        int(rule.spec.then.seconds or 0),
        *(int(stored.id.rpartition("-")[2]) for stored, _, _ in page.batches),
        *(stored.counts.total for stored, _, _ in page.batches),
    }


def test_a_reader_amid_a_restore_sees_the_world_of_before(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(engine, "one", 1)
    document = Snapshot.model_validate(engine.read(a_world(engine, "two", 2), snapshot.take))
    seen: list[set[int]] = []

    def read_beside(*_: Any) -> None:
        with ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(engine.read, world, numbers).result(30))

    monkeypatch.setattr(snapshot, "summary", read_beside)
    engine.write(world, snapshot.restore, document)

    assert seen == [{1}]
    assert engine.read(world, numbers) == {2}


def test_a_reader_between_commit_and_publication_waits(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(engine, "one", 1)
    document = Snapshot.model_validate(engine.read(a_world(engine, "two", 2), snapshot.take))
    publish = World.publish
    with ThreadPoolExecutor(1) as pool:
        reading: list[Future[set[int]]] = []

        def late(world: World, state: WorldState, documents: Mapping[Any, int]) -> None:
            reading.append(pool.submit(engine.read, world, numbers))
            with suppress(TimeoutError):  # it has no answer yet, if it waits
                reading[0].result(0.2)
            publish(world, state, documents)

        with monkeypatch.context() as patch:
            patch.setattr(World, "publish", late)
            engine.write(world, snapshot.restore, document)

        assert reading[0].result(30) == {2}


def test_readers_see_one_of_two_states_that_replace_each_other_and_never_a_mixture(engine: Engine) -> None:
    documents = [
        Snapshot.model_validate(engine.read(a_world(engine, f"world-{number}", number), snapshot.take))
        for number in (3, 5)
    ]
    world = a_world(engine, "changing", 3)
    stop = threading.Event()

    def read() -> list[set[int]]:
        seen = []
        while not stop.is_set():
            seen.append(engine.read(world, numbers))
        return seen

    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read) for _ in range(3)]
        for number in range(ROUNDS):
            engine.write(world, snapshot.restore, documents[number % 2])
        stop.set()
        seen = [states for future in reading for states in future.result(60)]

    assert [states for states in seen if len(states) != 1] == []


def test_a_world_that_cannot_be_forgotten_stays_as_it_was_and_can_be_written(engine: Engine) -> None:
    world = a_world(engine, "kept", 4)
    writer = database_of(engine)._writer
    writer.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageFailed):
        engine.forget(world)
    writer.execute("PRAGMA query_only = OFF")

    assert engine.worlds.peek("kept") is world
    assert engine.read(world, numbers) == {4}
    engine.write(world, batches.create, batch("later", "a"))
    assert engine.read(world, worlds.summary).batches == 2


def test_a_change_that_fails_changes_nothing_in_memory(engine: Engine) -> None:
    world = a_world(engine, "failing", 6)
    before = world.present
    writer = database_of(engine)._writer
    writer.execute("PRAGMA query_only = ON")
    for change in (
        lambda: engine.write(world, clock.advance, 10**9),
        lambda: engine.write(world, engine_settings.change, {"seed": 9}),
        lambda: engine.write(world, scenario.change, lambda old: old.without_rule(None)),
    ):
        with pytest.raises(StorageFailed):
            change()
    writer.execute("PRAGMA query_only = OFF")

    assert world.present is before
    assert engine.read(world, numbers) == {6}


def test_changes_are_published_once_they_are_committed(engine: Engine) -> None:
    heard: list[tuple[Change, bool]] = []
    world = engine.worlds.peek("loud")

    def listen(changes: Sequence[Change]) -> None:
        heard.extend((change, world.state.key is not None) for change in changes)

    stop = engine.events.listen(listen)
    engine.write(world, batches.create, batch("b", "a"))
    with pytest.raises(RuntimeError):
        engine.write(world, _fail)
    stop()
    engine.write(world, batches.delete, "b")

    assert heard == [(Change("loud", Kind.batch, "b"), True)]


def _fail(writing: Any) -> None:
    writing.note(Kind.clock)
    raise RuntimeError
