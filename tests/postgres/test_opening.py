"""Opening a database on a server: what it must be, who may have it, and what is said where it cannot be used."""

from __future__ import annotations

import builtins
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from reprompt_mock import tables
from reprompt_mock.dsn import Dsn, is_dsn
from reprompt_mock.engine.doors import Engine
from reprompt_mock.engine.worlds import touch
from reprompt_mock.errors import DatabaseInUse, DatabaseUnreadable, MockError
from reprompt_mock.settings import load
from reprompt_mock.store import opening
from tests.postgres.conftest import alone, opened
from tests.processes import eventually

SECRET = "opensesame"


def reason(address: str) -> str:
    """Fail to open a database; give the sentence."""
    with pytest.raises(MockError) as refused:
        opened(address)
    return str(refused.value)


def test_what_was_stored_is_there_after_a_restart(address: str) -> None:
    engine = opened(address)
    engine.write(engine.worlds.peek("acme"), touch_written)
    secret = engine.worlds.peek("acme").state
    engine.close()
    again = opened(address)
    assert again.arrive("acme").state.key == secret.key
    again.close()


def touch_written(writing: Any) -> None:
    """Change a clock, so that there is something to store."""
    writing.advance(1)


def test_a_schema_that_an_older_emulator_has_alone_is_refused(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as older:
        assert alone(older)
        with pytest.raises(DatabaseInUse):
            opened(address)
    eventually(lambda: is_free(address))
    opened(address).close()


def is_free(address: str) -> bool:
    """Tell whether an older emulator could take a schema; the server lets go of it a moment after it ended."""
    with psycopg.connect(address, autocommit=True) as other:
        return alone(other)


def test_a_schema_that_is_shared_is_no_older_emulators(engine: Engine, address: str) -> None:
    assert not is_free(address)
    engine.close()
    eventually(lambda: is_free(address))


def test_of_many_that_start_at_once_one_makes_the_tables(address: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        engines = list(threads.map(lambda _: opened(address), range(4)))
    for engine in engines:
        assert engine.read(engine.arrive("acme"), touch) is None
    for engine in engines:
        engine.close()


def test_another_version_of_the_schema_is_refused(address: str) -> None:
    opened(address).close()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("UPDATE reprompt_mock_schema SET version = 1")
    assert f"its schema has version 1, this emulator reads {tables.SCHEMA_VERSION}" in reason(address)


def test_tables_of_another_program_are_left_alone(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE world (name text)")
    assert "belongs to another program" in reason(address)


def test_a_schema_that_does_not_exist_is_named_as_the_reason(address: str) -> None:
    assert "search_path names no schema that exists" in reason(f"{address}_missing")


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sentence = reason(f"postgresql://me:{SECRET}@127.0.0.1:{port}/mine?password={SECRET}")
    assert f"postgresql://127.0.0.1:{port}/mine" in sentence
    assert "nothing listens there" in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize(
    "address", [f"postgresql://me:{SECRET}@[/x", f"postgresql://h/d?{SECRET}=1", "postgresql://%zz"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(address: str) -> None:
    sentence = reason(address)
    assert "cannot be opened" in sentence
    assert SECRET not in sentence


def test_an_address_shows_its_server_and_its_name_alone() -> None:
    dsn = Dsn(f"postgres://me:{SECRET}@db.example:5433/mine?sslpassword={SECRET}")
    assert str(dsn) == "postgresql://db.example:5433/mine"
    assert SECRET not in repr(dsn)
    assert SECRET not in repr(load({"db": dsn.secret}, environ={}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("postgresql://h/d", True), ("POSTGRES://h", True), ("postgres.db", False), ("mysql://h/d", False)],
)
def test_addresses_are_told_from_files(text: str, expected: bool) -> None:
    assert is_dsn(text) is expected


def test_a_start_waits_for_the_server(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    connect, failures = psycopg.connect, iter([psycopg.OperationalError("Connection refused")] * 2)

    def late(*args: Any, **keywords: Any) -> Any:
        error = next(failures, None)
        if error is not None:
            raise error
        return connect(*args, **keywords)

    monkeypatch.setattr("reprompt_mock.store.postgres_pool._RETRY_SECONDS", 0.01)
    monkeypatch.setattr(psycopg, "connect", late)
    opened(address, db_wait=1).close()


def test_without_its_packages_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without(name: str, *args: Any, **keywords: Any) -> Any:
        if name == "reprompt_mock.store.postgres":
            raise ModuleNotFoundError("No module named 'psycopg'", name="psycopg")
        return real_import(name, *args, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DatabaseUnreadable, match=r"pip install 'reprompt-mock\[postgres\]'"):
        opening.opened(Dsn("postgresql://h/d"))


def test_the_driver_is_imported_only_for_a_server() -> None:
    code = (
        "import sys; from reprompt_mock.engine.doors import Engine; from reprompt_mock.settings import load;"
        "Engine(load(environ={})).close(); print('psycopg' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "False"
