"""Connections to a PostgreSQL server: how they are set up, and a pool of them."""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from threading import Event, Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import psycopg
from psycopg.types.numeric import Int8BinaryDumper
from psycopg_pool import ConnectionPool

from reprompt_mock.errors import DatabaseInUse, DatabaseUnreadable, StoreSilent
from reprompt_mock.store import postgres_address, postgres_line
from reprompt_mock.store import postgres_schema as schema
from reprompt_mock.store.postgres_failures import failed, unopened
from reprompt_mock.store.postgres_line import Line
from reprompt_mock.store.session import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reprompt_mock.dsn import Dsn
    from reprompt_mock.store.session import Row

RUN = """
concat(extract(epoch FROM pg_postmaster_start_time()), ' ', extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()))
"""
"""Tells runs of a server apart, between which it may have lost what was not on its disk.

Where one of its processes crashes, the server replaces the others, forgets its statistics, and gives numbers of
transactions again that it had given before. Older versions read the statistics from a file, so this is not for each
transaction.
"""
_CONNECTIONS = 8
_RETRY_SECONDS = 0.5
_CLOSE_SECONDS = 2.0
_TRIES = 3


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
        self._runs: WeakKeyDictionary[Line, str] = WeakKeyDictionary()
        self._address = postgres_address.read(dsn)
        self.prelude = self._address.prelude
        self._holder = self._opened(dsn, wait)
        self._pool: ConnectionPool[Line] = ConnectionPool(
            self._address.conninfo,
            kwargs=self._address.keywords,
            connection_class=Line,
            configure=self._prepare,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=postgres_line.PATIENCE_SECONDS,
            reconnect_timeout=postgres_line.PATIENCE_SECONDS,  # else it tries more and more seldom
            name="reprompt-mock",
            open=True,
        )

    def _prepare(self, connection: Line) -> None:
        _configure(connection)
        if not self.is_pooled:
            (self._runs[connection],) = connection.execute(f"SELECT {RUN}").fetchone() or ("",)

    def run_of(self, connection: Line) -> Sequence[str]:
        """Return in which run of the server a connection was opened; a pooler's own connections come and go."""
        return () if self.is_pooled else (self._runs[connection],)

    def _opened(self, dsn: Dsn, wait: float) -> Line:
        """Connect, make the tables, and take the schema for this process.

        The connection holds the schema: the server lets go of it when the connection ends.
        """
        connection = self._first(dsn, wait)
        try:
            with self._transaction(connection):
                schema.check(connection, dsn)
            if not self._join(connection):
                raise DatabaseInUse(path=dsn)
            with self._transaction(connection):
                schema.make(connection, dsn)
        except psycopg.Error as error:
            connection.close()
            raise DatabaseUnreadable(path=dsn, reason=unopened(error)) from None
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _transaction(self, connection: Line) -> Iterator[None]:
        with connection.transaction():
            if self.prelude:
                connection.execute(self.prelude)
            yield

    def _join(self, connection: Line) -> bool:
        """Take the schema along with others; a pooler keeps no lock for a session."""
        return self.is_pooled or schema.join(connection)

    def _first(self, dsn: Dsn, wait: float) -> Line:
        tries = 1 + int(wait / _RETRY_SECONDS)
        while True:
            tries -= 1
            try:
                return self.connect()
            except psycopg.Error as error:
                if tries < 1:
                    raise DatabaseUnreadable(path=dsn, reason=unopened(error)) from None
                Event().wait(_RETRY_SECONDS)

    @property
    def is_pooled(self) -> bool:
        """Whether all goes through a pooler in transaction mode."""
        return self._address.is_pooled

    @contextmanager
    def lent(self, begin: str, patience: float | None = None) -> Iterator[tuple[Line, psycopg.Cursor[Row]]]:
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
            connection.limit = Line.limit
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
                self._holder = self.connect()
                if not self._join(self._holder):
                    self._holder.close()
                    raise StoreSilent(reason="another emulator has taken its schema") from None
            self._held_at = losses

    def _begun(self, begin: str, patience: float | None) -> tuple[Line, psycopg.Cursor[Row]]:
        """Begin a transaction; connections that broke while they were idle are replaced."""
        for tries in range(_TRIES):
            connection = self._pool.getconn(patience)
            connection.limit = patience or Line.limit
            try:
                begun = connection.execute(begin)
                connection.limit = postgres_line.STATEMENT_SECONDS
                return connection, begun
            except BaseException as error:
                self._pool.putconn(connection)
                if tries == _TRIES - 1 or not isinstance(error, psycopg.Error):
                    raise
                if not connection.closed or not isinstance(failed(error), Interrupted):
                    raise
            self.losses += 1
            self._pool.drain()  # the others were opened before, too
        raise AssertionError  # the last try returns or raises

    def connect(self) -> Line:
        """Open a connection that is not the pool's.

        Raises:
            psycopg.Error: the server does not answer.
        """
        connection = Line.connect(self._address.conninfo, **self._address.keywords)
        _configure(connection)
        return connection

    def close(self) -> None:
        """Close all connections, and let go of the schema."""
        self._pool.close(timeout=_CLOSE_SECONDS)
        with suppress(psycopg.Error):
            self._holder.close()


def _configure(connection: Line) -> None:
    """Send every number as 64 bits, so that a statement has the same types whatever its values."""
    for kind in (int, bool):
        connection.adapters.register_dumper(kind, Int8BinaryDumper)
