"""The app on real sockets: in the foreground, or in a thread on a free port."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn

from reprompt_mock.app import Emulator, create_app
from reprompt_mock.clock import http_date
from reprompt_mock.errors import MockError
from reprompt_mock.event_loop import pause
from reprompt_mock.loop_thread import CannotStart, LoopThread
from reprompt_mock.protocol import Protocol
from reprompt_mock.real_time import real_now

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from types import FrameType

    from reprompt_mock.settings import Settings

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 75
"""Longer than clients pause between polls, so that they do not reuse a connection as it is being closed."""
_GRACEFUL_SECONDS = 1
_PORT_TRIES = 20
LOCALHOST = "localhost"
_PATIENCE_SECONDS = 30.0
"""How long to wait for a thread to start or stop, far longer than either takes."""
_SWITCH_SECONDS = 0.0005
"""How long a thread may keep the interpreter from others, a tenth of Python's own limit: the event loop needs it again
after each statement of a small request, which a big one in a thread would hold up each time."""
_TICK_SECONDS = 0.1
_TICKS_PER_DATE = 10

T = TypeVar("T")


class CannotListen(OSError):
    """The emulator cannot listen on the address."""


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With protocol 0, asyncio would leave Nagle's algorithm on, which costs 44 ms per request.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _listen_on_both(port: int) -> list[socket.socket]:
    """Listen on 127.0.0.1 and, if the machine has it, ::1, on the same port."""
    for _ in range(_PORT_TRIES):
        first = _listen("127.0.0.1", port)
        try:
            return [first, _listen("::1", first.getsockname()[1])]
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return [first]
            first.close()
            if port:
                raise
    raise OSError(errno.EADDRINUSE, "no port is free on both 127.0.0.1 and ::1")


def listeners(host: str, port: int) -> list[socket.socket]:
    """Open the sockets of an address; `localhost` means both loopback addresses, port 0 any free port.

    Raises:
        CannotListen: the port is in use, or the host is not an address of this machine.
    """
    try:
        if host == LOCALHOST:
            return _listen_on_both(port)
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
        return [_listen(str(address), port)]
    except ValueError:
        raise CannotListen(f"cannot listen on {host}:{port}: this is not a host name") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotListen(f"cannot listen on {host}:{port}: {reason}") from error


class _Uvicorn(uvicorn.Server):
    """A server that stops cleanly on SIGTERM and SIGINT, and reports when the emulator can answer every request.

    Until then it answers only probes. If the emulator cannot get ready, it stops.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._failure: Exception | None = None

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # uvicorn's method re-raises the signal once it has stopped, for an exit code of -15 instead of 0.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announcing = asyncio.create_task(self._announce())

    async def _announce(self) -> None:
        try:
            await self.config.app.ready()  # type: ignore[union-attr] # it is an Emulator
            self._on_ready()
        except Exception as error:  # noqa: BLE001 - `serve` raises it once everything is closed
            self._failure = error
            self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.end_waits()  # type: ignore[union-attr] # it is an Emulator
        await super().shutdown(sockets)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await super().serve(sockets)
        if self._failure is not None:
            raise self._failure


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Return False for the traceback of a request that was cancelled because the server is stopping."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _configured(app: Emulator) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_is_worth_a_line)
    return uvicorn.Config(
        app,
        access_log=False,
        http=Protocol,
        log_config=None,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACEFUL_SECONDS,
        server_header=False,
        proxy_headers=False,
        ws="none",
    )


def url_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _opened(settings: Settings) -> tuple[list[socket.socket], Emulator]:
    sockets = listeners(settings.host, settings.port)
    try:
        return sockets, create_app(settings)
    except BaseException:
        for listener in sockets:
            listener.close()
        raise


def serve(settings: Settings, *, on_ready: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGTERM or SIGINT; `on_ready` gets the URL once every request can be answered.

    Raises:
        CannotListen: the emulator cannot listen on the address.
        CannotStart: a required module or file cannot be loaded.
        DatabaseInUse: another process has the database file open.
        DatabaseUnreadable: the database file cannot be used.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    sockets = listeners(settings.host, settings.port)
    url = url_of(sockets[0])
    _Uvicorn(_configured(Emulator(settings)), lambda: on_ready(url)).run(sockets)


class _UvicornInThread(_Uvicorn):
    """A server whose clock and waits a test in the same process cannot freeze or patch."""

    async def main_loop(self) -> None:
        counter = 0
        while not await self.on_tick(counter):
            await pause(_TICK_SECONDS)
            counter += 1

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_DATE == 0:
            date = (b"date", http_date(real_now()).encode())
            self.server_state.default_headers = [date, *self.config.encoded_headers]
        return self.should_exit

    async def _wait_tasks_to_complete(self) -> None:
        while self.server_state.connections or self.server_state.tasks:
            await pause(_TICK_SECONDS)


class ServerThread:
    """A server in a thread of this process; it runs on real time even if the process patches its clocks.

    It can be started and stopped once.

    Args:
        settings: the emulator's settings; port 0 means any free port.
    """

    def __init__(self, settings: Settings) -> None:
        self._sockets, self.app = _opened(settings)
        self.url = url_of(self._sockets[0])
        self._thread = LoopThread("reprompt-mock", lambda: self._server.serve(self._sockets))
        self._server = _UvicornInThread(_configured(self.app), self._thread.ready)
        self._is_over = False

    def start(self) -> None:
        """Start the server, and wait until it answers, at most 30 seconds.

        Raises:
            CannotStart: it ended first or does not answer in time, in which case it releases what it opened; or it
                has been started or stopped before.
        """
        if self._is_over:
            raise CannotStart("the server has already been stopped: create a new one")
        if self._thread.was_started:
            raise CannotStart("the server has already been started")
        try:
            self._thread.start(timeout=_PATIENCE_SECONDS)
        except (CannotStart, MockError):
            self._give_back()
            raise

    def call(self, coroutine: Coroutine[Any, Any, T], *, timeout: float) -> T:
        """Run a coroutine on the server's event loop, from another thread, and return its result.

        Args:
            coroutine: what to run; it is closed if it cannot be run.
            timeout: real seconds after which it is cancelled.

        Raises:
            CallTooLong: it took longer.
            NotRunning: the server is not running, or stops meanwhile.
        """
        return self._thread.call(coroutine, timeout=timeout)

    def stop(self) -> None:
        """Stop the server and wait for it, at most 30 seconds; if never started, only release what it opened.

        Raises:
            CannotStop: it has not stopped in time, or had crashed.
        """
        self._server.should_exit = True
        try:
            if self._thread.was_started:
                self._thread.join(timeout=_PATIENCE_SECONDS)
        finally:
            self._give_back()

    def _give_back(self) -> None:
        self._is_over = self._server.should_exit = True
        if self._thread.is_alive:
            return  # it hangs, and would still use them if it ever continued
        self.app.engine.close()
        for listener in self._sockets:
            listener.close()
