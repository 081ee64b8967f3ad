"""A transaction on a PostgreSQL server."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from reprompt_mock.store import postgres_schema as schema
from reprompt_mock.store.columns import divided, revised, spread
from reprompt_mock.store.dialect import inlined, numbered
from reprompt_mock.store.postgres_address import quoted
from reprompt_mock.store.session import DataRefused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from reprompt_mock.store.session import Query, Row, Values

_REFUSALS = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError)


class PostgresSession:
    """A transaction on a connection.

    Args:
        connection: the connection, in autocommit mode; the caller begins and ends the transaction.
        first: the query that was sent with its beginning, if any.
        answer: its first row.
    """

    __slots__ = ("_answer", "_cursor", "_first", "_later")

    def __init__(self, connection: psycopg.Connection[Row], first: Query | None, answer: Row | None) -> None:
        self._cursor = connection.cursor(binary=True)
        self._first, self._answer = first, answer
        self._later: list[str] = []

    def rows(self, statement: str, values: Values = ()) -> Iterable[Row]:
        """Run a query; return an iterable of its rows."""
        return self._execute(statement, values).fetchall()

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """Run a query; return its first row, or None."""
        first, self._first = self._first, None
        if first is not None and first == (statement, values):
            return self._answer
        return self._execute(statement, values).fetchone()

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a query for a single value; return the value."""
        (value,) = self._execute(statement, values).fetchone() or (None,)
        return value

    def run(self, statement: str, values: Values = ()) -> int:
        """Run a statement; return the number of rows that it changed."""
        return self._execute(statement, values).rowcount

    def later(self, statement: str, values: Values) -> None:
        """Run a statement of which nobody asks the outcome, together with the next one or the end."""
        self._later.append(f"{inlined(statement, values, self._quoted)};")

    @property
    def is_lost(self) -> bool:
        """Whether the connection is closed."""
        return self._cursor.connection.closed

    def end(self) -> str:
        """Send what was left for later and the end; return what the server says to the end."""
        self._cursor.execute(f"{self._taken()}COMMIT", binary=False)
        while self._cursor.nextset():
            pass
        return self._cursor.statusmessage or ""

    def _quoted(self, value: Any) -> str:
        return quoted(value, self._cursor.connection)

    def _taken(self) -> str:
        left, self._later = "".join(self._later), []
        return left

    def _catch_up(self) -> None:
        """Send what was left for later."""
        if self._later:
            self._cursor.execute(self._taken(), binary=False)

    def many(self, statement: str, rows: Iterable[Values]) -> None:
        """Run a statement once for each row of values."""
        place = numbered(statement)
        arranged = [place.arranged(row) for row in rows]
        if not arranged:
            return
        self._catch_up()
        with _refusing():
            if len(arranged) == 1:
                self._cursor.execute(place.text, arranged[0])
            else:
                self._cursor.executemany(place.text, arranged)

    def fill(self, table: str, columns: Mapping[str, Any], size: int, *, kept: Collection[str] = ()) -> None:
        """Insert many rows of a table, column by column, some of which may replace others; see the port."""
        if kept:  # deleting and copying takes less time than an insertion which may replace
            self.run(f"DELETE FROM {table} WHERE pk = ANY(?)", ([*columns["pk"]],))
        names, types = ", ".join(columns), [schema.TYPES[table][name] for name in columns]
        statement = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
        self._catch_up()
        with _refusing(), self._cursor.copy(statement) as copy:
            copy.set_types(types)
            for row in zip(*spread(columns.values(), size), strict=True):
                copy.write_row(row)

    def revise(self, table: str, columns: Mapping[str, Any], *, derived: Mapping[str, str]) -> None:
        """Change many rows of a table by their `pk`, column by column; see the port."""
        common, own = divided(columns)
        arrays = ", ".join(f"CAST(? AS {schema.TYPES[table][name]}[])" for name in own)
        self.run(
            f"UPDATE {table} SET {revised({**common, **derived}, own)}"
            f" FROM unnest({arrays}) AS new ({', '.join(f'new_{name}' for name in own)}) WHERE pk = new_pk",
            [_array(values) for values in own.values()],
        )

    def insert(self, statement: str, values: Values) -> None:
        """Insert one row."""
        with _refusing():
            self._execute(statement, values)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Roll back what the block does if it ends with an exception."""
        self._execute("SAVEPOINT part", ())
        try:
            yield
        except BaseException:
            if not self._cursor.connection.closed:
                self._later.clear()
                self._execute("ROLLBACK TO part", ())
                self._execute("RELEASE part", ())
            raise
        self._execute("RELEASE part", ())

    def _execute(self, statement: str, values: Values) -> psycopg.Cursor[Row]:
        self._catch_up()
        place = numbered(statement)
        return self._cursor.execute(place.text, place.arranged(values))


def _array(values: Sequence[Any]) -> list[Any]:
    """Return the values of a column as an array; an array of booleans would not become one of numbers."""
    return list(map(int, values)) if isinstance(values[0], bool) else list(values)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except _REFUSALS as error:
        raise DataRefused(str(error)) from error
