"""What is deleted is gone at once, and its rows later: a batch, however large, takes no more work than a small one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import orjson
import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.engine import Engine
from reprompt_mock.engine.snapshot import Snapshot
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.views import ResultQuery
from reprompt_mock.errors import BatchNotFound, JobNotFound, StorageFailed
from reprompt_mock.settings import load
from reprompt_mock.specs import RuleSpec
from reprompt_mock.store import worlds
from reprompt_mock.world import World
from tests.processes import eventually

TABLES = ("job", "batch", "submission", "document", "body")


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(load({"clock": "paused"}, environ={}))
    yield engine
    engine.close()


@pytest.fixture
def world(engine: Engine) -> World:
    return engine.worlds.peek("acme")


def create(engine: Engine, world: World, batch_id: str, *place_ids: str) -> None:
    places = [PlaceToEnrich(place_id, b'{"name":"A","full_address":"London"}', ("websites",)) for place_id in place_ids]
    engine.create_batch(world, BatchToCreate(batch_id, batch_id, places, kick_off=True, body=b""))


def rows(engine: Engine) -> dict[str, int]:
    with engine.core.database.read() as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in (*TABLES, "world")
        }


def purged(engine: Engine) -> dict[str, int]:
    """Let what was deleted be removed; gives how many rows each table has then."""
    while engine.core.has_purge:
        engine.tick()
    return rows(engine)


def place_ids(engine: Engine, world: World, batch_id: str | None = None) -> list[str]:
    page = engine.results(world, ResultQuery(batch_id), limit=1000, offset=0)
    return [result["place_id"] for result in orjson.loads(b"[" + b",".join(page.jobs) + b"]")]


@pytest.mark.parametrize("is_purged", [False, True])
def test_a_deleted_batch_is_gone_before_its_rows_are(engine: Engine, world: World, is_purged: bool) -> None:
    create(engine, world, "kept", "a", "b")
    create(engine, world, "deleted", "b", "c")
    engine.delete_batch(world, "deleted")
    if is_purged:
        purged(engine)
    assert rows(engine)["job"] == (2 if is_purged else 4)
    with pytest.raises(BatchNotFound):
        engine.batch_status(world, "deleted")
    with pytest.raises(BatchNotFound):
        engine.delete_batch(world, "deleted")
    with pytest.raises(JobNotFound):
        engine.result_of_place(world, "c")
    with pytest.raises(JobNotFound):
        engine.delete_jobs(world, "c")
    assert engine.result_of_place(world, "b")["place_id"] == "b"
    assert place_ids(engine, world) == ["a", "b"]
    assert engine.summary(world).jobs.total == 2
    assert engine.settle(world).unfinished == 0
    assert engine.delete_jobs(world, "b") == 1


@pytest.mark.parametrize("is_purged", [False, True])
def test_its_id_and_its_places_can_be_used_again(engine: Engine, world: World, is_purged: bool) -> None:
    for number in range(3):
        create(engine, world, "stores", "a", "b", f"c-{number}")
        create(engine, world, f"other-{number}", "a")
        engine.delete_batch(world, "stores")
        if is_purged:
            purged(engine)
    create(engine, world, "stores", "b", "d")
    assert place_ids(engine, world, "stores") == ["b", "d"]
    assert place_ids(engine, world) == ["a", "a", "a", "b", "d"]
    assert purged(engine)["job"] == 5
    assert place_ids(engine, world, "stores") == ["b", "d"]


def test_jobs_that_were_held_are_not_released_any_more(engine: Engine, world: World) -> None:
    rule = RuleSpec.model_validate({"match": {"place_id": "*"}, "then": {"hold": "queued"}})
    engine.change_scenario(world, lambda scenario: scenario.with_rules([rule]))
    create(engine, world, "deleted", "a")
    create(engine, world, "kept", "b")
    engine.delete_batch(world, "deleted")
    assert engine.release(world, place_id=None, batch=None) == 1


def test_a_snapshot_has_nothing_of_it(engine: Engine, world: World) -> None:
    create(engine, world, "deleted", "a", "b")
    create(engine, world, "kept", "b")
    engine.delete_batch(world, "deleted")
    snapshot = Snapshot.model_validate(engine.snapshot(world))
    other = engine.worlds.peek("other")
    engine.restore(other, snapshot)
    assert place_ids(engine, other) == ["b"]
    create(engine, other, "more", "c")
    assert place_ids(engine, other) == ["b", "c"]


def test_nothing_of_what_was_deleted_stays(engine: Engine, world: World) -> None:
    nothing = purged(engine)
    for slug in ("acme", "other"):
        for batch_id in ("one", "two", "three"):
            create(engine, engine.worlds.peek(slug), batch_id, *(f"store-{number}" for number in range(50)))
    for batch_id in ("three", "one", "two"):
        engine.delete_batch(world, batch_id)
    assert purged(engine)["job"] == 150
    engine.delete_batch(engine.worlds.peek("other"), "two")
    engine.reset()
    assert purged(engine) == nothing


def test_a_deleted_batch_of_a_forgotten_world_goes_in_small_steps(engine: Engine, world: World) -> None:
    create(engine, world, "stores", *(f"store-{number}" for number in range(100)))
    engine.delete_batch(world, "stores")
    engine.forget(world)
    sizes = [100]
    has_more = True
    while has_more:
        with engine.core.database.write() as connection:
            has_more = worlds.purge(connection, 10)
        sizes.append(rows(engine)["job"])
    assert max(before - after for before, after in pairwise(sizes)) == 10
    assert sizes[-1] == 0


def test_time_does_not_go_back_with_what_was_deleted(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A world's time never lies before its last submission, also after a restart."""
    settings = load({"clock": "paused", "db": tmp_path_factory.mktemp("time") / "world.db"}, environ={})
    engine = Engine(settings)
    world = engine.worlds.peek("acme")
    create(engine, world, "stores", "a")
    engine.delete_batch(world, "stores")
    purged(engine)
    with engine.core.database.read() as connection:
        assert world.key is not None
        latest = worlds.last_submission(connection, world.key)
    engine.close()
    assert latest


def test_a_world_that_cannot_be_forgotten_is_not(engine: Engine, world: World) -> None:
    create(engine, world, "stores", "a")
    engine.core.database._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageFailed):
        engine.forget(world)
    assert place_ids(engine, engine.worlds.peek("acme")) == ["a"]
    with pytest.raises(StorageFailed):
        engine.tick()
    engine.core.database._writer.execute("PRAGMA query_only = OFF")
    engine.forget(world)
    assert purged(engine)["job"] == 0


def test_a_ticker_goes_on_after_what_could_not_be_stored(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(load({"clock": "paused"}, environ={}))
    core = app.engine.core
    with TestClient(app):
        eventually(lambda: not core.has_purge)
        create(app.engine, app.engine.worlds.peek("acme"), "stores", "a")
        with core.database.lock:
            app.engine.forget(app.engine.worlds.peek("acme"))
            core.database._writer.execute("PRAGMA query_only = ON")
        eventually(lambda: bool(caplog.messages))
        (message,) = caplog.messages
        assert "cannot be written" in message
        with core.database.lock:
            core.database._writer.execute("PRAGMA query_only = OFF")
        eventually(lambda: not core.has_purge)
        assert rows(app.engine)["job"] == 0
