"""Processes that are killed and servers that restart under load: what was acknowledged is stored, and stored once."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from threading import Condition, Event, Thread, current_thread, main_thread
from typing import cast

import httpx2
import psycopg
import pytest

from reprompt_mock.errors import OutcomeUnknown
from reprompt_mock.store import postgres
from reprompt_mock.store.postgres_session import PostgresSession
from tests.conftest import LONDON
from tests.postgres.conftest import opened
from tests.postgres.test_faults_of_the_server import create, ids
from tests.processes import PATIENCE_SECONDS, Served, eventually, serve
from tests.stores import MISSING, Cluster, cluster, schema_at
from tests.trust.scale import tries

BATCHES = "/v1/acme/place_enrichment/batches"
CLIENTS = 4
ROUNDS = tries(1, 20)
UNDONE = tries(6, 40)


class Load:
    """Clients that create batches, each under a name of its own, at two emulators in turn.

    Attributes:
        acknowledged: the names whose request was answered with 200.
        cut: the names whose request was answered otherwise, or not.
        statuses: all statuses, and how many requests got them.
    """

    def __init__(self, urls: list[str]) -> None:
        self.urls = urls
        self.acknowledged: set[str] = set()
        self.cut: set[str] = set()
        self.statuses: Counter[int | None] = Counter()
        self._ended = Event()
        self._names = itertools.count()
        self._noting = Condition()

    @property
    def total(self) -> int:
        """How many were acknowledged so far."""
        return len(self.acknowledged)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Load the emulators during the block."""
        threads = [Thread(target=self._run) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def grow(self, by: int) -> None:
        """Wait until so many more were acknowledged."""
        wanted = self.total + by
        with self._noting:
            assert self._noting.wait_for(lambda: self.total >= wanted, PATIENCE_SECONDS), self.statuses

    def _run(self) -> None:
        with httpx2.Client(headers={"apiKey": "k"}, trust_env=False, timeout=30) as http:
            while not self._ended.is_set():
                number = next(self._names)
                name = f"batch-{number}"
                status = self._create(http, self.urls[number % len(self.urls)], name)
                with self._noting:
                    self.statuses[status] += 1
                    (self.acknowledged if status == 200 else self.cut).add(name)
                    self._noting.notify_all()

    @staticmethod
    def _create(http: httpx2.Client, url: str, name: str) -> int | None:
        """Create a batch whose id the emulator gives; one that is created twice has two of them."""
        jobs = [{"place_id": name, "inputs": LONDON}]
        try:
            return http.post(
                url + BATCHES, json={"batch_name": name, "attribute_set": "core", "jobs": jobs}
            ).status_code
        except httpx2.TransportError:
            return None

    def account(self, served: Served) -> None:
        """Hold what is stored to what was answered."""
        names: list[str] = []
        while page := served.http.get(f"{BATCHES}?limit=500&offset={len(names)}").json()["batches"]:
            names += [batch["batch_name"] for batch in page]
        assert set(self.statuses) <= {200, 503, None}
        assert len(names) == len(set(names)), "stored twice"
        assert self.acknowledged <= set(names), "acknowledged and lost"
        assert set(names) <= self.acknowledged | self.cut
        summary = served.http.get("/_mock/orgs/acme").json()
        assert (summary["batches"], sum(summary["jobs"].values())) == (len(names), len(names))


def emulators(stack: ExitStack, address: str) -> list[Served]:
    options = ("--port", "0", "--clock", "paused", "--db", address)
    return [stack.enter_context(serve(*options)) for _ in range(2)]


def note(record_property: Callable[[str, object], None], loads: list[Load]) -> None:
    record_property("rounds", len(loads))
    record_property("acknowledged", sum(load.total for load in loads))
    record_property("cut short", sum(len(load.cut) for load in loads))
    record_property("503", sum(load.statuses[503] for load in loads))


@pytest.fixture(scope="module")
def own() -> Cluster:
    """A server that may be restarted."""
    started = cluster()
    if started is None:
        pytest.skip(MISSING)
    return started


def test_killing_one_of_two_loses_and_doubles_nothing(
    own: Cluster, record_property: Callable[[str, object], None]
) -> None:
    loads = []
    for _ in range(ROUNDS):
        with ExitStack() as stack:
            first, second = emulators(stack, schema_at(own.address))
            load = Load([first.url, second.url])
            with load.running():
                load.grow(20)
                first.kill()
                load.grow(20)
            load.account(second)
            loads.append(load)
    note(record_property, loads)


@pytest.mark.parametrize("mode", ["fast", "immediate", "crash"])
def test_a_server_that_restarts_under_load_loses_and_doubles_nothing(
    own: Cluster, mode: str, record_property: Callable[[str, object], None]
) -> None:
    """Where the server writes a change before it acknowledges it: that it need not is the emulator's default.

    In a crash one of its processes is killed, upon which it starts the others anew without ending itself.
    """
    loads = []
    for _ in range(ROUNDS):
        with ExitStack() as stack:
            first, second = emulators(stack, f"{schema_at(own.address)}%20-csynchronous_commit%3Don")
            load = Load([first.url, second.url])
            with load.running():
                load.grow(20)
                own.crash() if mode == "crash" else own.restart(mode)
                load.grow(20)
            for served in (first, second):
                load.account(served)
            loads.append(load)
    note(record_property, loads)


def test_a_change_that_a_crash_undid_is_not_taken_for_another_that_got_its_number(
    own: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that crashes goes on where its disk was, with the numbers of transactions that it has lost."""
    commit, is_next = postgres._is_committed, Event()

    def unconfirmed(session: PostgresSession) -> bool:
        is_stored = commit(session)
        if current_thread() is not main_thread() or not is_next.is_set():
            return is_stored
        is_next.clear()
        own.crash()
        use_numbers(own, 20)
        return False

    monkeypatch.setattr(postgres, "_is_committed", unconfirmed)
    for _ in range(UNDONE):  # now and then all that was written of it is lost
        with closing(opened(schema_at(own.address))) as engine, suppress(OutcomeUnknown):
            create(engine)
            is_next.set()
            assert create(engine) in ids(engine)


def test_a_change_whose_number_was_never_given_again_was_lost(own: Cluster) -> None:
    with closing(opened(schema_at(own.address))) as engine:
        store = cast("postgres.PostgresStore", engine.store)
        with store._lent(postgres._WRITE) as (_, (_, run), _):
            pass
        assert store._became(str(2**40), "another run") == ("aborted", False)
        with store._lent(postgres._WRITE) as (connection, (number, same), _):
            connection.execute("COMMIT")
        assert (store._became(number, run), same) == (("committed", True), run)
        own.crash()
        eventually(lambda: store._became(number, run)[0] is not None)
        assert store._became(number, run)[1] is False


def use_numbers(own: Cluster, count: int) -> None:
    """Run some transactions once the server is back."""

    def is_back() -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(own.address, autocommit=True) as connection:
            for _ in range(count):
                connection.execute("SELECT pg_current_xact_id()")
            return True
        return False

    eventually(is_back)
