"""The exchanges of a world as its judge looks at them: by operation, by batch, and by client.

Clients are distinguished by key, `User-Agent` and connection. Two requests on different connections are one client's
only if the first connection was no longer used when the second one was opened: otherwise they may be of two clients,
and nobody is accused of what two did.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reprompt_mock.conduct.seen import Seen

OF_A_BATCH = frozenset({"create_batch", "get_batch", "get_jobs", "reprocess_batch", "update_batch", "delete_batch"})
_RESTARTS = frozenset({"create_batch", "reprocess_batch", "update_batch", "delete_batch"})
"""What may change a batch that it names."""
_RESTARTS_ANY = frozenset({"reprocess_jobs", "refresh_batches", "delete_job"})
"""What may change any batch."""
_WRITES = _RESTARTS | _RESTARTS_ANY | {"create_job", "enrich", "create_export"}
_AROUND = 50
"""A request may be carried out this many requests later than it came."""

State = tuple[int, int, int]
"""Equal while nothing has happened that could change a batch, apart from time."""


class Standards(NamedTuple):
    """What a world asks of its clients: seconds between two polls."""

    poll_seconds: float = 5.0


class Batch(NamedTuple):
    """A batch: the exchanges that name it, and its state after each of them."""

    id: str
    events: Sequence[Seen]
    states: Sequence[State]

    def of(self, operation: str) -> list[tuple[Seen, State]]:
        """Return the exchanges of an operation, with the state after each."""
        return [pair for pair in zip(self.events, self.states, strict=True) if pair[0].operation == operation]


class History:
    """Exchanges in order of arrival.

    Args:
        exchanges: the exchanges, in any order.
        standards: what the world asks of its clients.
    """

    def __init__(self, exchanges: Iterable[Seen], standards: Standards) -> None:
        self.exchanges = sorted(exchanges, key=attrgetter("sequence"))
        self.standards = standards
        self._spans: dict[int, tuple[int, int]] = {}
        self._latest: dict[int | None, Seen] = {}
        self._by_operation: defaultdict[str | None, list[Seen]] = defaultdict(list)
        for seen in self.exchanges:
            self._by_operation[seen.operation].append(seen)
            if seen.connection is not None:
                first, _ = self._spans.get(seen.connection, (seen.sequence, 0))
                self._spans[seen.connection] = first, seen.sequence
                self._latest[seen.connection] = seen

    def of(self, operation: str) -> Sequence[Seen]:
        """Return the exchanges of an operation."""
        return self._by_operation.get(operation, ())

    def last_of(self, *operations: str) -> int:
        """Return the number of the last exchange of some operations, 0 if there is none."""
        return max((self._by_operation[one][-1].sequence for one in operations if self._by_operation[one]), default=0)

    def latest_on(self, connection: int | None) -> Seen | None:
        """Return the last exchange on a connection, None if it is not known."""
        return self._latest.get(connection)

    def from_one(self, first: Seen, second: Seen) -> bool:
        """Return whether two exchanges, the earlier one first, are certainly of one client."""
        if first.client != second.client or first.agent != second.agent:
            return False
        if first.connection == second.connection or first.connection is None or second.connection is None:
            return True
        return self._spans[first.connection][1] < second.sequence and self._spans[second.connection][0] > first.sequence

    def by_client(self, exchanges: Iterable[Seen]) -> list[list[Seen]]:
        """Divide exchanges, given in order, into those of one client each."""
        clients: list[list[Seen]] = []
        by_connection: dict[int | None, list[Seen]] = {}
        for seen in exchanges:
            own = by_connection.get(seen.connection)
            if own is None or not self.from_one(own[-1], seen):
                own = next((one for one in reversed(clients) if self.from_one(one[-1], seen)), None)
            if own is None:
                own = []
                clients.append(own)
            own.append(seen)
            by_connection[seen.connection] = own
        return clients

    def repeats(self, exchanges: Iterable[Seen]) -> list[list[Seen]]:
        """Return the equal requests among exchanges, divided by request and client."""
        by_request: defaultdict[int, list[Seen]] = defaultdict(list)
        for seen in exchanges:
            by_request[seen.request].append(seen)
        return [own for equal in by_request.values() for own in self.by_client(equal)]

    @cached_property
    def parallel(self) -> frozenset[tuple[str | None, str]]:
        """The clients by key and agent that use several connections at once."""
        latest: dict[tuple[str | None, str], int] = {}
        found = set()
        for connection, (first, last) in sorted(self._spans.items(), key=lambda item: item[1]):
            user = self._latest[connection]
            client = user.client, user.agent
            if first < latest.get(client, 0):
                found.add(client)
            latest[client] = max(last, latest.get(client, 0))
        return frozenset(found)

    @cached_property
    def batches(self) -> Sequence[Batch]:
        """The batches that any exchange names, in order of the first that does."""
        named: defaultdict[str, list[Seen]] = defaultdict(list)
        for seen in self.exchanges:
            if seen.subject is not None and seen.operation in OF_A_BATCH:
                named[seen.subject].append(seen)
        return [Batch(name, events, self._states(events)) for name, events in named.items()]

    @cached_property
    def by_batch(self) -> Mapping[str, Batch]:
        """The batches by id."""
        return {batch.id: batch for batch in self.batches}

    def _states(self, events: Sequence[Seen]) -> list[State]:
        states, own = [], 0
        for seen in events:
            own += seen.carried_out and seen.operation in _RESTARTS
            states.append((own, bisect_right(self._restarts_of_any, seen.sequence), seen.interventions))
        return states

    @cached_property
    def _restarts_of_any(self) -> list[int]:
        return [seen.sequence for seen in self.exchanges if seen.carried_out and seen.operation in _RESTARTS_ANY]

    @cached_property
    def reads_everything(self) -> bool:
        """Return whether any client reads the results of all batches together."""
        return any(seen.told and not seen.subject for seen in self.of("get_jobs"))

    def wrote_between(self, first: Seen, second: Seen) -> bool:
        """Return whether anything may have been written from one exchange's arrival to another one's end."""
        start = bisect_left(self._writes, first.sequence - _AROUND, key=lambda seen: seen.sequence)
        stop = bisect_right(self._writes, second.sequence + _AROUND, key=lambda seen: seen.sequence)
        return any(seen.end >= first.real_time and seen.real_time <= second.end for seen in self._writes[start:stop])

    @cached_property
    def _writes(self) -> list[Seen]:
        return [seen for seen in self.exchanges if seen.carried_out and seen.operation in _WRITES]
