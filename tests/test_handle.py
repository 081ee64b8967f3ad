"""RepromptMock: an emulator in the hands of Python, and the handle on one that runs already."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

import reprompt_mock
from reprompt_mock import RepromptMock
from reprompt_mock.handle import ControlError, OrgHandle, request_line
from reprompt_mock.handle.own import SERVER_KINDS, ServerKind
from reprompt_mock.handle.types import EmulatorOptions, FaultThen, JournalEntry
from reprompt_mock.settings import ConfigurationError
from tests.conftest import LONDON
from tests.processes import eventually

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="module", params=["thread", "connect", "process"])
def emulator(request: pytest.FixtureRequest) -> Iterator[RepromptMock]:
    """The handle on an emulator, over each of the ways to it."""
    if request.param == "process":
        with RepromptMock(clock="paused", server="process") as mock:
            yield mock
    else:
        with RepromptMock(clock="paused") as mock:
            yield mock if request.param == "thread" else RepromptMock.connect(mock.url)


@pytest.fixture
def mock(emulator: RepromptMock) -> Iterator[OrgHandle]:
    """The handle on a world that nobody has used."""
    yield emulator
    emulator.reset()
    emulator.org("other-org").reset()


def client(mock: OrgHandle) -> httpx2.Client:
    return httpx2.Client(
        base_url=f"{mock.base_url}/{mock.org_slug}/place_enrichment", headers={"apiKey": mock.api_key}, trust_env=False
    )


def create(mock: OrgHandle, *place_ids: str, batch_id: str = "b") -> dict[str, Any]:
    jobs = [{"place_id": place_id, "inputs": LONDON} for place_id in place_ids]
    body = {"batch_id": batch_id, "batch_name": "B", "attributes": ["websites"], "jobs": jobs}
    with client(mock) as http:
        return dict(http.post("/batches", json=body).raise_for_status().json())


def status(mock: OrgHandle, batch_id: str = "b") -> str:
    with client(mock) as http:
        return str(http.get(f"/batches/{batch_id}").raise_for_status().json()["status"])


# An emulator of one's own


def test_it_says_where_it_is_and_who_it_is_for(emulator: RepromptMock) -> None:
    assert emulator.url.startswith("http://127.0.0.1:")
    assert emulator.base_url == f"{emulator.url}/v1"
    assert (emulator.org_slug, emulator.api_key) == ("test-org", "test-key")


def test_settings_are_given_by_name_and_so_are_org_and_key() -> None:
    with RepromptMock(org_slug="acme", api_key="k-1", clock="paused", failure_rate=1, seed=7, port=0) as mock:
        create(mock, "a")
        mock.clock.settle()

        assert status(mock) == "failed"
        assert mock.settings.get()["seed"] == 7
        assert mock.journal.find()[0]["path"].startswith("/v1/acme/")


@pytest.mark.parametrize("server", SERVER_KINDS)
def test_rules_may_be_given_as_a_setting(server: ServerKind) -> None:
    with RepromptMock(clock="paused", rules=[{"then": {"outcome": "failed"}}], server=server) as mock:
        create(mock, "a")
        mock.clock.settle()

        assert status(mock) == "failed"
        assert len(mock.org("another").rules.list()) == 1


@pytest.mark.parametrize("server", SERVER_KINDS)
def test_strict_keys_and_a_control_token_are_used_by_the_handle(server: ServerKind) -> None:
    strict: EmulatorOptions = {"api_keys": {"k-1": "test-org"}, "control_token": "t0ken", "clock": "paused"}
    with RepromptMock(api_key="k-1", server=server, **strict) as mock:
        create(mock, "a")
        mock.clock.settle()

        assert mock.assert_batch("b", completed=1)["status"] == "completed"
        with RepromptMock.connect(mock.url) as stranger, pytest.raises(ControlError) as refusal:
            stranger.clock.settle()
        assert refusal.value.status in {401, 403}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"failure_rat": 1}, "unknown setting failure_rat; did you mean failure_rate?"),
        ({"failure_rate": 2}, "setting failure_rate: input should be less than or equal to 1"),
        ({"rules": [{"then": {"outcom": 1}}]}, "setting rules.0.then: unknown key 'outcom'; did you mean outcome?"),
        ({"server": "proces"}, 'server is "thread" or "process", not \'proces\'; did you mean process?'),
    ],
)
def test_a_setting_that_cannot_be_is_refused_in_one_sentence(settings: dict[str, Any], sentence: str) -> None:
    before = threads()

    with pytest.raises(ConfigurationError) as refusal:
        RepromptMock(**settings)

    assert str(refusal.value) == sentence
    eventually(lambda: threads() <= before)


def test_two_emulators_know_nothing_of_each_other(mock: OrgHandle) -> None:
    create(mock, "a")
    with RepromptMock(clock="paused") as other:
        assert other.url != mock.url
        assert sum(other.counts().values()) == 0


def test_a_database_file_keeps_what_the_next_one_finds(tmp_path: Path) -> None:
    for expected in (1, 2):
        with RepromptMock(clock="paused", db=tmp_path / "mock.db") as mock:
            create(mock, "a", batch_id=f"b-{expected}")
            assert sum(mock.counts().values()) == expected


# What is left


def open_files() -> set[str]:
    """Name the open sockets, and the temporary folders in which files are open."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("the machine does not list open files")
    links = set()
    for file in folder.iterdir():
        try:
            links.add(file.readlink())
        except FileNotFoundError:  # the listing's own
            continue
    sockets = {str(link) for link in links if str(link).startswith("socket:")}
    return sockets | {str(link.parent) for link in links if link.parent.name.startswith("reprompt-mock-")}


