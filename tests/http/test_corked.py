"""The head of an answer leaves with the beginning of its body, and never later than the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from reprompt_mock.http.corked import Corked

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"


class Line:
    """A transport that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def write(self, data: bytes) -> None:
        """Keep what is sent."""
        self.told.append(data)

    def write_eof(self) -> None:
        """Keep that the stream ended."""
        self.told.append("eof")

    def close(self) -> None:
        """Keep that it was closed."""
        self.told.append("close")

    def abort(self) -> None:
        """Keep that it was cut off."""
        self.told.append("abort")

    def is_closing(self) -> bool:
        """Say what only this transport knows."""
        return "close" in self.told


def told(act: Callable[[Corked], None], *, goes_on: bool = False) -> list[Any]:
    """Return what a transport is told by an act, in one step of the event loop or with a next one."""
    line = Line()

    async def run() -> list[Any]:
        act(Corked(cast("asyncio.Transport", line)))
        seen = list(line.told)
        await asyncio.sleep(0)
        return line.told if goes_on else seen

    return asyncio.run(run())


def test_a_head_and_its_body_leave_as_one() -> None:
    def act(corked: Corked) -> None:
        for body in (b"{...}", b"[...]"):
            corked.write(HEAD)
            corked.write(body)

    assert told(act) == [HEAD + b"{...}", HEAD + b"[...]"] == told(act, goes_on=True)


def test_an_empty_body_lets_its_head_go() -> None:
    def act(corked: Corked) -> None:
        corked.write(HEAD)
        corked.write(b"")

    assert told(act) == [HEAD]


def test_a_head_does_not_wait_for_a_late_body() -> None:
    assert told(lambda corked: corked.write(HEAD)) == []
    assert told(lambda corked: corked.write(HEAD), goes_on=True) == [HEAD]


def test_a_large_body_is_not_copied() -> None:
    body = bytes(2**20)

    def act(corked: Corked) -> None:
        corked.write(HEAD)
        corked.write(body)

    head, sent = told(act)
    assert head == HEAD
    assert sent is body


def test_further_pieces_leave_at_once() -> None:
    def act(corked: Corked) -> None:
        for piece in (HEAD, b"5\r\n", b"{...}", b"0\r\n\r\n"):
            corked.write(piece)

    assert told(act) == [HEAD + b"5\r\n", b"{...}", b"0\r\n\r\n"]


def test_answers_without_bodies_stay_in_order() -> None:
    def act(corked: Corked) -> None:
        for number in b"123":
            corked.write(HEAD + bytes([number]))

    assert b"".join(told(act, goes_on=True)) == b"".join(HEAD + bytes([number]) for number in b"123")


@pytest.mark.parametrize(
    ("end", "expected"),
    [("write_eof", [HEAD, "eof"]), ("close", [HEAD, "close"]), ("abort", ["abort"])],
)
def test_an_end_comes_after_what_waits_unless_it_cuts_it_off(end: str, expected: list[Any]) -> None:
    def act(corked: Corked) -> None:
        corked.write(HEAD)
        getattr(corked, end)()

    assert told(act, goes_on=True) == expected


def test_a_head_whose_client_has_gone_meanwhile_is_dropped() -> None:
    def act(corked: Corked) -> None:
        corked.write(HEAD)
        corked._transport.close()  # by the event loop, which sees that the client is gone before it goes on

    assert told(act, goes_on=True) == ["close"]


def test_nothing_is_sent_to_a_client_that_has_gone() -> None:
    def act(corked: Corked) -> None:
        corked.write(HEAD)
        corked._transport.close()
        for _ in range(9):
            corked.write(b"{...}")

    assert told(act, goes_on=True) == ["close"]


def test_everything_else_is_the_transport_s_own() -> None:
    def act(corked: Corked) -> None:
        assert not corked.is_closing()
        corked.close()
        assert corked.is_closing()

    assert told(act) == ["close"]
