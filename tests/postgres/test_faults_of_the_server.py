"""Connections that break: what was acknowledged is stored once, and what was not ends in a true answer or a 503."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from typing import Any, cast

import psycopg
import pytest

from reprompt_mock.engine import batches
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.submissions import BatchToCreate, PlaceToEnrich
from reprompt_mock.engine.writing import Writing
from reprompt_mock.errors import BatchNotFound, OutcomeUnknown, StorageFailed, StoreSilent
from reprompt_mock.store import postgres, postgres_line
from reprompt_mock.store.postgres_session import PostgresSession
from tests.postgres.conftest import alone, opened
from tests.postgres.proxy import Proxy, proxied
from tests.processes import eventually

HASTY_SECONDS = 0.5
PLACE = b'{"name": "A", "full_address": "B"}'


def request(batch_id: str | None, *place_ids: str) -> BatchToCreate:
    places = [PlaceToEnrich(place_id, PLACE, ("websites",)) for place_id in place_ids]
    return BatchToCreate(batch_id, "b", places, kick_off=True, fingerprint="the same")


def create(engine: Engine, batch_id: str | None = None, *place_ids: str) -> str:
    """Create a batch; give its id."""
    world = engine.worlds.peek("acme")
    view = engine.write(world, batches.create, request(batch_id, *(place_ids or ("a",)))).value
    return view.batch.id


def ids(engine: Engine) -> list[str]:
    """Return the ids of all batches, oldest first."""
    page = engine.read(engine.worlds.peek("acme"), batches.page, "", limit=1000, offset=0)
    return [batch.id for batch, _, _ in reversed(page.batches)]


def cut(address: str) -> None:
    """End all other connections of this schema's emulator, as a restart of the server does."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'reprompt-mock' AND pid <> pg_backend_pid()"
        )


def test_idle_connections_that_broke_are_replaced(engine: Engine, address: str) -> None:
    first = create(engine)
    for _ in range(3):
        cut(address)
        assert ids(engine)[0] == first
        create(engine)
    assert len(ids(engine)) == 4


def test_a_change_whose_connection_breaks_is_made_once(engine: Engine, address: str) -> None:
    tries = []

    def interrupted(writing: Writing) -> None:
        tries.append(batches.create(writing, request(None, "a")).batch.id)
        if len(tries) == 1:
            cut(address)

    create(engine)
    engine.write(engine.worlds.peek("acme"), interrupted)
    assert len(tries) == 2
    assert tries[0] == tries[1]
    assert ids(engine)[1:] == tries[1:]


def test_a_change_that_breaks_again_and_again_is_a_503(engine: Engine, address: str) -> None:
    def interrupted(writing: Writing) -> None:
        batches.create(writing, request(None, "a"))
        cut(address)

    before = create(engine)
    with pytest.raises(StoreSilent):
        engine.write(engine.worlds.peek("acme"), interrupted)
    assert ids(engine) == [before]


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_commit_that_was_not_confirmed_is_asked_about(
    engine: Engine, address: str, monkeypatch: pytest.MonkeyPatch, is_sent: bool
) -> None:
    """Stored or not, the batch is there once."""
    commit, lost = postgres._is_committed, iter([True])

    def unconfirmed(session: PostgresSession) -> bool:
        if not next(lost, False):
            return commit(session)
        if is_sent:
            commit(session)
        else:
            session._cursor.connection.close()
        return False

    create(engine)
    monkeypatch.setattr(postgres, "_is_committed", unconfirmed)
    made = create(engine)
    assert ids(engine)[1:] == [made]
    assert create(engine) not in {made, ids(engine)[0]}


@pytest.mark.parametrize("became", [(None, False), ("committed", False)], ids=["no answer", "after a restart"])
def test_an_end_that_the_server_does_not_tell_is_a_503_that_says_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, became: tuple[str | None, bool]
) -> None:
    """A server that crashed gives numbers of transactions again, so that what has one may be another."""

    def unconfirmed(_: psycopg.Connection[Any]) -> bool:
        return False

    create(engine)
    monkeypatch.setattr(postgres, "_is_committed", unconfirmed)
    monkeypatch.setattr(postgres, "_PAUSE_SECONDS", 0)
    monkeypatch.setattr(postgres.PostgresStore, "_became", lambda *_: became)
    with pytest.raises(OutcomeUnknown, match="whether this was stored is unknown"):
        engine.forget(engine.worlds.peek("acme"))


def test_what_another_connection_changed_is_seen(engine: Engine, address: str) -> None:
    """What is in memory holds only as long as the row has its version."""
    batch = create(engine)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("UPDATE batch SET name = 'other'")
        connection.execute("UPDATE world SET version = version + 1")
    assert engine.read(engine.worlds.peek("acme"), batches.status, batch).batch.name == "other"


def test_what_is_in_memory_is_not_believed_once_a_connection_was_lost(engine: Engine, address: str) -> None:
    """A server that crashed may give a version again, to another change."""
    batch = create(engine)
    for look in (engine.read, lambda world, *args: engine.read(engine.arrive(world.slug), *args)):
        name = f"told by {look}"
        look(engine.worlds.peek("acme"), batches.status, batch)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("UPDATE batch SET name = %s", [name])
        cut(address)
        assert look(engine.worlds.peek("acme"), batches.status, batch).batch.name == name


