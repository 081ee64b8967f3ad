"""Documents: JSON values that the jobs of a world share, such as a list of attributes, each stored once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.store import worlds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.engine.writing import Writing


class Documents:
    """The documents that one submission refers to, each looked up in the database once.

    Args:
        writing: the world, open for a change.
    """

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._keys: dict[Any, int] = {}

    def key_of(self, token: Any, value: Any) -> int:
        """Find or write a document; give its key.

        Args:
            token: what stands for the value here, hashable and quicker to compare.
            value: the JSON-ready value.
        """
        if token not in self._keys:
            self._keys[token] = worlds.intern(self._writing.session, self._writing.key, value)
        return self._keys[token]

    def keys_of_lists(self, lists: Sequence[tuple[str, ...]]) -> list[int]:
        """Find or write lists of attributes, one per job; give their keys."""
        if are_alike(lists):
            return [self.key_of(lists[0], list(lists[0]))] * len(lists)
        keys = {names: self.key_of(names, list(names)) for names in dict.fromkeys(lists)}
        return [keys[names] for names in lists]

    def read(self, key: int) -> Any:
        """Read a document."""
        return worlds.document(self._writing.session, key)


def are_alike(column: Sequence[Any]) -> bool:
    """Whether all jobs have the same value, as they mostly do, which is quickly found out."""
    return bool(column) and column.count(column[0]) == len(column)