def threads() -> set[threading.Thread]:
    """Find the threads, those aside with which another emulator of this process works."""
    return {
        thread
        for thread in threading.enumerate()
        if getattr(getattr(thread, "loop", None), "is_closed", lambda: True)()
    }


@dataclass
class Before:
    """What there was before an emulator was made, whose temporary data lie in a folder of their own."""

    threads: set[threading.Thread]
    files: set[str]
    folder: Path

    @property
    def leaves_nothing(self) -> bool:
        """Tell whether there is nothing new."""
        return not (threads() - self.threads or open_files() - self.files or [*self.folder.iterdir()])


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Before:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return Before(threads(), open_files(), tmp_path)


def test_nothing_is_left_after_it_is_closed(before: Before) -> None:
    with RepromptMock(clock="paused") as mock:
        create(mock, "a")
        mock.snapshot()
        mock.clock.settle()
        url = httpx2.URL(mock.url)
        assert not before.leaves_nothing

    eventually(lambda: before.leaves_nothing)  # a thread ends a moment after it was told to
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(url.host), url.port or 0))


def test_nothing_is_left_where_the_block_fails(before: Before) -> None:
    with pytest.raises(ZeroDivisionError), RepromptMock() as mock:
        raise ZeroDivisionError(mock.url)

    eventually(lambda: before.leaves_nothing)


def test_nothing_is_left_of_one_that_was_made_and_never_started(before: Before) -> None:
    mock = RepromptMock()
    mock.close()

    eventually(lambda: before.leaves_nothing)


def test_it_closes_while_a_request_waits_for_its_answer(before: Before) -> None:
    with RepromptMock() as mock:
        mock.faults.add(then={"delay_seconds": 3600})
        url = httpx2.URL(mock.url)
        waiting = socket.create_connection((str(url.host), url.port or 0))
        waiting.sendall(
            f"GET /v1/{mock.org_slug}/place_enrichment/jobs HTTP/1.1\r\nHost: a\r\napiKey: k\r\n\r\n".encode()
        )
        while not mock.faults.list()[0]["served"]:
            pass

    with waiting:
        waiting.settimeout(10)
        assert not waiting.recv(100).startswith(b"HTTP/1.1 200")
    eventually(lambda: before.leaves_nothing)


