"""A big create in slices: it gives what a create at once gives, others come in between, and nobody sees a part."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import orjson
import pytest

from reprompt_mock.engine import batches, clock, exports, jobs, results, scenario, slices, snapshot, worlds
from reprompt_mock.engine import settings as world_settings
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.results import ResultQuery
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.engine.writing import Written
from reprompt_mock.errors import (
    AttributesMissing,
    AttributeUnknown,
    BatchNotFound,
    JobNotFound,
    StorageFailed,
    TooManyJobs,
)
from reprompt_mock.settings import load
from reprompt_mock.specs import RuleSpec
from tests.stores import database_of
from tests.test_deleting import place_ids, purged, rows

SIZE, SLICE = 25, 10
NOW = 1_800_000_000_000_000


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_SLICE_JOBS", SLICE)


def places(size: int = SIZE) -> list[PlaceToEnrich]:
    return [
        PlaceToEnrich(f"p{number}", orjson.dumps({"name": f"Shop {number}", "city": "Lyon"}), ("websites", "menu"))
        for number in range(size)
    ]


def request(batch_id: str | None = "big", *, kick_off: bool = True, size: int = SIZE) -> BatchToCreate:
    return BatchToCreate(batch_id, "Big", places(size), kick_off, fingerprint="the same")


def nothing() -> None:
    """Let nobody in."""


def once(work: Callable[[], object]) -> Callable[[], None]:
    """Return a pause in which something happens the first time."""
    pauses = count()

    def pause() -> None:
        if not next(pauses):
            work()

    return pause


def in_slices(
    engine: Engine, world: World, wanted: BatchToCreate, pause: Callable[[], None] = nothing
) -> Written[batches.BatchView]:
    return slices.create(engine, world, wanted, pause)


def at_once(engine: Engine, world: World, wanted: BatchToCreate) -> Written[batches.BatchView]:
    return engine.write(world, batches.create, wanted)


def whole(engine: Engine, world: World) -> dict[str, object]:
    document = engine.read(world, snapshot.take)
    return {key: value for key, value in orjson.loads(orjson.dumps(document)).items() if key != "taken_at"}


def add_rule(engine: Engine, world: World, match: dict[str, object], then: dict[str, object]) -> None:
    spec = RuleSpec.model_validate({"match": match, "then": then, "times": 3})
    engine.write(world, scenario.change, lambda current: current.with_rules([spec]))


# The same as at once


def plain(engine: Engine, world: World) -> None:
    """Leave a world as it is."""


def with_history(engine: Engine, world: World) -> None:
    at_once(engine, world, request("before", size=3))
    engine.write(world, jobs.submit, places(1)[0])


def with_rules(engine: Engine, world: World) -> None:
    add_rule(engine, world, {"place_id": "p1*"}, {"outcome": "failed", "error": "gone"})
    add_rule(engine, world, {"name": "Shop 2"}, {"hold": "pending"})


def with_pins(engine: Engine, world: World) -> None:
    add_rule(engine, world, {"place_id": "p2*"}, {"outputs": {"website": "https://example.com"}})


def with_errors(engine: Engine, world: World) -> None:
    engine.write(world, world_settings.change, {"attribute_error_rate": 0.5})


@pytest.mark.parametrize("prepare", [plain, with_history, with_rules, with_pins, with_errors])
@pytest.mark.parametrize("batch_id", ["big", None])
@pytest.mark.parametrize("kick_off", [True, False])
def test_a_world_is_the_same_whether_a_batch_came_in_slices_or_at_once(
    engine: Engine, prepare: Callable[[Engine, World], None], batch_id: str | None, kick_off: bool
) -> None:
    sliced, other = engine.worlds.peek("sliced"), engine.worlds.peek("whole")
    for world in (sliced, other):
        engine.write(world, clock.change, now=NOW)
        prepare(engine, world)
    wanted = request(batch_id, kick_off=kick_off)

    first, second = in_slices(engine, sliced, wanted), at_once(engine, other, wanted)

    assert first.value._replace(batch=second.value.batch) == second.value
    assert first.rules == second.rules
    assert first.value.batch.created_at == second.value.batch.created_at
    assert whole(engine, sliced) == whole(engine, other)
    assert sliced.state.version == other.state.version


def test_a_generated_batch_id_is_another_each_time(engine: Engine, world: World) -> None:
    ids = [in_slices(engine, world, request(None)).value.batch.id for _ in range(2)]
    ids.append(at_once(engine, world, request(None)).value.batch.id)

    assert len(set(ids)) == 3


def test_what_is_refused_makes_no_world(engine: Engine, world: World) -> None:
    unasked = BatchToCreate("b", "B", [PlaceToEnrich("p", b"{}", ())], kick_off=True)
    with pytest.raises(AttributesMissing):
        in_slices(engine, world, unasked)

    assert engine.worlds.find("acme") is None
    assert rows(engine)["world"] == 0


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [({"max_jobs_per_request": 3}, TooManyJobs), ({"strict_attributes": True}, AttributeUnknown)],
)
def test_what_the_settings_refuse_leaves_nothing(
    engine: Engine, world: World, changes: dict[str, object], refusal: type[Exception]
) -> None:
    engine.write(world, world_settings.change, changes)
    before = purged(engine)
    wanted = request()._replace(places=[PlaceToEnrich(f"p{n}", b'{"name":"A"}', ("wibsites",)) for n in range(SIZE)])
    with pytest.raises(refusal):
        in_slices(engine, world, wanted)

    assert purged(engine) == before


def test_a_batch_of_many_histories_comes_at_once(engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_MOST_DOCUMENTS", 1)
    with_errors(engine, world)
    pauses = count()

    assert len(in_slices(engine, world, request(), once(lambda: next(pauses))).value.created) == SIZE
    assert next(pauses) == 0


# In between


def test_nobody_sees_a_part(engine: Engine, world: World) -> None:
    at_once(engine, world, request("other", size=2))
    before = whole(engine, world)
    version = world.state.version
    seen = []

    def look() -> None:
        with pytest.raises(BatchNotFound):
            engine.read(world, batches.status, "big")
        with pytest.raises(BatchNotFound):
            engine.read(world, results.page, ResultQuery("big"), limit=10, offset=0)
        with pytest.raises(JobNotFound):
            engine.read(world, results.of_place, "p7")
        assert [one.id for one, *_ in engine.read(world, batches.page, "", limit=9, offset=0).batches] == ["other"]
        assert place_ids(engine, world) == ["p0", "p1"]
        assert engine.read(world, worlds.summary).jobs.total == 2
        assert whole(engine, world) == before
        assert world.state.version == version
        seen.append(rows(engine)["job"])

    in_slices(engine, world, request(), look)

    assert seen == [12, 22, 27]
    assert len(place_ids(engine, world, "big")) == SIZE


def test_ticks_in_between_remove_nothing_of_it_and_later_ones_only_its_grave(engine: Engine, world: World) -> None:
    def tick() -> None:
        engine.purge.is_due = True
        for _ in range(5):
            engine.tick()

    in_slices(engine, world, request(), tick)

    assert purged(engine) == {**rows(engine), "job": SIZE, "world": 1, "submission": 1}
    assert len(place_ids(engine, world)) == SIZE


def test_other_writes_come_in_between(engine: Engine, world: World) -> None:
    in_slices(engine, world, request(), once(lambda: at_once(engine, world, request("small", size=2))))

    listed = engine.read(world, batches.page, "", limit=9, offset=0)
    assert {one.id: one.counts.total for one, *_ in listed.batches} == {"big": SIZE, "small": 2}
    assert engine.read(world, worlds.summary).jobs.total == SIZE + 2


def test_a_batch_that_came_meanwhile_is_appended_to(engine: Engine) -> None:
    sliced, other = engine.worlds.peek("sliced"), engine.worlds.peek("whole")
    in_slices(engine, sliced, request(), once(lambda: at_once(engine, sliced, request(size=3))))
    at_once(engine, other, request(size=3))
    at_once(engine, other, request())

    assert place_ids(engine, sliced, "big") == place_ids(engine, other, "big")
    assert engine.read(sliced, batches.status, "big") == engine.read(other, batches.status, "big")._replace(
        batch=engine.read(sliced, batches.status, "big").batch
    )
    assert purged(engine)["job"] == 2 * SIZE


def test_an_equal_body_that_came_meanwhile_has_the_first_id(engine: Engine) -> None:
    sliced, other = engine.worlds.peek("sliced"), engine.worlds.peek("whole")
    ids: list[str] = []
    last = in_slices(
        engine,
        sliced,
        request(None),
        once(lambda: ids.append(at_once(engine, sliced, request(None, size=3)).value.batch.id)),
    )
    ids.append(last.value.batch.id)

    assert ids == [at_once(engine, other, request(None, size=size)).value.batch.id for size in (3, SIZE)]


def test_rules_serve_as_often_as_they_may_however_many_creates_there_are(engine: Engine, world: World) -> None:
    add_rule(engine, world, {"place_id": "p*"}, {"outcome": "failed"})
    in_slices(engine, world, request(), once(lambda: at_once(engine, world, request("small", size=2))))

    (named,) = engine.read(world, scenario.show).rules
    assert named.served == 3


def test_a_world_that_is_forgotten_meanwhile_keeps_nothing(engine: Engine, world: World) -> None:
    at_once(engine, world, request("other", size=2))
    view = in_slices(engine, world, request(), once(lambda: engine.forget(world))).value

    assert view.batch.id == "big"
    assert place_ids(engine, engine.worlds.peek("acme")) == []
    assert purged(engine)["job"] == 0


def test_a_world_that_is_restored_meanwhile_gets_the_batch(engine: Engine, world: World) -> None:
    at_once(engine, world, request("other", size=2))
    taken = snapshot.Snapshot.model_validate_json(orjson.dumps(engine.read(world, snapshot.take)))
    in_slices(engine, world, request(), once(lambda: engine.write(world, snapshot.restore, taken)))

    assert len(place_ids(engine, world)) == SIZE + 2
    assert purged(engine)["job"] == SIZE + 2


def test_an_export_that_was_made_meanwhile_is_one_of_the_others(engine: Engine, world: World) -> None:
    at_once(engine, world, request("other", size=2))
    in_slices(engine, world, request(), once(lambda: engine.write(world, exports.create, ["other"], None)))

    (made,) = engine.read(world, exports.page, status=None, cursor=None, limit=5).exports
    assert list(made.names) == ["other"]


# What goes wrong


class Broken(Exception):
    """Something that goes wrong in the middle."""


def test_what_was_not_finished_is_purged(engine: Engine, world: World) -> None:
    def fail() -> None:
        raise Broken

    with pytest.raises(Broken):
        in_slices(engine, world, request(), fail)

    assert place_ids(engine, world) == []
    assert purged(engine)["job"] == 0
    assert rows(engine)["world"] == 1
    assert len(in_slices(engine, world, request()).value.created) == SIZE


def test_what_a_killed_process_did_not_finish_is_purged_by_the_next(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = load({"clock": "paused", "db": tmp_path_factory.mktemp("killed") / "world.db"}, environ={})
    killed = Engine(settings)
    world = killed.worlds.peek("acme")
    at_once(killed, world, request("other", size=2))
    with pytest.raises(Broken):
        in_slices(killed, world, request(), once(lambda: (_ for _ in ()).throw(Broken)))
    killed.close()  # before any tick

    engine = Engine(settings)
    again = engine.worlds.peek("acme")
    assert rows(engine)["job"] == 2 + SLICE
    assert place_ids(engine, again) == ["p0", "p1"]
    assert purged(engine)["job"] == 2
    in_slices(engine, again, request())
    assert len(place_ids(engine, again)) == SIZE + 2
    engine.close()


def test_a_disk_that_is_full_meanwhile_leaves_nothing(engine: Engine, world: World) -> None:
    at_once(engine, world, request("other", size=2))
    writer = database_of(engine)._writer
    with pytest.raises(StorageFailed):
        in_slices(engine, world, request(), once(lambda: writer.execute("PRAGMA query_only = ON")))
    writer.execute("PRAGMA query_only = OFF")

    assert place_ids(engine, world) == ["p0", "p1"]
    assert purged(engine)["job"] == 2
