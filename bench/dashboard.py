"""The dashboard in a browser: `python -m bench.dashboard`, with what `make test-ui` installs.

Everything is measured in one run: how soon a page is painted, how soon it shows a change, how busy it keeps its core,
and what an open page costs the emulator.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from bench.load import Load, Running, requests_per_second
from bench.servers import KEY, Bay, Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from bench.servers import Server

_JOBS = 50_000
_BATCHES = "/v1/acme/place_enrichment/batches"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_WATCH = """() => {
  window.changes = [];
  new MutationObserver(() => { window.changes.push(Date.now()); })
    .observe(document.querySelector('#clock'), {subtree: true, attributes: true});
}"""
_UPDATES = 300
_UPDATE_MILLISECONDS = 300
_SECONDS = 5.0
_ROUNDS = 3
_LOSS_ROUNDS = 16
_LOSS_SECONDS = 1.0
_CALM_MILLISECONDS = 300


def main() -> None:
    """Measure, and print a table."""
    bay = Bay(Target())
    server = bay.start(bay.ours_command(), bay.target.root)
    try:
        with _opened() as browser:
            _measure(server, browser)
        _settle_on(server.process.pid)
        with _opened() as browser:
            print(_loss(server, browser.new_page(), f"http://127.0.0.1:{server.port}/_mock/ui/orgs/acme/journal"))
    finally:
        server.stop()
        bay.close()


@contextmanager
def _opened() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def _measure(server: Server, browser: Browser) -> None:
    place = {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945}
    jobs = [{"place_id": f"place-{number}", "inputs": place} for number in range(_JOBS)]
    body = {"batch_id": "b", "batch_name": "B", "attribute_set": "core", "jobs": jobs}
    server.call("POST", _BATCHES, json.dumps(body).encode())
    server.call("POST", "/_mock/orgs/acme/clock/advance", b'{"seconds": 60}')
    page = browser.new_page()
    pages = f"http://127.0.0.1:{server.port}/_mock/ui/orgs/acme"
    page.goto(f"{pages}/settings")  # which loads what renders pages
    page.locator("h1").wait_for()
    print(f"| what | figure |\n| --- | --- |\n{_paints(page, f'{pages}/batch?id=b')}")
    print(_updates(server, page, pages))
    print(_busyness(server, page, pages))


def _paints(page: Page, address: str) -> str:
    painted, shown = [], []
    for _ in range(_ROUNDS):
        start = time.monotonic()
        page.goto(address)
        page.locator("#jobs tbody tr").first.wait_for()
        shown.append((time.monotonic() - start) * 1e3)
        painted.append(float(page.evaluate(_PAINT)))
        page.locator(".chart polygon").first.wait_for()
    first, jobs = statistics.median(painted), statistics.median(shown)
    return f"| first paint of a batch of {_JOBS:,} jobs; its jobs on the page | {first:.0f} ms; {jobs:.0f} ms |"


def _updates(server: Server, page: Page, address: str) -> str:
    page.goto(address)
    page.locator("#clock time").wait_for()
    page.wait_for_timeout(1000)
    page.evaluate(_WATCH)
    sent, answered = [], []
    for _ in range(_UPDATES):
        sent.append(time.time() * 1e3)
        server.call("POST", "/_mock/orgs/acme/clock/advance", b'{"seconds": 0.001}')
        answered.append(time.time() * 1e3)
        page.wait_for_timeout(_UPDATE_MILLISECONDS)
    shown = [float(moment) for moment in page.evaluate("window.changes")]
    from_request = _waits(sent, sent, shown)
    from_event = _waits(sent, answered, shown)
    return (
        f"| {_UPDATES} updates, from the request that changes the clock to its showing | {_spread(from_request)} |\n"
        f"| … from its commit, which is the event | {_spread(from_event)} |"
    )


def _waits(sent: list[float], since: list[float], shown: list[float]) -> list[float]:
    """Return for how long each change was waited for; what was never shown counts until the next was sent, or 10 s."""
    waits = []
    for start, begin, end in zip(sent, since, [*sent[1:], sent[-1] + 1e4], strict=True):
        waits.append(max(next((moment for moment in shown if start <= moment < end), end) - begin, 0.0))
    return waits


def _spread(waits: list[float]) -> str:
    ordered = sorted(waits)
    median, high = statistics.median(ordered), ordered[len(ordered) * 99 // 100]
    return f"median {median:.0f} ms, p99 {high:.0f} ms, longest {ordered[-1]:.0f} ms"


def _busyness(server: Server, page: Page, address: str) -> str:
    page.goto(f"{address}/journal")
    page.locator("#requests").wait_for()
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    load = Running(Load(server.port, f"{_BATCHES}?limit=1", key=KEY, rate=100.0))
    page.wait_for_timeout(1000)
    before, start = _task_seconds(session), time.monotonic()
    page.wait_for_timeout(_SECONDS * 1000)
    share = (_task_seconds(session) - before) / (time.monotonic() - start)
    load.stop()
    return f"| share of a core that the journal takes at 100 requests/s | {share:.0%} |"


def _task_seconds(session: object) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]  # type: ignore[attr-defined] # it has no public type
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def _loss(server: Server, page: Page, address: str) -> str:
    """Compare the emulator's own time for a request, since page and load generator compete for the machine's cores.

    Rounds with and without the page take turns, and are short, so that whatever else the machine does meets both.
    """
    costs, shares = [], []
    for _ in range(_LOSS_ROUNDS):
        page.goto("about:blank")
        page.wait_for_timeout(_CALM_MILLISECONDS)
        _, alone = _cost(server), _cost(server)
        page.goto(address)
        page.locator("#requests").wait_for()
        page.wait_for_timeout(_CALM_MILLISECONDS)
        _, watched = _cost(server), _cost(server)  # a page takes more at first, until it has used up its credit
        costs.append(alone)
        shares.append(1 - alone / watched)
    low, middle, high = statistics.quantiles(shares, n=4)
    what = "the emulator's time for a request when it is busy; the share that an open journal takes"
    return (
        f"| {what} | {statistics.median(costs) * 1e6:.0f} µs; {middle:.1%} (half of {_LOSS_ROUNDS} rounds: {low:.1%} to"
        f" {high:.1%}) |"
    )


def _settle_on(pid: int) -> None:
    """Reserve the first core for a process: whatever is started from here on gets the others."""
    first, *others = sorted(os.sched_getaffinity(0))
    if others:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {first})
        os.sched_setaffinity(0, set(others))


def _cost(server: Server) -> float:
    """Return the processor's seconds that the emulator takes for a request while it is busy all the time."""
    load = Load(server.port, f"{_BATCHES}?limit=1", key=KEY, seconds=_LOSS_SECONDS)
    start = _processor_seconds(server.process.pid)
    rate = requests_per_second(load)
    return (_processor_seconds(server.process.pid) - start) / (rate * _LOSS_SECONDS)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
