"""The statements that make the tables, in the dialect of a database."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from sqlalchemy.schema import CreateIndex, CreateTable

from reprompt_mock.tables import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Dialect, Index


def definitions(dialect: Dialect) -> Iterator[str]:
    """Yield a statement for each table and each index, in an order in which they can be run."""
    for table in World.metadata.sorted_tables:
        yield str(CreateTable(table).compile(dialect=dialect))
        yield from (index_definition(index, dialect) for index in sorted(table.indexes, key=attrgetter("name")))


def index_definition(index: Index, dialect: Dialect) -> str:
    """Return the statement that makes an index."""
    condition = index.info.get("where")
    return f"{CreateIndex(index).compile(dialect=dialect)}{f' WHERE {condition}' if condition else ''}"
