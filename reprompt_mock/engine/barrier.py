"""The barrier before a reader of what all emulators saw: each writes what it holds, and says so.

The rows of `peer` are the truth; messages only wake those who would look later anyway.
"""

from __future__ import annotations

from threading import Event, Lock
from typing import TYPE_CHECKING

from reprompt_mock.engine.remote import again
from reprompt_mock.real_time import monotonic_seconds
from reprompt_mock.store import peers

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprompt_mock.store.session import Store

ASK, ANSWERED = "ask", "answered"
"""What emulators tell each other about it."""
LEASE_MICROSECONDS = 10_000_000
"""For how long an emulator counts as alive after it was seen."""
_PATIENCE_SECONDS = 5.0
"""How long one that counts as alive is waited for: it may have been killed."""
_LOOK_SECONDS = 0.02


class Barrier:
    """Waits until all emulators that are alive have written what they held.

    Args:
        store: the store.
        real: reads real time in microseconds.
        wake: makes this emulator write at once.
    """

    def __init__(self, store: Store, real: Callable[[], int], wake: Callable[[], None]) -> None:
        self._store, self._real, self._wake = store, real, wake
        self._begun = 0
        self._turn = Lock()
        self._answered = Event()

    def look(self) -> None:
        """Look whether all have answered, since one has."""
        self._answered.set()

    def settle(self) -> None:
        """Wait until what was seen by now is written, here and elsewhere, or until patience ends.

        Those who come while others wait share the next round.

        Raises:
            StoreSilent: the server does not answer.
        """
        wanted = self._begun + 1
        with self._turn:
            if self._begun < wanted:
                self._begun += 1
                self._pass()

    def _pass(self) -> None:
        asked = again(self._ask)
        self._wake()
        deadline = monotonic_seconds() + _PATIENCE_SECONDS
        while True:
            self._answered.clear()
            answered = again(self._answers)
            missing = any(answered.get(process, number) < number for process, number in asked.items())
            if not missing or monotonic_seconds() >= deadline:
                return
            self._answered.wait(_LOOK_SECONDS)

    def _ask(self) -> dict[int, int]:
        with self._store.write() as session:
            asked = peers.ask(session, self._real() - LEASE_MICROSECONDS)
            peers.tell(session, ASK)
        return asked

    def _answers(self) -> dict[int, int]:
        with self._store.read() as session:
            return peers.answered(session)
