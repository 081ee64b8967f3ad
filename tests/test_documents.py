"""Documents that jobs share: each is looked up once in a world's life, and nothing uncommitted is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
import pytest

from reprompt_mock.engine import results, snapshot, submissions, writing
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.results import ResultPage, ResultQuery
from reprompt_mock.engine.snapshot import Snapshot
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.world import World
from reprompt_mock.settings import load
from tests.stores import database_of

PLACE = b'{"name": "A", "full_address": "B"}'
LISTS = [("websites",), ("phoneNumbers",), ("websites", "phoneNumbers"), ("openingHours",)]


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(load({"clock": "paused", "attribute_status": "asked"}, environ={}))
    yield engine
    engine.close()


def create(writing: writing.Writing, *lists: tuple[str, ...]) -> None:
    places = [PlaceToEnrich(f"p-{number}", PLACE, names) for number, names in enumerate(lists)]
    submissions.create(writing, BatchToCreate("b", "b", places, kick_off=True, fingerprint=""))


def finish(writing: writing.Writing) -> None:
    writing.advance(3600 * 10**6)


def asked(engine: Engine, world: World) -> list[list[str]]:
    engine.write(world, finish)
    return shown(engine.read(world, results.page, ResultQuery("b"), limit=100, offset=0))


def shown(page: ResultPage) -> list[list[str]]:
    found: list[dict[str, Any]] = orjson.loads(b"[" + b",".join(page.jobs) + b"]")
    return [sorted(result["job_metadata"]["attribute_status"]) for result in found]


def lookups(engine: Engine, world: World, *lists: tuple[str, ...]) -> int:
    """Create, and count the statements on documents."""
    seen: list[str] = []
    writer = database_of(engine)._writer
    writer.set_trace_callback(seen.append)
    engine.write(world, create, *lists)
    writer.set_trace_callback(None)
    return sum("document" in statement for statement in seen)


def test_a_document_is_looked_up_once_in_the_life_of_a_world(engine: Engine, world: World) -> None:
    assert lookups(engine, world, *LISTS) > 0
    assert lookups(engine, world, *reversed(LISTS)) == 0
    assert asked(engine, world) == [sorted(names) for names in reversed(LISTS)]


def test_a_change_that_fails_leaves_no_key_behind(engine: Engine, world: World) -> None:
    def fails(writing: writing.Writing) -> None:
        create(writing, *LISTS)
        raise ZeroDivisionError

    engine.write(world, create, LISTS[0])
    with pytest.raises(ZeroDivisionError):
        engine.write(world, fails)
    engine.write(engine.worlds.peek("other"), create, *reversed(LISTS))  # which takes the keys

    engine.write(world, create, *LISTS)

    assert asked(engine, world) == [sorted(names) for names in LISTS]


def test_a_part_that_is_undone_leaves_no_key_behind(engine: Engine, world: World) -> None:
    def partly(writing: writing.Writing) -> None:
        with suppress(ZeroDivisionError), writing.part():
            create(writing, *LISTS)
            raise ZeroDivisionError
        create(writing, *LISTS)

    engine.write(world, partly)

    assert asked(engine, world) == [sorted(names) for names in LISTS]


def test_a_world_that_begins_anew_looks_them_up_anew(engine: Engine, world: World) -> None:
    engine.write(world, create, *LISTS)
    empty = Snapshot.model_validate(engine.read(engine.worlds.peek("empty"), snapshot.take))
    engine.write(world, snapshot.restore, empty)
    while engine.purge.is_due:
        engine.tick()

    engine.write(world, create, *LISTS)

    assert asked(engine, world) == [sorted(names) for names in LISTS]


def test_a_request_in_a_world_that_is_being_forgotten_sees_its_own(engine: Engine, world: World) -> None:
    engine.write(world, create, *LISTS)
    engine.forget(world)
    while engine.purge.is_due:
        engine.tick()

    def created_and_read(writing: writing.Writing) -> list[list[str]]:
        create(writing, *LISTS)
        finish(writing)
        return shown(results.page(writing.reading, ResultQuery("b"), limit=100, offset=0))

    assert engine.write(world, created_and_read).value == [sorted(names) for names in LISTS]


def test_so_many_are_remembered_and_no_more(engine: Engine, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_MOST_DOCUMENTS", 3)

    engine.write(world, create, *LISTS)
    assert 0 < len(world.documents) <= 3
    engine.write(world, create, *reversed(LISTS))

    assert asked(engine, world) == [sorted(names) for names in reversed(LISTS)]


def test_a_document_may_be_of_any_length(engine: Engine, world: World) -> None:
    """A list of many unknown attributes is found again, though no index could hold it."""
    names = tuple(f"unknown-{number}" for number in range(2000))
    engine.write(world, create, names)
    world.documents = {}
    engine.write(world, create, names)
    with engine.store.read() as session:
        assert (
            session.value("SELECT count(*) FROM document WHERE length(text) > 20000 AND world = ?", (world.state.row,))
            == 2
        )
        assert session.value("SELECT count(DISTINCT digest) FROM document") == session.value(
            "SELECT count(*) FROM document"
        )
