"""Emulators of one's own: each starts once and closes once, and says so where it is used before, after or twice."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import TYPE_CHECKING, Literal

from reprompt_mock.handle.transport import Answer, ControlError, OverSockets, Request
from reprompt_mock.unpatched import unpatched

if TYPE_CHECKING:
    from reprompt_mock.settings import Settings

ServerKind = Literal["thread", "process"]
SERVER_KINDS: tuple[ServerKind, ...] = ("thread", "process")


class _Phase(Enum):
    MADE = auto()
    RUNNING = auto()
    CLOSED = auto()


class OwnServer(ABC):
    """An emulator that belongs to whoever made it, as a transport.

    A child process that was forked has no part of it but its address.

    Args:
        token: what its control API wants as Bearer token.
    """

    def __init__(self, token: str | None) -> None:
        self.token = token
        self._phase = _Phase.MADE
        self._process = os.getpid()

    @property
    @abstractmethod
    def url(self) -> str:
        """The emulator's address, without a slash at its end."""

    def start(self) -> None:
        """Start, and wait until every request is answered.

        Raises:
            ControlError: it was started or closed before, or cannot be started.
        """
        if self._phase is _Phase.RUNNING:
            raise ControlError(
                None, "the emulator was started already: a with block starts it by itself, so leave out start()"
            )
        if self._phase is _Phase.CLOSED:
            raise ControlError(None, "the emulator was closed, and starts only once: make a new RepromptMock")
        try:
            with unpatched():
                self._start()
        except BaseException:
            self._phase = _Phase.CLOSED
            raise
        self._phase = _Phase.RUNNING

    def send(self, request: Request) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            ControlError: nobody answered: it was not started, or was closed.
        """
        self._require_running()
        if os.getpid() != self._process:
            return OverSockets(self.url, self.token).send(request)
        return self._send(request)

    def close(self) -> None:
        """End it, and wait for that; once it is closed nothing more happens."""
        if self._phase is _Phase.CLOSED or os.getpid() != self._process:
            return
        self._phase = _Phase.CLOSED
        with unpatched():
            self._close()

    def _require_running(self) -> None:
        if self._phase is _Phase.MADE:
            raise ControlError(None, "the emulator was not started: use RepromptMock in a with block, or call start()")
        if self._phase is _Phase.CLOSED:
            raise ControlError(None, "the emulator was closed: use it inside its with block, or make a new one")

    @abstractmethod
    def _start(self) -> None:
        """Start it; where that fails nothing of it is left."""

    @abstractmethod
    def _send(self, request: Request) -> Answer:
        """Send a request to it while it runs."""

    @abstractmethod
    def _close(self) -> None:
        """End it, whether it was started or not."""


class InThread(OwnServer):
    """An emulator in a thread of this process, which is spoken to through its event loop.

    Raises:
        CannotListen: its address cannot be listened on.
        DatabaseInUse: another process has the database file.
        DatabaseUnreadable: the database file cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        # Here, since both load the frameworks.
        from reprompt_mock.handle import loop
        from reprompt_mock.server import ServerThread

        super().__init__(settings.control_token)
        self._server = ServerThread(settings)
        self._loop_send = loop.send

    @property
    def url(self) -> str:
        """The emulator's address, which it has from the beginning."""
        return self._server.url

    def _start(self) -> None:
        self._server.start()

    def _send(self, request: Request) -> Answer:
        return self._loop_send(self._server, self, request)

    def _close(self) -> None:
        self._server.stop()


class InProcess(OwnServer):
    """An emulator in a process of its own, which is spoken to over sockets and never outlives this one."""

    def __init__(self, settings: Settings) -> None:
        from reprompt_mock.handle.process import ServerProcess

        super().__init__(settings.control_token)
        self._server = ServerProcess(settings)

    @property
    def url(self) -> str:
        """The emulator's address.

        Raises:
            ControlError: it was not started, and has none yet.
        """
        if self._server.url is None:
            self._require_running()
            raise ControlError(None, "the emulator has no address")
        return self._server.url

    def _start(self) -> None:
        self._server.start()

    def _send(self, request: Request) -> Answer:
        try:
            return OverSockets(self.url, self.token).send(request)
        except ControlError as error:
            if not self._server.has_ended:
                raise
            raise ControlError(None, f"the emulator's process has ended: {self._server.said()}") from error

    def _close(self) -> None:
        self._server.stop()


def own_server(kind: str, settings: Settings) -> OwnServer:
    """Make an emulator of a kind.

    Raises:
        ConfigurationError: there is no such kind.
    """
    if kind == "thread":
        return InThread(settings)
    if kind == "process":
        return InProcess(settings)
    from reprompt_mock.hints import nearest
    from reprompt_mock.settings import ConfigurationError

    raise ConfigurationError(f'server is "thread" or "process", not {kind!r}{nearest(str(kind), SERVER_KINDS)}')
