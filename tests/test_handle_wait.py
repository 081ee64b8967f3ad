"""Waiting with the handle, over each of the ways to an emulator, in threads and on event loops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from reprompt_mock import RepromptMock
from reprompt_mock.handle import ControlError, OrgHandle, Waited
from reprompt_mock.handle import waiting as waiting_module
from reprompt_mock.handle.own import SERVER_KINDS, ServerKind
from reprompt_mock.handle.transport import TIMEOUT_SECONDS, Answer, OverSockets, Request
from reprompt_mock.real_time import monotonic_seconds
from tests.conftest import LONDON
from tests.processes import PATIENCE_SECONDS


@pytest.fixture(scope="module", params=["thread", "connect", "process"])
def emulator(request: pytest.FixtureRequest) -> Iterator[RepromptMock]:
    """The handle on an emulator, over each of the ways to it."""
    kind: ServerKind = "process" if request.param == "process" else "thread"
    with RepromptMock(clock="paused", server=kind) as mock:
        yield RepromptMock.connect(mock.url) if request.param == "connect" else mock


@pytest.fixture
def mock(emulator: RepromptMock) -> Iterator[OrgHandle]:
    """The handle on a world that nobody has used."""
    yield emulator
    emulator.reset()


def call(mock: OrgHandle, method: str, path: str, body: Any = None) -> None:
    url = f"{mock.base_url}/{mock.org_slug}/place_enrichment{path}"
    httpx2.request(method, url, json=body, headers={"apiKey": "k"}, trust_env=False, timeout=PATIENCE_SECONDS)


def create(mock: OrgHandle, *place_ids: str) -> None:
    jobs = [{"place_id": place_id, "inputs": LONDON} for place_id in place_ids]
    body = {"batch_id": "b", "batch_name": "B", "attributes": ["websites"], "jobs": jobs}
    call(mock, "POST", "/batches", body)


def beside(work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_it_waits_for_a_batch_of_a_program_that_runs_beside(mock: OrgHandle) -> None:
    def program() -> None:
        create(mock, "a", "mock-fail-b")
        mock.clock.settle()

    running = beside(program)
    waited = mock.wait("b")
    running.join(PATIENCE_SECONDS)
    assert waited
    assert waited.status == "completed"
    assert waited.jobs == {"pending": 0, "queued": 0, "in_progress": 0, "completed": 1, "failed": 1}
    assert (waited.met, waited.requests, waited.forgotten) == (True, None, False)
    assert waited.waited_seconds < PATIENCE_SECONDS


def test_it_waits_for_requests(mock: OrgHandle) -> None:
    create(mock, "a")

    def poll() -> None:
        for _ in range(3):
            call(mock, "GET", "/batches/b")

    running = beside(poll)
    waited = mock.wait(requests=("get_batch", 3))
    running.join(PATIENCE_SECONDS)
    assert (waited.met, waited.requests, waited.status, waited.jobs) == (True, 3, None, None)


def test_what_was_not_met_is_false(mock: OrgHandle) -> None:
    create(mock, "a")
    assert not mock.wait("b", timeout_seconds=0)
    assert mock.wait("b", status="pending", timeout_seconds=0)
    waited = mock.wait("none", status="failed", requests=("enrich", 1), timeout_seconds=0.01)
    assert waited == Waited(
        met=False, waited_seconds=waited.waited_seconds, status=None, jobs=None, requests=0, forgotten=False
    )


def test_it_waits_on_an_event_loop_without_blocking_it(mock: OrgHandle) -> None:
    async def drive() -> list[Waited]:
        waits = [asyncio.create_task(mock.wait_async("b")) for _ in range(20)]
        by_requests = asyncio.create_task(mock.wait_async(requests=("create_batch", 1)))
        await asyncio.to_thread(create, mock, "a")
        assert await by_requests
        await asyncio.to_thread(mock.clock.settle)
        return [await one for one in waits]

    assert all(asyncio.run(drive()))


def test_a_wait_on_an_event_loop_can_be_given_up_and_fails_as_the_other_does(mock: OrgHandle) -> None:
    async def drive() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(mock.wait_async("b", timeout_seconds=1), 0.01)
        with pytest.raises(ControlError, match="did you mean get_batch"):
            await mock.wait_async(requests=("get_batsh", 1))  # type: ignore[arg-type]

    asyncio.run(drive())


def test_a_refusal_is_raised(mock: OrgHandle) -> None:
    with pytest.raises(ControlError, match="Input should have a batch_id or requests to wait for"):
        mock.wait()


def test_the_timeline_of_the_world_and_of_a_batch(mock: OrgHandle) -> None:
    create(mock, "a", "mock-fail-b")
    shown = mock.timeline(points=3)
    assert shown == mock.timeline("b", points=3)
    assert len(shown["times"]) == 3
    assert [shown["pending"][0], shown["completed"][-1], shown["failed"][-1]] == [2, 1, 1]
    assert len(mock.timeline()["times"]) == 100


@pytest.mark.parametrize("kind", SERVER_KINDS)
def test_closing_ends_a_wait_at_once(kind: ServerKind) -> None:
    raised: list[ControlError] = []
    mock = RepromptMock(clock="paused", server=kind).start()
    beside_mock = RepromptMock.connect(mock.url)

    def wait(handle: OrgHandle) -> None:
        try:
            handle.wait(requests=("enrich", 1), timeout_seconds=600)
        except ControlError as error:
            raised.append(error)

    threads = [beside(lambda handle=handle: wait(handle)) for handle in (mock, beside_mock)]  # type: ignore[misc]
    assert mock.wait(requests=("list_batches", 1), timeout_seconds=0.3).requests == 0
    began = monotonic_seconds()
    mock.close()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert [str(error) for error in raised] == ["The emulator is stopping."] * 2
    assert monotonic_seconds() - began < 5


def test_an_answer_may_take_as_long_as_the_wait_and_then_some(monkeypatch: pytest.MonkeyPatch) -> None:
    patience: list[float] = []

    def send(_: OverSockets, request: Request) -> Answer:
        patience.append(request.patience)
        seen = (
            b'{"met": false, "waited_seconds": 600, "status": null, "jobs": null, "requests": null, "forgotten": false}'
        )
        return Answer(200, seen)

    monkeypatch.setattr(OverSockets, "send", send)
    RepromptMock.connect("http://127.0.0.1:9").wait("b", timeout_seconds=600)
    assert patience == [600 + TIMEOUT_SECONDS]


def test_an_answer_for_a_loop_that_is_gone_is_dropped() -> None:
    may_end = threading.Event()

    async def begin() -> None:
        task = asyncio.create_task(waiting_module.in_thread(lambda: may_end.wait(PATIENCE_SECONDS)))
        await asyncio.sleep(0)
        task.cancel()

    before = set(threading.enumerate())
    asyncio.run(begin())
    (thread,) = set(threading.enumerate()) - before
    may_end.set()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
