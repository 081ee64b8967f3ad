"""The demo: starts an emulator and drives real places through the five batch endpoints."""

from __future__ import annotations

import sys
import time
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from reprompt_mock import samples
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx2

_SPEED = 20.0
_PACE = {"pending_seconds": 5.0, "queued_seconds": 5.0, "processing_seconds": 10.0}
_SETTINGS = {"port": 0, "seed": 8, "speed": _SPEED, "failure_rate": 0.15, "attribute_error_rate": 0.02, **_PACE}
_SERVICE = "/v1/demo/place_enrichment"
_PAGE = 100
_ROWS = 12
_WIDEST = 110
_POLL_SECONDS = 5 / _SPEED
"""The guide asks for five seconds, and the demo's pass faster."""
_WAIT_SECONDS = 60
_FINISHED = ("completed", "failed")
_INTERRUPTED = 130


def run() -> int:
    """Run the demo, which takes about ten seconds, and return its exit code."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the places' names use 26 scripts
    server = ServerThread(load(_SETTINGS, environ={}))
    server.start()
    try:
        _drive(server.url)
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        server.stop()
    return 0


def _drive(url: str) -> None:
    import httpx2

    console = Console()
    console.width = min(console.width, _WIDEST)
    console.print(f"Emulator running at {url}, {_SPEED:g} times as fast as the service.", soft_wrap=True)
    # No proxy: the emulator runs on this machine.
    with httpx2.Client(
        base_url=url + _SERVICE, headers={"apiKey": "demo"}, timeout=_WAIT_SECONDS, trust_env=False
    ) as http:
        _Tour(console, _Service(http)).take()


class _Service:
    """The five batch endpoints."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http

    def create(self, body: Mapping[str, Any]) -> Any:
        return self._call("POST", "/batches", json=body)

    def status(self, batch_id: str) -> Any:
        return self._call("GET", f"/batches/{batch_id}")

    def results(self, batch_id: str) -> list[dict[str, Any]]:
        """Fetch all pages."""
        jobs: list[dict[str, Any]] = []
        while True:
            params = {"batchId": batch_id, "limit": _PAGE, "offset": len(jobs)}
            page = self._call("GET", "/jobs", params=params)
            jobs += page["jobs"]
            if len(jobs) >= page["total"]:
                return jobs

    def reprocess(self, batch_id: str, body: Mapping[str, Any]) -> Any:
        return self._call("POST", f"/batches/{batch_id}/reprocess", json=body)

    def batches(self) -> Any:
        return self._call("GET", "/batches")

    def _call(self, method: str, path: str, **options: Any) -> Any:
        response = self._http.request(method, path, **options)
        response.raise_for_status()
        return response.json()


class _Tour:
    """The steps of the demo."""

    def __init__(self, console: Console, service: _Service) -> None:
        self._console = console
        self._service = service

    def take(self) -> None:
        """Create a batch, poll it, read the results, reprocess the failed places and list the batches."""
        places = samples.places()
        countries = {place["inputs"]["country_code"] for place in places}
        self._step("POST /batches", f"{len(places)} real places in {len(countries)} countries")
        batch_id = self._create(places)
        self._say(f"Created batch {batch_id}")
        self._follow(batch_id)
        self._step("GET /jobs", f"all results, {_PAGE} per page; the first {_ROWS}:")
        before = self._service.results(batch_id)
        self._console.print(_results(before[:_ROWS]))
        self._reprocess(batch_id, before)
        self._step("GET /batches", "the organization's batches:")
        self._console.print(_batches(self._service.batches()["batches"]))

    def _create(self, places: Sequence[Mapping[str, Any]]) -> str:
        body = {"batch_name": "Real places", "attribute_set": "core", "jobs": places}
        batch_id: str = self._service.create(body)["id"]
        return batch_id

    def _reprocess(self, batch_id: str, before: Sequence[Mapping[str, Any]]) -> None:
        self._step("POST /batches/{batch_id}/reprocess", "the failed places again")
        self._say(self._service.reprocess(batch_id, samples.request("reprocess_default"))["message"])
        self._follow(batch_id)
        failed = [job for job in before if job["status"] == "failed"]
        after = {job["place_id"]: job for job in self._service.results(batch_id)}
        pairs = [(job, after[job["place_id"]]) for job in failed]
        mended = sum(now["status"] == "completed" for _, now in pairs)
        self._say(f"{len(pairs)} places were reprocessed, {mended} of them completed; the first {_ROWS}:")
        self._console.print(_reprocessed(pairs[:_ROWS]))

    def _follow(self, batch_id: str) -> None:
        """Poll the batch until all its jobs have finished."""
        self._step("GET /batches/{batch_id}", "poll until all jobs have finished")
        deadline = time.monotonic() + _WAIT_SECONDS
        with _progress(self._console) as bar:
            task = bar.add_task("pending", total=None, completed=0, failed=0)
            while time.monotonic() < deadline:
                batch = self._service.status(batch_id)
                counts = batch["metadata"]["status_counts"]
                finished, total = sum(counts[status] for status in _FINISHED), sum(counts.values())
                bar.update(task, description=batch["status"], completed=finished, total=total, failed=counts["failed"])
                if finished == total:
                    return
                time.sleep(_POLL_SECONDS)
        raise TimeoutError("The batch did not finish in time.")

    def _step(self, call: str, what: str) -> None:
        self._console.print(f"\n[bold]{call}[/bold]  {what}", highlight=False)

    def _say(self, what: str) -> None:
        self._console.print(what, highlight=False, soft_wrap=True)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<11}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("finished, {task.fields[failed]} failed"),
        TimeElapsedColumn(),
        console=console,
    )


def _table(**columns: int) -> Table:
    """Create a table; a column's number is its share of the spare width, or 0 to fit its content."""
    table = Table(expand=True)
    for name, share in columns.items():
        table.add_column(name, overflow="ellipsis", no_wrap=True, ratio=share or None)
    return table


def _results(jobs: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(Place=3, Status=0, Phone=0, Website=2)
    for job in jobs:
        found = (job["outputs"].get(key) or "" for key in ("phone", "website"))
        table.add_row(job["inputs"]["name"], job["status"], *found)
    return table


def _reprocessed(pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Table:
    table = _table(Place=1, Before=0, Reason=0, Now=0)
    for before, now in pairs:
        table.add_row(before["inputs"]["name"], before["status"], _code(before), now["status"])
    return table


def _code(job: Mapping[str, Any]) -> str:
    """Return the code of the job's first error."""
    errors = job["job_metadata"]["enrichment_metadata"].values()
    return next((error["code"] for error in errors), "")


def _batches(batches: Sequence[Mapping[str, Any]]) -> Table:
    table = _table(Batch=1, Status=0, Completed=0, Failed=0)
    for batch in batches:
        counts = batch["status_counts"]
        table.add_row(batch["batch_name"], batch["status"], str(counts["completed"]), str(counts["failed"]))
    return table
