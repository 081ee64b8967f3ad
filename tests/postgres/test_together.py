"""Changes of one world in one transaction: each ends as if it had been made alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from reprompt_mock.engine import batches, clock
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.together import outcomes
from reprompt_mock.engine.writing import Writing
from reprompt_mock.errors import BatchNotFound, OutcomeUnknown, StoreSilent
from reprompt_mock.store import postgres
from reprompt_mock.store.session import Interrupted
from tests.postgres import test_processes as processes
from tests.postgres.test_faults_of_the_server import create, cut, ids, request
from tests.processes import serve


def creating(batch_id: str | None) -> Any:
    return lambda writing: batches.create(writing, request(batch_id, "a"))


def missing(writing: Writing) -> None:
    batches.create(writing, request("undone", "a"))
    batches.delete(writing, "missing")


def made(outcome: Any) -> str:
    return str(outcome.value.batch.id)


def now(outcome: Any) -> int:
    return int(outcome.value.now)


def test_all_are_stored_in_their_order_each_on_top_of_those_before(engine: Engine) -> None:
    """Ids, keys and documents go on as from one transaction to the next."""
    alone = [create(engine) for _ in range(3)]
    world = engine.arrive("other")
    together = [made(one) for one in outcomes(engine, world, [creating(None)] * 3)]
    assert together == alone
    assert engine.arrive("other").state[5:8] == engine.arrive("acme").state[5:8]
    later = engine.write(world, batches.create, request(None, "a")).value.batch.id
    assert later == create(engine)


def test_one_sees_the_clock_that_the_one_before_has_set(engine: Engine) -> None:
    world = engine.arrive("acme")
    create(engine)
    advance = partial(lambda writing: clock.advance(writing, 60_000_000))
    started, ended = map(now, outcomes(engine, world, [advance, lambda writing: clock.advance(writing, 1_000_000)]))
    assert ended - started == 1_000_000
    assert engine.read(world, batches.status, ids(engine)[0]).status.name == "completed"


def test_a_refusal_undoes_nothing_but_itself(engine: Engine) -> None:
    create(engine)
    first, refused, last = outcomes(engine, engine.arrive("acme"), [creating("one"), missing, creating("two")])
    assert [made(first), made(last)] == ["one", "two"]
    assert isinstance(refused, BatchNotFound)
    assert ids(engine)[1:] == ["one", "two"]


def test_all_are_made_once_though_the_connection_breaks(engine: Engine, address: str) -> None:
    tries = []

    def interrupted(writing: Writing) -> Any:
        tries.append(1)
        if len(tries) == 1:
            cut(address)
        return batches.create(writing, request("second", "a"))

    create(engine)
    together = outcomes(engine, engine.arrive("acme"), [creating("first"), interrupted, creating("third")])
    assert [made(one) for one in together] == ["first", "second", "third"]
    assert ids(engine)[1:] == ["first", "second", "third"]
    assert len(tries) == 2


def test_what_the_server_does_not_do_is_told_to_all_at_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not tried one by one, each with a patience of its own."""
    create(engine)
    tries = []

    def breaking(_: Writing) -> None:
        tries.append(1)
        raise Interrupted(reason="tried")

    together = outcomes(engine, engine.arrive("acme"), [breaking, creating("one")])
    assert [type(one) for one in together] == [StoreSilent] * 2
    assert len(tries) == 3
    monkeypatch.setattr(postgres, "_is_committed", lambda _: False)
    monkeypatch.setattr(postgres, "_PAUSE_SECONDS", 0)
    monkeypatch.setattr(postgres.PostgresStore, "_became", lambda *_: (None, False))
    together = outcomes(engine, engine.arrive("acme"), [creating("two"), creating("three")])
    assert [type(one) for one in together] == [OutcomeUnknown] * 2


def test_all_see_their_own_change_in_a_world_that_was_forgotten(engine: Engine) -> None:
    create(engine)
    world = engine.arrive("acme")

    def late(writing: Writing) -> Any:
        writing.world.forgotten = True
        return batches.create(writing, request("late", "a"))

    assert [made(one) for one in outcomes(engine, world, [late, creating("later")])] == ["late", "later"]
    with pytest.raises(BatchNotFound):
        engine.read(engine.arrive("acme"), batches.status, "later")


def test_creates_over_http_at_once_are_each_answered_and_stored(address: str) -> None:
    """A change of every fifth is refused, which concerns no other."""
    with serve("--port", "0", "--clock", "paused", "--db", address) as served, ThreadPoolExecutor(12) as threads:

        def ask(number: int) -> int:
            if number % 5:
                return processes.create(served, str(number))
            path = f"/v1/acme/place_enrichment/batches/missing-{number}"
            return served.http.delete(path, headers={"apiKey": "k"}).status_code

        assert list(threads.map(ask, range(60))) == [200 if number % 5 else 404 for number in range(60)]
        assert sorted(processes.stored(served), key=int) == [str(number) for number in range(60) if number % 5]
