"""The recording of one request of the service, from its arrival to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprompt_mock.api.auth import keys_sent
from reprompt_mock.api.connection import LINE, Line
from reprompt_mock.api.evidence import evidence_of
from reprompt_mock.api.facts import MOST_BYTES as _FACTS_BYTES
from reprompt_mock.clock import SECOND
from reprompt_mock.exchange import BODY_BYTES, Exchange, Sent, without_key, without_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Message, Receive, Scope, Send

    from reprompt_mock.engine.world import World
    from reprompt_mock.faults import Fault

RECORDING = "reprompt_mock.recording"
"""The key of a scope that keeps the record which is made of its request."""
_RULE_BYTES = 8
NO_LINE = Line(None, None, None)
"""The connection of a request under a server that does not tell."""


class Recording:
    """What is seen and noted of one request until it is over; from then on it does not change.

    `exchange` gives it as a value: when somebody asks, since most are never asked for. Thousands are kept, so they have
    tuples rather than lists, which the garbage collector would look at again and again.

    Attributes:
        world: the world that it means, which need not be kept yet.
        keys: the keys that it brought.
        line: its connection.
        time: the world's time when it came.
        operation: the id of its operation.
        client: what stands for its client.
        sequence: its number in the journal.
        era: how often the journal had been cleared when it came.
        size: about how many bytes it takes, once it is over.
        situation: marks of what the world did with time at the end.
        interventions: how often a test had changed the world by then.
        mark: returns a number that equal requests share.
        fault: the fault that hits it.
        rules: the ids of the rules that decided anything.
        facts: what was asked and told.
        carried_out: whether its operation was carried out.
        is_over: whether its answer was sent, or never will be.
    """

    sequence = era = size = situation = interventions = 0
    operation: str | None = None
    client: str | None = None
    fault: Fault | None = None
    carried_out = is_over = False
    has_gone = is_whole = False
    status: int | None = None
    answer_headers: Sequence[tuple[bytes, bytes]] = ()
    rules: tuple[str, ...] = ()
    duration = 0.0
    mark: Callable[[tuple[object, ...]], int] = staticmethod(hash)

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        world: World,
        record: Callable[[Recording], None],
        real: Callable[[], int],
    ) -> None:
        self._receive, self._send, self._record = receive, send, record
        self.world = world
        self.method, self.path, self.query = scope["method"], scope["path"], without_key(scope["query_string"])
        self.headers = without_keys(scope["headers"])
        self.keys = keys_sent(scope["headers"])
        self.line: Line = scope.get("extensions", {}).get(LINE, NO_LINE)
        self._real = real
        self.time, self.real_time = world.now(), real()
        self.facts: dict[str, Any] = {}
        self.body = bytearray()

    @property
    def is_begun(self) -> bool:
        """Whether an answer was begun."""
        return self.status is not None

    async def receive(self) -> Message:
        """Return the next message to the app."""
        message = await self._receive()
        if self.is_over:
            return message
        if message["type"] == "http.disconnect":
            self.has_gone = True
        elif room := BODY_BYTES - len(self.body):
            self.body += message.get("body", b"")[:room]
        return message

    async def send(self, message: Message) -> None:
        """Send what the app answers; the request is over with the last of it."""
        if message["type"] == "http.response.start":
            self.status, self.answer_headers = message["status"], without_keys(message["headers"])
            await self._send(message)
            return
        if message.get("more_body"):
            await self._send(message)
            return
        self.look()
        await self._send(message)
        self.is_whole = True
        self.end()

    def look(self) -> None:
        """Check whether the client has gone; code that ends the connection checks before."""
        self.has_gone = self.has_gone or self.line.is_closing

    def end(self) -> None:
        """Finish the recording, unless it has finished: later messages do not belong to it."""
        if not self.is_over:
            self.duration = self._lasted()
            self.is_over = True
            self.size = self._size()
            self.situation, self.interventions = self.world.situation, self.world.interventions
            self._record(self)
            del self.world  # which keeps this

    def leave(self) -> None:
        """Finish the recording, which may be kept for long, and drop what leads to the server's request."""
        self.end()
        del self._receive, self._send, self._record

    def exchange(self) -> Exchange:
        """Return what is known so far."""
        sent = self.sent()
        return Exchange(
            self.operation,
            self.method,
            self.path,
            self.query,
            self.headers,
            bytes(self.body),
            self.time,
            self.real_time,
            self.duration if self.is_over else self._lasted(),
            self.status if sent is Sent.whole or sent is Sent.client_gone else None,
            self.answer_headers,
            self.facts,
            sent,
            self.carried_out,
            self.client,
            self.line.number,
            self.line.request,
            self.fault.id if self.fault else None,
            self.rules,
        )

    def evidence(self) -> bytes:
        """Return what is kept for the verdict."""
        return evidence_of(self)

    def _size(self) -> int:
        headers = sum([len(name) + len(value) for part in (self.headers, self.answer_headers) for name, value in part])
        texts = len(self.path) + len(self.query) + len(self.body)
        return texts + headers + _FACTS_BYTES + _RULE_BYTES * len(self.rules)

    def _lasted(self) -> float:
        return (self._real() - self.real_time) / SECOND

    def sent(self) -> Sent | None:
        """Return how much of its answer the client was sent, None while it is under way."""
        if not self.is_over:
            return None
        if self.has_gone:
            return Sent.client_gone
        if self.is_whole:
            return Sent.half if self.fault and self.fault.then.cuts_body else Sent.whole
        return Sent.nothing if self.status is None else Sent.half


def recording_of(scope: Scope) -> Recording:
    """Return the recording of a request."""
    recording: Recording = scope[RECORDING]
    return recording
