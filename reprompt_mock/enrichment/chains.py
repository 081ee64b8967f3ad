"""Well-known chains, by their names."""

from __future__ import annotations

from functools import lru_cache

from reprompt_mock.enrichment.facts import data

_ALONE = "="
"""Marks the names of chains that are also ordinary words: a name must not say more than they do."""
_SPELLINGS = str.maketrans(dict.fromkeys("-_/()#,:·|", " ") | dict.fromkeys("'’`.!®™") | {"&": " and ", "+": " and "})
_SAYS_NO_MORE = frozenset(("store", "shop", "express", "no", "the", "supercenter", "superstore"))
_NAMED_AFTER = frozenset(("arena", "center", "centre", "field", "park", "stadium", "tower"))
"""What is only named after the chain before it."""


def chain_of(name: str) -> tuple[str, str] | None:
    """Return the kind of the chain that a case-folded name begins or ends with, and what else the name says."""
    words = name.translate(_SPELLINGS).split()
    if words and words[0] == "the" and len(words) > 1:
        words = words[1:]
    by_first, by_last = _chains()
    for place, chains in ((0, by_first), (-1, by_last)):
        for chain, kind, alone in chains.get(words[place], ()) if words else ():
            rest = _rest(words, chain, first=place == 0)
            if rest is not None and not _is_other(rest, alone=alone):
                return kind, " ".join(rest) if place == 0 else ""
    return None


def _rest(words: list[str], chain: tuple[str, ...], *, first: bool) -> list[str] | None:
    length = len(chain)
    if first:
        return words[length:] if tuple(words[:length]) == chain else None
    return words[:-length] if tuple(words[-length:]) == chain else None


def _is_other(rest: list[str], *, alone: bool) -> bool:
    named_after = len(rest) == 1 and rest[0] in _NAMED_AFTER
    return named_after or (alone and not all(word in _SAYS_NO_MORE or word.isdigit() for word in rest))


_Chain = tuple[tuple[str, ...], str, bool]


@lru_cache
def _chains() -> tuple[dict[str, list[_Chain]], dict[str, list[_Chain]]]:
    """Return the chains by the first words of their names and by the last, the longest names first."""
    known = [_chain(name, kind) for kind, names in data("chains").items() for name in names]
    by_first: dict[str, list[_Chain]] = {}
    by_last: dict[str, list[_Chain]] = {}
    for chain in sorted(known, key=lambda one: -len(one[0])):
        by_first.setdefault(chain[0][0], []).append(chain)
        by_last.setdefault(chain[0][-1], []).append(chain)
    return by_first, by_last


def _chain(name: str, kind: str) -> _Chain:
    words = name.removeprefix(_ALONE).translate(_SPELLINGS).split()
    return tuple(words[1:] if words[0] == "the" else words), kind, name.startswith(_ALONE)
