"""How often something is found: the shares of places in a submission's settings, and what a single place draws.

Absence is drawn first; what it excludes is found more often for the other places, so that the shares of all places are
as set (contract F5).
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.luck import POSITIONS, fates_of, place_of_fate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprompt_mock.enrichment.subject import Subject
    from reprompt_mock.shares import Shares

_FATES = 1 << 16
_LUCKS = 1 << 32
_PRESENCE = POSITIONS["presence"]
_ROUNDING = 1e-9
"""Far less than one fate, and far more than the error of the arithmetic."""


class Fate(NamedTuple):
    """In how many of 2**16 cases an attribute finds nothing, and where the two bytes of its fate are."""

    name: str
    high: int
    low: int
    cases: int


class Odds:
    """What the fates of a place are compared with.

    Args:
        absent: how many of 2**32 places are absent.
        failing: the attributes that may find nothing about a place that is not absent.
        excluded: the attributes of which an absent place has nothing.
    """

    __slots__ = ("_absent", "_bounds", "_failing", "excluded")

    def __init__(self, absent: int, failing: Sequence[Fate], excluded: Sequence[str]) -> None:
        self._absent = absent
        self._failing = failing
        # The higher byte decides nearly always, so only it is looked at first.
        self._bounds = [(one.high, one.cases >> 8, one) for one in failing]
        self.excluded = excluded

    def may_lose(self, name: str) -> bool:
        """Return whether nothing may be found of an attribute although the place is not absent."""
        return any(fate.name == name for fate in self._failing)

    def is_absent(self, subject: Subject) -> bool:
        """Draw whether a place is absent; the draw is the same in all generations."""
        return subject.luck[_PRESENCE] < self._absent

    def lost(self, subject: Subject, generation: int) -> list[str]:
        """Draw the attributes that find nothing about a place that is not absent."""
        if not self._failing:
            return []
        fates = fates_of(subject.page, generation)
        near = [fate for high, bound, fate in self._bounds if fates[high] <= bound]
        return [fate.name for fate in near if (fates[fate.high] << 8 | fates[fate.low]) < fate.cases]


@lru_cache(maxsize=256)
def odds_of(
    shares: Shares, names: tuple[str, ...], *, sure: tuple[str, ...] = (), is_absent: bool | None = None
) -> Odds:
    """Prepare the odds of some attributes; worlds with the same shares have them in common.

    Args:
        shares: the shares in force.
        names: the attributes.
        sure: those that find something in any case.
        is_absent: whether places are absent, None to draw it.
    """
    absent = shares.absent if is_absent is None else 0.0
    open_ones = [CATALOGUE[name] for name in names if name not in sure]
    failing = [
        Fate(one.name, *place_of_fate(one.name), cases)
        for one in open_ones
        if not one.is_conditional
        and (cases := _cases(shares.of(one.name), one.possible * (1 - absent if one.of_presence else 1.0)))
    ]
    excluded = [one.name for one in open_ones if one.of_presence]
    return Odds(_LUCKS if is_absent else ceil(absent * _LUCKS - _ROUNDING), failing, excluded)


def _cases(found: float, possible: float) -> int:
    """Return in how many of 2**16 cases nothing is found, given a share of all places that find, and could find."""
    return ceil((1 - min(1.0, found / possible)) * _FATES - _ROUNDING) if possible else 0
