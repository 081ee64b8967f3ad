"""Emulators owned by a handle: each starts once and closes once, and says so if it is used before, after or twice."""

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
    """A transport to an emulator that belongs to its creator.

    A forked child process shares only its address.

    Args:
        token: the Bearer token that the control API requires.
    """

    def __init__(self, token: str | None) -> None:
        self.token = token
        self._phase = _Phase.MADE
        self._process = os.getpid()

    @property
    @abstractmethod
    def url(self) -> str:
        """The emulator's address, without a trailing slash."""

    def start(self) -> None:
        """Start the emulator, and wait until it is ready.

        Raises:
            ControlError: the emulator was already started or closed, or cannot be started.
        """
        if self._phase is _Phase.RUNNING:
            raise ControlError(None, "the emulator was already started: a with block starts it, so leave out start()")
        if self._phase is _Phase.CLOSED:
            raise ControlError(None, "the emulator was closed and can start only once: create a new RepromptMock")
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
            ControlError: the emulator did not answer, was not started, or was closed.
        """
        self._require_running()
        if os.getpid() != self._process:
            return OverSockets(self.url, self.token).send(request)
        return self._send(request)

    def close(self) -> None:
        """Stop the emulator, and wait until it has stopped; does nothing if it is already closed."""
        if self._phase is _Phase.CLOSED or os.getpid() != self._process:
            return
        self._phase = _Phase.CLOSED
        with unpatched():
            self._close()

    def _require_running(self) -> None:
        if self._phase is _Phase.MADE:
            raise ControlError(None, "the emulator was not started: use RepromptMock in a with block, or call start()")
        if self._phase is _Phase.CLOSED:
            raise ControlError(None, "the emulator was closed: use it inside its with block, or create a new one")

    @abstractmethod
    def _start(self) -> None:
        """Start the emulator; a failed start leaves nothing behind."""

    @abstractmethod
    def _send(self, request: Request) -> Answer:
        """Send a request to the running emulator."""

    @abstractmethod
    def _close(self) -> None:
        """Stop the emulator, whether it was started or not."""


class InThread(OwnServer):
    """An emulator in a thread of this process, called through its event loop.

    Raises:
        CannotListen: the server cannot listen on its address.
        DatabaseInUse: another process has the database file.
        DatabaseUnreadable: the database file cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        # Imported here since both load the frameworks.
        from reprompt_mock.handle import loop
        from reprompt_mock.server import ServerThread

        super().__init__(settings.control_token)
        self._server = ServerThread(settings)
        self._loop_send = loop.send

    @property
    def url(self) -> str:
        """The emulator's address, known even before it starts."""
        return self._server.url

    def _start(self) -> None:
        self._server.start()

    def _send(self, request: Request) -> Answer:
        return self._loop_send(self._server, self, request)

    def _close(self) -> None:
        self._server.stop()


class InProcess(OwnServer):
    """An emulator in a separate process, called over sockets; it never outlives this process."""

    def __init__(self, settings: Settings) -> None:
        from reprompt_mock.handle.process import ServerProcess

        super().__init__(settings.control_token)
        self._server = ServerProcess(settings)

    @property
    def url(self) -> str:
        """The emulator's address.

        Raises:
            ControlError: the emulator was not started and has no address yet.
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
    """Create an emulator of the given kind.

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
