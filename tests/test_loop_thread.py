"""A loop in a thread: what it promises to those who start it, call it and end it."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from reprompt_mock.event_loop import new_loop
from reprompt_mock.loop_thread import CallTooLong, CannotStart, CannotStop, LoopThread, NotRunning

LONG = 30.0
SHORT = 0.05


class Serving:
    """A main coroutine that serves until it is told to end."""

    def __init__(self) -> None:
        self.thread = LoopThread("test", self.main)
        self.end = asyncio.Event()

    async def main(self) -> None:
        self.thread.ready()
        await self.end.wait()

    def stop(self) -> None:
        async def stop() -> None:
            self.end.set()

        self.thread.call(stop(), timeout=LONG)
        self.thread.join(timeout=LONG)


@contextmanager
def running() -> Iterator[LoopThread]:
    serving = Serving()
    serving.thread.start(timeout=LONG)
    try:
        yield serving.thread
    finally:
        serving.stop()


async def answer(value: Any = 42) -> Any:
    await asyncio.sleep(0)
    return value


def failing(error: BaseException) -> Callable[[], Coroutine[Any, Any, None]]:
    async def main() -> None:
        raise error

    return main


def dead() -> LoopThread:
    """Make a thread that was ready and then ended by itself."""

    class Dying(Serving):
        async def main(self) -> None:
            self.thread.ready()
            raise ZeroDivisionError("division by zero")

    thread = Dying().thread
    thread.start(timeout=LONG)
    thread._thread.join(LONG)
    return thread


# Starting and ending


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), ValueError("no"), KeyError("a"), SystemExit(3)])
def test_what_ends_it_before_it_is_ready_is_raised_as_a_sentence(error: BaseException) -> None:
    thread = LoopThread("test", failing(error))

    with pytest.raises(CannotStart, match=r"^the server ended before it answered: ") as raised:
        thread.start(timeout=LONG)

    assert raised.value.__cause__ is error
    thread.join(timeout=LONG)  # it is told once


def test_what_ends_without_ever_being_ready_is_said() -> None:
    async def main() -> None:
        pass

    with pytest.raises(CannotStart, match="ended before it answered: no exception was raised"):
        LoopThread("test", main).start(timeout=LONG)


@pytest.mark.parametrize("needed", ["socket.socketpair", "selectors.DefaultSelector"])
def test_a_loop_that_cannot_be_made_is_the_cause_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, needed: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no sockets today")

    monkeypatch.setattr(needed, refuse)
    with pytest.raises(CannotStart, match="OSError: no sockets today"):
        LoopThread("test", answer).start(timeout=LONG)
    with pytest.raises(OSError, match="no sockets today"):
        new_loop()
    gc.collect()  # what is left open warns, and warnings are errors


def test_a_thread_that_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    thread = LoopThread("test", answer)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(CannotStart, match="thread cannot be started: RuntimeError: can't start new thread"):
        thread.start(timeout=LONG)


def test_a_start_that_hangs_is_given_up_and_says_where() -> None:
    let_go = threading.Event()

    async def main() -> None:
        hang_here()

    def hang_here() -> None:
        let_go.wait(LONG)

    thread = LoopThread("test", main)
    with pytest.raises(CannotStart, match=rf"^the server does not answer after {SHORT} s: its thread is in .*main"):
        thread.start(timeout=SHORT)
    with pytest.raises(CannotStop, match=rf"^the server has not stopped after {SHORT} s: its thread is in "):
        thread.join(timeout=SHORT)
    let_go.set()
    thread.join(timeout=LONG)


def test_what_ended_it_later_is_raised_where_it_is_joined() -> None:
    thread = dead()
    with pytest.raises(CannotStop, match="had crashed: ZeroDivisionError: division by zero"):
        thread.join(timeout=LONG)
    thread.join(timeout=LONG)


# Calls


def test_a_call_gives_what_the_coroutine_returns() -> None:
    with running() as thread:
        assert thread.call(answer(), timeout=LONG) == 42
        assert [thread.call(answer(number), timeout=LONG) for number in range(3)] == [0, 1, 2]


@pytest.mark.parametrize("error", [ValueError("no"), TimeoutError("its own")])
def test_a_call_raises_what_the_coroutine_raises(error: Exception) -> None:
    with running() as thread, pytest.raises(type(error)) as raised:
        thread.call(failing(error)(), timeout=LONG)
    assert str(raised.value) == str(error)  # asyncio makes a TimeoutError anew


def test_a_call_that_takes_too_long_is_cancelled_and_said() -> None:
    cancelled = threading.Event()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with running() as thread:
        with pytest.raises(CallTooLong, match=rf"^the server did not answer within {SHORT} s$"):
            thread.call(slow(), timeout=SHORT)
        assert cancelled.wait(LONG)
        assert thread.call(answer(), timeout=LONG) == 42


def test_calls_before_the_start_and_after_the_end_are_refused_at_once() -> None:
    serving = Serving()
    with pytest.raises(NotRunning, match=r"^the server was not started$"):
        serving.thread.call(answer(), timeout=LONG)
    serving.thread.start(timeout=LONG)
    serving.stop()
    with pytest.raises(NotRunning, match=r"^the server has stopped$"):
        serving.thread.call(answer(), timeout=LONG)


def test_a_call_after_it_was_killed_says_by_what() -> None:
    thread = dead()
    with pytest.raises(NotRunning, match=r"^the server has ended: ZeroDivisionError: division by zero$"):
        thread.call(answer(), timeout=LONG)


def test_a_call_that_the_end_overtakes_is_refused_and_does_not_wait() -> None:
    waiting = threading.Event()

    async def slow() -> None:
        waiting.set()
        await asyncio.Event().wait()

    serving = Serving()
    serving.thread.start(timeout=LONG)
    errors: list[BaseException] = []

    def call() -> None:
        try:
            serving.thread.call(slow(), timeout=1000)
        except NotRunning as error:
            errors.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    assert waiting.wait(LONG)
    serving.stop()
    caller.join(LONG)
    assert not caller.is_alive()
    assert [str(error) for error in errors] == ["the server stopped before it answered"]


def test_its_own_thread_cannot_wait_for_itself() -> None:
    with running() as thread:

        async def call_itself() -> None:
            thread.call(answer(), timeout=LONG)

        with pytest.raises(NotRunning, match="await the coroutine there"):
            thread.call(call_itself(), timeout=LONG)
