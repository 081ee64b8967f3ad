"""A server's clock: the real time that all emulators on one database share."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from reprompt_mock.real_time import monotonic_ns

if TYPE_CHECKING:
    from collections.abc import Callable

_READ = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
TIME = f"SELECT {_READ}"
"""Reads the server's clock in microseconds since 1970."""
_BELIEVED_MICROSECONDS = 5_000_000
"""For how long, or twice as long; two clocks drift apart."""


class ServerClock:
    """What a server's clock shows by now, as far as is known: it is read with every transaction, and goes on between.

    What a transaction reads was true when the server answered, so the clock is not ahead of the server's. An answer
    that came late is not believed if others came in time within the last seconds, so the clock is hardly behind either.

    Args:
        local: reads the clock of this machine in nanoseconds, by which it goes on.
    """

    def __init__(self, local: Callable[[], int] = monotonic_ns) -> None:
        self._local = local
        self._offset = self._recent = self._since = self._latest = 0
        self._setting = Lock()

    def set(self, read: int) -> None:
        """Set it by what the server has just answered, in microseconds since 1970."""
        local = self._local() // 1000
        offset = read - local
        with self._setting:
            if local - self._since > _BELIEVED_MICROSECONDS:
                self._offset, self._recent, self._since = self._recent or offset, offset, local
            self._recent = max(self._recent, offset)
            self._offset = max(self._offset, self._recent)
            self._latest = max(self._latest, read)

    def now(self) -> int:
        """Return the real time in microseconds since 1970; it never goes back."""
        with self._setting:
            self._latest = max(self._latest, self._local() // 1000 + self._offset)
            return self._latest
