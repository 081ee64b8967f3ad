"""Through pgbouncer in transaction mode, where each transaction may have another connection to the server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from bench import places
from reprompt_mock.api.bodies import parse_batch
from reprompt_mock.dsn import Dsn
from reprompt_mock.engine import batches, clock
from reprompt_mock.engine.doors import Engine
from reprompt_mock.errors import MockError
from reprompt_mock.store import postgres_address
from tests.postgres.conftest import opened
from tests.processes import eventually
from tests.stores import MISSING, server

_SERVERS_CONNECTIONS = 3


def _program() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture(scope="module")
def bouncer() -> Iterator[str]:
    """The address of a pgbouncer before the server."""
    program, address = _program(), server()
    if program is None:
        pytest.skip("pgbouncer is not installed")
    if address is None:
        pytest.skip(MISSING)
    known = conninfo_to_dict(address)
    target = " ".join(f"{name}={known[name]}" for name in ("host", "port", "user", "password") if name in known)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # It refuses to run as root.
    under = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="reprompt-mock-pgbouncer-", dir="/tmp"))
    folder.chmod(0o755)
    settings = {
        "listen_addr": "127.0.0.1", "listen_port": port, "auth_type": "any", "pool_mode": "transaction",
        "default_pool_size": _SERVERS_CONNECTIONS, "max_client_conn": 200, "unix_socket_dir": "",
    }  # fmt: skip
    lines = ["[databases]", f"* = {target}", "[pgbouncer]", *(f"{name} = {value}" for name, value in settings.items())]
    (folder / "pgbouncer.ini").write_text("\n".join(lines))
    process = subprocess.Popen(
        [*under, program, str(folder / "pgbouncer.ini")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    through = f"postgresql://{known['user']}@127.0.0.1:{port}/{known['dbname']}"
    try:
        eventually(lambda: process.poll() is not None or _answers(through))
        yield through
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


def _answers(address: str) -> bool:
    with suppress(psycopg.Error), psycopg.connect(address, connect_timeout=2):
        return True
    return False


@pytest.fixture
def pooled(bouncer: str, address: str) -> str:
    """The address of an empty schema through it."""
    return f"{bouncer}?pgbouncer=true&{address.partition('?')[2]}"


def create(engine: Engine, slug: str, count: int, **fields: Any) -> batches.BatchView:
    """Create a batch."""
    request = parse_batch(places.body(count, **fields), max_jobs=10**6)
    return engine.write(engine.arrive(slug), batches.create, request).value


def test_emulators_share_a_schema_through_a_pooler(pooled: str) -> None:
    first, second = opened(pooled), opened(pooled)
    created = create(first, "acme", 600, batch_id="big")
    create(second, "acme", 3, batch_id="big")
    first.write(first.arrive("acme"), clock.settle)
    seen = [engine.read(engine.arrive("acme"), batches.status, "big") for engine in (first, second)]
    assert seen[0] == seen[1]
    assert sorted(seen[0].jobs["completed"] + seen[0].jobs["failed"]) == sorted(created.created)  # type: ignore[operator] # lists
    for engine in (first, second):
        engine.close()


def test_writers_and_readers_are_more_than_the_poolers_connections(pooled: str) -> None:
    engines = [opened(pooled), opened(pooled)]

    def work(number: int) -> int:
        engine = engines[number % 2]
        create(engine, f"world-{number % 4}", 2, batch_id=f"batch-{number}")
        return engine.read(engine.arrive(f"world-{number % 4}"), batches.page, "", limit=500, offset=0).total

    with ThreadPoolExecutor(12) as threads:
        totals = list(threads.map(work, range(48)))
    assert max(totals) == 12
    for engine in engines:
        engine.close()


def test_nothing_stays_with_a_connection_of_the_pooler(pooled: str, bouncer: str) -> None:
    engine = opened(pooled)
    for number in range(20):
        create(engine, "acme", 2, batch_id=f"batch-{number}")
    engine.close()
    with ThreadPoolExecutor(_SERVERS_CONNECTIONS) as threads:
        left = list(threads.map(lambda _: _left(bouncer), range(_SERVERS_CONNECTIONS * 4)))
    assert set(left) == {("on", '"$user", public', 0, 0)}


def _left(bouncer: str) -> tuple[Any, ...]:
    query = (
        "SELECT current_setting('synchronous_commit'), current_setting('search_path'),"
        " (SELECT count(*) FROM pg_prepared_statements),"
        " (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())"
    )
    with psycopg.connect(bouncer) as connection:
        return connection.execute(query).fetchone() or ()


def test_a_pooler_that_is_not_named_as_one_is_refused_with_a_sentence(pooled: str) -> None:
    with pytest.raises(MockError):
        opened(pooled.replace("pgbouncer=true&", ""))


@pytest.mark.parametrize(
    ("said", "is_pooled"),
    [("pgbouncer=true", True), ("pgbouncer=1", True), ("pgbouncer=false", False), ("connect_timeout=3", False)],
)
def test_an_address_says_whether_there_is_a_pooler(said: str, is_pooled: bool) -> None:
    for query in (said, f"{said}&options=-csearch_path%3Dmock", f"sslmode=disable&{said}"):
        address = postgres_address.read(Dsn(f"postgresql://user@host/name?{query}"))
        assert address.is_pooled == is_pooled
        assert "pgbouncer" not in address.conninfo
        assert ("options" in address.conninfo) != is_pooled


def test_what_options_say_is_set_in_each_transaction() -> None:
    options = "-csearch_path%3Dmock%20-c%20work_mem%3D1MB%20--jit%3Don"
    prelude = postgres_address.read(Dsn(f"postgresql://h/n?pgbouncer=true&options={options}")).prelude
    for name, value in (("search_path", "mock"), ("work_mem", "1MB"), ("jit", "on"), ("lock_timeout", "5s")):
        assert f"set_config('{name}', '{value}', true)" in prelude


def test_an_address_that_says_neither_is_refused() -> None:
    with pytest.raises(MockError, match="neither true nor false"):
        postgres_address.read(Dsn("postgresql://h/n?pgbouncer=maybe"))
