"""Listening to what other emulators on a schema tell, on a connection of its own."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import psycopg

from reprompt_mock.store.peers import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from reprompt_mock.store.session import Row

    Connection = psycopg.Connection[Row]

_LOOK_SECONDS = 0.5
"""How often the thread looks whether the store was closed."""
_RETRY_SECONDS = 0.5


def listen(connect: Callable[[], Connection], hear: Callable[[str | None], None], closed: Event) -> None:
    """Call `hear` in a thread with every message until the store is closed; None says that some may be missed.

    Args:
        connect: opens a connection.
        hear: what is called; it must not raise.
        closed: set once the store is closed.
    """

    def run() -> None:
        while not closed.is_set():
            try:
                with connect() as connection:
                    _hear_on(connection, hear, closed)
            except psycopg.Error:
                closed.wait(_RETRY_SECONDS)

    Thread(target=run, name="reprompt-mock-listener", daemon=True).start()


def _hear_on(connection: Connection, hear: Callable[[str | None], None], closed: Event) -> None:
    """Hear messages until the connection is lost or the store is closed."""
    (statement,) = connection.execute(f"SELECT format('LISTEN %I', {CHANNEL})").fetchone() or ("",)
    connection.execute(statement)
    hear(None)
    while not closed.is_set():
        for notice in connection.notifies(timeout=_LOOK_SECONDS):
            hear(notice.payload)