@pytest.mark.parametrize("server", SERVER_KINDS)
def test_start_and_close_do_without_a_block_and_closing_twice_is_no_error(server: ServerKind) -> None:
    mock = RepromptMock(clock="paused", server=server).start()
    create(mock, "a")
    mock.close()
    mock.close()


NOT_RUNNING: dict[str, tuple[Any, str]] = {
    "before": (lambda mock: mock, "was not started: use RepromptMock in a with block, or call start()"),
    "after": (lambda mock: mock.start().close(), "was closed: use it inside its with block, or create a new one"),
    "never started": (lambda mock: mock.close(), "was closed: use it inside its with block, or create a new one"),
}


@pytest.mark.parametrize("server", SERVER_KINDS)
@pytest.mark.parametrize("when", NOT_RUNNING)
def test_used_while_it_does_not_run_it_says_so_at_once(when: str, server: ServerKind, before: Before) -> None:
    bring_about, sentence = NOT_RUNNING[when]
    mock = RepromptMock(server=server)
    other = mock.org("other-org")
    bring_about(mock)

    for use in (mock.counts, mock.reset, other.clock.settle, lambda: mock.assert_batch("b"), mock.faults.list):
        with pytest.raises(ControlError, match=re.escape(sentence)) as refusal:
            use()
        assert refusal.value.status is None

    mock.close()
    eventually(lambda: before.leaves_nothing)


@pytest.mark.parametrize("server", SERVER_KINDS)
def test_started_twice_or_after_its_end_it_says_so_and_goes_on(server: ServerKind) -> None:
    with RepromptMock(clock="paused", server=server) as mock:
        with pytest.raises(ControlError, match="was already started: a with block starts it"):
            mock.start()
        assert sum(mock.counts().values()) == 0

    with pytest.raises(ControlError, match="can start only once: create a new RepromptMock"):
        mock.start()


def test_importing_the_package_imports_no_framework() -> None:
    assert reprompt_mock.RepromptMock is RepromptMock
    with pytest.raises(AttributeError, match="has no attribute 'RepromptMoc'"):
        _ = reprompt_mock.RepromptMoc  # type: ignore[attr-defined]


# An emulator that runs already


def test_connect_gives_the_same_handle_and_leaves_the_emulator_running(emulator: RepromptMock) -> None:
    with RepromptMock.connect(f"{emulator.url}/", org_slug="other-org", api_key="k") as connected:
        assert (connected.url, connected.base_url) == (emulator.url, emulator.base_url)
        assert (connected.org_slug, connected.api_key) == ("other-org", "k")
        create(connected, "a")
        assert connected.clock.settle().unfinished == 0
        assert status(connected) == "completed"
        connected.reset()

    assert emulator.counts()


def test_connect_passes_the_control_token_on() -> None:
    with RepromptMock(control_token="t0ken") as emulator:
        connected = RepromptMock.connect(emulator.url, control_token="t0ken")
        assert sum(connected.counts().values()) == 0
        connected.close()
        with pytest.raises(ControlError, match="was closed: connect again"):
            connected.counts()


@pytest.mark.parametrize("form", ["{}", "{}/", "{}/v1", "{}/v1/acme/place_enrichment", " {}"])
def test_connect_understands_an_address_however_it_is_written(form: str, emulator: RepromptMock) -> None:
    for url in (emulator.url, emulator.url.removeprefix("http://")):
        with RepromptMock.connect(form.format(url)) as connected:
            assert (connected.url, connected.base_url) == (emulator.url, f"{emulator.url}/v1")
            assert sum(connected.counts().values()) == 0


def test_what_is_no_address_is_answered_with_one() -> None:
    with pytest.raises(ValueError, match=r"'ftp://x' is not the address .* write one such as http://localhost:8780"):
        RepromptMock.connect("ftp://x")


