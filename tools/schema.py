"""Writes the statements that make the tables in SQLite, from the tables' classes: `make schema`."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.dialects import sqlite

from reprompt_mock.store.definitions import definitions
from reprompt_mock.tables import SCHEMA_VERSION

MODULE = Path(__file__).parent.parent / "reprompt_mock" / "store" / "sqlite_schema.py"
_TEXT = '''"""The tables in SQLite: the statements that make them, which `make schema` writes from `tables`.

They are written out because SQLModel and SQLAlchemy take a quarter of a start's time and a fifth of its memory, and a
start needs nothing else of them.
"""

from __future__ import annotations

VERSION = {version}
STATEMENTS = (
{statements})
'''


def module() -> str:
    """Return the text of the module."""
    statements = [_laid_out(statement) for statement in definitions(sqlite.dialect())]
    texts = [f'    """\n{one}\n""",\n' for one in statements]
    return _TEXT.format(version=SCHEMA_VERSION, statements="".join(texts))


def _laid_out(statement: str) -> str:
    """Indent the columns of a table by two blanks."""
    return "\n".join(line.replace("\t", "  ").rstrip() for line in statement.splitlines() if line.strip())


if __name__ == "__main__":
    MODULE.write_text(module(), encoding="utf-8")
