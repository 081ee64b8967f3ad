"""Reports: the requests that an emulator saw, written to the database that it shares with others.

They are written by a thread of their own, many together, so that no request waits for it. A reader waits for what
was seen by then to be written, here and elsewhere.
"""

from __future__ import annotations

import logging
from secrets import randbits
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING, Any

import msgspec

from reprompt_mock.conduct.seen import Seen, unpacked
from reprompt_mock.engine.remote import again
from reprompt_mock.errors import MockError
from reprompt_mock.evidence import Archive
from reprompt_mock.exchange import Exchange, Sent
from reprompt_mock.journal import Journal
from reprompt_mock.store import requests
from reprompt_mock.store.requests import Reported

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.engine.world import World
    from reprompt_mock.journal import Recorded
    from reprompt_mock.store.session import Store

_logger = logging.getLogger(__name__)

_INTERVAL_SECONDS = 0.05
"""How often reports are written."""
_PATIENCE_SECONDS = 10.0
_TRIM_EVERY = 1000
"""After how many reports of a process the oldest requests are removed."""
_PROCESS_BITS = 48
_LINES = 1024
"""Connections are numbered by each process; this many numbers keep those of different ones apart."""


class _Report:
    """A request on its way to the database."""

    __slots__ = ("is_over", "is_stored", "number", "request", "world")

    def __init__(self, world: int, number: int, request: Recorded) -> None:
        self.world, self.number, self.request = world, number, request
        self.is_over = self.is_stored = False


class Reports:
    """Writes requests to a shared database, and reads those of all emulators.

    Args:
        store: the store.
        size: how many requests the journal shows per world.
        real: reads real time in microseconds.
    """

    def __init__(self, store: Store, size: int, real: Callable[[], int]) -> None:
        self._store, self._size, self._real = store, size, real
        self._process = randbits(_PROCESS_BITS)
        self._number = self._round = self._written = 0
        self._under_way: dict[int, _Report] = {}
        self._changed: dict[int, _Report] = {}
        self._turn = Condition()
        self._closed = Event()
        self._pause = Event()
        Thread(target=self._run, name="reprompt-mock-reports", daemon=True).start()

    def arrive(self, world: World, request: Recorded) -> None:
        """Report a request that came; the world may not exist yet."""
        key = world.state.key
        with self._turn:
            self._number += 1
            request.sequence = self._number
            if key is not None:
                report = self._under_way[self._number] = _Report(key, self._number, request)
                self._changed[self._number] = report

    def end(self, world: World, request: Recorded) -> None:
        """Report that a request is over."""
        key = world.state.key
        with self._turn:
            report = self._under_way.pop(request.sequence, None)
            if report is None and key is not None:
                report = _Report(key, request.sequence, request)
            if report is not None:
                report.is_over = True
                self._changed[report.number] = report

    def withdraw(self, _: World, request: Recorded) -> None:
        """Take a request back that turned out to be none of this world's."""
        with self._turn:
            self._under_way.pop(request.sequence, None)
            self._changed.pop(request.sequence, None)

    # Writing

    def _run(self) -> None:
        while not self._closed.is_set():
            self._pause.wait(_INTERVAL_SECONDS)
            self._write()

    def _write(self) -> None:
        with self._turn:
            changed, self._changed = self._changed, {}
        try:
            if changed:
                again(lambda: self._store_all(list(changed.values())))
        except MockError as failure:
            _logger.warning("%d requests are missing in the journal: %s", len(changed), failure)
        finally:
            with self._turn:
                self._round += 1
                self._turn.notify_all()

    def _store_all(self, reports: list[_Report]) -> None:
        rows = [(report.is_stored, self._row(report)) for report in reports]
        with self._store.write() as session:
            requests.insert(session, [row for is_stored, row in rows if not is_stored])
            requests.end(session, [row for is_stored, row in rows if is_stored])
            self._written += len(rows)
            if self._written >= _TRIM_EVERY:
                self._written = 0
                for world in sorted({row.world for _, row in rows}):
                    requests.drop(session, world)
        for report in reports:
            report.is_stored = True

    def _row(self, report: _Report) -> Reported:
        exchange, is_over = report.request.exchange(), report.is_over
        return Reported(
            report.world,
            exchange.real_time,
            self._process,
            report.number,
            exchange.operation,
            msgspec.msgpack.encode(tuple(exchange)),
            self._real() if is_over else None,
            report.request.evidence() if is_over else None,
        )

    # Reading

    def _settle(self) -> None:
        """Wait until what was seen by now is written, here and elsewhere."""
        with self._turn:
            after = self._round + 2  # the write under way may have begun before
            self._turn.wait_for(lambda: self._round >= after, _PATIENCE_SECONDS)

    def journal(self, world: World) -> Journal:
        """Return the journal of a world as it is now, to be read."""
        self._settle()
        return again(lambda: self._journal(world))

    def _journal(self, world: World) -> Journal:
        key = world.state.key
        journal = Journal(self._size, Archive().open())
        if key is None:
            return journal
        with self._store.read() as session:
            found = requests.latest(session, key, self._size)
            journal.begin_after(requests.size(session, key) - len(found))
        for operation, exchange, is_over in found:
            kept = _Kept(operation, exchange)
            journal.arrive(kept)
            if is_over:
                journal.weigh(kept)
        return journal

    def count(self, world: World, operation: str) -> int:
        """Count the requests of an operation in a world."""
        self._settle()
        key = world.state.key

        def once() -> int:
            with self._store.read() as session:
                return 0 if key is None else requests.count(session, key, operation)

        return again(once)

    def clear(self, world: World) -> None:
        """Forget a world's requests, those under way too."""
        self._settle()
        key = world.state.key

        def once() -> None:
            with self._store.write() as session:
                if key is not None:
                    requests.clear(session, key, self._real())

        again(once)

    def evidence(self, world: World) -> tuple[list[bytes], int]:
        """Return the finished exchanges of a world in their compact form, and how many were dropped."""
        self._settle()
        key = world.state.key

        def once() -> tuple[list[tuple[int, int, bytes]], int]:
            with self._store.read() as session:
                return ([], 0) if key is None else requests.evidence(session, key)

        found, dropped = again(once)
        processes = {process: place for place, process in enumerate(sorted({process for _, process, _ in found}))}
        return [
            msgspec.msgpack.encode(_renumbered(one, number, processes[process]))
            for (number, process, _), one in zip(found, unpacked([data for _, _, data in found]), strict=True)
        ], dropped

    def close(self) -> None:
        """Write what is left, and stop."""
        self._closed.set()
        self._pause.set()
        with self._turn:
            self._turn.wait_for(lambda: not self._changed, _INTERVAL_SECONDS * 4)


def _renumbered(one: Seen, number: int, process: int) -> Seen:
    line = None if one.connection is None else one.connection * _LINES + process % _LINES
    return msgspec.structs.replace(one, sequence=number, connection=line)


class _Kept:
    """A request as it was written."""

    era = 0

    def __init__(self, operation: str | None, written: bytes) -> None:
        self.operation, self._written = operation, written
        self.sequence, self.size = 0, len(written)

    def exchange(self) -> Exchange:
        """Return what was known of it."""
        fields: dict[str, Any] = dict(zip(Exchange._fields, msgspec.msgpack.decode(self._written), strict=True))
        sent = fields["sent"]
        return Exchange(**{**fields, "sent": None if sent is None else Sent(sent)})

    def evidence(self) -> bytes:
        """Return nothing: what is kept for the verdict is read apart."""
        return b""
