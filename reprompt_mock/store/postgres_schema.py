"""The tables in PostgreSQL: made once, in the first schema of the search path, however many start at once."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from reprompt_mock import tables
from reprompt_mock.errors import DatabaseUnreadable
from reprompt_mock.store.definitions import definitions
from reprompt_mock.store.session import SALT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from sqlalchemy import Dialect

    from reprompt_mock.dsn import Dsn
    from reprompt_mock.store.session import Row

_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's
_TYPES = {"BIGINT": "int8", "VARCHAR": "text", "BYTEA": "bytea", "FLOAT": "float8"}
TYPES = {
    table.name: {column.name: _TYPES[column.type.compile(dialect=_DIALECT)] for column in table.columns}
    for table in SQLModel.metadata.tables.values()
}
"""The type of each column, by table."""
_KEY = "hashtextextended('reprompt-mock ' || current_schema(), {})"
_MAKING, _HOLDING = (_KEY.format(seed) for seed in (1, 2))
"""What stands for a schema in locks: while its tables are made, and while emulators have it."""
_VERSIONS = "reprompt_mock_schema"
SALT = f"SELECT salt FROM {_VERSIONS}"


def check(connection: psycopg.Connection[Row], dsn: Dsn) -> None:
    """Check that a database can hold what an emulator stores.

    Raises:
        DatabaseUnreadable: it does not store UTF-8, or has no schema for the tables.
    """
    query = "SELECT current_setting('server_encoding'), current_schema()"
    encoding, schema = connection.execute(query).fetchone() or (None, None)
    if encoding != "UTF8":
        raise DatabaseUnreadable(path=dsn, reason="its encoding is not UTF8: create it with ENCODING 'UTF8'")
    if schema is None:
        reason = "its search_path names no schema that exists: create the schema"
        raise DatabaseUnreadable(path=dsn, reason=reason)


def join(connection: psycopg.Connection[Row]) -> bool:
    """Take the schema along with others for as long as a connection lasts; return False if another has it alone."""
    (got,) = connection.execute(f"SELECT pg_try_advisory_lock_shared({_HOLDING})").fetchone() or (False,)
    return bool(got)


def make(connection: psycopg.Connection[Row], dsn: Dsn) -> None:
    """Make the tables unless they are there, in a transaction of the caller.

    Raises:
        DatabaseUnreadable: the schema is another program's, or its tables have another version.
        psycopg.Error: the tables cannot be made.
    """
    connection.execute(f"SELECT pg_advisory_xact_lock({_MAKING})")
    version = _version(connection)
    if version == tables.SCHEMA_VERSION:
        return
    if version is not None:
        reason = f"its schema has version {version}, this emulator reads {tables.SCHEMA_VERSION}"
        raise DatabaseUnreadable(path=dsn, reason=reason)
    if _has(connection, "world"):
        raise DatabaseUnreadable(path=dsn, reason="its schema belongs to another program")
    # A server that crashes may lose what was in the tables, but not the tables themselves.
    for statement in ("SET LOCAL synchronous_commit = on", *statements()):
        connection.execute(statement)


def _has(connection: psycopg.Connection[Row], table: str) -> bool:
    statement = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"
    (count,) = connection.execute(statement, [table]).fetchone() or (0,)
    return bool(count)


def _version(connection: psycopg.Connection[Row]) -> int | None:
    if not _has(connection, _VERSIONS):
        return None
    (version,) = connection.execute(f"SELECT version FROM {_VERSIONS}").fetchone() or (None,)
    return None if version is None else int(version)


def statements() -> Iterator[str]:
    """Yield the statements that make the tables; texts are compared by their bytes, whatever the language."""
    for statement in definitions(_DIALECT):
        yield statement.replace(" VARCHAR", ' TEXT COLLATE "C"')
    yield f"CREATE TABLE {_VERSIONS} (version BIGINT NOT NULL, salt BYTEA NOT NULL)"
    yield f"INSERT INTO {_VERSIONS} VALUES ({tables.SCHEMA_VERSION}, decode('{token_hex(SALT_BYTES)}', 'hex'))"
