"""What is deleted is gone at once, and its rows later: a batch, however large, takes no more work than a small one."""

from __future__ import annotations

from itertools import pairwise

import orjson
import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.engine import batches, clock, jobs, release, results, scenario, snapshot, worlds
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.results import ResultQuery
from reprompt_mock.engine.snapshot import Snapshot
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.errors import BatchNotFound, JobNotFound, StorageFailed
from reprompt_mock.settings import load
from reprompt_mock.specs import RuleSpec
from reprompt_mock.store import worlds as stored_worlds
from tests.processes import eventually
from tests.stores import database_of

TABLES = ("job", "batch", "submission", "document", "body")


def create(engine: Engine, world: World, batch_id: str, *place_ids: str) -> None:
    places = [PlaceToEnrich(place_id, b'{"name":"A","full_address":"London"}', ("websites",)) for place_id in place_ids]
    engine.write(world, batches.create, BatchToCreate(batch_id, batch_id, places, kick_off=True, fingerprint=""))


def rows(engine: Engine) -> dict[str, int]:
    with database_of(engine).read() as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in (*TABLES, "world")
        }


def purged(engine: Engine) -> dict[str, int]:
    """Let what was deleted be removed; gives how many rows each table has then."""
    while engine.purge.is_due:
        engine.tick()
    return rows(engine)


def place_ids(engine: Engine, world: World, batch_id: str | None = None) -> list[str]:
    page = engine.read(world, results.page, ResultQuery(batch_id), limit=1000, offset=0)
    return [result["place_id"] for result in orjson.loads(b"[" + b",".join(page.jobs) + b"]")]


@pytest.mark.parametrize("is_purged", [False, True])
def test_a_deleted_batch_is_gone_before_its_rows_are(engine: Engine, world: World, is_purged: bool) -> None:
    create(engine, world, "kept", "a", "b")
    create(engine, world, "deleted", "b", "c")
    engine.write(world, batches.delete, "deleted")
    if is_purged:
        purged(engine)
    assert rows(engine)["job"] == (2 if is_purged else 4)
    with pytest.raises(BatchNotFound):
        engine.read(world, batches.status, "deleted")
    with pytest.raises(BatchNotFound):
        engine.write(world, batches.delete, "deleted")
    with pytest.raises(JobNotFound):
        engine.read(world, results.of_place, "c")
    with pytest.raises(JobNotFound):
        engine.write(world, jobs.delete, "c")
    assert engine.read(world, results.of_place, "b")["place_id"] == "b"
    assert place_ids(engine, world) == ["a", "b"]
    assert engine.read(world, worlds.summary).jobs.total == 2
    assert engine.write(world, clock.settle).value.unfinished == 0
    assert engine.write(world, jobs.delete, "b").value == 1


@pytest.mark.parametrize("is_purged", [False, True])
def test_its_id_and_its_places_can_be_used_again(engine: Engine, world: World, is_purged: bool) -> None:
    for number in range(3):
        create(engine, world, "stores", "a", "b", f"c-{number}")
        create(engine, world, f"other-{number}", "a")
        engine.write(world, batches.delete, "stores")
        if is_purged:
            purged(engine)
    create(engine, world, "stores", "b", "d")
    assert place_ids(engine, world, "stores") == ["b", "d"]
    assert place_ids(engine, world) == ["a", "a", "a", "b", "d"]
    assert purged(engine)["job"] == 5
    assert place_ids(engine, world, "stores") == ["b", "d"]


def test_jobs_that_were_held_are_not_released_any_more(engine: Engine, world: World) -> None:
    rule = RuleSpec.model_validate({"match": {"place_id": "*"}, "then": {"hold": "queued"}})
    engine.write(world, scenario.change, lambda scenario: scenario.with_rules([rule]))
    create(engine, world, "deleted", "a")
    create(engine, world, "kept", "b")
    engine.write(world, batches.delete, "deleted")
    assert engine.write(world, release.release, place_id=None, batch=None).value == 1


def test_a_snapshot_has_nothing_of_it(engine: Engine, world: World) -> None:
    create(engine, world, "deleted", "a", "b")
    create(engine, world, "kept", "b")
    engine.write(world, batches.delete, "deleted")
    document = Snapshot.model_validate(engine.read(world, snapshot.take))
    other = engine.worlds.peek("other")
    engine.write(other, snapshot.restore, document)
    assert place_ids(engine, other) == ["b"]
    create(engine, other, "more", "c")
    assert place_ids(engine, other) == ["b", "c"]


def test_nothing_of_what_was_deleted_stays(engine: Engine, world: World) -> None:
    nothing = purged(engine)
    for slug in ("acme", "other"):
        for batch_id in ("one", "two", "three"):
            create(engine, engine.worlds.peek(slug), batch_id, *(f"store-{number}" for number in range(50)))
    for batch_id in ("three", "one", "two"):
        engine.write(world, batches.delete, batch_id)
    assert purged(engine)["job"] == 150
    engine.write(engine.worlds.peek("other"), batches.delete, "two")
    engine.reset()
    assert purged(engine) == nothing


def test_a_deleted_batch_of_a_forgotten_world_goes_in_small_steps(engine: Engine, world: World) -> None:
    create(engine, world, "stores", *(f"store-{number}" for number in range(100)))
    engine.write(world, batches.delete, "stores")
    engine.forget(world)
    sizes = [100]
    has_more = True
    while has_more:
        with engine.store.write() as session:
            has_more = stored_worlds.purge(session, 10)
        sizes.append(rows(engine)["job"])
    assert max(before - after for before, after in pairwise(sizes)) == 10
    assert sizes[-1] == 0


def test_time_does_not_go_back_with_what_was_deleted(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A world's time never lies before its last change, also after a restart."""
    settings = load({"clock": "paused", "db": tmp_path_factory.mktemp("time") / "world.db"}, environ={})
    engine = Engine(settings)
    world = engine.worlds.peek("acme")
    create(engine, world, "stores", "a")
    engine.write(world, batches.delete, "stores")
    purged(engine)
    with engine.store.read() as session:
        latest = session.value("SELECT latest FROM world WHERE slug = 'acme'")
    assert latest == world.now()
    engine.close()


def test_a_world_that_cannot_be_forgotten_is_not(engine: Engine, world: World) -> None:
    create(engine, world, "stores", "a")
    database_of(engine)._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageFailed):
        engine.forget(world)
    assert place_ids(engine, engine.worlds.peek("acme")) == ["a"]
    with pytest.raises(StorageFailed):
        engine.tick()
    database_of(engine)._writer.execute("PRAGMA query_only = OFF")
    engine.forget(world)
    assert purged(engine)["job"] == 0


def test_a_ticker_goes_on_after_what_could_not_be_stored(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app(load({"clock": "paused"}, environ={}))
    engine = app.engine
    with TestClient(app):
        eventually(lambda: not engine.purge.is_due)
        create(app.engine, app.engine.worlds.peek("acme"), "stores", "a")
        with database_of(engine).lock:
            app.engine.forget(app.engine.worlds.peek("acme"))
            database_of(engine)._writer.execute("PRAGMA query_only = ON")
        eventually(lambda: bool(caplog.messages))
        (message,) = caplog.messages
        assert "cannot be written" in message
        with database_of(engine).lock:
            database_of(engine)._writer.execute("PRAGMA query_only = OFF")
        eventually(lambda: not engine.purge.is_due)
        assert rows(app.engine)["job"] == 0
