"""How the pages look: accessible by the rules of axe, light and dark, narrow and wide; and their pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.ui.conftest import PLACE, ROOT, Client, watched

PAGES = {
    "world": "", "batch": "/batch?id=stores", "place": "/place?batch=stores&id=store-12", "journal": "/journal",
    "request": "/request?sequence=1", "rules": "/rules", "faults": "/faults", "settings": "/settings",
    "conduct": "/conduct", "alone": "/batch?id=", "found": "/batch?id=stores&q=fail", "asked": "/journal?batch=stores",
}  # fmt: skip
PICTURES = ("world", "batch", "journal", "place")
FOLDER = ROOT / ("docs/guides/images" if os.environ.get("SCREENSHOTS") else "build/screenshots")
MOST_BYTES = 150_000


@pytest.fixture
def used(client: Client) -> Client:
    """A world in which something of everything has happened."""
    client.slug = "acme"
    client.control("DELETE")
    client.control("PATCH", "/clock", {"now": "2026-01-31T09:30:00Z"})
    client.control("POST", "/rules", {"match": {"place_id": "store-1?"}, "then": {"outcome": "failed"}})
    held = {"match": {"place_id": "store-99"}, "then": {"hold": "queued"}}
    client.control("POST", "/rules", held)
    fault = {"match": {"operation": "get_batch"}, "then": {"status": 503, "headers": {"Retry-After": "1"}}, "times": 1}
    client.control("POST", "/faults", fault)
    client.create(*(f"store-{number}" for number in range(300)))
    client.create("a", "b", batch_id="cafes", batch_name="Cafés")
    client.call("POST", "/jobs", {"place_id": "alone", "inputs": PLACE, "attribute_set": "core"})
    client.control("POST", "/clock/advance", {"seconds": 6})
    for path in ("/batches/stores", "/batches/stores", "/jobs?batchId=stores&limit=100", "/batches/none"):
        client.call("GET", path)
    client.control("PATCH", "/settings", {"export_inline_rows": 0})
    client.call("POST", "/exports", {"batch_ids": ["stores", "cafes"]})
    return client


def show(page: Page, client: Client, name: str) -> None:
    page.goto(f"{client.url}/_mock/ui/orgs/{client.slug}{PAGES[name]}")
    expect(page.locator("h1")).to_be_visible()
    if name in {"world", "batch"}:
        expect(page.locator(".chart polygon").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Browser, used: Client, axe: Callable[[Page], list[str]], scheme: str
) -> None:
    with watched(browser, color_scheme=scheme, reduced_motion="reduce") as page:
        found = {}
        for name in PAGES:
            show(page, used, name)
            found[name] = axe(page)
        page.goto(f"{used.url}/_mock/ui/")
        expect(page.locator("h1")).to_be_visible()
        found["worlds"] = axe(page)
        page.goto(f"{used.url}/_mock/ui/orgs/unused")
        expect(page.get_by_text("No batch yet")).to_be_visible()
        found["empty"] = axe(page)
        page.goto(f"{used.url}/_mock/ui/orgs/unused/batch?id=")
        expect(page.locator("#first-job")).to_be_visible()
        found["none alone"] = axe(page)
        page.goto(f"{used.url}/_mock/ui/orgs/unused/batch?id=none")
        expect(page.get_by_role("link", name="To its world")).to_be_visible()
        found["missing"] = axe(page)
    assert {name: some for name, some in found.items() if some} == {}


@pytest.mark.parametrize("width", [400, 768, 1600])
def test_no_page_is_wider_than_its_window(browser: Browser, used: Client, width: int) -> None:
    with watched(browser, viewport={"width": width, "height": 800}) as page:
        for name in PAGES:
            show(page, used, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_pictures_of_four_pages_are_made(browser: Browser, used: Client) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with watched(browser, viewport={"width": 1100, "height": 820}) as page:
        for name in PICTURES:
            show(page, used, name)
            file = Path(FOLDER / f"dashboard-{name}.png")
            page.screenshot(path=file, animations="disabled")
            assert 0 < file.stat().st_size <= MOST_BYTES
