"""A connection to a PostgreSQL server that is given up if the server does not answer in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import psycopg

from reprompt_mock.real_time import monotonic_seconds

if TYPE_CHECKING:
    from psycopg.abc import PQGen


T = TypeVar("T")

PATIENCE_SECONDS = 5.0
"""How long a request waits for a connection, and for a lock."""
STATEMENT_SECONDS = 65.0
"""How long a statement in a transaction may take: the server ends it before."""


class Line(psycopg.Connection[tuple[Any, ...]]):
    """A connection that is closed if an answer takes too long, as if it had been lost.

    A server that hangs, or a proxy before one, keeps connections open.

    Attributes:
        limit: after how many seconds without an answer it is closed.
    """

    limit = 2 * PATIENCE_SECONDS

    def wait(self, gen: PQGen[T], *args: Any, **kwargs: Any) -> T:
        """Wait for what the driver waits for.

        Raises:
            psycopg.OperationalError: it takes too long.
        """
        return super().wait(self._limited(gen), *args, **kwargs)

    def _limited(self, gen: PQGen[T]) -> PQGen[T]:
        deadline = monotonic_seconds() + self.limit
        try:
            awaited = next(gen)
            while True:
                ready = yield awaited
                if not ready and monotonic_seconds() >= deadline:
                    self.close()
                    raise psycopg.OperationalError("no answer")
                awaited = gen.send(ready)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return] # what the driver waited for
