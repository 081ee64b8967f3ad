"""The journal: a bounded record of the requests that a world saw."""

from __future__ import annotations

from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson

from reprompt_mock.clock import iso
from reprompt_mock.faults import RequestMatch
from reprompt_mock.numerals import is_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BODY_BYTES = 64 * 1024
"""How much of a body is kept."""
_MOST_BYTES = 16 * 2**20
"""How much of all requests together a world keeps."""
_RULE_BYTES = 8
REDACTED = "[redacted]"
_KEY_HEADERS = frozenset({b"apikey", b"authorization"})

_acting_rules: ContextVar[list[str] | None] = ContextVar("acting_rules", default=None)


def collect_rules() -> list[str]:
    """Start to collect the rules that decide anything in the course of the request that is under way."""
    collected: list[str] = []
    _acting_rules.set(collected)
    return collected


def note_rules(rule_ids: Iterable[str]) -> None:
    """Note rules that decided something, for the journal's entry of the request that is under way."""
    collected = _acting_rules.get()
    if collected is not None:
        collected.extend(rule_ids)


@dataclass(frozen=True, slots=True)
class Entry:
    """A request as it came and how it was answered; `status` is None where it was aborted.

    Times are microseconds: `time` virtual, `real_time` since 1970; keys are gone from `headers` already.
    """

    time: int
    real_time: int
    operation: str | None
    method: str
    path: str
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    status: int | None
    duration_seconds: float
    fault: str | None
    rules: Sequence[str]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return len(self.path) + len(self.query) + len(self.body) + headers + _RULE_BYTES * len(self.rules)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests to show; `limit` keeps the newest."""

    match: RequestMatch = field(default_factory=RequestMatch)
    status: int | None = None
    limit: int | None = None

    def fits(self, entry: Entry) -> bool:
        """Tell whether a request is wanted."""
        has_status = self.status is None or self.status == entry.status
        return has_status and self.match.fits(entry.method, entry.path, entry.operation)


class Journal:
    """The latest requests of one world, by number and by bytes.

    Args:
        size: how many are kept.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: deque[tuple[int, Entry]] = deque()
        self._bytes = 0
        self._sequence = 0

    @property
    def dropped(self) -> int:
        """How many requests are kept no more."""
        return self._sequence - len(self._entries)

    def record(self, entry: Entry) -> None:
        """Add a request; the oldest make room."""
        self._sequence += 1
        self._entries.append((self._sequence, entry))
        self._bytes += entry.size
        while len(self._entries) > self._size or self._bytes > _MOST_BYTES:
            self._bytes -= self._entries.popleft()[1].size

    def clear(self) -> None:
        """Forget all requests."""
        self._entries.clear()
        self._bytes = self._sequence = 0

    def find(self, wanted: Filter) -> list[dict[str, Any]]:
        """Give the wanted requests as JSON-ready data, newest last."""
        found = [(sequence, entry) for sequence, entry in self._entries if wanted.fits(entry)]
        if wanted.limit is not None:
            found = found[len(found) - min(wanted.limit, len(found)) :]
        return [_shown(sequence, entry) for sequence, entry in found]


def without_keys(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Take API keys out of headers: whatever is accepted as one is redacted (contract A1, A5)."""
    redacted = REDACTED.encode()
    return [(name, redacted if name in _KEY_HEADERS else value) for name, value in headers]


def _shown(sequence: int, entry: Entry) -> dict[str, Any]:
    query = parse_qs(entry.query.decode("latin-1"), keep_blank_values=True)
    return {
        "sequence": sequence,
        "time": iso(entry.time),
        "real_time": iso(entry.real_time),
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "query": {name: values[0] if len(values) == 1 else values for name, values in query.items()},
        "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in entry.headers},
        "body": _readable(entry.body),
        "status": entry.status,
        "duration_seconds": entry.duration_seconds,
        "fault": entry.fault,
        "rules": list(entry.rules),
    }


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
