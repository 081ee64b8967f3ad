"""Documents: JSON values that the jobs of a world share, such as a list of attributes, each stored once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.engine.deciding import Deciding


class Documents:
    """The documents that one submission refers to; keys of recent ones are remembered for the world.

    Args:
        deciding: the world, open for decisions.
    """

    def __init__(self, deciding: Deciding) -> None:
        self._deciding = deciding

    def key_of(self, token: Any, value: Any) -> int:
        """Find or write a document; return its key.

        Args:
            token: a hashable stand-in for the value, the same in every submission and cheaper to compare.
            value: the JSON-ready value.
        """
        deciding = self._deciding
        key = deciding.known.get(token) or deciding.interned.get(token)
        if key is None:
            key = deciding.interned[token] = deciding.intern(token, value)
        return key

    def keys_of_lists(self, lists: Sequence[tuple[str, ...]]) -> list[int]:
        """Find or write lists of attributes, one per job; return their keys."""
        if are_alike(lists):
            return [self.key_of(lists[0], list(lists[0]))] * len(lists)
        keys = {names: self.key_of(names, list(names)) for names in dict.fromkeys(lists)}
        return [keys[names] for names in lists]

    def read(self, key: int) -> Any:
        """Read a document."""
        return self._deciding.document(key)


def are_alike(column: Sequence[Any]) -> bool:
    """Return whether all jobs have the same value, which is the usual case and cheap to check."""
    return bool(column) and column.count(column[0]) == len(column)
