"""Who waits at one emulator is woken by what another does, and looks anyway where nobody tells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from reprompt_mock.control import watch
from reprompt_mock.engine import herald
from reprompt_mock.engine.events import Change, Kind
from reprompt_mock.real_time import monotonic_seconds
from reprompt_mock.server import ServerThread
from reprompt_mock.store import peers
from tests.control.waiting import Waiting, client, org_of, start, until_they_wait
from tests.postgres.test_faults_of_the_server import cut
from tests.processes import PATIENCE_SECONDS, eventually

HOUR = 3600.0


@pytest.fixture
def servers(address: str) -> Iterator[tuple[ServerThread, ServerThread]]:
    """Two emulators on one schema."""
    first, second = start(db=address), start(db=address)
    yield first, second
    first.stop()
    second.stop()


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody look who is not woken."""
    monkeypatch.setattr(watch, "_LOOK_SECONDS", HOUR)
    monkeypatch.setattr(herald, "_LOOK_SECONDS", HOUR)


def waited(first: ServerThread, second: ServerThread, **awaited: Any) -> bool:
    """Wait at the second while the first settles and reads; tell whether the world was forgotten."""
    with client(first) as one, client(second) as other:
        org = org_of(one, "acme")
        org.create("a", batch_id="b")
        waiting = Waiting(org_of(other, "acme"), **awaited)
        until_they_wait(second, 1)
        org.settle()
        org.get("/jobs")
        seen = waiting.seen
        assert 0 < seen["waited_seconds"] < PATIENCE_SECONDS
        org.control("DELETE")
        return bool(seen["forgotten"])


CASES: list[dict[str, Any]] = [{"batch_id": "b"}, {"requests": {"operation": "get_jobs", "count": 1}}]


@pytest.mark.parametrize("awaited", CASES, ids=["batch", "requests"])
@pytest.mark.usefixtures("seldom")
def test_a_wait_ends_by_what_another_does(servers: tuple[ServerThread, ServerThread], awaited: dict[str, Any]) -> None:
    assert not waited(*servers, **awaited)


@pytest.mark.parametrize("awaited", CASES, ids=["batch", "requests"])
def test_a_wait_ends_though_nobody_tells(
    servers: tuple[ServerThread, ServerThread], awaited: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "tell", lambda session, message: None)
    assert not waited(*servers, **awaited)


@pytest.mark.usefixtures("seldom")
def test_whoever_waits_is_woken_after_connections_were_lost(
    servers: tuple[ServerThread, ServerThread], address: str
) -> None:
    for _ in range(3):
        assert not waited(*servers, batch_id="b")
        cut(address)


def test_a_wait_ends_when_another_forgets_the_world(servers: tuple[ServerThread, ServerThread]) -> None:
    first, second = servers
    with client(first) as one, client(second) as other:
        org = org_of(one, "acme")
        org.create("a", batch_id="b")
        waiting = Waiting(org_of(other, "acme"), batch_id="b")
        until_they_wait(second, 1)
        org.control("DELETE")
        assert waiting.seen["forgotten"]


@pytest.mark.parametrize("is_told", [True, False])
def test_events_tell_what_another_has_changed(
    servers: tuple[ServerThread, ServerThread], is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_told:
        monkeypatch.setattr(peers, "tell", lambda session, message: None)
    first, second = servers
    signals = second.app.engine.signals
    rung: list[float] = []
    with client(first) as one, signals.heard(lambda: rung.append(monotonic_seconds()), "acme"):
        number = signals.now()
        looking: Any = second.app.engine
        eventually(lambda: looking._herald._lookout._versions is not None)
        org_of(one, "acme").create("a", batch_id="b")
        eventually(lambda: "batch" in {signal.kind for signal in signals.since(number, "acme")[0]})
    assert rung


def test_a_message_that_is_too_long_is_told_in_parts() -> None:
    changes = [Change(f"org-{number}", Kind.batch, "b" * 300) for number in range(100)]
    changes.append(Change("x", Kind.batch, "b" * 9000))
    messages = [*herald._messages(1, changes)]
    assert all(len(message.encode()) < 8000 for message in messages)
    told = [tuple(change) for message in messages for change in orjson.loads(message)[1]]
    assert told == [*(tuple(change) for change in changes[:-1]), ("x", "batch", None)]
