"""The port to a database: what queries need from a transaction, independent of the database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from threading import RLock

    Values = Sequence[Any] | Mapping[str, Any]
    Row = tuple[Any, ...]


SALT_BYTES = 16


class Query(NamedTuple):
    """A query and its values: a server answers one that it gets with the beginning of a transaction without a trip."""

    statement: str
    values: tuple[Any, ...]


class DataRefused(Exception):
    """The database refused values: they have a wrong type, are out of range, or are not unique."""


def is_storable(text: str) -> bool:
    """Return whether a row may contain a text: none contains NUL, which PostgreSQL could not store."""
    return "\0" not in text


class Interrupted(Exception):
    """The database rolled a transaction back, or lost it before it was committed: it can be run again.

    Args:
        reason: why, in words.
    """

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def if_free(lock: RLock) -> Iterator[bool]:
    """Hold a lock if it is free; yield whether it was."""
    got = lock.acquire(blocking=False)
    try:
        yield got
    finally:
        if got:
            lock.release()


class Session(Protocol):
    """One open transaction: all its queries see one state.

    Values that the database refuses raise `DataRefused`. Statements are text in the dialect common to SQLite (3.35 or
    later) and PostgreSQL, with `?` or `:name` for values.
    """

    def rows(self, statement: str, values: Values = ()) -> Iterable[Row]:
        """Run a query; return an iterable of its rows."""
        ...

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """Run a query; return its first row, or None."""
        ...

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a query for a single value; return the value."""
        ...

    def run(self, statement: str, values: Values = ()) -> int:
        """Run a statement; return the number of rows that it changed."""
        ...

    def later(self, statement: str, values: Values) -> None:
        """Run a statement of which nobody asks the outcome, and that nothing can refuse; a server gets it with others.

        It has run before any other statement that comes after it.
        """
        ...

    def many(self, statement: str, rows: Iterable[Values]) -> None:
        """Run a statement once for each row of values."""
        ...

    def fill(self, table: str, columns: Mapping[str, Any], size: int, *, kept: Collection[str] = ()) -> None:
        """Insert many rows of a table, column by column; a column that is a number or None applies to all rows.

        Args:
            table: the table.
            columns: the columns by name.
            size: the number of rows.
            kept: the columns that a row keeps whose `pk` exists, while the others are replaced; none to expect no such
                row.
        """
        ...

    def revise(self, table: str, columns: Mapping[str, Any], *, derived: Mapping[str, str]) -> None:
        """Change many rows of a table, found by their `pk`, column by column, as `fill` takes them.

        Args:
            table: the table.
            columns: the columns by name.
            derived: expressions for further columns, which see the values from before.
        """
        ...

    def insert(self, statement: str, values: Values) -> None:
        """Insert one row."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Roll back what the block does if it ends with an exception."""
        ...


class Store(Protocol):
    """A database.

    Attributes:
        is_shared: whether other processes may have it as well, on a server whose answers may be slow or fail. Then no
            thread that serves others may wait for it, and what is in memory holds only as long as the row of its world
            says so.
        salt: hides the keys of clients in what is kept of their requests; all who share the store have the same.
        lock: held by writers that exclude all others.
    """

    is_shared: bool
    salt: bytes

    def now(self) -> int:
        """Return the real time in microseconds since 1970 by the database's clock, or this machine's if it has none."""
        ...

    @property
    def losses(self) -> int:
        """How many connections were lost so far."""
        ...

    lock: RLock

    def ask(self, query: Query) -> Row | None:
        """Run a query in a transaction of its own; return its first row, or None."""
        ...

    def read(self, first: Query | None = None) -> AbstractContextManager[Session]:
        """Open a read transaction: all its queries see one state; `first` is what `one` is going to ask first."""
        ...

    def write(self, first: Query | None = None) -> AbstractContextManager[Session]:
        """Open a write transaction; an exception rolls it back; `first` is what `one` is going to ask first.

        Raises:
            Interrupted: it was rolled back; it can be run again.
        """
        ...

    def try_lock(self) -> AbstractContextManager[bool]:
        """Take the write lock if it is free; yield whether it was."""
        ...

    def check(self) -> None:
        """Check that the database answers.

        Raises:
            Stopping: the store was closed.
            StoreSilent: it does not.
        """
        ...

    def listen(self, hear: Callable[[str | None], None]) -> None:
        """Call `hear` in a thread with what others tell until the store is closed; None says that some may be missed.

        Messages are no more than a hint to look, since any of them may be lost.
        """
        ...

    def making_room(self) -> AbstractContextManager[None]:
        """Let writes of this thread use the space reserved for freeing space, where there is one."""
        ...

    def shrink(self) -> bool:
        """Release some freed space; return whether there is more."""
        ...

    def close(self) -> None:
        """Close the database."""
        ...
