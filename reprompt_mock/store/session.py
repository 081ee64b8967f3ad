"""The port to a database: what queries need of a transaction, whichever database holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    Values = Sequence[Any] | Mapping[str, Any]
    Row = tuple[Any, ...]


class DataRefused(Exception):
    """The database refuses values: of a wrong type, out of range, or not unique."""


class Session(Protocol):
    """One open transaction: all its queries see one state.

    Values that the database refuses raise `DataRefused`. Statements are text in the dialect common to SQLite (3.35 or
    later) and PostgreSQL, with `?` or `:name` for values.
    """

    def rows(self, statement: str, values: Values = ()) -> Iterable[Row]:
        """Run a query; give its rows one by one."""
        ...

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """Run a query; give its first row, None where there is none."""
        ...

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a query that gives one row of one column; give its value."""
        ...

    def run(self, statement: str, values: Values = ()) -> int:
        """Run a statement; give how many rows it changed."""
        ...

    def many(self, statement: str, rows: Iterable[Values]) -> None:
        """Run a statement once for each row of values."""
        ...

    def insert(self, statement: str, values: Values) -> int:
        """Insert one row; give the key that the database chose."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo what is done within where it ends with an exception."""
        ...
