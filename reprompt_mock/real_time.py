"""Real time: the only reader of the machine's clocks, out of reach of whatever patches them.

Emulators run in processes whose tests freeze or patch time. So real time is the monotonic clock, read through
references that nobody replaces, plus the offset between it and the wall clock. That offset is taken when this module is
imported, which is the one piece of work that the package does at import: `reprompt_mock` itself imports it, and so the
pytest plugin and every `import reprompt_mock` at the head of a file take it before any test has begun. Later, inside a
test, it could be wrong for the rest of the process.

Real time therefore never goes back within a process, whatever becomes of the machine's clock, and stands still while
the machine sleeps.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# freezegun replaces the functions that it knows in all modules, but not what a partial holds; time-machine replaces
# what the functions themselves do, but for CLOCK_MONOTONIC nothing.
if sys.platform == "win32":
    _wall_ns: Callable[[], int] = partial(time.time_ns)
    monotonic_ns: Callable[[], int] = partial(time.monotonic_ns)
else:
    _wall_ns = partial(time.clock_gettime_ns, time.CLOCK_REALTIME)
    monotonic_ns = partial(time.clock_gettime_ns, time.CLOCK_MONOTONIC)

_OFFSET_NS = _wall_ns() - monotonic_ns()


def real_now() -> int:
    """Read the real time, in microseconds since 1970; it never goes back."""
    return (monotonic_ns() + _OFFSET_NS) // 1000


def monotonic_seconds() -> float:
    """Read the monotonic clock, in seconds, to measure how long something takes."""
    return monotonic_ns() / 1e9
