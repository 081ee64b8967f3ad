"""The statements that make the tables, in the dialect of a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement

from reprompt_mock.tables import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Dialect


def definitions(dialect: Dialect) -> Iterator[str]:
    """Yield a statement for each table and each index, in an order in which they can be run."""
    for table in World.metadata.sorted_tables:
        elements: list[DDLElement] = [CreateTable(table), *map(CreateIndex, table.indexes)]
        yield from (str(element.compile(dialect=dialect)) for element in elements)
