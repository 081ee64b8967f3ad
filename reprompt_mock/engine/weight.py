"""Weight: use cases declare how many jobs they process, so that long ones do not run where only short ones may."""

from __future__ import annotations


class TooLong(Exception):
    """A use case would process more jobs than allowed here and must be run again elsewhere."""


def check(jobs: float, most: float) -> None:
    """Refuse to process more than `most` jobs.

    Raises:
        TooLong: `jobs` exceeds `most`.
    """
    if jobs > most:
        raise TooLong