def test_a_server_that_takes_no_writes_is_a_503(engine: Engine, address: str) -> None:
    def standby(writing: Writing) -> None:
        writing.session.run("SET TRANSACTION READ ONLY")
        batches.create(writing, request(None, "a"))

    with pytest.raises(StorageFailed, match="read-only"):
        engine.write(engine.worlds.peek("acme"), standby)
    assert create(engine)


def test_a_world_that_others_hold_for_too_long_is_a_503(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    world = engine.worlds.peek("acme")
    monkeypatch.setattr("reprompt_mock.engine.remote._PATIENCE_SECONDS", 0.01)
    with world.turn, pytest.raises(StoreSilent, match="hold the world"):
        create(engine)
    assert create(engine)


def test_worlds_do_not_wait_for_one_another(engine: Engine) -> None:
    """A change of one world is stored while that of another is under way."""
    create(engine)

    def slow(writing: Writing) -> str:
        batches.create(writing, request("slow", "a"))
        other = engine.worlds.peek("other")
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(engine.write, other, batches.create, request("quick", "a")).result(60).value.batch.id

    assert engine.write(engine.worlds.peek("acme"), slow).value == "quick"
    assert "slow" in ids(engine)


def test_changes_of_one_world_come_one_after_another(engine: Engine) -> None:
    create(engine)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: create(engine), range(40)))
    assert sorted(ids(engine)[1:]) == sorted(set(made))
    assert len(made) == len(set(made))


def test_a_world_that_is_forgotten_takes_nothing_more(engine: Engine) -> None:
    world = engine.worlds.peek("acme")
    create(engine)

    def late(writing: Writing) -> None:
        batches.create(writing, request("late", "a"))
        writing.world.forgotten = True

    engine.write(world, late)
    with pytest.raises(BatchNotFound):
        engine.read(engine.worlds.peek("acme"), batches.status, "late")


def test_a_schema_is_held_again_after_the_server_was_away(engine: Engine, address: str) -> None:
    create(engine)
    cut(address)
    assert ids(engine)
    with psycopg.connect(address, autocommit=True) as older:
        assert not alone(older)


def test_a_schema_that_another_has_taken_meanwhile_is_left_to_it(engine: Engine, address: str) -> None:
    create(engine)
    with psycopg.connect(address, autocommit=True) as other:
        cut(address)
        eventually(lambda: alone(other))
        with pytest.raises(StoreSilent, match="another emulator has taken its schema"):
            ids(engine)
    assert ids(engine)


def test_however_long_the_server_was_away_it_is_found_soon(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that comes after it is back waits no longer than others wait for a connection."""
    monkeypatch.setattr(postgres_line, "PATIENCE_SECONDS", 0.5)
    with proxied(address) as proxy, closing(opened(proxy.address)) as engine:
        first = create(engine)
        proxy.cut(stay_closed=True)
        for _ in range(9):
            with pytest.raises(StoreSilent):
                ids(engine)
        proxy.is_open = True
        for _ in range(3):
            with suppress(StoreSilent):  # an attempt from before may still be under way, on a busy machine
                ids(engine)
        assert ids(engine) == [first]


@contextmanager
def hanging(proxy: Proxy, engine: Engine) -> Iterator[None]:
    """Pass nothing on during the block, in which what waits for an answer gives up soon."""
    store = engine.store
    assert isinstance(store, postgres.PostgresStore)
    with proxy.hanging(), pytest.MonkeyPatch.context() as patches:
        patches.setattr(store._pool._pool, "timeout", HASTY_SECONDS)
        patches.setattr(postgres_line.Line, "limit", HASTY_SECONDS)
        yield


def test_a_server_that_hangs_is_not_waited_for_without_end(address: str) -> None:
    """Its connections stay open; what begins is a 503, and what was under way is made once or known to be unknown."""
    with proxied(address) as proxy, closing(opened(proxy.address)) as engine:

        def hanging_in_it(writing: Writing) -> None:
            batches.create(writing, request("hanging", "a"))
            stack.enter_context(hanging(proxy, engine))
            session = writing.session
            assert isinstance(session, PostgresSession)
            cast("postgres_line.Line", session._cursor.connection).limit = HASTY_SECONDS

        create(engine, "first")
        with hanging(proxy, engine):
            with pytest.raises(StoreSilent):
                ids(engine)
            with pytest.raises(StoreSilent):
                create(engine, "never")
            with pytest.raises(StoreSilent):
                engine.store.check()
        eventually(partial(is_ready, engine))
        with ExitStack() as stack, pytest.raises(OutcomeUnknown):
            engine.write(engine.worlds.peek("acme"), hanging_in_it)
        eventually(partial(is_ready, engine))
        assert set(ids(engine)) - {"hanging"} == {"first"}
        create(engine, "last")
        assert len(ids(engine)) == len(set(ids(engine)))


def is_ready(engine: Engine) -> bool:
    with suppress(StoreSilent):
        engine.store.check()
        return True
    return False
