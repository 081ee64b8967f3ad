"""A world's clock: virtual time that runs, pauses, changes speed and jumps.

A clock is two bases and a rate: it can be stored, needs no thread and keeps running while the server is down.
Times are whole microseconds since 1970 (UTC). Real time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

from reprompt_mock.errors import TimeOutOfRange

SECOND = 1_000_000
_MINUTE = 60 * SECOND
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = int((datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH).total_seconds()) * SECOND


def iso(moment: int) -> str:
    """Format a time as the service does: UTC, ISO 8601 with microseconds and `Z`."""
    minutes, rest = divmod(moment, _MINUTE)
    # The extra leading digit preserves the zeros.
    seconds = str(100 * SECOND + rest)
    return f"{_minute(minutes)}{seconds[1:3]}.{seconds[3:]}Z"


def http_date(moment: int) -> str:
    """Format a time as HTTP headers do, in whole seconds."""
    return format_datetime(_EPOCH + timedelta(seconds=moment // SECOND), usegmt=True)


@lru_cache(maxsize=4096)
def _minute(minutes: int) -> str:
    return (_EPOCH + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:")


def moment_of(time_: datetime) -> int:
    """Convert a time with a time zone to microseconds since 1970."""
    return (time_ - _EPOCH) // timedelta(microseconds=1)


def day_bounds(day: date) -> tuple[int, int]:
    """Return the first moment of a UTC day and of the next, in microseconds since 1970."""
    start = moment_of(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return start, start + 86_400 * SECOND


@dataclass(frozen=True, slots=True)
class VirtualClock:
    """Virtual time as a function of real time: `virtual` at `real`, then `speed` seconds per second."""

    virtual: int
    real: int
    speed: float = 1.0
    running: bool = True

    def now(self, real: int) -> int:
        """Return the virtual time at a real time; never earlier than the base."""
        if not self.running or real <= self.real:
            return self.virtual
        return min(self.virtual + int((real - self.real) * self.speed), LATEST)

    def resumed(self, real: int, latest: int) -> VirtualClock:
        """Return the clock after a restart, at `latest` or later, so that time seen by clients is never undone.

        It runs on at once even if the machine's clock was set back meanwhile; no time has passed in that case.
        """
        return replace(self, virtual=max(self.now(real), latest), real=real)

    def changed(self, real: int, *, speed: float | None = None, running: bool | None = None) -> VirtualClock:
        """Return the clock with its rate changed from `real` on, without a jump."""
        return VirtualClock(
            self.now(real),
            real,
            self.speed if speed is None else speed,
            self.running if running is None else running,
        )

    def moved_to(self, virtual: int, real: int) -> VirtualClock:
        """Return the clock moved to a virtual time.

        Raises:
            TimeOutOfRange: `virtual` is before 1970 or after the year 9999.
        """
        if not 0 <= virtual <= LATEST:
            raise TimeOutOfRange
        return replace(self, virtual=virtual, real=real)

    def advanced(self, microseconds: int, real: int) -> VirtualClock:
        """Return the clock moved forward by virtual microseconds."""
        return self.moved_to(self.now(real) + microseconds, real)

    def real_seconds_until(self, virtual: int, real: int) -> float | None:
        """Return how many real seconds remain until a virtual time, None while paused."""
        return max(0.0, (virtual - self.now(real)) / self.speed / SECOND) if self.running else None
