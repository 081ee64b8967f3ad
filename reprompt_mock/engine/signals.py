"""Signals: what has changed since a client last looked, each kind of change in a world once."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from secrets import token_hex
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reprompt_mock.engine.events import Change, Events, Kind

_MOST_KEPT = 4096
"""How many kinds of changes are kept, of all worlds together; the oldest are dropped."""
_MOST_UNHEARD = 1000
"""How many changes are recorded without a listener, in case the last one comes back."""
_RUN_BYTES = 4


class Signal(NamedTuple):
    """A kind of change in a world, with the number of the latest.

    `subject` is the id of the batch or export, None if it is not a single one.
    """

    sequence: int
    org_slug: str
    kind: Kind
    subject: str | None


class _Latest(NamedTuple):
    """The number of the latest change, and of the latest one that had another subject."""

    sequence: int
    other: int
    subject: str | None


class Signals:
    """Numbers changes, and keeps the latest of each kind in each world, so that what came after a number can be read.

    Changes that come close together are read as one, and nothing is queued for slow listeners. Changes are recorded
    from the first look on, until too many have come without any listener.

    Args:
        events: the changes.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._run = token_hex(_RUN_BYTES)
        self._latest: OrderedDict[tuple[str, Kind], _Latest] = OrderedDict()
        self._sequence = self._floor = self._unheard = 0
        self._read = 0
        self._newest: Change | None = None
        self._rings: Mapping[str | None, tuple[Callable[[], None], ...]] = {}
        self._stop: Callable[[], None] | None = None
        self._changing = Lock()
        self.are_closed = False

    def now(self) -> int:
        """Return the number of the latest change; whatever comes later is recorded."""
        with self._changing:
            self._unheard = 0
            if self._stop is None:
                self._stop = self._events.listen(self._record)
            self._read = self._sequence
            return self._sequence

    def since(self, number: int, org_slug: str | None = None) -> tuple[list[Signal], int]:
        """Return what came after a number, in all worlds or in one, oldest first, and the latest number."""
        found = []
        with self._changing:
            for (slug, kind), latest in reversed(self._latest.items()):
                if latest.sequence <= number:
                    break
                if org_slug in (None, slug):
                    subject = latest.subject if latest.other <= number else None
                    found.append(Signal(latest.sequence, slug, kind, subject))
            self._read = self._sequence
            return found[::-1], self._sequence

    @property
    def are_heard(self) -> bool:
        """Whether anybody wants to be called."""
        return bool(self._rings)

    @contextmanager
    def heard(self, ring: Callable[[], None], org_slug: str | None = None) -> Iterator[None]:
        """Call `ring` after every change in all worlds or in one, in any thread, and when the signals are closed."""
        self.now()
        with self._changing:
            self._rings = {**self._rings, org_slug: (*self._rings.get(org_slug, ()), ring)}
        try:
            yield
        finally:
            with self._changing:
                left = [*self._rings[org_slug]]
                left.remove(ring)
                others = {slug: rings for slug, rings in self._rings.items() if slug != org_slug}
                self._rings = {**others, org_slug: tuple(left)} if left else others

    def close(self) -> None:
        """Mark the end of all changes, and ring for every listener."""
        self.are_closed = True
        with self._changing:
            rings = [ring for some in self._rings.values() for ring in some]
        for ring in rings:
            ring()

    # Ids, which are valid for one run of the emulator

    def id_of(self, number: int) -> str:
        """Return the id under which a number can be given back."""
        return f"{self._run}-{number}"

    def number_of(self, id_: str) -> int | None:
        """Return the number of an id, or None if something that came after it may be lost."""
        run, _, digits = id_.partition("-")
        if run != self._run or not (digits.isascii() and digits.isdigit()) or len(digits) > len(str(self._sequence)):
            return None
        number = int(digits)
        return number if self._floor <= number <= self._sequence else None

    def _record(self, changes: Sequence[Change]) -> None:
        if not self._is_unread(changes):
            with self._changing:
                for change in changes:
                    self._sequence += 1
                    self._newest = change
                    self._keep((change.org_slug, change.kind), change.subject)
                if not self._rings:
                    self._count_unheard(len(changes))
        # Only now, so that who looks at once sees all that changed together.
        rings = self._rings
        for change in changes:
            for slug in (change.org_slug, None):
                for ring in rings.get(slug, ()):
                    ring()

    def _is_unread(self, changes: Sequence[Change]) -> bool:
        """Return whether what changed is what has yet to be read as the latest change by those who listen.

        They will look at what is there by then. Requests come by the thousand between two looks: they must not wait for
        each other here.
        """
        is_same = len(changes) == 1 and changes[0] == self._newest
        return is_same and self._sequence > self._read and bool(self._rings)

    def _keep(self, key: tuple[str, Kind], subject: str | None) -> None:
        known = self._latest.get(key)
        other = 0 if known is None else known.other if known.subject == subject else known.sequence
        self._latest[key] = _Latest(self._sequence, other, subject)
        self._latest.move_to_end(key)
        if len(self._latest) > _MOST_KEPT:
            _, dropped = self._latest.popitem(last=False)
            self._floor = dropped.sequence

    def _count_unheard(self, changes: int) -> None:
        """Stop recording once enough has come without a listener."""
        self._unheard += changes
        if self._unheard > _MOST_UNHEARD and self._stop is not None:
            self._stop()
            self._stop = None
            self._latest.clear()
            self._sequence += 1
            self._floor = self._sequence
