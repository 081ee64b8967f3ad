"""Real time: the only module that reads the machine's clocks, in a way that tests cannot patch.

Emulators run in processes whose tests freeze or patch time. So real time is the monotonic clock, read through
references that nothing replaces, plus its offset from the wall clock. The offset is measured when this module is
imported, the only work that the package does at import: `reprompt_mock` imports it, so the pytest plugin and any
`import reprompt_mock` at the top of a file measure it before a test starts. Measured inside a test, it could be wrong
for the rest of the process.

Real time therefore never goes back within a process, even if the machine's clock does, and stands still while the
machine sleeps.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# freezegun replaces functions in all modules, but not inside a partial; time-machine changes what the functions
# themselves return, except for CLOCK_MONOTONIC.
if sys.platform == "win32":
    _wall_ns: Callable[[], int] = partial(time.time_ns)
    monotonic_ns: Callable[[], int] = partial(time.monotonic_ns)
else:
    _wall_ns = partial(time.clock_gettime_ns, time.CLOCK_REALTIME)
    monotonic_ns = partial(time.clock_gettime_ns, time.CLOCK_MONOTONIC)

_OFFSET_NS = _wall_ns() - monotonic_ns()


def real_now() -> int:
    """Return the real time in microseconds since 1970; it never goes back."""
    return (monotonic_ns() + _OFFSET_NS) // 1000


def monotonic_seconds() -> float:
    """Return the monotonic clock in seconds, for measuring durations."""
    return monotonic_ns() / 1e9
