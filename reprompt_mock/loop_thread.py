"""An event loop in its own thread; every wait for it has a limit."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from reprompt_mock.errors import MockError
from reprompt_mock.event_loop import new_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

T = TypeVar("T")


class CannotStart(RuntimeError):
    """The server cannot be started; the cause, if any, is the exception that ended its thread."""


class CannotStop(RuntimeError):
    """The server does not stop, or had crashed; the cause, if any, is the exception that ended its thread."""


class NotRunning(RuntimeError):
    """The server is not running, so it cannot be called."""


class CallTooLong(TimeoutError):
    """The server did not answer in time."""


class LoopThread:
    """Runs a coroutine on an event loop in a daemon thread, and lets other threads call coroutines there.

    Args:
        name: the thread's name.
        main: creates the coroutine to run, which calls `ready` as soon as it serves.
    """

    def __init__(self, name: str, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._main = main
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._decided = threading.Event()
        self._is_ready = False
        self._error: BaseException | None = None
        self._calls: set[Future[Any]] = set()
        self._ended = False

    @property
    def was_started(self) -> bool:
        """Whether `start` has been called, whether or not it succeeded."""
        return self._thread.ident is not None

    @property
    def is_alive(self) -> bool:
        """Whether the thread has been started and has not ended."""
        return self._thread.is_alive()

    def ready(self) -> None:
        """Let `start` return."""
        self._is_ready = True
        self._decided.set()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=new_loop) as runner:
                self._loop = runner.get_loop()
                runner.run(self._main())
        except BaseException as error:  # noqa: BLE001 - raised to the waiting caller
            self._error = error
        self._ended = True
        self._decided.set()
        self._cancel_calls()

    def _cancel_calls(self) -> None:
        for call in list(self._calls):
            call.cancel()

    def start(self, *, timeout: float) -> None:
        """Start the thread, and wait until the coroutine is ready, at most `timeout` seconds.

        Raises:
            MockError: the emulator lacks something that it needs.
            CannotStart: the coroutine ended first or is not ready in time, or no thread could be started.
        """
        try:
            self._thread.start()
        except RuntimeError as error:
            raise CannotStart(f"the server's thread cannot be started: {_described(error)}") from error
        self._decided.wait(timeout)
        if self._is_ready:
            return
        if self._decided.is_set():
            cause = self._take_error()
            if isinstance(cause, MockError):
                raise cause  # its message is for the user
            raise CannotStart(f"the server ended before it answered: {_described(cause)}") from cause
        raise CannotStart(f"the server does not answer after {timeout:g} s: {self._whereabouts()}")

    def join(self, *, timeout: float) -> None:
        """Wait until the thread has ended, at most `timeout` seconds.

        Raises:
            CannotStop: it has not ended in time, or an exception ended it.
        """
        self._thread.join(timeout)
        if self.is_alive:
            raise CannotStop(f"the server has not stopped after {timeout:g} s: {self._whereabouts()}")
        if (cause := self._take_error()) is not None:
            raise CannotStop(f"the server had crashed: {_described(cause)}") from cause

    def _take_error(self) -> BaseException | None:
        error, self._error = self._error, None
        return error

    def call(self, coroutine: Coroutine[Any, Any, T], *, timeout: float) -> T:
        """Run a coroutine on the loop, from another thread, and return its result.

        Args:
            coroutine: what to run; it is closed if it cannot be run.
            timeout: real seconds after which it is cancelled.

        Raises:
            CallTooLong: it took longer.
            NotRunning: the loop is not running or stops meanwhile, or this is the loop's own thread.
        """
        future = self._submitted(coroutine)
        self._calls.add(future)
        try:
            if self._ended:
                future.cancel()
            return future.result(timeout)
        except CancelledError:
            raise NotRunning("the server stopped before it answered") from None
        except TimeoutError as error:
            if future.done() and not future.cancelled():
                return future.result(0)  # it finished just now, or the coroutine itself raised the error
            raise CallTooLong(f"the server did not answer within {timeout:g} s") from error
        finally:
            future.cancel()
            self._calls.discard(future)

    def _submitted(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise NotRunning("the server cannot wait for a call from its own thread: await the coroutine there")
        if self._loop is not None and self.is_alive:
            with suppress(RuntimeError):  # the loop was closed just now
                return asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        coroutine.close()
        if self._error is not None:
            raise NotRunning(f"the server has ended: {_described(self._error)}") from self._error
        raise NotRunning("the server has stopped" if self.was_started else "the server was not started")

    def _whereabouts(self) -> str:
        """Describe what the thread is doing."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        if frame is None:
            return "its thread is not running"
        innermost = traceback.extract_stack(frame)[-1]
        place = f"its thread is in {innermost.name} ({Path(innermost.filename).name}:{innermost.lineno})"
        tasks = asyncio.all_tasks(self._loop) if self._loop else set()
        names = sorted({getattr(task.get_coro(), "__qualname__", "?") for task in tasks})
        return f"{place}, its tasks are {', '.join(names)}" if names else place


def _described(error: BaseException | None) -> str:
    if error is None:
        return "no exception was raised"
    if isinstance(error, SystemExit):
        return "its app failed to start, see the log"
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
