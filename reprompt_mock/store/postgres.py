"""The port of `session` implemented by PostgreSQL: the store of an emulator that needs no machine of its own."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext, suppress
from threading import Event, RLock
from typing import TYPE_CHECKING

import psycopg

from reprompt_mock.errors import MockError, OutcomeUnknown, Stopping, StoreSilent
from reprompt_mock.store import postgres_schema as schema
from reprompt_mock.store.dialect import inlined
from reprompt_mock.store.postgres_address import quoted
from reprompt_mock.store.postgres_failures import failed
from reprompt_mock.store.postgres_listener import listen
from reprompt_mock.store.postgres_pool import RUN, Pool
from reprompt_mock.store.postgres_session import PostgresSession
from reprompt_mock.store.server_clock import TIME, ServerClock
from reprompt_mock.store.session import Interrupted, if_free

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from reprompt_mock.dsn import Dsn
    from reprompt_mock.store.session import Query, Row, Session

_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
_NUMBER = "pg_current_xact_id()::text"
_XID = "CAST(CAST(:number AS text) AS xid8)"
# A number that the server has not given in this run, or gave to a transaction that is under way, was lost in a crash.
_BECAME = f"""
SELECT CASE WHEN {RUN} <> CAST(:run AS text) AND {_XID} >= pg_snapshot_xmax(pg_current_snapshot()) THEN 'aborted'
  ELSE pg_xact_status({_XID}) END,
  CASE WHEN {RUN} = CAST(:run AS text) THEN 1 ELSE 0 END
