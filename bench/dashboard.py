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
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from bench.load import Load, Running, requests_per_second
from bench.servers import KEY, Bay, Target

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from bench.servers import Server

_JOBS = 50_000
_BATCHES = "/v1/acme/place_enrichment/batches"
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_WATCH = """() => {
  window.changed = null;
  new MutationObserver(() => { window.changed = Date.now(); })
    .observe(document.querySelector('#clock'), {subtree: true, attributes: true});
}"""
_UPDATES = 20
_SECONDS = 5.0
_ROUNDS = 3


def main() -> None:
    """Measure, and print a table."""
    bay = Bay(Target())
    server = bay.start(bay.ours_command(), bay.target.root)
    try:
        with sync_playwright() as playwright:
            path = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            _measure(server, browser)
            browser.close()
    finally:
        server.stop()
        bay.close()


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
    print(_loss(server, page, f"{pages}/journal"))


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
    taken = []
    for _ in range(_UPDATES):
        page.evaluate(_WATCH)
        start = time.time()
        server.call("POST", "/_mock/orgs/acme/clock/advance", b'{"seconds": 0.001}')
        while page.evaluate("window.changed") is None:
            page.wait_for_timeout(5)
        taken.append(float(page.evaluate("window.changed")) - start * 1e3)
        page.wait_for_timeout(1500)
    median, longest = statistics.median(taken), max(taken)
    return (
        f"| from the request that changes the clock to its showing; the longest | {median:.0f} ms; {longest:.0f} ms |"
    )


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
    """Compare the emulator's own time for a request, since page and load generator compete for the machine's cores."""
    alone, watched = [], []
    for _ in range(_ROUNDS):
        page.goto("about:blank")
        page.wait_for_timeout(500)
        alone.append(_cost(server))
        page.goto(address)
        page.locator("#requests").wait_for()
        watched.append(_cost(server))
    before, after = statistics.median(alone), statistics.median(watched)
    what = "the emulator's time for a request; the share that an open journal takes"
    return f"| {what} | {before * 1e6:.0f} µs; {1 - before / after:.1%} |"


def _cost(server: Server) -> float:
    """Return the processor's seconds that the emulator takes for a request while it is busy all the time."""
    load = Load(server.port, f"{_BATCHES}?limit=1", key=KEY, seconds=_SECONDS)
    start = _processor_seconds(server.process.pid)
    rate = requests_per_second(load)
    return (_processor_seconds(server.process.pid) - start) / (rate * _SECONDS)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
