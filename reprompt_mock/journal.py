"""The journal: a bounded record of the requests that a world saw, those under way included."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs

import orjson

from reprompt_mock.clock import iso
from reprompt_mock.faults import RequestMatch
from reprompt_mock.numerals import is_safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reprompt_mock.evidence import Evidence
    from reprompt_mock.exchange import Exchange

_MOST_BYTES = 16 * 2**20
"""How much of all requests together a world keeps."""


class Recorded(Protocol):
    """A request that is recorded.

    `sequence` and `era` are the journal's, which gives them; `size` is about how many bytes it takes, 0 while it is
    under way; `operation` is the id of what it calls, None for nothing known.
    """

    sequence: int
    era: int
    size: int
    operation: str | None

    def exchange(self) -> Exchange:
        """Return what is known so far."""

    def evidence(self) -> bytes:
        """Return what is kept for the verdict, once it is over."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests to show; `limit` keeps the newest."""

    match: RequestMatch = field(default_factory=RequestMatch)
    status: int | None = None
    limit: int | None = None

    def fits(self, exchange: Exchange) -> bool:
        """Return whether a request matches."""
        has_status = self.status is None or self.status == exchange.status
        return has_status and self.match.fits(exchange.method, exchange.path, exchange.operation)


class Journal:
    """The latest requests of one world in order of arrival, bounded by number and by bytes.

    Args:
        size: how many are kept.
        evidence: what is kept besides of those that are over, for the verdict.
    """

    def __init__(self, size: int, evidence: Evidence) -> None:
        self._size = size
        self._era = 0
        self.evidence = evidence
        self.clear()

    def clear(self) -> None:
        """Forget all requests, those under way too."""
        self._era += 1
        self.evidence.clear()
        self._requests: OrderedDict[int, Recorded] = OrderedDict()
        self._bytes = self._sequence = self.dropped = 0
        self._came: defaultdict[str | None, int] = defaultdict(int)

    def begin_after(self, dropped: int) -> None:
        """Continue after as many requests that are not kept."""
        self._sequence = self.dropped = dropped

    def arrive(self, request: Recorded) -> None:
        """Add a request that came, under the next number; the oldest make room."""
        self._sequence += 1
        request.sequence, request.era = self._sequence, self._era
        self._came[request.operation] += 1
        self._requests[self._sequence] = request
        if self._sequence > self._size:
            self._make_room()

    def end(self, request: Recorded) -> None:
        """Count the bytes of a request that is over, and keep its evidence, unless it was forgotten meanwhile."""
        if request.era == self._era:
            self.evidence.keep(request)
        self.weigh(request)

    def weigh(self, request: Recorded) -> None:
        """Count the bytes of a request that is over; the oldest make room."""
        if self._has(request):
            self._bytes += request.size
            if self._bytes > _MOST_BYTES:
                self._make_room()

    def withdraw(self, request: Recorded) -> None:
        """Take a request back that turned out to be none of this world's."""
        if self._has(request):
            del self._requests[request.sequence]
            self._came[request.operation] -= 1
            if request.sequence == self._sequence:
                self._sequence -= 1

    def count(self, operation: str) -> int:
        """Return how many requests of an operation came since the journal was cleared, dropped ones included."""
        return self._came.get(operation, 0)

    def _has(self, request: Recorded) -> bool:
        return self._requests.get(request.sequence) is request

    def _make_room(self) -> None:
        while len(self._requests) > self._size or self._bytes > _MOST_BYTES:
            _, oldest = self._requests.popitem(last=False)
            self._bytes -= oldest.size
            self.dropped += 1

    def find(self, wanted: Filter) -> list[dict[str, Any]]:
        """Return the matching requests as JSON-ready data, in order of arrival, newest last."""
        found = [(sequence, exchange) for sequence, exchange in self.exchanges() if wanted.fits(exchange)]
        if wanted.limit is not None:
            found = found[len(found) - min(wanted.limit, len(found)) :]
        return [_shown(sequence, exchange) for sequence, exchange in found]

    def latest(self, wanted: Filter, limit: int) -> list[tuple[int, Exchange]]:
        """Return the newest matching requests with their numbers, newest first, at most `limit`."""
        newest = ((sequence, request.exchange()) for sequence, request in reversed(list(self._requests.items())))
        return list(islice(((number, one) for number, one in newest if wanted.fits(one)), limit))

    def one(self, sequence: int) -> dict[str, Any] | None:
        """Return the request with a number as JSON-ready data, None if it is not kept."""
        request = self._requests.get(sequence)
        return None if request is None else _shown(sequence, request.exchange())

    def exchanges(self) -> Iterable[tuple[int, Exchange]]:
        """Return every request with its number, in order of arrival."""
        for sequence, request in self._requests.items():
            yield sequence, request.exchange()


def _shown(sequence: int, exchange: Exchange) -> dict[str, Any]:
    query = parse_qs(exchange.query.decode("latin-1"), keep_blank_values=True)
    return {
        "sequence": sequence,
        "time": iso(exchange.time),
        "real_time": iso(exchange.real_time),
        "operation": exchange.operation,
        "method": exchange.method,
        "path": exchange.path,
        "query": {name: values[0] if len(values) == 1 else values for name, values in query.items()},
        "headers": _by_name(exchange.headers),
        "body": _readable(exchange.body),
        "status": exchange.status,
        "answer_headers": _by_name(exchange.answer_headers),
        "facts": exchange.facts,
        "sent": exchange.sent,
        "carried_out": exchange.carried_out,
        "connection": exchange.connection,
        "request_on_connection": exchange.request_on_connection,
        "duration_seconds": exchange.duration_seconds,
        "fault": exchange.fault,
        "rules": exchange.rules,
    }


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}


def _readable(body: bytes) -> Any:
    """Show a body as the JSON that it is, else as text, as with numbers that a reader may round; null for none."""
    if not body:
        return None
    try:
        value = orjson.loads(body)
        orjson.dumps([[[[value]]]])
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return body.decode(errors="replace")
    return value if is_safe(value) else body.decode()
