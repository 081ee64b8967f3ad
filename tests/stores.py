"""The databases that tests run on: a file, or a schema of a PostgreSQL server that lasts as long as the tests."""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from starlette.types import Receive, Scope, Send

from reprompt_mock.app import Emulator, create_app
from reprompt_mock.dsn import Dsn, is_dsn
from reprompt_mock.engine.doors import Engine
from reprompt_mock.settings import Settings
from reprompt_mock.store.database import Database
from reprompt_mock.store.opening import opened
from reprompt_mock.store.session import Store
from reprompt_mock.store.sqlite import SqliteStore

SERVER = "TEST_POSTGRES"
"""The variable that names a running server, by the address of a database in which schemas may be made; or `none`."""
NONE = "none"
"""Its value where no server is to be used, though there may be one."""
MISSING = "no PostgreSQL server can be had here"
IS_SHARED = os.environ.get("TEST_STORE") == "shared"
"""Whether the tests that do not care run on two emulators in turn, which share a schema."""
WANTED = IS_SHARED or os.environ.get("TEST_STORE") == "postgres"
"""Whether the tests that do not care run on PostgreSQL."""
_USER = "postgres"
_numbers = itertools.count()
_schemas: WeakKeyDictionary[Store, Dsn] = WeakKeyDictionary()


def database_of(engine: Engine) -> Database:
    """Return the file of an engine's store; a test of the file itself is skipped on a server."""
    if not isinstance(engine.store, SqliteStore):
        pytest.skip("this is about a file")
    return engine.store.database


@cache
def server() -> str | None:
    """Return the address of a database for tests, None where no server can be had."""
    given = os.environ.get(SERVER)
    address = None if given == NONE else given
    if given is None and (own := cluster()) is not None:
        address = own.address
    if address is None and WANTED:
        pytest.exit(f"PostgreSQL is needed: name a server in {SERVER}, or install one that has pg_ctl", returncode=3)
    return address


def is_to_be_had() -> bool:
    """Return whether there is a server, without starting one."""
    given = os.environ.get(SERVER)
    return given != NONE if given else None not in (_program("pg_ctl"), _program("initdb"))


def new_database(folder: Path) -> str:
    """Return the path of a new file in a folder, or the address of an empty schema if tests run on PostgreSQL."""
    return (new_schema() or "") if WANTED else str(folder / "world.db")


def connected(db: str) -> Any:
    """Connect to what `new_database` has given, to look at its rows."""
    if not is_dsn(db):
        return sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    import psycopg

    return psycopg.connect(db, autocommit=True)


def new_schema() -> str | None:
    """Make an empty schema; return its address, None where no server can be had."""
    address = server()
    return None if address is None else schema_at(address)


def schema_at(address: str) -> str:
    """Make an empty schema in a database; return its address."""
    import psycopg

    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{address}{'&' if '?' in address else '?'}options=-csearch_path%3D{name}"


def on_server(db: Path | Dsn | None, *, wait: float = 0) -> Store:
    """Open a database; instead of a temporary file it is a schema of its own."""
    if db is None and (address := new_schema()) is not None:
        db = Dsn(address)
    store = opened(db, wait=wait)
    if isinstance(db, Dsn):
        _schemas[store] = db
    return store


of_one_emulator = pytest.mark.skipif(IS_SHARED, reason="this is about what one emulator keeps in mind")


@contextmanager
def reopened(engine: Engine) -> Iterator[Engine]:
    """Give an engine that shows what one that was closed has recorded: itself, or another on its schema."""
    schema = _schemas.get(engine.store)
    if schema is None:
        yield engine
        return
    other = Engine(engine.settings.model_copy(update={"db": schema}))
    yield other
    other.close()


class Turns:
    """An ASGI app that passes requests to several emulators in turn, as a load balancer does."""

    def __init__(self, *emulators: Emulator) -> None:
        self._emulators = emulators
        self._turns = itertools.cycle(emulators)
        self.engine = emulators[0].engine

    def __getattr__(self, name: str) -> Any:
        """Return what a server wants to know of its app."""
        return getattr(self._emulators[0], name)

    async def ready(self, seconds: float | None = None) -> None:
        """Get all ready."""
        for emulator in self._emulators:
            await emulator.ready(seconds)

    def end_waits(self) -> None:
        """End the waits of all."""
        for emulator in self._emulators:
            emulator.end_waits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "lifespan":
            await next(self._turns)(scope, receive, send)
            return
        await receive()
        async with AsyncExitStack() as stack:
            for emulator in self._emulators:
                await stack.enter_async_context(emulator.lifespan())
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def each(app: Emulator) -> tuple[Emulator, ...]:
    """Return the emulators that an app asks in turn, or the one that it is."""
    return app._emulators if isinstance(app, Turns) else (app,)


def emulator(settings: Settings) -> Emulator | Turns:
    """Make an emulator, or two that share a schema if that is to be tried."""
    if not IS_SHARED or isinstance(settings.db, Path):
        return create_app(settings)
    both = settings if settings.db else settings.model_copy(update={"db": Dsn(new_schema() or "")})
    return Turns(create_app(both), create_app(both))


def _program(name: str) -> str | None:
    found = shutil.which(name)
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    return found or (str(beside[-1]) if beside else None)


@dataclass(frozen=True)
class Cluster:
    """A server of one's own.

    Attributes:
        address: the address of a database.
        command: `pg_ctl` for it.
    """

    address: str
    command: tuple[str, ...]

    def crash(self) -> None:
        """Kill a process of the server, which then ends all others and recovers what was on its disk."""
        import psycopg

        with suppress(psycopg.OperationalError), psycopg.connect(self.address) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)
            connection.execute("SELECT 1")

    def restart(self, mode: str) -> None:
        """Stop it, `fast` or as in a crash (`immediate`), and start it again."""
        _run(*self.command, "-m", mode, "-w", "restart")


def cluster() -> Cluster | None:
    """Start a server in a temporary folder, which ends with this process; return None where there is none."""
    pg_ctl, initdb = _program("pg_ctl"), _program("initdb")
    if pg_ctl is None or initdb is None:
        return None
    # The server refuses to run as root, and its user must be able to enter the folder.
    under = ["runuser", "-u", _USER, "--"] if os.name == "posix" and os.geteuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="reprompt-mock-postgres-", dir="/tmp" if under else None))
    if under:
        shutil.chown(folder, _USER)
    data, port = folder / "data", _free_port()
    options = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=200"
    )
    _run(*under, initdb, "-D", str(data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
    command = (*under, pg_ctl, "-D", str(data), "-l", str(folder / "log"))
    _run(*command, "-w", "-o", options, "start")
    atexit.register(_stopped, folder, [*command, "-m", "immediate", "stop"], os.getpid())
    return Cluster(f"postgresql://{_USER}@127.0.0.1:{port}/postgres", command)


def _stopped(folder: Path, command: list[str], process: int) -> None:
    if os.getpid() == process:  # not in a fork
        subprocess.run(command, check=False, capture_output=True, cwd="/")
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd="/")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(not is_to_be_had())
