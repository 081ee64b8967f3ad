"""Keys of rows: each world numbers its own, and a key is that number with the world's in front.

So two worlds never wait for a common counter, keys are unique in the database, and what is written out of a world or
shown to a client says nothing about other worlds.
"""

from __future__ import annotations

ALONE = ""
"""The id of the batch that holds a world's single jobs; clients cannot name it, and lists do not show it."""
_BITS = 32
LOCAL: int = 2**_BITS - 1
"""The bits of a key that are its number in its world."""


def local(key: int) -> int:
    """Return the number of a row in its world, from 1."""
    return key & LOCAL


def span(world: int) -> tuple[int, int]:
    """Return the first and the last key that rows of a world may have."""
    return world << _BITS, world << _BITS | LOCAL


def alike(key: int, number: int) -> int:
    """Return the key of the row with a number, in the world of another key."""
    return key & ~LOCAL | number


class Keys:
    """The keys of one world's new rows; those that are given out and not used are never given out again.

    Args:
        world: the key of the world.
        next_row: the number of its next row other than a job.
        next_job: the number of its next job.
    """

    __slots__ = ("next_job", "next_row", "world")

    def __init__(self, world: int, next_row: int = 1, next_job: int = 1) -> None:
        self.world = world
        self.next_row = next_row
        self.next_job = next_job

    def row(self) -> int:
        """Return the key of a new row."""
        key = self.of(self.next_row)
        self.next_row += 1
        return key

    def jobs(self, count: int) -> int:
        """Reserve the keys of new jobs, which are in sequence; return the first."""
        first = self.of(self.next_job)
        self.next_job += count
        return first

    def of(self, number: int) -> int:
        """Return the key of the row with a number."""
        return self.world << _BITS | number
