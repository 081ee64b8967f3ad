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
    by_first, by_last = _chains()
    words = name.split()
    if not words or not (_may_be(words[0], by_first) or _may_be(words[-1], by_last)):
        return None
    words = name.translate(_SPELLINGS).split()
    if len(words) > 1 and words[0] == "the":
        del words[0]
    if not words:
        return None
    return _found(words, by_first, first=True) or _found(words, by_last, first=False)


def _may_be(word: str, chains: dict[str, list[_Chain]]) -> bool:
    return word in chains or word == "the" or not word.isalnum()


def _found(words: list[str], chains: dict[str, list[_Chain]], *, first: bool) -> tuple[str, str] | None:
    for chain, kind, alone in chains.get(words[0 if first else -1], ()):
        rest = _rest(words, chain, first=first)
        if rest is not None and not _is_other(rest, alone=alone):
            return kind, " ".join(rest) if first else ""
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
