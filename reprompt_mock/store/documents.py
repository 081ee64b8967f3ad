"""Queries about documents: JSON values that the jobs of a world share."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from reprompt_mock.keys import Keys
    from reprompt_mock.store.session import Session


INSERT = "INSERT INTO document (pk, world, digest, text) VALUES (?, ?, ?, ?)"
_DIGEST_BYTES = 16


def intern(session: Session, keys: Keys, value: Any) -> int:
    """Find or write a document by its value; return its key."""
    return intern_text(session, keys, orjson.dumps(value))


def intern_text(session: Session, keys: Keys, text: bytes) -> int:
    """Find or write a document by its JSON; return its key."""
    mark = _digest(text)
    found = session.one("SELECT pk FROM document WHERE world = ? AND digest = ?", (keys.world, mark))
    if found:
        return int(found[0])
    key = keys.row()
    session.insert(INSERT, (key, keys.world, mark, text.decode()))
    return key


def _digest(text: bytes) -> bytes:
    """Return what identifies a document's text in its world."""
    return blake2b(text, digest_size=_DIGEST_BYTES).digest()


def read(session: Session, key: int) -> Any:
    """Read a document."""
    return orjson.loads(session.value("SELECT text FROM document WHERE pk = ?", (key,)))
