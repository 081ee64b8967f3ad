"""Purge: forgotten and deleted rows are removed from the database in small steps, between other work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprompt_mock.engine.relief import relieved
from reprompt_mock.engine.remote import again
from reprompt_mock.errors import StorageFailed
from reprompt_mock.store import worlds

if TYPE_CHECKING:
    from reprompt_mock.store.session import Store

_ROWS = 2000
_FEW_ROWS = 100
"""The number of rows that can always be removed within the log's reserve."""


class Purge:
    """Removes the rows of forgotten worlds and deleted batches in small steps.

    Attributes:
        is_due: whether there may be such rows.
        leased: the keys of graves that are still written to.
    """

    def __init__(self, store: Store) -> None:
        self.is_due = True
        self.leased: set[int] = set()
        self._store = store
        self._rows = _ROWS

    def run(self) -> None:
        """Remove some rows; once there are none, release their space.

        Raises:
            StorageFailed: not even a few rows can be removed.
        """
        with self._store.lock:  # otherwise what is forgotten meanwhile might be missed
            self.is_due = self._remove() or self._store.shrink()

    def _remove(self) -> bool:
        """Remove some rows; if the disk is full, only as many as fit into the log's reserve."""
        while True:
            try:
                has_more = relieved(self._store, self._remove_some)
            except StorageFailed:
                if self._rows <= _FEW_ROWS:
                    raise
                self._rows //= 2
            else:
                self._rows = self._rows if has_more else _ROWS
                return has_more

    def _remove_some(self) -> bool:
        return again(self._remove_once)

    def _remove_once(self) -> bool:
        with self._store.write() as session:
            return worlds.purge(session, self._rows, self.leased)
