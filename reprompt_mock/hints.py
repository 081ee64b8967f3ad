"""Hints for misspelled names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def nearest(name: str, known: Iterable[str], spell: Callable[[str], str] = str) -> str:
    """Hint at the known name that is closest to an unknown one, as the end of a sentence; "" where none is."""
    close = closest(name, known, cutoff=0.5)
    return "" if close is None else f"; did you mean {spell(close)}?"


def closest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Find the known name that is most like the given one, whatever their case; None where none is.

    Args:
        name: the given one.
        known: those that there are.
        cutoff: how like it must be, 0 to 1.
    """
    from difflib import get_close_matches

    folded = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None
