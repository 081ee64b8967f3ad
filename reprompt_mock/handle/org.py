"""A handle on one organization's world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote

from reprompt_mock.handle.conduct import is_as_good, report, without
from reprompt_mock.handle.connection import Connection, ControlError
from reprompt_mock.handle.parts import Clock, Faults, Journal, Rules, Settings
from reprompt_mock.handle.transport import OverSockets
from reprompt_mock.handle.waiting import Waited, in_thread, wait

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reprompt_mock.handle.transport import Transport
    from reprompt_mock.handle.types import JournalEntry, Operation, Rule, Verdict, WaitStatus, WorldOptions

_STATUSES = ("pending", "queued", "in_progress", "completed", "failed")
_NOT_FOUND = 404


class Setup(NamedTuple):
    """A world's settings by name and its rules, in addition to those that its emulator gives every world."""

    settings: WorldOptions | None = None
    rules: Sequence[Rule] = ()


class OrgHandle:
    """A handle on one organization's world.

    Attributes:
        org_slug: the organization.
        api_key: the key that clients of the service send.
        clock: its clock.
        rules: what happens to its jobs.
        faults: what happens to its requests.
        journal: the requests that it received.
        settings: its settings.
    """

    def __init__(self, transport: Transport, *, org_slug: str, api_key: str, setup: Setup | None = None) -> None:
        self._transport = transport
        self._connection = Connection(transport, org_slug)
        self._setup = setup or Setup()
        self.org_slug = org_slug
        self.api_key = api_key
        self.clock = Clock(self._connection)
        self.rules = Rules(self._connection)
        self.faults = Faults(self._connection)
        self.journal = Journal(self._connection)
        self.settings = Settings(self._connection)

    def __reduce__(self) -> tuple[Any, ...]:
        way = (self.url, self._transport.token)
        return _connected, (type(self), way, self.org_slug, self.api_key, self._setup)

    @property
    def url(self) -> str:
        """The emulator's address."""
        return self._transport.url

    @property
    def base_url(self) -> str:
        """The value for the vendor's SDK's `base_url`."""
        return f"{self.url}/v1"

    def org(self, org_slug: str, *, api_key: str | None = None) -> OrgHandle:
        """Return a handle on another world of the same emulator."""
        return OrgHandle(self._transport, org_slug=org_slug, api_key=api_key or self.api_key)

    def reset(self) -> None:
        """Forget this world, as if it had never been used."""
        self._connection.call("DELETE")

    def fresh(self) -> None:
        """Forget this world, then set it up again as this handle's fixture did, with its mark and rules."""
        self.reset()
        self.set_up()

    def set_up(self) -> None:
        """Apply the settings and rules that this handle was created with."""
        if self._setup.settings is not None:
            self.settings.update(**self._setup.settings)  # even if empty: this creates the world, whose time starts now
        if self._setup.rules:
            self.rules.add_all(self._setup.rules)

    def counts(self) -> dict[str, int]:
        """Return the numbers of the world's jobs by status."""
        return dict(self._connection.call("GET")["jobs"])

    def release(self, *, place_id: str | None = None, batch: str | None = None) -> int:
        """Release held jobs whose place id and batch (id or name) match the globs; return their number."""
        return int(self._connection.call("POST", "/release", {"place_id": place_id, "batch": batch})["released"])

    def conduct(self) -> Verdict:
        """Return the verdict on the client, by all its finished requests since the journal was last cleared."""
        verdict: Verdict = self._connection.call("GET", "/conduct")
        return verdict

    def snapshot(self) -> dict[str, Any]:
        """Return the whole world as one JSON-ready document."""
        return dict(self._connection.call("GET", "/snapshot"))

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Replace the world by a snapshot."""
        self._connection.call("PUT", "/snapshot", snapshot)

    def timeline(self, batch_id: str | None = None, *, points: int = 100) -> dict[str, Any]:
        """Return how many jobs of the world or a batch have each status at some times, past and future.

        `times` has `points` times from the first submission to the last finish; each status has a list of counts.
        """
        return dict(self._connection.call("GET", "/timeline", query={"batch_id": batch_id, "points": points}))

    def wait(
        self,
        batch_id: str | None = None,
        *,
        status: WaitStatus | None = None,
        requests: tuple[Operation, int] | None = None,
        timeout_seconds: float = 30,
    ) -> Waited:
        """Wait until a batch has a status, or a number of requests of an operation have come, whichever is first.

        It moves no clock. The batch need not exist yet; without `status` it waits until the batch has finished.
        Requests count since the world began or the journal was cleared. After `timeout_seconds` of real time, at most
        600, it returns what was seen, which is then false: `assert mock.wait("stores")`.
        """
        return wait(self._connection, batch_id, status, requests, timeout_seconds)

    async def wait_async(
        self,
        batch_id: str | None = None,
        *,
        status: WaitStatus | None = None,
        requests: tuple[Operation, int] | None = None,
        timeout_seconds: float = 30,
    ) -> Waited:
        """Wait as `wait` does, without blocking the running event loop."""
        return await in_thread(lambda: wait(self._connection, batch_id, status, requests, timeout_seconds))

    # Assertions

    def assert_called(
        self, operation: Operation, *, times: int | None = None, status: int | None = None
    ) -> list[JournalEntry]:
        """Assert that an operation was called (exactly `times` times, if given); return the journal's entries."""
        __tracebackhide__ = True
        found = self.journal.find(operation=operation, status=status)
        if (times is None and found) or len(found) == times:
            return found
        expected = "at least once" if times is None else f"{times} times"
        answered = "" if status is None else f" with status {status}"
        seen = "\n".join(f"  {line}" for line in map(request_line, self.journal.find(limit=20))) or "  nothing"
        message = f"expected {operation}{answered} {expected}, saw it {len(found)} times; the latest requests:\n{seen}"
        raise AssertionError(message)

    def assert_batch(
        self,
        batch_id: str,
        *,
        pending: int | None = None,
        queued: int | None = None,
        in_progress: int | None = None,
        completed: int | None = None,
        failed: int | None = None,
    ) -> dict[str, Any]:
        """Assert how many jobs of a batch have each named status; return the batch as the service describes it.

        It reads through the control API, so that no fault applies and the clock does not move.
        """
        __tracebackhide__ = True
        given = dict(zip(_STATUSES, (pending, queued, in_progress, completed, failed), strict=True))
        expected = {status: count for status, count in given.items() if count is not None}
        batch = self._read_batch(batch_id)
        actual = {status: len(batch["jobs"][status]) for status in _STATUSES}
        if any(actual[status] != count for status, count in expected.items()):
            lines = [f"  {status}: {batch['jobs'][status][:10]}" for status in _STATUSES if actual[status]]
            raise AssertionError(f"expected {expected}, batch {batch_id!r} has {actual}:\n" + "\n".join(lines))
        return batch

    def _read_batch(self, batch_id: str) -> dict[str, Any]:
        __tracebackhide__ = True
        try:
            return dict(self._connection.call("GET", f"/batches/{quote(batch_id, safe='')}"))
        except ControlError as error:
            if error.status != _NOT_FOUND:
                raise
            raise AssertionError(f"reading batch {batch_id!r} gave 404: {error}") from None

    def assert_good_conduct(
        self, *, ignore: Iterable[str] = (), at_least: Literal["good", "questionable"] = "good"
    ) -> Verdict:
        """Assert that the client behaved at least so well, some rules aside; return the verdict without their findings.

        The failure is advice. Where facts were lost the assertion fails.

        Raises:
            RuleUnknown: a rule that is to be ignored does not exist.
        """
        __tracebackhide__ = True
        verdict = without(self.conduct(), ignore)
        if not is_as_good(verdict, at_least):
            raise AssertionError(self.conduct_report(verdict))
        return verdict

    def conduct_report(self, verdict: Verdict) -> str:
        """Return a verdict as text, with the requests that the journal still has."""
        lines = {entry["sequence"]: request_line(entry) for entry in self.journal.find()} if verdict["findings"] else {}
        return report(verdict, lines)

    def assert_settled(self) -> None:
        """Assert that no job of the world is unfinished."""
        __tracebackhide__ = True
        counts = self.counts()
        if any(counts[status] for status in _STATUSES[:3]):
            raise AssertionError(
                f"expected every job to be finished, the world has {counts}: advance or settle its clock"
            )


def _connected(
    kind: type[OrgHandle], way: tuple[str, str | None], org_slug: str, api_key: str, setup: Setup
) -> OrgHandle:
    """Create a copy of a handle that works in any process, since it connects to the same address."""
    handle = kind.__new__(kind)
    OrgHandle.__init__(handle, OverSockets(*way), org_slug=org_slug, api_key=api_key, setup=setup)
    return handle


def request_line(entry: JournalEntry) -> str:
    """Format a journal entry as one line."""
    status = _outcome(entry)
    fault = f" by {entry['fault']}" if entry["fault"] else ""
    query = "&".join(f"{name}={value}" for name, value in entry["query"].items())
    return f"{entry['sequence']} {entry['method']} {entry['path']}{'?' if query else ''}{query} → {status}{fault}"


def _outcome(entry: JournalEntry) -> str:
    if entry["sent"] is None:
        return "under way"
    status = "aborted" if entry["status"] is None else str(entry["status"])
    return f"{status}, the client had gone" if entry["sent"] == "client_gone" else status
