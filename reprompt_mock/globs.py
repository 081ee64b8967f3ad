"""Globs: which of many case-sensitive patterns a string matches, found without trying each of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from fnmatch import translate
from functools import lru_cache
from itertools import chain
from os.path import commonprefix
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

_WILD = re.compile(r"[*?]|\[!?+\]?+[^\]]*+\]")
"""What is not literal in a glob; a bracket that is never closed is literal."""
_EDGE = "\0"
"""What stands around strings and globs where pieces are looked for, so that a piece can be a beginning or an end."""
_TELLING = 3
"""Of a piece, this many characters make it less likely to occur, each by `_RARITY`; more make no difference."""
_RARITY = 20.0
_LONGEST = 50
"""How many characters of a piece are looked for, which limits how deeply a regular expression for many nests."""
_COMPILED = 4096
"""The number of compiled globs kept, which suffices for the rules and faults of a world."""


@lru_cache(maxsize=_COMPILED)
def matcher(glob: str) -> Callable[[str], re.Match[str] | None]:
    """Return the function that matches strings against a glob as `fnmatch.fnmatchcase` does.

    That one forgets all but a few hundred patterns, and compiles the others each time.
    """
    return re.compile(translate(glob)).match


def is_exact(glob: str) -> bool:
    """Return whether a glob matches one string only, itself."""
    return _WILD.search(glob) is None


class _Piece(NamedTuple):
    """A literal that every match of a glob contains."""

    literal: str
    glob: str
    number: int


class Globs:
    """An index of numbered globs.

    Globs without wildcards are looked up in a dict. Of each of the others, one literal piece is looked for, all pieces
    in all strings at once; a glob is tried where its piece occurs.

    Args:
        globs: each glob with its number; numbers can repeat.
    """

    def __init__(self, globs: Iterable[tuple[int, str]]) -> None:
        self._exact: defaultdict[str, list[int]] = defaultdict(list)
        others: list[tuple[int, str]] = []
        for number, glob in globs:
            if is_exact(glob):
                self._exact[glob].append(number)
            else:
                others.append((number, glob))
        pieces = _pieces(others)
        self._wild = [piece for piece in pieces if not piece.literal]
        self._tree = re.compile(_any_of({piece.literal for piece in pieces if piece.literal}))
        self._by_leaf: defaultdict[str, list[_Piece]] = defaultdict(list)
        for piece in pieces:
            if piece.literal and (leaf := self._tree.match(piece.literal)):
                self._by_leaf[leaf[0]].append(piece)

    def matching(self, strings: Iterable[str]) -> dict[str, list[int]]:
        """Return the numbers of the globs that match, in any order, by string; strings that match none are left out."""
        distinct = set(strings)
        found: defaultdict[str, list[int]] = defaultdict(list)
        for string in self._exact.keys() & distinct:
            found[string] += self._exact[string]
        if self._by_leaf and self._tree.search(_edged(_EDGE.join(distinct))):
            for string in distinct:
                self._try_pieces(string, found)
        for _, glob, number in self._wild:
            for string in filter(matcher(glob), distinct):
                found[string].append(number)
        return found

    def _try_pieces(self, string: str, found: defaultdict[str, list[int]]) -> None:
        edged = _edged(string)
        for leaf in self._leaves(edged):
            for literal, glob, number in self._by_leaf[leaf]:
                if literal in edged and matcher(glob)(string):
                    found[string].append(number)

    def _leaves(self, text: str) -> set[str]:
        """Return the leaves of the tree that a text contains; it reaches one at most from each character."""
        leaves = set()
        leaf = self._tree.search(text)
        while leaf:
            leaves.add(leaf[0])
            leaf = self._tree.search(text, leaf.start() + 1)
        return leaves


def _edged(text: str) -> str:
    return f"{_EDGE}{text}{_EDGE}"


def _pieces(globs: Sequence[tuple[int, str]]) -> list[_Piece]:
    """Choose a piece of each numbered glob, an empty one if there is no literal in it.

    The best occurs rarely in strings, which its length suggests, and in few of the other globs.
    """
    literals = [set(_WILD.split(_edged(glob))) - {"", _EDGE} for _, glob in globs]
    uses = Counter(chain.from_iterable(literals))

    def cost(literal: str) -> tuple[float, int, str]:
        return uses[literal] / _RARITY ** min(len(literal), _TELLING), -len(literal), literal

    return [
        _Piece(min(some, key=cost, default="")[:_LONGEST], glob, number)
        for some, (number, glob) in zip(literals, globs, strict=True)
    ]


def _any_of(literals: Collection[str]) -> str:
    """Return a regular expression for the shortest of literals that begin alike, as a tree that forks where they do."""
    start = commonprefix(list(literals))  # noqa: RUF071 - characters are what it should compare
    tails: defaultdict[str, set[str]] = defaultdict(set)
    for literal in literals:
        tails[literal[len(start) : len(start) + 1]].add(literal[len(start) :])
    if "" in tails:
        return re.escape(start)
    return f"{re.escape(start)}(?:{'|'.join(_any_of(tail) for tail in tails.values())})"