"""
_ASKED = 5
"""How often a server is asked what became of a transaction that it may still be ending."""
_PAUSE_SECONDS = 0.2
_CHECK_SECONDS = 1.0
"""How long a probe waits for a connection; those who ask do not wait long themselves."""


class PostgresStore:
    """A store in one schema of a PostgreSQL database.

    Args:
        dsn: the address of the database; tables go into its `search_path`'s first schema.
        wait: how many seconds to wait until the server answers.

    Raises:
        DatabaseInUse: an emulator of an older version has the schema for itself.
        DatabaseUnreadable: the database cannot be reached, is not meant for this, or has another version.
    """

    is_shared = True

    def __init__(self, dsn: Dsn, *, wait: float = 0) -> None:
        self.lock = RLock()
        self._closed = Event()
        self._clock = ServerClock()
        self._pool = Pool(dsn, wait=wait)
        self._numbers = (_NUMBER, RUN) if self._pool.is_pooled else (_NUMBER,)
        with self.read() as session:
            self.salt = bytes(session.value(schema.SALT))

    def now(self) -> int:
        """Return the real time in microseconds since 1970 by the server's clock."""
        return self._clock.now()

    @property
    def losses(self) -> int:
        """How many connections were lost so far."""
        return self._pool.losses

    def ask(self, query: Query) -> Row | None:
        """Run a query in a transaction of its own; return its first row, or None.

        Raises:
            Stopping, StoreSilent, Interrupted: as `read` says.
        """
        with self._lent("", query) as (_, _, answer):
            return answer

    @contextmanager
    def read(self, first: Query | None = None) -> Iterator[Session]:
        """Open a read transaction: all its queries see one state; `first` is asked with its beginning.

        Raises:
            Stopping: the store was closed.
            StoreSilent: the server does not answer, or refuses.
            Interrupted: the connection was lost; the transaction can be run again.
        """
        with self._lent(_READ, first) as (connection, _, answer):
            yield PostgresSession(connection, first, answer)
            connection.execute("COMMIT")

    @contextmanager
    def write(self, first: Query | None = None) -> Iterator[Session]:
        """Open a write transaction; an exception rolls it back; `first` is asked with its beginning.

        Raises:
            Stopping, StoreSilent, Interrupted: as `read` says.
            StorageFailed: the server's disk is full, or it takes no writes.
            OutcomeUnknown: the connection was lost at the end, and the server does not tell what became of it.
        """
        with self._lent(_WRITE, first) as (connection, number, answer):
            session = PostgresSession(connection, first, answer)
            yield session
            is_stored = _is_committed(session)
        if not is_stored:
            self._pool.losses += 1
            self._ask(*number)

    @contextmanager
    def _lent(
        self, begin: str, first: Query | None = None, patience: float | None = None
    ) -> Iterator[tuple[psycopg.Connection[Row], list[str], Row | None]]:
        """Lend a connection in a transaction, which is rolled back unless the block ends it.

        Args:
            begin: the statement that begins it, "" for one that ends by itself.
            first: the query that is sent with it.
            patience: how many seconds to wait for a connection, by default as long as a request may.

        Yields:
            The connection, the number of a write and the run of the server that gave it, and the first row of `first`.
        """
        if self._closed.is_set():
            raise Stopping
        asked = f"{inlined(*first, quoted)};" if first else ""
        before = [part for part in (begin, self._pool.prelude) if part]
        read = ", ".join((TIME, *(self._numbers if begin is _WRITE else ())))
        try:
            with self._pool.lent(f"{''.join(before)}{asked}{read}", patience) as (connection, begun):
                for _ in before:
                    begun.nextset()
                answer = begun.fetchone() if asked else None
                if asked:
                    begun.nextset()
                time, *number = begun.fetchone() or (0,)
                self._clock.set(time)
                yield connection, [*number, *self._pool.run_of(connection)], answer
        except psycopg.Error as error:
            self._pool.losses += isinstance(error, psycopg.OperationalError)
            failure = Stopping() if self._closed.is_set() else failed(error)
            if failure is None:
                raise
            raise failure from error

    def _ask(self, number: str, run: str) -> None:
        """Ask what became of a transaction whose end was not confirmed.

        Raises:
            Interrupted: it was rolled back.
            OutcomeUnknown: the server does not tell.
        """
        for _ in range(_ASKED):
            status, is_same_run = self._became(number, run)
            if status == "committed" and is_same_run:
                return
            if status == "aborted":
                raise Interrupted(reason="the connection was lost")
            if status == "committed":  # its number may be another one's by now
                break
            self._closed.wait(_PAUSE_SECONDS)
        raise OutcomeUnknown

    def _became(self, number: str, run: str) -> tuple[str | None, bool]:
        """Ask for the status of a transaction, and whether the server still runs as when it was begun."""
        with suppress(Interrupted, MockError), self.read() as session:
            status, is_same_run = session.one(_BECAME, {"number": number, "run": run}) or (None, 0)
            return status, bool(is_same_run)
        return None, False

    def try_lock(self) -> AbstractContextManager[bool]:
        """Take the write lock if it is free; yield whether it was."""
        return if_free(self.lock)

    def check(self) -> None:
        """Check that the server answers.

        Raises:
            Stopping: the store was closed.
            StoreSilent: it does not.
        """
        try:
            with self._lent(_READ, patience=_CHECK_SECONDS):
                return
        except Interrupted as error:
            raise StoreSilent(reason=error.reason) from error

    def listen(self, hear: Callable[[str | None], None]) -> None:
        """Call `hear` in a thread with what others tell until the store is closed; None says that some may be lost."""
        if not self._pool.is_pooled:  # a pooler passes no messages on
            listen(self._pool.connect, hear, self._closed)

    def making_room(self) -> AbstractContextManager[None]:
        """Do nothing: only a file has space in reserve."""
        return nullcontext()

    def shrink(self) -> bool:
        """Do nothing: the server gives freed space back by itself."""
        return False

    def close(self) -> None:
        """Close all connections."""
        self._closed.set()
        self._pool.close()


def _is_committed(session: PostgresSession) -> bool:
    """Commit; return whether that is certain.

    Raises:
        psycopg.Error: the server refuses, so nothing is stored.
        Interrupted: something had failed before, so nothing is stored.
    """
    try:
        answer = session.end()
    except psycopg.OperationalError:
        if session.is_lost:
            return False
        raise
    if answer != "COMMIT":
        raise Interrupted(reason="a statement had failed")
    return True
