"""The herald: passes on to emulators that share a database what has changed, and hears what they tell.

A message only wakes those who wait; what is true they read from rows. One that was missed is made up for by looking at
the versions of worlds from time to time.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from threading import Event, Lock, Thread, local
from typing import TYPE_CHECKING

import orjson

from reprompt_mock.engine.barrier import ANSWERED, ASK
from reprompt_mock.engine.events import Change, Kind
from reprompt_mock.engine.records import Records
from reprompt_mock.engine.remote import again
from reprompt_mock.engine.reports import Reports
from reprompt_mock.errors import MockError
from reprompt_mock.real_time import monotonic_seconds
from reprompt_mock.store import peers, worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from reprompt_mock.engine.events import Events
    from reprompt_mock.engine.signals import Signals
    from reprompt_mock.store.session import Store
    from reprompt_mock.store.worlds import Found

_SPACING_SECONDS = 0.02
"""Between messages: what changes meanwhile is told together."""
_LOOK_SECONDS = 1.0
"""How often the versions of worlds are looked at while anybody listens."""
_MOST_CHANGES = 1000
"""As many changes are told one by one; of more, one of each kind and world."""
_MOST_BYTES = 7900


def opened_records(
    store: Store, size: int, events: Events, signals: Signals, real: Callable[[], int]
) -> tuple[Records | Reports, Herald | None]:
    """Open the journals of an emulator: in memory, or in the database that it shares, with a herald.

    Args:
        store: the store.
        size: how many requests the journal shows per world.
        events: the changes of the emulator.
        signals: those who wait for changes.
        real: reads real time in microseconds.
    """
    if not store.is_shared:
        return Records(), None
    reports = Reports(store, size, real)
    return reports, Herald(store, events, reports, signals)


class Herald:
    """Exchanges changes with other emulators.

    Args:
        store: the store.
        events: the changes of this emulator, among which those of others are published, too.
        reports: the requests of this emulator.
        signals: those who wait for changes.
    """

    def __init__(self, store: Store, events: Events, reports: Reports, signals: Signals) -> None:
        self._store, self._events, self._reports, self._signals = store, events, reports, signals
        self._untold: dict[Change, None] = {}
        self._changing = Lock()
        self._ready, self._closed, self._doubt = Event(), Event(), Event()
        self._passing = local()
        self._lookout = Lookout()
        self._stop = events.listen(self._take)
        Thread(target=self._run, name="reprompt-mock-herald", daemon=True).start()
        store.listen(self._hear)

    def close(self) -> None:
        """Stop."""
        self._stop()
        self._closed.set()
        self._ready.set()

    def _take(self, changes: Sequence[Change]) -> None:
        """Take what this emulator has changed, to be told soon."""
        if getattr(self._passing, "on", False):
            return
        with self._changing:
            self._lookout.told(changes)
            self._untold |= dict.fromkeys(changes)
            if len(self._untold) > _MOST_CHANGES:
                self._untold = {change._replace(subject=None): None for change in self._untold}
        self._ready.set()

    # Telling

    def _run(self) -> None:
        looked = monotonic_seconds()
        while not self._closed.is_set():
            self._ready.wait(_LOOK_SECONDS)
            self._ready.clear()
            self._tell()
            if self._doubt.is_set() or monotonic_seconds() - looked >= _LOOK_SECONDS:
                self._look()
                looked = monotonic_seconds()
            self._closed.wait(_SPACING_SECONDS)

    def _tell(self) -> None:
        with self._changing:
            changes, self._untold = [*self._untold], {}
        with suppress(MockError):  # those who wait look from time to time
            for message in _messages(self._reports.process, changes):
                again(partial(self._store.ask, peers.telling(message)))

    # Hearing

    def _hear(self, message: str | None) -> None:
        if message is None:
            self._doubt.set()
            self._ready.set()
        elif message == ASK:
            self._reports.wake()
        elif message == ANSWERED:
            self._reports.barrier.look()
        else:
            process, told = orjson.loads(message)
            if process != self._reports.process:
                self._publish([Change(slug, Kind(kind), subject) for slug, kind, subject in told])

    def _look(self) -> None:
        """Publish changes of which no message came."""
        if not self._signals.are_heard:
            self._lookout = Lookout()
            self._doubt.clear()
            return

        def once() -> dict[str, Found]:
            with self._store.read() as session:
                return worlds.all_found(session)

        with suppress(MockError):
            found = again(once)
            with self._changing:
                missed = self._lookout.missed(found, is_in_doubt=self._doubt.is_set())
            self._doubt.clear()
            self._publish([Change(slug, kind) for slug in missed[:_MOST_CHANGES] for kind in Kind])

    def _publish(self, changes: list[Change]) -> None:
        with self._changing:
            self._lookout.told(changes)
        self._passing.on = True
        try:
            self._events.publish(changes)
        finally:
            self._passing.on = False


class Lookout:
    """Finds worlds that have changed though nobody said so: by the second look, since a message takes its time."""

    def __init__(self) -> None:
        self._versions: Mapping[str, Found] | None = None
        self._told: set[str] = set()
        self._suspect: set[str] = set()

    def told(self, changes: Iterable[Change]) -> None:
        """Note what was said."""
        self._told.update(change.org_slug for change in changes)

    def missed(self, found: Mapping[str, Found], *, is_in_doubt: bool) -> list[str]:
        """Return the worlds whose changes were missed, or that may have some."""
        before, self._versions = self._versions, found
        if is_in_doubt:
            missed, suspect = set(found), set[str]()
        else:
            missed = self._suspect - self._told
            changed = found.items() ^ (found if before is None else before).items()
            suspect = {slug for slug, _ in changed} - self._told
        self._suspect, self._told = suspect - missed, set()
        return sorted(missed)


def _messages(process: int, changes: Sequence[Change]) -> Iterator[str]:
    """Yield changes as messages, none of them too long."""
    text = orjson.dumps([process, changes], default=list).decode()
    if len(text.encode()) <= _MOST_BYTES:
        if changes:
            yield text
    elif len(changes) > 1:
        half = len(changes) // 2
        yield from _messages(process, changes[:half])
        yield from _messages(process, changes[half:])
    else:
        yield from _messages(process, [changes[0]._replace(subject=None)])
