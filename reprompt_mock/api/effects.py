"""What a fault does to a request: whether it is carried out, what is answered, how the connection ends."""

from __future__ import annotations

import gzip
from math import ceil
from typing import TYPE_CHECKING

import orjson

from reprompt_mock.api.passage import FRAMING, Answer
from reprompt_mock.clock import SECOND, http_date
from reprompt_mock.faults import NO_CONTENT, Abort, Cut, When
from reprompt_mock.real_time import real_now

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message

    from reprompt_mock.api.connection import Connection
    from reprompt_mock.api.passage import Passage
    from reprompt_mock.faults import DateIn, Effect, Fault

_SIMULATED = {"detail": "This answer is simulated, as a fault asks."}
_OTHER_SERVER = {
    "detail": "A fault asks for an end of the connection, which only reprompt-mock's own server can do: "
    "start it with `reprompt-mock serve` or `RepromptMock()`."
}


async def carry_out(app: ASGIApp, passage: Passage, fault: Fault | None) -> bool:
    """Let the app answer a request, or the fault that hits it; return whether that ends the connection."""
    if fault is None:
        await app(passage.scope, passage.receive, passage.send)
        return False
    effect, connection = fault.then, passage.connection
    if connection is None and effect.ends_connection:
        await passage.read()
        await passage.answer(_json(501, _OTHER_SERVER))
        return False
    # The request is carried out as it comes; only its answer waits. A client that has given up and repeats it finds
    # what the first one did.
    is_stopped = fault.when is When.before and (effect.has_no_answer or effect.replaces_answer)
    real = None if is_stopped else await _collected(app, passage)
    await passage.read()
    await passage.wait(effect.delay_seconds)
    answer = _simulated(effect) if real is None or effect.replaces_answer else _with_headers(real, effect)
    return await _answer(passage, connection, answer, effect)


async def _answer(passage: Passage, connection: Connection | None, answer: Answer, effect: Effect) -> bool:
    if effect.abort is None and effect.stale_after_seconds is None:
        await passage.answer(answer)
    elif effect.stale_after_seconds is not None and connection:
        await _answer_and_retire(passage, connection, answer, effect.stale_after_seconds)
    elif effect.cuts_body:
        await passage.answer(_cut_gzip(answer))
    elif connection:
        await _break_off(passage, connection, answer, effect)
        return True
    return False


async def _answer_and_retire(passage: Passage, connection: Connection, answer: Answer, seconds: float) -> None:
    # A client may send its next request as soon as it has the whole answer: the end must not come later than that.
    if not seconds:
        connection.hold()
    await passage.answer(answer)
    connection.retire_after(seconds)


async def _break_off(passage: Passage, connection: Connection, answer: Answer, effect: Effect) -> None:
    passage.break_off()
    if effect.abort is Abort.reset:
        connection.reset()
        return
    if effect.abort is Abort.truncate and answer.body and passage.scope["method"] != "HEAD":
        half = answer.body[: len(answer.body) // 2]
        if effect.cut is Cut.chunk and passage.scope["http_version"] != "1.0":
            await passage.begin(answer.framed((b"transfer-encoding", b"chunked")))
            connection.write(b"%x\r\n" % len(answer.body) + half)
        else:
            await passage.begin(answer.framed(_length(answer.body)), half)
    connection.finish()


def _cut_gzip(answer: Answer) -> Answer:
    packed = gzip.compress(answer.body, mtime=0)
    half = packed[: len(packed) // 2]
    return answer.framed(_length(half), (b"content-encoding", b"gzip"), (b"connection", b"close"), body=half)


async def _collected(app: ASGIApp, passage: Passage) -> Answer:
    """Carry a request out and keep its answer."""
    answer = Answer(500, [])

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], list(message["headers"])
        else:
            answer.body += message.get("body", b"")

    await app(passage.scope, passage.receive, keep)
    return answer


def _simulated(effect: Effect) -> Answer:
    """Make the answer that a fault asks for."""
    content = _SIMULATED if effect.body is None else effect.body
    status = 200 if effect.status is None else effect.status
    answer = _text(status, content) if isinstance(content, str) else _json(status, content)
    if status in NO_CONTENT:
        answer = answer.framed(body=b"")
    return _with_headers(answer, effect)


def _json(status: int, content: object) -> Answer:
    return _framed(status, b"application/json", orjson.dumps(content))


def _text(status: int, content: str) -> Answer:
    return _framed(status, b"text/plain; charset=utf-8", content.encode())


def _framed(status: int, kind: bytes, body: bytes) -> Answer:
    return Answer(status, [(b"content-type", kind), _length(body)], body)


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()


def _with_headers(answer: Answer, effect: Effect) -> Answer:
    new = {name.lower().encode(): _value(value) for name, value in effect.headers.items()}
    kept = [(name, value) for name, value in answer.headers if name not in new or name in FRAMING]
    added = [(name, value) for name, value in new.items() if name not in FRAMING]
    return Answer(answer.status, [*kept, *added], answer.body)


def _value(value: str | DateIn) -> bytes:
    """Write a header's value; a date, which has whole seconds, is never earlier than asked for."""
    if isinstance(value, str):
        return value.encode()
    return http_date(ceil(real_now() / SECOND + value.seconds) * SECOND).encode()
