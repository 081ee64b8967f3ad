"""One request of the service and its answer, as one value."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BODY_BYTES = 64 * 1024
"""How much of a body is kept."""
REDACTED = b"[redacted]"
KEY_HEADERS = frozenset({b"apikey", b"authorization"})
"""Headers that may bring a key (contract A1)."""
MISTAKEN_KEY_HEADERS = frozenset(
    b"api-key api_key key token x-access-token x-api-key x-api-token x-apikey x-auth-token x-key x-token"
    b" x-reprompt-api-key reprompt-api-key".split()
)
"""Headers that clients use for keys, none of which the service reads."""
_SECRET_HEADERS = KEY_HEADERS | MISTAKEN_KEY_HEADERS | {b"cookie", b"proxy-authorization"}
KEY_PARAMETER = re.compile(
    rb"(?:^|[&;])\s*(?:x[-_])?(?:(?:reprompt|auth|access)[-_]?)?(?:api[-_]?key|key|token|authorization)(?:\[\])?=",
    re.IGNORECASE,
)
"""The beginning of a query's parameter that is named like a key."""
_MAY_NAME_A_KEY = re.compile(rb"key|token|auth|%", re.IGNORECASE)


class Sent(StrEnum):
    """How much of its answer a client was sent.

    Half is whatever was begun and not ended. A client is gone that closed its connection, or broke its request off,
    before the answer was ready.
    """

    whole = "whole"
    half = "half"
    nothing = "nothing"
    client_gone = "client_gone"


class Exchange(NamedTuple):
    """A request as it came, what was done with it, and its answer.

    Attributes:
        operation: the id of the operation that it calls, None for none.
        method: its method, as it came.
        path: its path, decoded.
        query: its query, as it came.
        headers: its headers, without keys.
        body: the first 64 KiB of its body.
        time: the world's time when it came, in microseconds.
        real_time: when it came, in microseconds since 1970.
        duration_seconds: how long it took in real seconds, so far while it is under way.
        status: the answer's status; None while it is under way, and where the client was sent half of it or nothing.
        answer_headers: the answer's headers, without keys and without those that the server adds.
        facts: what was asked and told, as small JSON-ready data.
        sent: how much of the answer was sent, None while it is under way.
        carried_out: whether its operation was carried out, whatever the client was told then.
        client: stands for the client's key in this process, None without a key.
        connection: the number of its connection, from 1; None under a server that does not hand it out.
        request_on_connection: which request of its connection it is, from 1; None as before.
        fault: the id of the fault that hit it.
        rules: the ids of the rules that decided anything.
    """

    operation: str | None
    method: str
    path: str
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    time: int
    real_time: int
    duration_seconds: float
    status: int | None
    answer_headers: Sequence[tuple[bytes, bytes]]
    facts: Mapping[str, Any]
    sent: Sent | None
    carried_out: bool
    client: str | None
    connection: int | None
    request_on_connection: int | None
    fault: str | None
    rules: Sequence[str]


def without_keys(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """Take API keys out of headers, also those that are not read (contract A1, A5)."""
    return tuple([(header[0], REDACTED) if header[0] in _SECRET_HEADERS else header for header in headers])


def without_key(query: bytes) -> bytes:
    """Take API keys out of a query, in which they are not read either (contract A5)."""
    if not _MAY_NAME_A_KEY.search(query):
        return query
    return b"&".join([_redacted(parameter) for parameter in query.split(b"&")])


def _redacted(parameter: bytes) -> bytes:
    """Replace what a parameter says, however it is encoded, from the first key on."""
    decoded = unquote_to_bytes(parameter.replace(b"+", b" "))
    found = KEY_PARAMETER.search(decoded)
    return quote_from_bytes(decoded[: found.end()], safe="=;[] ").encode() + REDACTED if found else parameter
