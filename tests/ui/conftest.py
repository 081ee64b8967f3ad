"""A browser, an emulator, and a client that uses it while the page is open."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from reprompt_mock import RepromptMock

ROOT = Path(__file__).parents[2]
AXE = ROOT / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_MILLISECONDS = 15_000
PLACE = {"name": "Tour Eiffel", "latitude": 48.8584, "longitude": 2.2945}
_REFUSALS = "the server responded with a status of 4"
START = "2026-01-31T09:30:00Z"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one that CHROMIUM names."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "Install Chromium (apt-get install chromium), or name it with CHROMIUM=…"
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        # It runs pages of this machine alone, and as root in continuous integration.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Client:
    """A program that uses one organization of an emulator, while somebody looks at the dashboard."""

    http: httpx2.Client
    url: str
    slug: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Call the service."""
        address = f"{self.url}/v1/{self.slug}/place_enrichment{path}"
        return self.http.request(method, address, json=body, headers=headers)

    def create(self, *place_ids: str, batch_id: str = "stores", **fields: Any) -> None:
        """Create a batch."""
        jobs = [{"place_id": place_id, "inputs": PLACE} for place_id in place_ids]
        body = {"batch_id": batch_id, "batch_name": "Stores", "attribute_set": "core", "jobs": jobs, **fields}
        assert self.call("POST", "/batches", body).status_code == 200

    def control(self, method: str, path: str = "", body: Any = None) -> Any:
        """Call the control API of this world; gives the JSON."""
        answer = self.http.request(method, f"{self.url}/_mock/orgs/{self.slug}{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="session")
def emulator() -> Iterator[RepromptMock]:
    """An emulator whose worlds start with a paused clock."""
    with RepromptMock(clock="paused", seed=7) as mock:
        yield mock


@pytest.fixture
def client(emulator: RepromptMock, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of a fresh organization, whose time is always the same."""
    slug = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:50].strip("-")
    with httpx2.Client(headers={"apiKey": "any"}, trust_env=False) as http:
        client = Client(http, emulator.url, slug)
        client.control("PATCH", "/clock", {"now": START})
        yield client


@dataclass
class Visitor:
    """Somebody who looks at the dashboard."""

    page: Page
    url: str
    slug: str

    def open(self, name: str = "") -> Page:
        """Open a page of the world."""
        self.page.goto(f"{self.url}/_mock/ui/orgs/{self.slug}{name}")
        expect(self.page.locator("h1")).to_be_visible()
        expect(self.page.locator("#link")).to_have_text("Live")
        return self.page


@pytest.fixture
def visit(browser: Browser, client: Client) -> Iterator[Visitor]:
    """A visitor in a window of usual size; nothing may go wrong in the page unnoticed."""
    with watched(browser) as page:
        yield Visitor(page, client.url, client.slug)


class watched:  # noqa: N801 - it is used as a function
    """Open a window, and fail if a script failed or the policy refused something in it."""

    def __init__(self, browser: Browser, *, allowed: str = _REFUSALS, **options: Any) -> None:
        self._context: BrowserContext = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        self._allowed = re.compile(allowed)
        self.complaints: list[str] = []

    def __enter__(self) -> Page:
        page = self._context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not self._allowed.search(message.text):
            self.complaints.append(message.text)

    def __exit__(self, *_: object) -> None:
        self._context.close()
        assert self.complaints == []


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Return what axe finds serious about the accessibility of a page."""
    source = AXE.read_text(encoding="utf-8")

    def run(page: Page) -> list[str]:
        page.evaluate(source)
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)
        return [
            f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
            for one in found["violations"]
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"]
        ]

    return run
