"""Globs: which of many case-sensitive patterns a string matches, found without trying each of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from fnmatch import translate
from functools import lru_cache
from os.path import commonprefix
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

_WILD = re.compile(r"[*?]|\[!?+\]?+[^\]]*+\]")
"""What is not literal in a glob; a bracket that is never closed is literal."""
_TELLING = 3
"""Of a piece, this many characters make it less likely to occur, each by `_RARITY`; more make no difference."""
_RARITY = 20.0
_COMPILED = 4096
_DEEPEST = 20
"""How often a tree of literals forks on the way to one of them; the regular expression nests as deeply."""


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

    Globs without wildcards are looked up in a dict, those whose only wildcard is a star at the end in a dict for each
    length. Of each of the others, one literal piece is looked for, all pieces at once; they are tried where it occurs.

    Args:
        globs: each glob with its number; numbers can repeat.
    """

    def __init__(self, globs: Iterable[tuple[int, str]]) -> None:
        self._exact: defaultdict[str, list[int]] = defaultdict(list)
        self._prefixes: defaultdict[int, defaultdict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        others = []
        for number, glob in globs:
            literals = _WILD.split(glob)
            if len(literals) == 1:
                self._exact[glob].append(number)
            elif glob.rstrip("*") == literals[0]:
                self._prefixes[len(literals[0])][literals[0]].append(number)
            else:
                others.append((number, glob, literals))
        self._shortest = min(self._prefixes, default=0)
        self._heads = {prefix[: self._shortest] for table in self._prefixes.values() for prefix in table}
        pieces = _pieces(others)
        self._wild = [piece for piece in pieces if not piece.literal]
        tree = re.compile(_any_of({piece.literal for piece in pieces if piece.literal}))
        self._has_piece = tree.search
        self._leaves = re.compile(f"(?=({tree.pattern}))").findall
        self._pieces: defaultdict[str, list[_Piece]] = defaultdict(list)
        for piece in pieces:
            if piece.literal and (leaf := tree.match(piece.literal)):
                self._pieces[leaf[0]].append(piece)

    def matching(self, strings: Iterable[str]) -> dict[str, list[int]]:
        """Return the numbers of the globs that match, in any order, by string; strings that match none are left out."""
        distinct = set(strings)
        found: defaultdict[str, list[int]] = defaultdict(list)
        for string in self._exact.keys() & distinct:
            found[string] += self._exact[string]
        if self._heads:
            self._find_prefixes(distinct, found)
        if self._pieces:
            for string in filter(self._has_piece, distinct):
                self._try_pieces(string, found)
        for _, glob, number in self._wild:
            for string in filter(matcher(glob), distinct):
                found[string].append(number)
        return found

    def _find_prefixes(self, strings: Iterable[str], found: defaultdict[str, list[int]]) -> None:
        shortest, heads = self._shortest, self._heads
        for string in [string for string in strings if string[:shortest] in heads]:
            for length, table in self._prefixes.items():
                if string[:length] in table:
                    found[string] += table[string[:length]]

    def _try_pieces(self, string: str, found: defaultdict[str, list[int]]) -> None:
        """Try the globs whose pieces begin as the tree says, which reaches one leaf at most from each character."""
        for leaf in set(self._leaves(string)):
            for literal, glob, number in self._pieces[leaf]:
                if literal in string and matcher(glob)(string):
                    found[string].append(number)


def _pieces(globs: Sequence[tuple[int, str, Sequence[str]]]) -> list[_Piece]:
    """Choose a piece of each glob, which comes with its number and its literals; an empty one if it has no other.

    The best occurs rarely in strings, which its length suggests, and in few of the other globs.
    """
    uses = Counter(literal for *_, literals in globs for literal in set(literals))

    def cost(literal: str) -> tuple[float, int]:
        return uses[literal] / _RARITY ** min(len(literal), _TELLING), -len(literal)

    return [_Piece(min(filter(None, literals), key=cost, default=""), glob, number) for number, glob, literals in globs]


def _any_of(literals: Collection[str], depth: int = _DEEPEST) -> str:
    """Return a regular expression for some literals, or for beginnings of them, as a tree that forks where they do."""
    start = commonprefix(list(literals))  # noqa: RUF071 - characters are what it should compare
    tails: defaultdict[str, set[str]] = defaultdict(set)
    for literal in literals:
        tails[literal[len(start) : len(start) + 1]].add(literal[len(start) :])
    if "" in tails or not depth:
        return re.escape(start)
    return f"{re.escape(start)}(?:{'|'.join(_any_of(tail, depth - 1) for tail in tails.values())})"
