"""A way to a server that can be cut, closed and opened again."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from functools import partial
from random import Random
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_PATIENCE_SECONDS = 60


class Proxy:
    """Passes connections on to a server.

    Args:
        address: the address of a database on the server.
        delay: how many seconds what a client sends is held back, as on a slow network.
    """

    def __init__(self, address: str, delay: float = 0) -> None:
        parts = urlsplit(address)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._delay = delay
        self._ended, self._going = Event(), Event()
        self._going.set()
        self._lines: list[socket.socket] = []
        self._counting, self._until_break = Lock(), 0
        self._breaks: Iterator[int] = iter(())
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.is_open = True
        port = self._listener.getsockname()[1]
        self.address = parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl()
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while not self._ended.is_set():
                client, _ = self._listener.accept()
                if self.is_open:
                    server = socket.create_connection(self._target)
                    self._lines += [client, server]
                    Thread(target=self._pass, args=(client, server, self._delay, self._count), daemon=True).start()
                    Thread(target=self._pass, args=(server, client), daemon=True).start()
                else:
                    client.close()

    def _pass(
        self,
        source: socket.socket,
        sink: socket.socket,
        delay: float = 0,
        count: Callable[[], None] = lambda: None,
    ) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                count()
                self._ended.wait(delay)
                self._going.wait(_PATIENCE_SECONDS)
                sink.sendall(data)
                count()
        for line in (source, sink):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _count(self) -> None:
        """Count a message of a client as it comes and as it was passed on; end all connections if a break is due."""
        with self._counting:
            self._until_break -= 1
            is_due = self._until_break == 0
            if is_due:
                self._until_break = next(self._breaks)
        if is_due:
            self.cut()

    @contextmanager
    def breaking(self, seed: int, most: int) -> Iterator[None]:
        """End all connections again and again during the block, however fast the machine is.

        Args:
            seed: draws when.
            most: after how many more messages of clients at most, each counted twice: a message may be lost, or just
                the answer to it.
        """
        with self._counting:
            self._breaks = iter(partial(Random(seed).randint, 1, most), None)
            self._until_break = next(self._breaks)
        try:
            yield
        finally:
            with self._counting:
                self._until_break = 0

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Pass nothing on during the block, without any connection ending."""
        self._going.clear()
        try:
            yield
        finally:
            self._going.set()

    def cut(self, *, stay_closed: bool = False) -> None:
        """End all connections; new ones are refused from now on if it is to stay closed."""
        self.is_open = not stay_closed
        lines, self._lines = self._lines, []
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def end(self) -> None:
        """Close everything."""
        self._ended.set()
        self._going.set()
        self._listener.close()
        self.cut(stay_closed=True)


@contextmanager
def proxied(address: str, delay: float = 0) -> Iterator[Proxy]:
    """Open a way to a server for the block."""
    proxy = Proxy(address, delay)
    try:
        yield proxy
    finally:
        proxy.end()
