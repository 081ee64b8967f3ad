"""The pages: what they show of a world, with every value as text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from reprompt_mock.app import create_app
from reprompt_mock.dashboard.pages import PAGES
from reprompt_mock.dashboard.render import environment
from reprompt_mock.settings import load
from tests.conftest import LONDON, Org
from tests.stores import of_one_emulator

MARKUP = "<b>x</b>"
BATCH = "<b>x"
"""A batch's id has no slash."""


class Elements(HTMLParser):
    """What a browser would make of HTML: its elements, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    def all_of(self, attribute: str) -> list[str]:
        return [value for name, value in self.attributes if name == attribute]


def page(org: Org, name: str = "", **query: Any) -> Elements:
    """Open a page of a world, or a part of it."""
    answer = org.http.get(f"/_mock/ui/fragments/orgs/{org.slug}/{name}?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return Elements(answer.text)


# Escaping


@pytest.fixture
def marked(org: Org) -> Org:
    """A world in which everything that can have a name has markup for it."""
    headers = {"X-Named": MARKUP, "User-Agent": MARKUP, "Prefer": MARKUP}
    body = {
        "batch_id": BATCH, "batch_name": MARKUP, "attribute_set": "core",
        "jobs": [{"place_id": MARKUP, "inputs": {"name": MARKUP, "full_address": MARKUP}}],
    }  # fmt: skip
    assert org.call("POST", "/batches", json=body, headers=headers).status_code == 200
    match = {"batch": MARKUP, "place_id": MARKUP, "name": MARKUP}
    rule = {"match": match, "then": {"outcome": "failed", "error": MARKUP, "outputs": {"website": MARKUP}}}
    assert org.control("POST", "/rules", rule).status_code == 201
    fault = {"match": {"path": MARKUP, "method": MARKUP}, "then": {"body": MARKUP, "headers": {"X-A": MARKUP}}}
    assert org.control("POST", "/faults", fault).status_code == 201
    org.set(unpaid_attributes=[MARKUP])
    org.settle()
    assert org.call("GET", "/jobs", params={"batchId": BATCH, MARKUP: MARKUP}).status_code == 200
    return org


EVERYWHERE: list[tuple[str, dict[str, Any]]] = [
    ("", {}), ("", {"q": MARKUP}), ("", {"part": "batches"}),
    ("batch", {"id": BATCH}), ("batch", {"id": BATCH, "q": MARKUP, "status": MARKUP}),
    ("batch", {"id": BATCH, "part": "chart"}), ("place", {"batch": BATCH, "id": MARKUP}),
    ("journal", {}), ("journal", {"method": MARKUP, "operation": MARKUP, "status": MARKUP}),
    ("request", {"sequence": 1}), ("request", {"sequence": 2}),
    ("rules", {"place_id": MARKUP, "batch": MARKUP}),
    ("faults", {"path": MARKUP, "method": MARKUP, "operation": MARKUP}),
    ("settings", {}), ("conduct", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "query"), EVERYWHERE)
def test_what_a_client_brings_is_text_and_never_markup(marked: Org, name: str, query: dict[str, Any]) -> None:
    address = f"/_mock/ui/fragments/orgs/{marked.slug}/{name}"
    html = marked.http.get(address, params=query).text
    assert BATCH not in html
    seen = Elements(html)
    assert not {"x", "script", "style", "iframe", "img"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on") or name == "style"]
    assert not [link for link in seen.all_of("href") if not link.startswith(("/_mock/ui/", "#"))]


def test_the_markup_is_shown_as_it_came(marked: Org) -> None:
    assert MARKUP in page(marked, "batch", id=BATCH).text
    assert MARKUP in page(marked, "place", batch=BATCH, id=MARKUP).text
    assert MARKUP in page(marked, "request", sequence=1).text
    links = page(marked, "batch", id=BATCH).all_of("href")
    assert f"/_mock/ui/orgs/{marked.slug}/place?batch=%3Cb%3Ex&id=%3Cb%3Ex%3C/b%3E" in links


def test_templates_escape_whatever_they_are_given() -> None:
    templates = environment()
    assert templates.autoescape is True
    for name in templates.list_templates():
        assert templates.loader is not None
        source = templates.loader.get_source(templates, name)[0]
        assert not re.search(r"\|\s*safe|autoescape|<script|style=|\son\w+=", source), name


# The guard


@pytest.mark.parametrize("name", ["", "orgs/acme", *(f"orgs/acme/{name}" for name in PAGES if name)])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Origin": "http://page.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Authorization": ""},
        {"Authorization": "Bearer wrong"},
    ],
)
def test_everything_with_data_has_the_guard_of_the_control_api(
    guarded: TestClient, name: str, headers: dict[str, str]
) -> None:
    sent = {"Host": "localhost", "Authorization": "Bearer right", **headers}
    for method in ("GET", "POST"):
        answer = guarded.request(method, f"/_mock/ui/fragments/{name}", headers=sent)
        assert answer.status_code == (401 if "Authorization" in headers else 403)


@pytest.fixture(scope="module")
def guarded() -> Any:
    app = create_app(load({"clock": "paused", "control_token": "right"}, environ={}))
    with TestClient(app) as http:
        yield http


def test_with_the_token_it_is_shown(guarded: TestClient) -> None:
    headers = {"Host": "localhost", "Authorization": "Bearer right"}
    answer = guarded.get("/_mock/ui/fragments/", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


# Keys


def test_no_key_is_shown(org: Org) -> None:
    key = "sk-live-4711"
    for headers in ({"apiKey": key}, {"Authorization": f"Bearer {key}"}):
        assert org.call("GET", "/batches", headers={"apiKey": key, **headers}).status_code == 200
    for number in (1, 2):
        html = org.http.get(f"/_mock/ui/fragments/orgs/{org.slug}/request?sequence={number}").text
        assert key not in html
        assert "$REPROMPT_API_KEY" in html
    assert key not in org.http.get(f"/_mock/ui/fragments/orgs/{org.slug}/journal").text


# What is shown


def test_an_unused_world_says_how_to_begin_and_is_not_made(org: Org) -> None:
    for name in ("", "journal"):
        text = page(org, name).text
        assert f"http://testserver/v1/{org.slug}/place_enrichment/batches" in text
    assert org.slug not in [one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]]


def test_worlds_are_listed_and_found_by_their_slug(org: Org) -> None:
    org.create("a", "mock-fail-b")
    org.settle()
    seen = Elements(org.http.get(f"/_mock/ui/fragments/?q={org.slug}").text)
    assert f"/_mock/ui/orgs/{org.slug}" in seen.all_of("href")
    assert "1 completed" in seen.text
    assert "1 failed" in seen.text
    assert org.slug not in Elements(org.http.get("/_mock/ui/fragments/?q=no-such").text).all_of("href")


def test_a_world_shows_its_batches_and_jobs_without_one(org: Org) -> None:
    org.create("a", batch_id="first", batch_name="Stores")
    org.post("/jobs", {"place_id": "alone", "inputs": {"name": "A", "full_address": "B"}, "attribute_set": "core"})
    seen = page(org)
    assert "Stores" in seen.text
    assert "Jobs without a batch" in seen.text
    assert "alone" in page(org, "batch", id="").text
    assert "alone" in page(org, "place", batch="", id="alone").text


def test_jobs_without_a_batch_have_the_page_that_a_batch_has(org: Org) -> None:
    empty = page(org, "batch", id="")
    assert f"http://testserver/v1/{org.slug}/place_enrichment/jobs" in empty.text
    assert "points" not in dict(page(org, "batch", id="", part="chart").attributes)
    for place_id in ("mock-ok-alone", "mock-fail-alone"):
        org.post("/jobs", {"place_id": place_id, "inputs": LONDON, "attribute_set": "core"})
    org.post("/enrich", {"place_id": "at-once", "inputs": LONDON, "attributes": ["websites"]})
    org.create("of-a-batch", batch_id="b")
    org.settle()
    seen = page(org, "batch", id="")
    assert "Jobs without a batch" in seen.text
    assert "2 completed 1 failed" in " ".join(seen.text.split())
    assert "of-a-batch" not in seen.text
    (drawn,) = [name for name in page(org, "batch", id="", part="chart").all_of("aria-label") if "Jobs by" in name]
    assert "at most 3 at once" in drawn
    assert "mock-fail-alone" in page(org, "batch", id="", part="jobs", status="failed").text
    assert "at-once" not in page(org, "batch", id="", part="jobs", q="fail").text


def places(seen: Elements) -> list[str]:
    return re.findall(r"place-\d+", seen.text)


def test_jobs_are_listed_a_hundred_a_page_filtered_and_searched(org: Org) -> None:
    org.control("POST", "/rules", {"match": {"place_id": "place-1*"}, "then": {"outcome": "failed"}})
    org.create(*(f"place-{number}" for number in range(130)), batch_id="b")
    assert places(page(org, "batch", id="b", part="jobs")) == [f"place-{number}" for number in range(100)]
    assert places(page(org, "batch", id="b", part="jobs", page=2)) == [f"place-{number}" for number in range(100, 130)]
    org.settle()
    failed = [f"place-{number}" for number in range(130) if str(number).startswith("1")]
    assert places(page(org, "batch", id="b", part="jobs", status="failed")) == failed
    found = places(page(org, "batch", id="b", part="jobs", status="failed", q="E-10"))
    assert found == ["place-10", *(f"place-{number}" for number in range(100, 110))]
    assert "No job fits" in page(org, "batch", id="b", part="jobs", q="_").text


@pytest.mark.parametrize(
    ("text", "found"),
    [("STORE", "abcd"), ("café", "b"), ("smith's", "b"), ("shut", "c"), ("failed", "c"), ("in_prog", "d"), ("pend", ""),
     ("latitude", ""), ("%", ""), ("a", "abc"), ("complete", "ab")],
)  # fmt: skip
def test_jobs_are_found_by_place_id_name_status_and_error(org: Org, text: str, found: str) -> None:
    org.control("POST", "/rules", {"match": {"place_id": "c*"}, "then": {"outcome": "failed", "error": "Shut down"}})
    org.control("POST", "/rules", {"match": {"place_id": "d*"}, "then": {"hold": "in_progress", "error": "pending"}})
    names = {"a-store": "A", "b-store": "Smith's \N{LATIN SMALL LETTER C}afé", "c-store": "C", "d-store": "D"}
    jobs = [{"place_id": place_id, "inputs": {**LONDON, "name": name}} for place_id, name in names.items()]
    body = {"batch_id": "b", "batch_name": "B", "attribute_set": "core", "jobs": jobs}
    assert org.call("POST", "/batches", json=body).status_code == 200
    org.settle()
    seen = page(org, "batch", id="b", part="jobs", q=text)
    links = [link for link in seen.all_of("href") if "/place?" in link]
    assert "".join(link.rpartition("id=")[2][0] for link in links) == found
    assert (f"{len(found)} jobs" in seen.text) == bool(found)


def test_a_page_of_jobs_counts_those_of_all_pages(org: Org) -> None:
    org.create(*(f"place-{number}" for number in range(130)), batch_id="b")
    for query in ({}, {"status": "pending"}, {"q": "place"}, {"q": "pending", "status": "pending"}):
        for number in (1, 2):
            seen = page(org, "batch", id="b", part="jobs", page=number, **query)
            assert ["130 jobs" in seen.text, f"Page {number} of 2" in seen.text] == [True, True]


def test_a_place_shows_what_is_drawn_for_it_and_why(org: Org) -> None:
    org.control("POST", "/rules", {"match": {"place_id": "a"}, "then": {"hold": "queued"}})
    org.create("a", "b", batch_id="b")
    org.settle()
    held = page(org, "place", batch="b", id="a").text
    assert "held in queued" in held
    assert "rule-1" in held
    assert "not before a release" in held
    assert "No rule decided anything" in page(org, "place", batch="b", id="b").text


def test_a_place_shows_the_rules_that_decided_it_and_apart_from_them_those_that_match_now(org: Org) -> None:
    org.control("POST", "/rules", {"match": {"place_id": "a"}, "then": {"outcome": "failed", "error": "shut"}})
    org.control("POST", "/rules", {"match": {"place_id": "a"}, "then": {"outputs": {"website": "https://a.example"}}})
    org.create("a", "b", "mock-slow-c", batch_id="stores")
    seen = page(org, "place", batch="stores", id="a")
    assert "rule-1: outcome, error" in seen.text
    assert "rule-2: outputs" in seen.text
    assert '"outcome": "failed"' in seen.text
    assert "as they stand now" not in seen.text, "they are the same"
    assert "mock-slow-*: slowness" in page(org, "place", batch="stores", id="mock-slow-c").text
    assert "the draw decided" in page(org, "place", batch="stores", id="b").text

    org.control("DELETE", "/rules/rule-1")
    org.control("POST", "/rules", {"match": {"place_id": "*"}, "then": {"hold": "queued"}})
    seen = page(org, "place", batch="stores", id="a")
    assert "rule-1 (deleted since): outcome, error" in seen.text
    assert "as they stand now, the newest first:\nrule-3rule-2" in seen.text
    org.control("PUT", "/snapshot", org.control("GET", "/snapshot").json())
    assert page(org, "place", batch="stores", id="a").text == seen.text
    org.settle()
    org.post("/batches/stores/reprocess", {"failed_only": True})
    assert "rule-3: hold" in page(org, "place", batch="stores", id="a").text


def test_what_was_submitted_before_deciding_rules_were_recorded_says_so(org: Org) -> None:
    org.create("mock-fail-a", batch_id="stores")
    app: Any = org.http.app
    with app.engine.store.write() as session:
        session.run("UPDATE document SET text = replace(text, '\"rules\"', '\"others\"') WHERE text LIKE '%slowness%'")
    assert "was not recorded" in page(org, "place", batch="stores", id="mock-fail-a").text


def test_the_next_attempt_of_exactly_this_place_is_made_to_fail(org: Org) -> None:
    org.create("a*", "ab", batch_id="b")
    org.settle()
    bodies = page(org, "place", batch="b", id="a*").all_of("data-body")
    rule = next(body for body in bodies if '"outcome"' in body)
    org.http.post(f"/_mock/orgs/{org.slug}/rules", content=rule)
    org.post("/batches/b/reprocess", {"failed_only": False})
    org.settle()
    assert org.batch("b")["jobs"]["failed"] == ["a*"]


def test_failed_jobs_are_reprocessed_without_a_key_or_a_trace_in_the_journal(org: Org) -> None:
    org.create("mock-flaky-1", "a", batch_id="b")
    org.settle()
    address = f"/_mock/ui/fragments/orgs/{org.slug}/reprocess"
    assert org.http.post(address, json={"batch_id": "b"}).json() == {"jobs": 1}
    org.settle()
    assert org.batch("b")["status"] == "completed"
    assert org.http.post(address, json={"place_id": "a"}).json() == {"jobs": 1}
    operations = [one["operation"] for one in org.control("GET", "/journal").json()["requests"]]
    assert operations == ["create_batch", "get_batch"]


def test_what_the_dashboard_changed_excuses_a_client_that_tries_again(org: Org) -> None:
    """As what a test changes through the control API does."""
    org.create("a", batch_id="b")
    org.settle()
    assert org.call("POST", "/batches/b/reprocess").status_code == 400
    reprocess = f"/_mock/ui/fragments/orgs/{org.slug}/reprocess"
    assert org.http.post(reprocess, json={"place_id": "a"}).status_code == 200
    assert org.call("POST", "/batches/b/reprocess").status_code == 400
    found = [finding["rule"] for finding in org.control("GET", "/conduct").json()["findings"]]
    assert "repeated_refusal" not in found


@pytest.mark.parametrize(
    ("body", "status"),
    [({"batch_id": "none"}, 404), ({"place_id": "none"}, 404), ({"place": "a"}, 422), ({}, 404), ([], 422)],
)
def test_what_cannot_be_reprocessed_is_refused_with_a_reason(org: Org, body: Any, status: int) -> None:
    org.create("a", batch_id="b")
    answer = org.http.post(f"/_mock/ui/fragments/orgs/{org.slug}/reprocess", json=body)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_request_becomes_a_curl_command_and_a_fault(org: Org) -> None:
    org.create("it's", batch_id="b")
    seen = page(org, "request", sequence=1)
    assert "'\"'\"'" in seen.text, "the quote is quoted"
    (link,) = [link for link in seen.all_of("href") if "/faults?" in link]
    form = Elements(org.http.get(link.replace("/_mock/ui/", "/_mock/ui/fragments/")).text)
    assert ("value", "503") in form.attributes
    assert "for such requests" in form.text


@of_one_emulator
def test_the_verdict_is_shown_and_leads_to_requests(org: Org) -> None:
    org.create("a", "b", batch_id="b")
    org.settle()
    org.batch("b")
    org.get("/jobs", batchId="b", limit=1)
    seen = page(org, "conduct")
    assert "pages_missed" in seen.text
    assert [link for link in seen.all_of("href") if "/request?sequence=" in link]
    assert f"/_mock/ui/orgs/{org.slug}/batch?id=b" in seen.all_of("href")
    assert "bad" in page(org, part="standing").text
    assert "bad" in Elements(org.http.get(f"/_mock/ui/fragments/?q={org.slug}").text).text


def test_the_journal_is_filtered(org: Org) -> None:
    org.create("a", batch_id="b")
    org.call("GET", "/batches/none")
    assert "get_batch" not in page(org, "journal", part="requests", method="POST").text
    assert "create_batch" not in page(org, "journal", part="requests", status=404).text
    assert "No request fits" in page(org, "journal", part="requests", operation="enrich").text
    org.create("a", batch_id="c")
    org.call("POST", "/exports", json={"batch_ids": ["b", "c"]})
    org.get("/jobs", batchId="c")
    org.batch(org.create("a", batch_id="long" * 30)["id"])
    for batch_id, count in (("b", 2), ("c", 3), ("d", 0), ("long" * 30, 2)):
        seen = page(org, "journal", part="requests", batch=batch_id)
        assert len([link for link in seen.all_of("href") if "/request?" in link]) == count
    assert f"/_mock/ui/orgs/{org.slug}/batch?id=b" in page(org, "request", sequence=1).all_of("href")
    assert f"/_mock/ui/orgs/{org.slug}/journal?batch=b" in page(org, "batch", id="b").all_of("href")


def test_forms_offer_every_field_that_the_control_api_takes(org: Org) -> None:
    from reprompt_mock.specs import FaultSpec, RuleSpec
    from reprompt_mock.world_settings import WorldSettings

    assert set(WorldSettings.model_fields) == set(page(org, "settings").all_of("name"))
    rule = {name.partition(".")[0] for name in page(org, "rules").all_of("name")}
    assert rule == set(RuleSpec.model_fields)
    fault = page(org, "faults").all_of("name")
    assert {name.partition(".")[0] for name in fault} == set(FaultSpec.model_fields)
    assert {"then.status", "then.as", "match.operation"} <= set(fault)


@pytest.mark.parametrize(
    "path",
    ["none", "orgs/{own}/none", "orgs/{own}/batch?id=none", "orgs/-", "orgs/{own}/request?sequence=9", "?part=none",
     "orgs/{own}/place?batch=b&id=none", "orgs/{own}/request?sequence=x"],
)  # fmt: skip
def test_what_is_not_there_is_said_to_be_missing(org: Org, path: str) -> None:
    answer = org.http.get(f"/_mock/ui/fragments/{path.format(own=org.slug)}")
    assert answer.status_code == 404
    assert answer.json()["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "²", ""])
def test_page_numbers_that_are_none_do_no_harm(org: Org, number: str) -> None:
    org.create("a", batch_id="b")
    assert page(org, "batch", id="b", page=number).tags
    assert page(org, page=number).tags