def test_where_no_emulator_answers_one_sentence_says_so() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with (
            RepromptMock.connect(url) as connected,
            pytest.raises(ControlError, match=f"^no emulator answers at {url}") as refusal,
        ):
            connected.counts()

    assert refusal.value.status is None


# The clock


def test_the_clock_is_set_advanced_paused_and_resumed(mock: OrgHandle) -> None:
    mock.clock.set(NOON)
    assert mock.clock.now == NOON
    assert mock.clock.advance(30.5) == NOON + timedelta(seconds=30.5)
    assert mock.clock.now.tzinfo is UTC
    assert (mock.clock.running, mock.clock.speed) == (False, 1.0)
    mock.clock.resume()
    assert (mock.clock.running, mock.clock.speed) == (True, 1.0)
    mock.clock.resume(speed=60)
    mock.clock.pause()
    assert (mock.clock.running, mock.clock.speed) == (False, 60)
    assert mock.clock.now == mock.clock.now


def test_a_time_of_another_zone_is_the_same_moment(mock: OrgHandle) -> None:
    mock.clock.set(NOON.astimezone(timezone(timedelta(hours=9))))

    assert mock.clock.now == NOON


def test_settling_tells_the_time_how_far_it_moved_and_what_is_unfinished(mock: OrgHandle) -> None:
    mock.clock.set(NOON)
    create(mock, "a")
    create(mock, "mock-stuck-1", "c", batch_id="other")

    first = mock.clock.settle("b")
    second = mock.clock.settle()

    assert first.now == NOON + timedelta(seconds=first.advanced_seconds)
    assert first.unfinished == 0
    assert second.unfinished == 1
    assert mock.clock.settle().advanced_seconds == 0


# Rules, faults, settings, journal


def test_rules_are_added_listed_and_removed(mock: OrgHandle) -> None:
    first = mock.rules.add(match={"place_id": "store_*"}, then={"outcome": "failed"}, times=1)
    second, third = mock.rules.add_all([{"then": {"seconds": 1}}, {"then": {"seconds": 2}}])
    create(mock, "store_1", "store_2")

    assert [(rule["id"], rule["served"]) for rule in mock.rules.list()] == [(first, 1), (second, 0), (third, 2)]
    mock.rules.remove(second)
    assert [rule["id"] for rule in mock.rules.list()] == [first, third]
    mock.rules.clear()
    assert mock.rules.list() == []
    mock.clock.settle()
    mock.assert_batch("b", failed=1, completed=1)


def test_faults_are_added_listed_and_removed(mock: OrgHandle) -> None:
    then: FaultThen = {"status": 503, "headers": {"Retry-After": "1"}}
    first = mock.faults.add(match={"operation": "get_batch"}, then=then, times=2)
    second = mock.faults.add(match={"method": "POST"}, then={"abort": "reset"}, skip=1, probability=0.5, when="after")
    create(mock, "a")

    with client(mock) as http:
        responses = [http.get("/batches/b") for _ in range(3)]

    assert [response.status_code for response in responses] == [503, 503, 200]
    assert responses[0].headers["Retry-After"] == "1"
    listed = mock.faults.list()
    assert [(fault["id"], fault["seen"], fault["served"]) for fault in listed] == [(first, 3, 2), (second, 1, 0)]
    assert (listed[1]["skip"], listed[1]["probability"], listed[1]["when"]) == (1, 0.5, "after")
    mock.faults.remove(first)
    assert [fault["id"] for fault in mock.faults.list()] == [second]
    mock.faults.clear()
    assert mock.faults.list() == []


