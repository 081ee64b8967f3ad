"""Connections to a PostgreSQL server: how they are set up, and a pool of them."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8BinaryDumper
from psycopg_pool import ConnectionPool

from reprompt_mock.errors import DatabaseInUse, DatabaseUnreadable, StoreSilent
from reprompt_mock.store import postgres_schema as schema
from reprompt_mock.store.postgres_failures import failed, unopened
from reprompt_mock.store.session import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reprompt_mock.dsn import Dsn
    from reprompt_mock.store.session import Row

    Connection = psycopg.Connection[Row]

_CONNECTIONS = 8
_PATIENCE_SECONDS = 5.0
"""How long a request waits for a connection, and for a lock."""
_RETRY_SECONDS = 0.5
_CLOSE_SECONDS = 2.0
_TRIES = 3
_DEFAULTS = {
    "connect_timeout": "2",
    "target_session_attrs": "read-write",
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "reprompt-mock",
    "client_encoding": "UTF8",
}
"""What an address need not say; it may say otherwise."""
_SERVER = {
    "jit": "off",  # compiling a recount takes longer than running it
    "work_mem": "32MB",
    "enable_bitmapscan": "off",  # it loses the order of keys, which then are sorted
    "random_page_cost": "1.1",
    "synchronous_commit": "off",
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "datestyle": "ISO",
}
"""Parameters of the server for these connections; those in the address's `options` come later and win."""


# A line for each connection that is lost would bury all others; the requests that it fails say so themselves.
logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


class Pool:
    """Connections to one schema, which is shared with other emulators that share, too.

    Args:
        dsn: the address.
        wait: how many seconds to wait until the server answers.

    Raises:
        DatabaseInUse: an emulator of an older version has the schema for itself.
        DatabaseUnreadable: the database cannot be reached, is not meant for this, or has another version.
    """

    def __init__(self, dsn: Dsn, *, wait: float = 0) -> None:
        self.losses = self._held_at = 0
        self._holding = Lock()
        self._conninfo = _completed(dsn)
        self._holder = self._opened(dsn, wait)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            self._conninfo,
            kwargs=_KEYWORDS,
            configure=_configure,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_PATIENCE_SECONDS,
            name="reprompt-mock",
            open=True,
        )

    def _opened(self, dsn: Dsn, wait: float) -> Connection:
        """Connect, make the tables, and take the schema for this process.

        The connection holds the schema: the server lets go of it when the connection ends.
        """
        connection = self._first(dsn, wait)
        try:
            schema.check(connection, dsn)
            if not schema.join(connection):
                raise DatabaseInUse(path=dsn)
            schema.make(connection, dsn)
        except psycopg.Error as error:
            connection.close()
            raise DatabaseUnreadable(path=dsn, reason=unopened(error)) from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _first(self, dsn: Dsn, wait: float) -> Connection:
        tries = 1 + int(wait / _RETRY_SECONDS)
        while True:
            tries -= 1
            try:
                connection = psycopg.connect(self._conninfo, **_KEYWORDS)
            except psycopg.Error as error:
                if tries < 1:
                    raise DatabaseUnreadable(path=dsn, reason=unopened(error)) from None
                Event().wait(_RETRY_SECONDS)
            else:
                _configure(connection)
                return connection

    @contextmanager
    def lent(self, begin: str, patience: float | None = None) -> Iterator[tuple[Connection, psycopg.Cursor[Row]]]:
        """Lend a connection with a transaction that was begun, and the cursor of its beginning.

        Args:
            begin: the statement that begins it.
            patience: how many seconds to wait for a connection, by default as long as a request may.

        Raises:
            psycopg.Error: as the driver has it.
        """
        connection, begun = self._begun(begin, patience)
        try:
            self._hold()
            yield connection, begun
        finally:
            if not connection.closed and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
            self._pool.putconn(connection)

    def _hold(self) -> None:
        """Take the schema again if the connection that held it was lost, too.

        Raises:
            StoreSilent: an emulator that does not share has it by now.
            psycopg.Error: the server does not answer.
        """
        if self._held_at == self.losses:
            return
        with self._holding:
            losses = self.losses
            try:
                self._holder.execute("SELECT 1")
            except psycopg.Error:
                self._holder.close()
                self._holder = psycopg.connect(self._conninfo, **_KEYWORDS)
                if not schema.join(self._holder):
                    self._holder.close()
                    raise StoreSilent(reason="another emulator has taken its schema") from None
            self._held_at = losses

    def _begun(self, begin: str, patience: float | None) -> tuple[Connection, psycopg.Cursor[Row]]:
        """Begin a transaction; connections that broke while they were idle are replaced."""
        for tries in range(_TRIES):
            connection = self._pool.getconn(patience)
            try:
                return connection, connection.execute(begin)
            except BaseException as error:
                self._pool.putconn(connection)
                if tries == _TRIES - 1 or not isinstance(error, psycopg.Error):
                    raise
                if not connection.closed or not isinstance(failed(error), Interrupted):
                    raise
            self.losses += 1
            self._pool.check()
        raise AssertionError  # the last try returns or raises

    def connect(self) -> Connection:
        """Open a connection that is not the pool's.

        Raises:
            psycopg.Error: the server does not answer.
        """
        connection = psycopg.connect(self._conninfo, **_KEYWORDS)
        _configure(connection)
        return connection

    def close(self) -> None:
        """Close all connections, and let go of the schema."""
        self._pool.close(timeout=_CLOSE_SECONDS)
        with suppress(psycopg.Error):
            self._holder.close()


_KEYWORDS: dict[str, Any] = {"autocommit": True, "cursor_factory": psycopg.RawCursor}


def _completed(dsn: Dsn) -> str:
    """Return an address with what it need not say.

    Raises:
        DatabaseUnreadable: it cannot be read.
    """
    try:
        given = conninfo_to_dict(dsn.secret)
    except psycopg.Error:
        raise DatabaseUnreadable(path=dsn, reason="its address cannot be read") from None
    ours = " ".join(f"-c {name}={value}" for name, value in _SERVER.items())
    options = {"options": f"{ours} {given.pop('options', None) or ''}".strip()}
    return make_conninfo("", **{**_DEFAULTS, **given, **options})


def _configure(connection: Connection) -> None:
    """Send every number as 64 bits, so that a statement has the same types whatever its values."""
    for kind in (int, bool):
        connection.adapters.register_dumper(kind, Int8BinaryDumper)
