"""Waiting for something to happen in a world, in the calling thread or on its event loop."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from reprompt_mock.handle.transport import TIMEOUT_SECONDS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from reprompt_mock.handle.connection import Connection
    from reprompt_mock.handle.types import Operation, WaitStatus

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Waited:
    """The result of waiting, true if what was waited for has happened.

    Attributes:
        met: whether it has happened.
        waited_seconds: real seconds.
        status: the batch's status, None without a batch.
        jobs: the batch's jobs by status, None without a batch.
        requests: how many requests of the operation came, None if none were waited for.
        forgotten: whether the world was forgotten, which ends every wait in it.
    """

    met: bool
    waited_seconds: float
    status: str | None
    jobs: dict[str, int] | None
    requests: int | None
    forgotten: bool

    def __bool__(self) -> bool:
        return self.met


def wait(
    connection: Connection,
    batch_id: str | None,
    status: WaitStatus | None,
    requests: tuple[Operation, int] | None,
    timeout_seconds: float,
) -> Waited:
    """Wait for a batch's status or a number of requests.

    Raises:
        ControlError: the emulator refused, stops, or did not answer.
    """
    wanted = None if requests is None else dict(zip(("operation", "count"), requests, strict=True))
    body = {"batch_id": batch_id, "status": status, "requests": wanted, "timeout_seconds": timeout_seconds}
    found: dict[str, Any] = connection.call("POST", "/wait", body, patience=timeout_seconds + TIMEOUT_SECONDS)
    came = None if requests is None else found["requests"]["count"]
    return Waited(found["met"], found["waited_seconds"], found["status"], found["jobs"], came, found["forgotten"])


async def in_thread(work: Callable[[], T]) -> T:
    """Run work in a daemon thread of its own: a loop's pool has few threads, and would wait for them at its end.

    If the caller is cancelled, the thread ends once the work does.
    """
    import asyncio  # not needed by other uses of a handle

    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_outcome: Callable[[Any], None], outcome: Any) -> None:
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(lambda: None if future.done() else set_outcome(outcome))

    def run() -> None:
        try:
            value = work()
        except Exception as error:  # noqa: BLE001 - raised to the caller
            settle(future.set_exception, error)
        else:
            settle(future.set_result, value)

    threading.Thread(target=run, name="reprompt-mock-wait", daemon=True).start()
    return await future