def test_what_a_fault_may_say_besides_is_sent_where_it_is_given(mock: OrgHandle, monkeypatch: Any) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(mock.faults, "_add", lambda spec: sent.append(spec) or ["fault-1"])  # type: ignore[func-returns-value]

    mock.faults.add(then={"status": 503})
    mock.faults.add(then={"abort": "truncate", "as": "gzip"}, per="request")
    mock.faults.add(then={"stale_after_seconds": 1, "headers": {"Retry-After": {"date_in_seconds": 3}}})

    assert "per" not in sent[0]
    assert (sent[1]["then"], sent[1]["per"]) == ({"abort": "truncate", "as": "gzip"}, "request")
    assert sent[2]["then"]["headers"] == {"Retry-After": {"date_in_seconds": 3}}


def test_settings_are_read_and_changed(mock: OrgHandle) -> None:
    assert mock.settings.update(failure_rate=0.5, workers=3)["failure_rate"] == 0.5
    assert mock.settings.get()["workers"] == 3


def test_the_journal_is_searched_and_cleared(mock: OrgHandle) -> None:
    create(mock, "a")
    status(mock)
    status(mock)

    assert [entry["operation"] for entry in mock.journal.find()] == ["create_batch", "get_batch", "get_batch"]
    assert mock.journal.find(operation="create_batch")[0]["body"]["batch_id"] == "b"
    assert len(mock.journal.find(method="GET", path="*/batches/b", status=200, limit=1)) == 1
    mock.journal.clear()
    assert mock.journal.find() == []


def test_the_journal_tells_what_was_told_and_how(mock: OrgHandle) -> None:
    create(mock, "a")
    status(mock)

    first, second = mock.journal.find()

    assert first["facts"]["places"]
    assert second["facts"]["counts"] == {"pending": 1}
    assert second["answer_headers"]["content-type"] == "application/json"
    assert [(entry["sent"], entry["carried_out"]) for entry in (first, second)] == [("whole", True)] * 2
    assert [entry["request_on_connection"] for entry in (first, second)] in ([1, 1], [1, 2], [None, None])


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        ({"status": 200, "sent": "whole"}, "→ 200"),
        ({"status": None, "sent": "half", "fault": "fault-1"}, "→ aborted by fault-1"),
        ({"status": None, "sent": None, "fault": "fault-1"}, "→ under way by fault-1"),
        ({"status": 200, "sent": "client_gone"}, "→ 200, the client had gone"),
    ],
)
def test_a_line_of_the_report_tells_how_a_request_ended(fields: dict[str, Any], end: str) -> None:
    entry = {"sequence": 3, "method": "GET", "path": "/p", "query": {"a": "1"}, "fault": None, **fields}

    assert request_line(cast("JournalEntry", entry)) == f"3 GET /p?a=1 {end}"


def test_release_lets_held_jobs_go(mock: OrgHandle) -> None:
    mock.rules.add(then={"hold": "queued"})
    create(mock, "a", "b", "c")
    mock.clock.advance(10)

    assert mock.release(place_id="a") == 1
    assert mock.release(batch="B") == 2
    assert mock.release() == 0
    assert mock.clock.settle().unfinished == 0


def test_a_snapshot_is_put_back(mock: OrgHandle) -> None:
    create(mock, "a")
    snapshot = mock.snapshot()
    mock.clock.settle()
    assert status(mock) == "completed"

    mock.restore(snapshot)

    assert status(mock) == "pending"


# Other worlds


def test_org_gives_the_same_handle_on_another_world_and_reset_forgets_only_its_own(emulator: RepromptMock) -> None:
    other = emulator.org("other-org")
    create(emulator, "a")
    create(other, "a", "b")

    emulator.reset()

    assert sum(emulator.counts().values()) == 0
    assert sum(other.counts().values()) == 2
    assert (other.url, other.api_key) == (emulator.url, emulator.api_key)
    assert emulator.org("other-org", api_key="another").api_key == "another"
    other.reset()
    assert sum(other.counts().values()) == 0


