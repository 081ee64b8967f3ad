"""Reports: the requests that an emulator saw, written to the database that it shares with others.

They are written by a thread of their own, many together, so that no request waits for it. A reader waits for what
was seen by then to be written, here and elsewhere. They refer to worlds by slug: what is in flight while another
emulator restores a snapshot is not lost.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from secrets import randbits
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

import msgspec

from reprompt_mock.conduct.seen import Seen, unpacked
from reprompt_mock.engine.barrier import ANSWERED, LEASE_MICROSECONDS, Barrier
from reprompt_mock.engine.remote import again
from reprompt_mock.errors import MockError
from reprompt_mock.evidence import Archive
from reprompt_mock.exchange import Exchange, Sent
from reprompt_mock.journal import Journal
from reprompt_mock.organizations import is_slug
from reprompt_mock.store import peers, requests
from reprompt_mock.store.requests import Reported
from reprompt_mock.store.session import DataRefused, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from reprompt_mock.engine.world import World
    from reprompt_mock.journal import Recorded
    from reprompt_mock.store.session import Session, Store

_logger = logging.getLogger(__name__)

_SEEN_MICROSECONDS = LEASE_MICROSECONDS // 20
"""How often an emulator looks whether it is asked to write, and says that it is there."""
_CLOSE_SECONDS = 2.0
_TRIM_EVERY = 1000
"""After how many reports of a process the oldest requests are removed."""
_MOST_WAITING = 10_000
"""How many reports wait for a server that does not answer."""
_PROCESS_BITS = 48
_LINES = 1024
"""Connections are numbered by each process; this many numbers keep those of different ones apart."""


class _Report:
    """A request on its way to the database."""

    __slots__ = ("ended_at", "is_withdrawn", "is_written", "number", "request", "slug")

    def __init__(self, slug: str, number: int, request: Recorded) -> None:
        self.slug, self.number, self.request = slug, number, request
        self.ended_at: int | None = None
        self.is_written = self.is_withdrawn = False

    @property
    def state(self) -> tuple[int | None, bool]:
        """How far the request has come, which says whether it is to be written once more."""
        return self.ended_at, self.is_withdrawn

    def row(self, process: int) -> Reported:
        """Return what is known of it by now."""
        ended_at, exchange = self.ended_at, self.request.exchange()
        return Reported(
            self.slug,
            exchange.real_time,
            process,
            self.number,
            exchange.operation,
            msgspec.msgpack.encode(tuple(exchange)),
            ended_at,
            None if ended_at is None else self.request.evidence(),
        )


class Reports:
    """Writes requests to a shared database, and reads those of all emulators.

    Args:
        store: the store.
        size: how many requests the journal shows per world.
        real: reads real time in microseconds.

    Attributes:
        process: the number of this emulator among all.
        barrier: what readers wait for.
        interval_seconds: how often reports are written.
    """

    interval_seconds = 0.05

    def __init__(self, store: Store, size: int, real: Callable[[], int]) -> None:
        self._store, self._size, self._real = store, size, real
        self.process = randbits(_PROCESS_BITS)
        self.barrier = Barrier(store, real, self.wake)
        self._number = self._written = self._answered = self._seen_at = 0
        self._under_way: dict[int, _Report] = {}
        self._changed: dict[int, _Report] = {}
        self._turn = Lock()
        self._closed, self._wanted = Event(), Event()
        again(self._flush)
        self._thread = Thread(target=self._run, name="reprompt-mock-reports", daemon=True)
        self._thread.start()

    def arrive(self, world: World, request: Recorded) -> None:
        """Report a request that came; the world may not exist yet."""
        with self._turn:
            self._number += 1
            request.sequence = self._number
            if is_slug(world.slug):
                report = self._under_way[self._number] = _Report(world.slug, self._number, request)
                self._changed[self._number] = report

    def end(self, _: World, request: Recorded) -> None:
        """Report that a request is over."""
        with self._turn:
            report = self._under_way.pop(request.sequence)
            report.ended_at = self._real()
            self._changed[report.number] = report

    def withdraw(self, _: World, request: Recorded) -> None:
        """Take a request back that turned out to be none of this world's."""
        with self._turn:
            report = self._under_way.pop(request.sequence, None)
            if report is None:
                return
            report.is_withdrawn = True
            if report.is_written:
                self._changed[report.number] = report
            else:
                self._changed.pop(report.number, None)

    def wake(self) -> None:
        """Write at once, since a reader waits."""
        self._wanted.set()

    # Writing

    def _run(self) -> None:
        while not self._closed.is_set():
            self._wanted.wait(self.interval_seconds)
            self._write()
        with self._turn:
            is_left = bool(self._changed)
        if is_left:
            self._write()
        self._leave()

    def _write(self) -> None:
        is_asked = self._wanted.is_set()
        self._wanted.clear()
        if not (is_asked or self._changed or self._real() - self._seen_at > _SEEN_MICROSECONDS):
            return
        try:
            again(self._flush)
        except MockError as failure:
            self._give_up(failure, _MOST_WAITING)
        except DataRefused as failure:
            self._give_up(failure, 0)

    def _flush(self) -> None:
        """Write what has changed, and all that is under way if a reader asks."""
        with self._store.write(peers.asking(self.process)) as session:
            asked = peers.asked(session, self.process)  # before looking what there is
            states = self._pick(is_asked=asked > self._answered)
            rows = [(report.is_withdrawn, report.row(self.process)) for report in states]
            requests.write(session, [row for is_withdrawn, row in rows if not is_withdrawn])
            requests.withdraw(session, [row for is_withdrawn, row in rows if is_withdrawn])
            peers.see(session, self.process, asked, now := self._real())
            if asked > self._answered:
                peers.tell(session, ANSWERED)
            self._trim(session, {row.slug for _, row in rows}, len(rows))
        self._answered, self._seen_at = asked, now
        with self._turn:
            for report, state in states.items():
                if report.state == state:
                    self._changed.pop(report.number, None)

    def _pick(self, *, is_asked: bool) -> dict[_Report, tuple[int | None, bool]]:
        """Return what is to be written, each with how far it has come."""
        with self._turn:
            picked = {**self._changed, **self._under_way} if is_asked else self._changed
            for report in picked.values():
                report.is_written = True
            return {report: report.state for report in picked.values()}

    def _trim(self, session: Session, slugs: Collection[str], written: int) -> None:
        self._written += written
        if self._written >= _TRIM_EVERY:
            self._written = 0
            for slug in sorted(slugs):
                requests.drop(session, slug)
            requests.purge(session, self._real())

    def _give_up(self, failure: Exception, most: int) -> None:
        """Forget the oldest of what cannot be written, beyond `most`."""
        with self._turn:
            excess = [*self._changed][: max(0, len(self._changed) - most)]
            for number in excess:
                del self._changed[number]
        if excess:
            _logger.warning("%d requests are missing in the journal: %s", len(excess), failure)

    def _leave(self) -> None:
        with suppress(MockError, Interrupted), self._store.write() as session:
            peers.leave(session, self.process, self._real())

    # Reading

    def journal(self, world: World) -> Journal:
        """Return the journal of a world as it is now, to be read."""
        self.barrier.settle()
        return again(lambda: self._journal(world))

    def _journal(self, world: World) -> Journal:
        journal = Journal(self._size, Archive().open())
        with self._store.read() as session:
            found = requests.latest(session, world.slug, self._size)
            journal.begin_after(requests.size(session, world.slug) - len(found))
        for operation, exchange, is_over in found:
            kept = _Kept(operation, exchange)
            journal.arrive(kept)
            if is_over:
                journal.weigh(kept)
        return journal

    def count(self, world: World, operation: str) -> int:
        """Count the requests of an operation in a world."""
        self.barrier.settle()

        def once() -> int:
            with self._store.read() as session:
                return requests.count(session, world.slug, operation)

        return again(once)

    def clear(self, world: World) -> None:
        """Forget a world's requests, those under way too."""

        def once() -> None:
            with self._store.write() as session:
                requests.clear(session, world.slug, self._real())

        again(once)

    def evidence(self, world: World) -> tuple[list[bytes], int]:
        """Return the finished exchanges of a world in their compact form, and how many were dropped."""
        self.barrier.settle()

        def once() -> tuple[list[tuple[int, int, bytes]], int]:
            with self._store.read() as session:
                return requests.evidence(session, world.slug)

        found, dropped = again(once)
        processes = {process: place for place, process in enumerate(sorted({process for _, process, _ in found}))}
        return [
            msgspec.msgpack.encode(_renumbered(one, number, processes[process]))
            for (number, process, _), one in zip(found, unpacked([data for _, _, data in found]), strict=True)
        ], dropped

    def close(self) -> None:
        """Write what is left, and leave."""
        self._closed.set()
        self.wake()
        self._thread.join(_CLOSE_SECONDS)


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
