"""Hints for misspelled names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def nearest(name: str, known: Iterable[str], spell: Callable[[str], str] = str) -> str:
    """Return "; did you mean …?" with the known name closest to an unknown one, "" if none is close."""
    close = closest(name, known, cutoff=0.5)
    return "" if close is None else f"; did you mean {spell(close)}?"


def closest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known name most similar to an unknown one, ignoring case; None if none is similar.

    Args:
        name: the unknown name.
        known: all known names.
        cutoff: how similar it must be, 0 to 1.
    """
    from difflib import get_close_matches

    folded = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None
