"""Hints for misspelled names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def nearest(name: str, known: Iterable[str], spell: Callable[[str], str] = str) -> str:
    """Return "; did you mean …?" with the known name closest to an unknown one, "" if none is close."""
    from difflib import get_close_matches

    folded = {one.casefold(): one for one in known}
    close = get_close_matches(name.casefold(), sorted(folded), n=1, cutoff=0.5)
    return f"; did you mean {spell(folded[close[0]])}?" if close else ""
