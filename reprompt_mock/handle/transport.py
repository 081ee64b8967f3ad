"""How a handle reaches its emulator: the port, and its implementation over sockets."""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from reprompt_mock.addresses import read_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ssl import SSLContext

TIMEOUT_SECONDS = 120.0
"""How long an answer may take: a snapshot of a large world is slow."""
_CONNECT_SECONDS = 30.0

# Kept here because tests that block or record sockets replace these names later, and must not affect the handle.
_Socket = socket.socket
_connect = socket.socket.connect
_look_up = socket.getaddrinfo


class ControlError(Exception):
    """A refusal by the control API, in its own words; `status` is the HTTP status, or None if there was no answer."""

    def __init__(self, status: int | None, message: str) -> None:
        super().__init__(message)
        self.status = status

    def __reduce__(self) -> tuple[type[ControlError], tuple[int | None, str]]:
        return type(self), (self.status, str(self))


class Request(NamedTuple):
    """A request to the control API; `target` is the quoted path and query, `patience` how long the answer may take."""

    method: str
    target: str
    body: bytes | None = None
    patience: float = TIMEOUT_SECONDS


class Answer(NamedTuple):
    """An answer of the control API."""

    status: int
    body: bytes


class Transport(Protocol):
    """A connection to an emulator's control API."""

    @property
    def url(self) -> str:
        """The emulator's address, without a trailing slash."""

    @property
    def token(self) -> str | None:
        """The Bearer token that the control API requires."""

    def send(self, request: Request) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            ControlError: there was no answer.
        """

    def close(self) -> None:
        """Close what is open; nothing can be sent afterwards."""


def headers_of(transport: Transport, request: Request) -> list[tuple[str, str]]:
    """Return the headers of a request, the same for every transport.

    Raises:
        ControlError: the token cannot be sent.
    """
    headers = [("host", urlsplit(transport.url).netloc)]
    if transport.token:
        if not transport.token.isprintable():
            raise ControlError(None, "the control token has characters that a header cannot contain")
        headers.append(("authorization", f"Bearer {transport.token}"))
    if request.body is not None:
        headers += [("content-type", "application/json"), ("content-length", str(len(request.body)))]
    return headers


class OverSockets:
    """Plain HTTP, one connection per request: no proxy, no patched client, nothing shared with a forked process.

    Args:
        url: the emulator's address, as a user writes it.
        token: the Bearer token that the control API requires.

    Raises:
        AddressUnreadable: `url` is not an address.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = read_url(url)
        self.token = token
        self._is_closed = False
        self._tls = _tls() if self.url.startswith("https:") else None

    def send(self, request: Request) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            ControlError: there was no answer, or the handle was closed.
        """
        if self._is_closed:
            raise ControlError(None, f"the handle on {self.url} was closed: connect again")
        head = self._head(request)
        try:
            with closing(self._connected(request.patience)) as connection:
                # A server that refuses a large body may answer and close before all of it is sent.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(head + (request.body or b""))
                with closing(HTTPResponse(connection, method=request.method)) as response:
                    response.begin()
                    return Answer(response.status, response.read())
        except (OSError, HTTPException) as error:
            raise ControlError(None, f"no emulator answers at {self.url}: {_described(error)}") from error

    def close(self) -> None:
        """Refuse further requests."""
        self._is_closed = True

    def _head(self, request: Request) -> bytes:
        headers = [*headers_of(self, request), ("accept-encoding", "identity"), ("connection", "close")]
        lines = [f"{request.method} {urlsplit(self.url).path}{request.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers]
        return "\r\n".join([*lines, "", ""]).encode()

    def _connected(self, patience: float) -> socket.socket:
        address = urlsplit(self.url)
        host, is_secure = address.hostname or "", self._tls is not None
        connection = _connection(host, address.port or (443 if is_secure else 80), patience)
        if self._tls is None:
            return connection
        try:
            return self._tls.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise


def _tls() -> SSLContext:
    import ssl

    return ssl.create_default_context()


class Borrowed:
    """A shared transport: closing it does not close it for its other users.

    Args:
        lender: the shared transport.
    """

    def __init__(self, lender: Transport) -> None:
        self._lender = lender
        self._is_closed = False

    @property
    def url(self) -> str:
        """The emulator's address, without a trailing slash."""
        return self._lender.url

    @property
    def token(self) -> str | None:
        """The Bearer token that the control API requires."""
        return self._lender.token

    def send(self, request: Request) -> Answer:
        """Send a request and wait for its answer.

        Raises:
            ControlError: there was no answer, or the handle was closed.
        """
        if self._is_closed:
            raise ControlError(None, f"the handle on {self.url} was closed: its test has ended")
        return self._lender.send(request)

    def close(self) -> None:
        """Refuse further requests."""
        self._is_closed = True


def _connection(host: str, port: int, patience: float) -> socket.socket:
    """Connect to the first address of a host that accepts the connection; reads take at most `patience` seconds."""
    failure: OSError | None = None
    for family, address in _addresses(host, port):
        try:
            connection = _Socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(_CONNECT_SECONDS)
                _connect(connection, address)
                connection.settimeout(patience)
            except BaseException:
                connection.close()
                raise
            return connection
        except OSError as error:
            failure = failure or error
    raise failure or OSError(f"{host} has no address")


def _addresses(host: str, port: int) -> Sequence[tuple[int, Any]]:
    """Look up a host unless it is an IP address, since tests may forbid lookups."""
    if "%" not in host:
        with suppress(ValueError):
            version = ip_address(host).version
            return [(socket.AF_INET if version == 4 else socket.AF_INET6, (host, port))]
    return [(family, address) for family, _, _, _, address in _look_up(host, port, type=socket.SOCK_STREAM)]


def _described(error: Exception) -> str:
    return str(error) or type(error).__name__
