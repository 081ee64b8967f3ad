"""RepromptMock: one typed client of the control API, for tests, the command line and containers alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2

from reprompt_mock.handle.connection import Connection, ControlError
from reprompt_mock.handle.parts import Clock, Faults, Journal, Rules, Settings, Settled

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from reprompt_mock.server import ServerThread

__all__ = ["ControlError", "OrgHandle", "RepromptMock", "Settled"]

DEFAULT_ORG_SLUG = "test-org"
DEFAULT_API_KEY = "test-key"
_TIMEOUT_SECONDS = 120.0
_STATUSES = ("pending", "queued", "in_progress", "completed", "failed")


class OrgHandle:
    """The handle on one organization's world.

    Attributes:
        url: the emulator's address.
        base_url: what the vendor's SDK calls `base_url`.
        org_slug: the organization.
        api_key: the key that clients of the service send.
        clock: its clock.
        rules: what happens to its jobs.
        faults: what happens to its requests.
        journal: the requests that it saw.
        settings: its settings.
    """

    def __init__(self, client: httpx2.Client, url: str, *, org_slug: str, api_key: str) -> None:
        self._client = client
        self._connection = Connection(client, org_slug)
        self.url = url
        self.base_url = f"{url}/v1"
        self.org_slug = org_slug
        self.api_key = api_key
        self.clock = Clock(self._connection)
        self.rules = Rules(self._connection)
        self.faults = Faults(self._connection)
        self.journal = Journal(self._connection)
        self.settings = Settings(self._connection)

    def org(self, org_slug: str, *, api_key: str | None = None) -> OrgHandle:
        """Give the same handle on another world."""
        return OrgHandle(self._client, self.url, org_slug=org_slug, api_key=api_key or self.api_key)

    def reset(self) -> None:
        """Forget this world, as if it had never been used."""
        self._connection.call("DELETE")

    def counts(self) -> dict[str, int]:
        """Count the world's jobs by status."""
        return dict(self._connection.call("GET")["jobs"])

    def release(self, *, place_id: str | None = None, batch: str | None = None) -> int:
        """Let held jobs go on, those whose place id and batch (id or name) match the globs; gives how many."""
        return int(self._connection.call("POST", "/release", {"place_id": place_id, "batch": batch})["released"])

    def snapshot(self) -> dict[str, Any]:
        """Give the whole world as one JSON-ready document."""
        return dict(self._connection.call("GET", "/snapshot"))

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Make the world what a snapshot says, in place of what it was."""
        self._connection.call("PUT", "/snapshot", snapshot)

    # Assertions

    def assert_called(self, operation: str, *, times: int | None = None, status: int | None = None) -> list[Any]:
        """Assert that an operation was called, exactly `times` times where given; gives the journal's entries."""
        __tracebackhide__ = True
        found = self.journal.find(operation=operation, status=status)
        if (times is None and found) or len(found) == times:
            return found
        expected = "at least once" if times is None else f"{times} times"
        answered = "" if status is None else f" with status {status}"
        seen = "\n".join(f"  {line}" for line in map(request_line, self.journal.find(limit=20))) or "  nothing"
        message = f"expected {operation}{answered} {expected}, saw it {len(found)} times; the latest requests:\n{seen}"
        raise AssertionError(message)

    def assert_batch(self, batch_id: str, **counts: int) -> dict[str, Any]:
        """Assert how many jobs of a batch stand in each named status; gives the batch as the service describes it."""
        __tracebackhide__ = True
        batch = self._read_batch(batch_id)
        actual = {status: len(batch["jobs"][status]) for status in _STATUSES}
        unknown = counts.keys() - actual.keys()
        if unknown:
            raise TypeError(f"no job status is called {sorted(unknown)[0]!r}; there are {', '.join(_STATUSES)}")
        if any(actual[status] != count for status, count in counts.items()):
            lines = [f"  {status}: {batch['jobs'][status][:10]}" for status in _STATUSES if actual[status]]
            raise AssertionError(f"expected {counts}, batch {batch_id!r} has {actual}:\n" + "\n".join(lines))
        return batch

    def _read_batch(self, batch_id: str) -> dict[str, Any]:
        path = f"/v1/{self.org_slug}/place_enrichment/batches/{quote(batch_id, safe='')}"
        response = self._client.get(path, headers={"apiKey": self.api_key, "Authorization": ""})
        if response.is_error:
            raise AssertionError(f"reading batch {batch_id!r} gave {response.status_code}: {response.text[:300]}")
        return dict(response.json())

    def assert_settled(self) -> None:
        """Assert that no job of the world is unfinished."""
        __tracebackhide__ = True
        counts = self.counts()
        if any(counts[status] for status in _STATUSES[:3]):
            raise AssertionError(
                f"expected every job to be finished, the world has {counts}: advance or settle its clock"
            )


class RepromptMock(OrgHandle):
    """An emulator and the handle on one of its worlds.

    As a context manager it runs a server of its own in a thread, on a free port. `connect` gives the same handle on
    an emulator that runs already.

    Args:
        org_slug: the organization.
        api_key: the key that clients of the service send.
        settings: the emulator's settings, by name.

    Raises:
        ConfigurationError: a setting is unknown or unusable.
    """

    def __init__(self, *, org_slug: str = DEFAULT_ORG_SLUG, api_key: str = DEFAULT_API_KEY, **settings: Any) -> None:
        from reprompt_mock.server import ServerThread
        from reprompt_mock.settings import load

        loaded = load({"host": "127.0.0.1", "port": 0, **settings})
        self._server: ServerThread | None = ServerThread(loaded)
        super().__init__(
            _client(self._server.url, loaded.control_token), self._server.url, org_slug=org_slug, api_key=api_key
        )

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        org_slug: str = DEFAULT_ORG_SLUG,
        api_key: str = DEFAULT_API_KEY,
        control_token: str | None = None,
    ) -> RepromptMock:
        """Give the handle on an emulator that runs already; closing it leaves the emulator running."""
        mock = cls.__new__(cls)
        mock._server = None
        OrgHandle.__init__(
            mock, _client(url.rstrip("/"), control_token), url.rstrip("/"), org_slug=org_slug, api_key=api_key
        )
        return mock

    def start(self) -> Self:
        """Start the server, and wait until it answers."""
        if self._server is not None:
            self._server.start()
        return self

    def close(self) -> None:
        """Stop the server, and close the connections."""
        self._client.close()
        if self._server is not None:
            self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _client(url: str, control_token: str | None) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {control_token}"} if control_token else {}
    is_secure = url.startswith("https:")  # reading the certificates takes 20 ms, which plain HTTP need not wait for
    return httpx2.Client(base_url=url, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False, verify=is_secure)


def request_line(entry: dict[str, Any]) -> str:
    """Show a journal's entry in one line."""
    status = "aborted" if entry["status"] is None else entry["status"]
    fault = f" by {entry['fault']}" if entry["fault"] else ""
    query = "&".join(f"{name}={value}" for name, value in entry["query"].items())
    return f"{entry['sequence']} {entry['method']} {entry['path']}{'?' if query else ''}{query} → {status}{fault}"
