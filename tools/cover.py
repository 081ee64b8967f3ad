"""Print the arguments with which pytest measures branches; nothing where that would take most of the time.

Python 3.14 tells of branches by itself (`sys.monitoring`). Before, a tracer makes the tests take three quarters longer.
"""

from __future__ import annotations

import sys

CHEAP_SINCE = (3, 14)


def arguments(version: tuple[int, ...], *, always: bool) -> list[str]:
    """Return the arguments for a version of Python."""
    return ["--cov", "--cov-report=term"] if always or version >= CHEAP_SINCE else []


if __name__ == "__main__":
    print(*arguments(sys.version_info[:2], always="--always" in sys.argv))
