"""The port to a database: what queries need from a transaction, independent of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    Values = Sequence[Any] | Mapping[str, Any]
    Row = tuple[Any, ...]


class DataRefused(Exception):
    """The database refused values: they have a wrong type, are out of range, or are not unique."""


def is_storable(text: str) -> bool:
    """Return whether a row may contain a text: none contains NUL, which PostgreSQL could not store."""
    return "\0" not in text


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

    def many(self, statement: str, rows: Iterable[Values]) -> None:
        """Run a statement once for each row of values."""
        ...

    def insert(self, statement: str, values: Values) -> int:
        """Insert one row; return the key that the database chose."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Roll back what the block does if it ends with an exception."""
        ...
