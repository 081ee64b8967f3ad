"""What people do with the dashboard, from the first batch to a world that is put elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx2
from playwright.sync_api import Browser, Page, expect

from reprompt_mock import RepromptMock
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import load
from tests.ui.conftest import PLACE, Client, Visitor, watched

MARKUP = "<b>x</b>"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def said(page: Page, text: str) -> None:
    expect(page.locator("#said")).to_contain_text(text)


def test_a_batch_is_watched_from_create_to_reprocess(visit: Visitor, client: Client) -> None:
    page = visit.open()
    expect(page.get_by_text("No batch yet")).to_be_visible()
    expect(page.locator("#first-batch")).to_contain_text(f"/v1/{client.slug}/place_enrichment/batches")
    client.create("a", "b", "mock-flaky-c")
    page.get_by_role("link", name="Stores").click()
    expect(page.locator("h1")).to_have_text("Stores")
    expect(page.locator("#progress")).to_contain_text("3 pending")
    expect(page.locator(".chart polygon")).to_have_count(5)
    client.control("POST", "/clock/advance", {"seconds": 2})
    expect(page.locator("#progress")).not_to_contain_text("pending")
    press(page, "Settle")
    said(page, "0 jobs are unfinished")
    expect(page.locator("#progress")).to_contain_text("1 failed")
    expect(page.locator("#jobs tr", has_text="mock-flaky-c")).to_contain_text("failed")
    press(page, "Reprocess failed")
    said(page, "1 jobs run again")
    press(page, "Settle")
    expect(page.locator("#progress")).to_contain_text("3 completed")
    expect(page.locator("#jobs tr", has_text="mock-flaky-c").locator("td.n")).to_have_text("2")


def test_jobs_without_a_batch_are_watched_as_a_batch_is(visit: Visitor, client: Client) -> None:
    page = visit.open("/batch?id=")
    expect(page.locator("#first-job")).to_contain_text(f"/v1/{client.slug}/place_enrichment/jobs")
    body = {"place_id": "mock-fail-alone", "inputs": PLACE, "attribute_set": "core"}
    assert client.call("POST", "/jobs", body).is_success
    expect(page.locator("#progress")).to_contain_text("1 pending")
    expect(page.locator(".chart polygon")).to_have_count(5)
    press(page, "Settle the world")
    expect(page.locator("#jobs tr", has_text="mock-fail-alone")).to_contain_text("failed")
    page.get_by_role("link", name="mock-fail-alone").click()
    page.get_by_role("link", name="jobs without a batch").click()
    expect(page.locator("#progress")).to_contain_text("1 failed")


def test_a_fault_is_made_of_a_request(visit: Visitor, client: Client) -> None:
    client.create("a")
    page = visit.open("/journal")
    client.call("GET", "/batches/stores")
    page.locator("tr", has_text="get_batch").get_by_role("link").first.click()
    expect(page.locator("#curl")).to_contain_text("$REPROMPT_API_KEY")
    page.get_by_role("link", name="Make a fault of it").click()
    expect(page.get_by_label("operation", exact=True)).to_have_value("get_batch")
    press(page, "Add the fault")
    said(page, "Added fault-1")
    expect(page.locator("#fault-1")).to_contain_text("served 0 of 1")
    assert [client.call("GET", "/batches/stores").status_code for _ in range(2)] == [503, 200]
    expect(page.locator("#fault-1")).to_contain_text("seen 2, served 1 of 1")
    press(page, "Delete fault-1")
    expect(page.get_by_text("No faults")).to_be_visible()


def test_a_rule_fails_one_place(visit: Visitor, client: Client) -> None:
    client.create("a*", "ab")
    client.control("POST", "/clock/settle")
    page = visit.open("/batch?id=stores&q=*")
    page.get_by_role("link", name="a*").click()
    expect(page.locator("#job")).to_contain_text("the draw decided")
    page.get_by_role("link", name="Make a rule for it").click()
    expect(page.get_by_label("place_id", exact=True)).to_have_value("a[*]")
    page.get_by_label("outcome", exact=True).select_option("failed")
    press(page, "Add the rule")
    said(page, "Added rule-1")
    client.call("POST", "/batches/stores/reprocess", {"failed_only": False})
    client.control("POST", "/clock/settle")
    assert client.call("GET", "/batches/stores").json()["jobs"]["failed"] == ["a*"]
    expect(page.locator("#rule-1")).to_contain_text("served 1")


def test_the_next_attempt_of_a_place_fails_by_one_click(visit: Visitor, client: Client) -> None:
    client.create("a", "b")
    client.control("POST", "/clock/settle")
    page = visit.open("/place?batch=stores&id=a")
    press(page, "Fail the next attempt")
    said(page, "Attempt 2 will fail")
    press(page, "Reprocess")
    said(page, "1 job runs again")
    client.control("POST", "/clock/settle")
    expect(page.locator("#job .card")).to_contain_text("failed")


def test_a_form_shows_each_error_at_its_field(visit: Visitor, client: Client) -> None:
    page = visit.open("/rules")
    page.get_by_label("seconds", exact=True).fill("-1")
    page.get_by_label("attributes", exact=True).fill('{"websites": "LOST"}')
    press(page, "Add the rule")
    for label, error in (("seconds", "greater than or equal to 0"), ("attributes", "Input should be")):
        field = page.get_by_label(label, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.locator(f"#{field.get_attribute('id')}-error")).to_contain_text(error)
    expect(page.get_by_label("seconds", exact=True)).to_be_focused()
    page.get_by_label("attributes", exact=True).fill("{")
    press(page, "Add the rule")
    expect(page.locator("#f-then-attributes-error")).to_have_text("This is not JSON.")
    page.get_by_label("attributes", exact=True).fill('{"webistes": "ERROR"}')
    page.get_by_label("seconds", exact=True).fill("1")
    press(page, "Add the rule")
    expect(page.get_by_role("alert").filter(has_text="did you mean websites")).to_be_visible()
    assert client.control("GET", "/rules") == {"rules": []}


def test_settings_change_only_where_something_was_changed(visit: Visitor, client: Client) -> None:
    page = visit.open("/settings")
    page.get_by_label("seed", exact=True).fill("9223372036854775807")
    page.get_by_label("failure_rate", exact=True).fill("2")
    press(page, "Change the settings")
    expect(page.locator("#f-failure_rate-error")).to_contain_text("less than or equal to 1")
    page.get_by_label("failure_rate", exact=True).fill("1")
    page.get_by_label("strict_attributes", exact=True).select_option("true")
    press(page, "Change the settings")
    said(page, "Changed")
    changed = client.control("GET", "/settings")
    assert (changed["seed"], changed["failure_rate"], changed["strict_attributes"]) == ("9223372036854775807", 1, True)


def test_time_is_advanced_by_buttons_keys_and_dragging(visit: Visitor, client: Client) -> None:
    client.create(*(f"place-{number}" for number in range(20)))
    page = visit.open()
    clock = page.locator("#clock time")
    expect(clock).to_have_text("2026-01-31 09:30:00")
    press(page, "+1 s")
    expect(clock).to_have_text("2026-01-31 09:30:01")
    scrub = page.locator(".scrub")
    scrub.focus()
    page.keyboard.press("PageUp")
    said(page, "Advanced by")
    expect(clock).not_to_have_attribute("datetime", "2026-01-31T09:30:01.000000Z")
    before = client.control("GET", "/clock")["now"]
    box = scrub.bounding_box()
    assert box is not None
    thumb = 8 + (box["width"] - 16) * float(scrub.input_value()) / 1000
    scrub.hover(position={"x": thumb, "y": box["height"] / 2})  # once it no longer moves under what is said above it
    box = scrub.bounding_box()
    assert box is not None
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2, steps=5)
    expect(page.locator(".readout")).to_contain_text("20 completed")
    assert client.control("GET", "/clock")["now"] == before
    page.mouse.up()
    expect(page.locator("#batches")).to_contain_text("20 completed")
    page.keyboard.press("Home")
    said(page, "Time does not go back")


def test_a_running_clock_ticks_on_the_page(visit: Visitor, client: Client) -> None:
    client.create("a")
    page = visit.open()
    press(page, "Resume")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator("#batches")).to_contain_text("1 completed")
    shown = page.locator("#clock time").inner_text()
    expect(page.locator("#clock time")).not_to_have_text(shown)


def test_counts_are_told_where_the_pointer_is_and_as_a_table(visit: Visitor, client: Client) -> None:
    client.create("a", "b")
    page = visit.open("/batch?id=stores")
    page.locator(".chart svg").hover(position={"x": 2, "y": 20})
    expect(page.locator(".readout")).to_contain_text("2026-01-31 09:30:00: 2 pending, 0 queued")
    page.get_by_text("As a table").click()
    expect(page.locator(".moments tbody tr").last).to_contain_text("0002")


def test_a_snapshot_is_saved_and_put_into_another_world(visit: Visitor, client: Client, tmp_path: Path) -> None:
    client.create("a", "mock-fail-b")
    client.control("POST", "/clock/settle")
    page = visit.open()
    with page.expect_download() as saved:
        press(page, "Save to a file")
    assert saved.value.suggested_filename == f"{client.slug}.snapshot.json"
    file = tmp_path / "saved.json"
    saved.value.save_as(file)
    other = Client(client.http, client.url, "other-world")
    page.goto(f"{client.url}/_mock/ui/orgs/{other.slug}")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_label("Replace this world by the file").set_input_files(file)
    press(page, "Restore")
    assert other.control("GET")["batches"] == 0
    page.once("dialog", lambda dialog: dialog.accept())
    press(page, "Restore")
    said(page, "other-world is as the file says")
    expect(page.locator("#batches")).to_contain_text("1 failed")
    assert other.call("GET", "/batches/stores").json()["status"] == "completed"


def test_a_broken_snapshot_is_refused_with_a_reason(visit: Visitor, client: Client, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text(json.dumps({"version": 1}))
    page = visit.open()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Replace this world by the file").set_input_files(file)
    press(page, "Restore")
    expect(page.get_by_role("alert").filter(has_text=re.compile("digest|version|data"))).to_be_visible()


def test_it_is_found_in_three_clicks_why_the_third_page_was_never_fetched(visit: Visitor, client: Client) -> None:
    client.create(*(f"place-{number}" for number in range(25)))
    page = visit.open()
    client.control("POST", "/clock/settle")
    client.call("GET", "/batches/stores")
    for offset in (0, 10):
        client.call("GET", f"/jobs?batchId=stores&limit=10&offset={offset}")
    verdict = page.get_by_role("link", name="bad")
    expect(page.locator("#standing")).to_contain_text("error")
    verdict.click()
    finding = page.locator("article", has_text="pages_missed")
    expect(finding).to_contain_text("25")
    finding.get_by_role("link", name=re.compile("^request")).last.click()
    expect(page.locator("#request")).to_contain_text("offset")
    expect(page.locator("#request")).to_contain_text('"total": 25')


def test_what_is_called_like_markup_is_shown_as_it_is_called(visit: Visitor, client: Client) -> None:
    client.create(MARKUP, batch_id="<b>y", batch_name=MARKUP)
    page = visit.open()
    page.get_by_role("link", name=MARKUP).click()
    expect(page.locator("h1")).to_have_text(MARKUP)
    page.get_by_role("link", name=MARKUP).click()
    expect(page.locator("h1")).to_have_text(MARKUP)
    expect(page).to_have_title(f"{MARKUP} · reprompt-mock")
    assert page.locator("main b", has_text=re.compile("^[xy]$")).count() == 0


def test_all_worlds_are_on_one_page_and_new_ones_come_by_themselves(visit: Visitor, client: Client) -> None:
    page = visit.page
    page.goto(f"{client.url}/_mock/ui/?q={client.slug}")
    client.create("a")
    page.get_by_role("link", name=client.slug, exact=True).click()
    expect(page.locator("h1")).to_have_text(client.slug)


def test_a_page_about_what_is_not_there_yet_shows_it_once_it_is(visit: Visitor, client: Client) -> None:
    page = visit.page
    page.goto(f"{client.url}/_mock/ui/orgs/{client.slug}/batch?id=stores")
    expect(page.get_by_text("The batch 'stores' was not found.")).to_be_visible()
    expect(page.get_by_role("link", name="To its world")).to_have_attribute("href", f"/_mock/ui/orgs/{client.slug}/")
    client.create("a")
    expect(page.locator("h1")).to_have_text("Stores")


def test_without_a_mouse_everything_can_be_reached(visit: Visitor, client: Client) -> None:
    client.create("a")
    page = visit.open()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the page")).to_be_focused()
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.className"))
        if seen[-1] == "+1 s":
            page.keyboard.press("Enter")
            said(page, "It is 2026-01-31T09:30:01")
    assert {"Journal", "Resume", "Settle", "scrub", "Stores", "Save to a file", "Forget this world"} <= set(seen)


def test_every_form_is_filled_in_and_sent_by_keyboard_alone(visit: Visitor, client: Client) -> None:
    client.create("a", "b")
    page = visit.open()

    def fill(label: str, text: str) -> None:
        page.get_by_label(label, exact=True).focus()
        page.keyboard.type(text)
        page.keyboard.press("Enter")

    fill("Advance by seconds", "soon")
    expect(page.locator("#advance-error")).to_contain_text("valid number")
    page.keyboard.press("ControlOrMeta+a")
    fill("Advance by seconds", "2.5")
    said(page, "It is 2026-01-31T09:30:02.5")
    fill("Speed", "60")
    said(page, "60 seconds a second")
    fill("Name contains", "Store")
    expect(page).to_have_url(re.compile("q=Store"))
    expect(page.get_by_role("link", name="Stores")).to_be_visible()
    visit.open("/rules")
    fill("place_id", "a")
    expect(page.get_by_role("alert").first).not_to_be_empty()
    page.get_by_label("outcome", exact=True).focus()
    page.keyboard.type("f")
    fill("error", "shut")
    said(page, "Added rule-1")
    visit.open("/faults")
    page.get_by_label("operation", exact=True).focus()
    page.keyboard.type("get_b")
    fill("status", "503")
    said(page, "Added fault-2")
    visit.open("/settings")
    page.get_by_label("workers", exact=True).focus()
    page.keyboard.press("ControlOrMeta+a")
    fill("workers", "7")
    said(page, "Changed")
    assert client.control("GET", "/settings")["workers"] == 7
    visit.open("/batch?id=stores")
    fill("Place id, name, status or error contains", "eiffel")
    expect(page.locator("#jobs")).to_contain_text("2 jobs")
    client.call("POST", "/batches/stores/reprocess", {"failed_only": False})
    client.call("GET", "/batches/stores")
    visit.open("/journal")
    fill("Status", "503")
    expect(page.locator("#requests tbody tr")).to_have_count(1)


def test_focus_stays_where_it_is_while_the_page_changes(visit: Visitor, client: Client) -> None:
    client.create("a", "b")
    page = visit.open("/batch?id=stores")
    link = page.get_by_role("link", name="b", exact=True)
    link.focus()
    client.control("POST", "/clock/settle")
    expect(page.locator("#progress")).to_contain_text("2 completed")
    expect(link).to_be_focused()


# The token


def test_the_token_is_asked_for_kept_for_the_tab_and_sent(browser: Browser) -> None:
    with (
        RepromptMock(clock="paused", control_token="right-token") as mock,
        watched(browser) as page,
    ):
        page.goto(f"{mock.url}/_mock/ui/")
        for token in ("wrong", "right-token"):
            page.get_by_label("Control token").fill(token)
            press(page, "Open the dashboard")
            if token == "wrong":
                expect(page.locator("#token-error")).to_have_text("This is not the token.")
        expect(page.get_by_text("No world yet")).to_be_visible()
        expect(page.locator("#link")).to_have_text("Live")
        page.reload()
        expect(page.get_by_text("No world yet")).to_be_visible()
        assert page.evaluate("[document.cookie, localStorage.length]") == ["", 0]
        assert "right-token" not in page.content() + page.url
        other = page.context.new_page()
        other.goto(f"{mock.url}/_mock/ui/orgs/acme")
        expect(other.get_by_label("Control token")).to_be_focused()
        expect(other.locator("main")).to_be_hidden()


# A restart


def test_the_page_says_when_the_emulator_is_gone_and_goes_on_when_it_is_back(browser: Browser, tmp_path: Path) -> None:
    settings = {"clock": "paused", "db": str(tmp_path / "kept.db")}
    first = ServerThread(load({"port": 0, **settings}, environ={}))
    first.start()
    with watched(browser, allowed="ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_CONNECTION_RESET|ERR_EMPTY") as page:
        page.goto(f"{first.url}/_mock/ui/orgs/acme")
        expect(page.get_by_text("No batch yet")).to_be_visible()
        first.stop()
        expect(page.locator("#link")).to_have_text("Lost")
        said(page, "The emulator does not answer")
        press(page, "Resume")
        said(page, "The emulator does not answer")
        again = ServerThread(load({"port": int(first.url.rpartition(":")[2]), **settings}, environ={}))
        again.start()
        expect(page.locator("#link")).to_have_text("Live")
        said(page, "The emulator answers again")
        with httpx2.Client(headers={"apiKey": "any"}, trust_env=False) as http:
            Client(http, first.url, "acme").create("a")
        expect(page.get_by_role("link", name="Stores")).to_be_visible()
        again.stop()


def test_nothing_is_fetched_for_a_page_that_nobody_sees(visit: Visitor, client: Client) -> None:
    page = visit.open()
    hide = "state => { Object.defineProperty(document, 'hidden', {get: () => state, configurable: true});"
    change = " document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(hide + change, True)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    client.create("a")
    client.control("POST", "/clock/settle")
    page.wait_for_timeout(400)  # a page that did not know better would have fetched by now
    assert fetched == []
    page.evaluate(hide + change, False)
    expect(page.locator("#batches")).to_contain_text("1 completed")
