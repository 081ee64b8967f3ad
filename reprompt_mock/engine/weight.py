"""Weight: use cases say how many jobs they go through, so that long ones are not begun where they must be short."""

from __future__ import annotations


class TooLong(Exception):
    """A use case goes through more jobs than may be gone through here: it is to be run again elsewhere."""


def check(jobs: float, most: float) -> None:
    """Refuse to go through more jobs than may be.

    Raises:
        TooLong: there are more.
    """
    if jobs > most:
        raise TooLong