def test_reset_forgets_everything_of_its_world(mock: OrgHandle) -> None:
    create(mock, "a")
    mock.rules.add(then={"outcome": "failed"})
    mock.faults.add(match={"operation": "enrich"}, then={"status": 503})
    mock.settings.update(failure_rate=1)

    mock.reset()

    assert (mock.rules.list(), mock.faults.list(), mock.journal.find()) == ([], [], [])
    assert mock.settings.get()["failure_rate"] == 0
    assert mock.settings.update(seed=2**62 + 1)["seed"] == mock.settings.get()["seed"] == 2**62 + 1
    assert mock.clock.running is False


# What is refused


REFUSALS: dict[str, tuple[Any, int, str]] = {
    "clock": (lambda mock: mock.clock.advance(-1), 422, "body.seconds: Input should be greater than or equal to 0"),
    "settle": (lambda mock: mock.clock.settle("none"), 404, "The batch 'none' was not found."),
    "rule": (
        lambda mock: mock.rules.add(then={"outcom": "failed"}),
        422,
        "body.then: unknown key 'outcom'; did you mean outcome?",
    ),
    "no-rule": (lambda mock: mock.rules.remove("rule-9"), 404, "The rule 'rule-9' was not found."),
    "fault": (
        lambda mock: mock.faults.add(match={"operation": "get_bach"}, then={}),
        422,
        "body.match: unknown operation 'get_bach'; did you mean get_batch?",
    ),
    "no-fault": (lambda mock: mock.faults.remove("fault-9"), 404, "The fault 'fault-9' was not found."),
    "setting": (
        lambda mock: mock.settings.update(falure_rate=1),
        422,
        "body: unknown key 'falure_rate'; did you mean failure_rate?",
    ),
    "settings": (
        lambda mock: mock.settings.update(failure_rate=2, workers=0),
        422,
        "body.workers: Input should be greater than or equal to 1; "
        "body.failure_rate: Input should be less than or equal to 1",
    ),
    "journal": (
        lambda mock: mock.journal.find(limit=-1),
        422,
        "query.limit: Input should be greater than or equal to 0",
    ),
    "snapshot": (
        lambda mock: mock.restore({**mock.snapshot(), "version": 9}),
        422,
        "body.version: Input should be 1, 2, 3 or 4",
    ),
    "slug": (lambda mock: mock.org("-").counts(), 404, "The organization '-' was not found."),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_is_said_in_a_sentence(name: str, mock: OrgHandle) -> None:
    call, code, sentence = REFUSALS[name]

    with pytest.raises(ControlError) as refusal:
        call(mock)

    assert (refusal.value.status, str(refusal.value)) == (code, sentence)


# Assertions


def test_assertions_pass_on_what_is_true_and_give_what_they_looked_at(mock: OrgHandle) -> None:
    create(mock, "a", "mock-fail-1")
    mock.clock.settle()
    status(mock)

    assert mock.assert_called("create_batch", times=1, status=200)[0]["method"] == "POST"
    assert mock.assert_called("get_batch")
    assert mock.assert_called("enrich", times=0) == []
    assert mock.assert_batch("b", completed=1, failed=1, pending=0)["id"] == "b"
    mock.assert_settled()


ASSERTIONS: dict[str, tuple[Any, type[Exception], list[str]]] = {
    "never-called": (
        lambda mock: mock.assert_called("enrich"),
        AssertionError,
        ["expected enrich at least once, saw it 0 times", "1 POST /v1/test-org/place_enrichment/batches → 200"],
    ),
    "too-often": (
        lambda mock: mock.assert_called("create_batch", times=2, status=200),
        AssertionError,
        ["expected create_batch with status 200 2 times, saw it 1 times"],
    ),
    "batch": (
        lambda mock: mock.assert_batch("b", completed=2),
        AssertionError,
        ["expected {'completed': 2}, batch 'b' has", "pending: ['a']"],
    ),
    "no-batch": (lambda mock: mock.assert_batch("none"), AssertionError, ["reading batch 'none' gave 404"]),
    "no-status": (lambda mock: mock.assert_batch("b", done=1), TypeError, ["unexpected keyword argument 'done'"]),
    "unsettled": (lambda mock: mock.assert_settled(), AssertionError, ["'pending': 1", "advance or settle its clock"]),
}  # fmt: skip


@pytest.mark.parametrize("name", ASSERTIONS)
def test_assertions_tell_what_was_expected_and_what_was_seen(name: str, mock: OrgHandle) -> None:
    call, kind, sentences = ASSERTIONS[name]
    create(mock, "a")

    with pytest.raises(kind) as failure:
        call(mock)

    assert not [sentence for sentence in sentences if sentence not in str(failure.value)], str(failure.value)


def test_asserting_a_batch_is_no_request_of_a_client(mock: OrgHandle) -> None:
    mock.settings.update(poll_advance=60, rate_limit=1)
    create(mock, "a", "b/c?d")
    mock.faults.add(match={"operation": "get_batch"}, then={"status": 503}, times=1)
    mock.faults.add(then={"abort": "reset"})
    before = mock.clock.now

    for _ in range(5):
        batch = mock.assert_batch("b", pending=2, completed=0)

    assert batch["jobs"]["pending"] == ["a", "b/c?d"]
    assert batch["metadata"]["status_counts"]["pending"] == 2
    assert mock.clock.now == before
    assert [(fault["seen"], fault["served"]) for fault in mock.faults.list()] == [(0, 0), (0, 0)]
    mock.assert_called("create_batch", times=1)
    mock.assert_called("get_batch", times=0)


def test_a_batch_is_described_as_the_service_does(mock: OrgHandle) -> None:
    create(mock, "a", "mock-fail-1")
    mock.clock.settle()

    with client(mock) as http:
        assert mock.assert_batch("b") == http.get("/batches/b").json()


def test_a_key_that_no_client_could_use_is_no_hindrance() -> None:
    with RepromptMock(api_keys={"k": "test-org"}, api_key="k", clock="paused") as mock:
        create(mock, "a")
        mock.api_key = "unknown"

        mock.assert_batch("b", pending=1)


def test_fresh_gives_the_world_as_it_was_made() -> None:
    with RepromptMock(clock="paused", failure_rate=1, seed=3, rules=[{"then": {"error": "closed"}}]) as mock:
        before = mock.settings.get()
        create(mock, "a")
        mock.settings.update(failure_rate=0, clock="running", seed=4)
        mock.rules.clear()
        mock.faults.add(then={"status": 503})

        mock.fresh()

        assert mock.settings.get() == before
        assert mock.clock.running is False
        assert len(mock.rules.list()) == 1
        assert (mock.faults.list(), mock.journal.find(), sum(mock.counts().values())) == ([], [], 0)


# Asynchronous tests


def test_it_serves_asynchronous_clients_of_its_own_thread(before: Before) -> None:
    async def work(mock: RepromptMock) -> list[int]:
        url = f"{mock.base_url}/{mock.org_slug}/place_enrichment"
        async with httpx2.AsyncClient(base_url=url, headers={"apiKey": mock.api_key}, trust_env=False) as http:
            answers = [http.post("/enrich", json={"place_id": f"p-{n}", "inputs": LONDON}) for n in range(20)]
            return [response.status_code for response in await asyncio.gather(*answers)]

    with RepromptMock(clock="paused") as mock:
        assert asyncio.run(work(mock)) == [200] * 20
        assert mock.counts()["completed"] == 20
    eventually(lambda: before.leaves_nothing)


def test_it_is_opened_and_closed_within_an_event_loop() -> None:
    async def work() -> str:
        with RepromptMock(clock="paused") as mock:
            url = f"{mock.base_url}/{mock.org_slug}/place_enrichment/attributes"
            async with httpx2.AsyncClient(headers={"apiKey": "k"}, trust_env=False) as http:
                return str((await http.get(url)).json()["custom"])

    assert asyncio.run(work()) == "[]"
