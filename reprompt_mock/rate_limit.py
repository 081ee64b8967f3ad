"""How many requests a key may make: a token bucket of real time (contract I3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from reprompt_mock.clock import SECOND
from reprompt_mock.errors import TooManyRequests

_MOST_BUCKETS = 10_000


class _Bucket(NamedTuple):
    tokens: float
    at: int


@dataclass(slots=True)
class RateLimiter:
    """A token bucket per key, with a capacity of one second's requests, at least one."""

    buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, key: str, rate: float, now: int) -> None:
        """Take a token from a key's bucket.

        Args:
            key: the API key.
            rate: tokens added per second; above 0.
            now: the real time in microseconds.

        Raises:
            TooManyRequests: the bucket is empty; the error says in how many whole seconds it will not be.
        """
        capacity = max(rate, 1.0)
        tokens, at = self.buckets.get(key, _Bucket(capacity, now))
        tokens = min(capacity, tokens + max(0, now - at) * rate / SECOND)
        if tokens < 1:
            raise TooManyRequests(seconds=max(1, ceil((1 - tokens) / rate)))
        if key not in self.buckets and len(self.buckets) >= _MOST_BUCKETS:
            self.buckets.clear()
        self.buckets[key] = _Bucket(tokens - 1, now)
