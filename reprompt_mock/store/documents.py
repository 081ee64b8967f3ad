"""Queries about documents: JSON values that the jobs of a world share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from reprompt_mock.store.session import Session


def intern(session: Session, world: int, value: Any) -> int:
    """Find or write a document by its value; return its key."""
    text = orjson.dumps(value).decode()
    found = session.one("SELECT pk FROM document WHERE world = ? AND text = ?", (world, text))
    if found:
        return int(found[0])
    return session.insert("INSERT INTO document (world, text) VALUES (?, ?)", (world, text))


def read(session: Session, key: int) -> Any:
    """Read a document."""
    return orjson.loads(session.value("SELECT text FROM document WHERE pk = ?", (key,)))
