"""The verdict of a world: what its requests tell, through both APIs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from reprompt_mock.conduct.history import Standards
from reprompt_mock.conduct.judge import judge
from reprompt_mock.conduct.seen import Seen
from reprompt_mock.conduct.verdict import Verdict
from reprompt_mock.engine import conduct
from tests.conftest import LONDON, Org
from tests.stores import of_one_emulator


def verdict(org: Org) -> dict[str, Any]:
    response = org.control("GET", "/conduct")
    assert response.status_code == 200, response.text
    return dict(response.json())


def broken(org: Org) -> dict[str, list[int]]:
    """The rules that were broken, with the numbers of the requests that show it."""
    return {finding["rule"]: finding["requests"] for finding in verdict(org)["findings"]}


def fault(org: Org, **fault: Any) -> None:
    assert org.control("POST", "/faults", fault).status_code == 201


def finished(org: Org, *place_ids: str) -> None:
    """A batch that the client has polled to its end: two requests."""
    org.create(*place_ids, batch_id="b")
    org.settle()
    org.batch("b")


def test_an_unused_world_is_good_and_stays_unused(org: Org) -> None:
    assert verdict(org) == {"verdict": "good", "findings": [], "judged": 0, "dropped": 0}
    assert org.slug not in {one["org_slug"] for one in org.http.get("/_mock/orgs").json()["orgs"]}


def test_a_finding_says_what_was_seen_and_what_to_do(org: Org) -> None:
    first, second = org.create("a", "c"), org.create("a", "c")

    (finding,) = verdict(org)["findings"]

    assert finding["message"].startswith(f"Batch {first['id']} of 2 places, created at 20")
    assert finding["message"].endswith(f"answered with 200, was created again once under a new id ({second['id']}).")
    assert {name: finding[name] for name in ("rule", "severity", "requests", "batch_id", "source")} == {
        "rule": "created_twice",
        "severity": "error",
        "requests": [1, 2],
        "batch_id": first["id"],
        "source": "Guide, Chunk large datasets; contract D3, D4",
    }
    assert "batch_id" in finding["advice"]
    assert (verdict(org)["verdict"], verdict(org)["judged"]) == ("bad", 2)


def test_a_good_client_is_told_so(org: Org) -> None:
    finished(org, "a", "mock-flaky-1")
    org.post("/batches/b/reprocess")
    org.settle()
    org.batch("b")
    org.results("b")

    assert verdict(org)["findings"] == []
    assert verdict(org)["verdict"] == "good"


# What facts tell


def test_a_lost_create_was_carried_out_or_not(org: Org) -> None:
    for when in ("before", "after"):
        fault(org, match={"operation": "create_batch"}, then={"status": 500}, when=when, times=1)
        body = {"batch_name": when, "attribute_set": "core", "jobs": [{"place_id": when, "inputs": LONDON}]}
        assert org.call("POST", "/batches", json=body).status_code == 500
        org.post("/batches", body)

        assert ("created_twice" in broken(org)) == (when == "after")


def test_what_a_snapshot_has_replaced_may_be_created_again(org: Org) -> None:
    org.get("/attributes")
    before = org.control("GET", "/snapshot").json()
    org.create("a")
    assert org.control("PUT", "/snapshot", before).status_code == 200
    org.create("a", batch_id="b")
    assert broken(org) == {}

    org.create("a", batch_id="c")
    assert broken(org) == {"created_twice": [3, 4]}


def test_an_upload_is_not_paid_for(org: Org) -> None:
    org.create("a", kick_off_jobs_now=False)
    org.create("a", kick_off_jobs_now=False)

    assert broken(org) == {}


def test_too_many_places_are_counted_though_they_are_refused(org: Org) -> None:
    org.set(max_jobs_per_request=2)
    jobs = [{"place_id": place_id, "inputs": LONDON} for place_id in "abc"]
    response = org.call("POST", "/batches", json={"batch_name": "B", "attribute_set": "core", "jobs": jobs})
    assert response.status_code == 400
    org.create("a", "b")

    assert broken(org) == {"too_many_places": [1]}
    assert "had 3 places; 2 are allowed" in verdict(org)["findings"][0]["message"]


def test_pages_of_a_finished_batch_are_counted(org: Org) -> None:
    finished(org, *"abcd")
    for offset in (0, 1):
        org.get("/jobs", batchId="b", limit=1, offset=offset)
    assert broken(org) == {"pages_missed": [3, 4]}

    org.get("/jobs", batchId="b", limit=2, offset=2)
    assert broken(org) == {}

    org.get("/jobs", batchId="b", limit=2, offset=1)
    assert broken(org) == {"pages_repeated": [4, 5, 6]} or broken(org) == {"pages_repeated": [5, 6]}


def test_a_page_by_day_is_no_page_of_all(org: Org) -> None:
    finished(org, *"abcd")
    today = org.control("GET", "/clock").json()["now"][:10]
    org.get("/jobs", batchId="b", day=today, limit=1)
    org.get("/jobs", batchId="b", groupBy="day")

    assert broken(org) == {}


def test_results_that_lag_may_be_read_again(org: Org) -> None:
    org.set(results_lag_seconds=60)
    finished(org, "a")
    org.results("b")
    org.advance(60)
    org.results("b")

    assert broken(org) == {}


def test_a_reprocess_of_all_is_judged_by_what_it_repeats(org: Org) -> None:
    finished(org, "a", "mock-fail-1")
    org.results("b")
    everything = {"failed_only": False}
    org.post("/batches/b/reprocess", {**everything, "refresh": True})
    org.post("/batches/b/reprocess", {**everything, "attributes": ["menu"]})
    assert broken(org) == {}

    org.settle()
    org.post("/batches/b/reprocess", everything)
    assert broken(org) == {"reprocessed_all": [6]}


@pytest.mark.parametrize("settings", [{"attribute_error_rate": 0.5}, {}])
def test_where_attributes_may_have_erred_a_reprocess_of_all_is_no_repeat(settings: dict[str, Any], org: Org) -> None:
    if settings:
        org.set(**settings)
    finished(org, "a" if settings else "mock-partial-a")
    org.results("b")
    org.post("/batches/b/reprocess", {"failed_only": False})

    assert broken(org) == {}


def test_fields_and_attributes_that_nobody_knows_are_named_with_the_nearest(org: Org) -> None:
    place = {"place_id": "a", "inputs": {**LONDON, "anything": 1}, "placeId": "a"}
    body = {"batch_name": "B", "batchName": "B", "attributes": ["webistes"], "jobs": [place]}
    org.post("/batches", body)
    assert org.call("POST", "/batches", json={"jobs": [], "batchName": "B"}).status_code == 422
    org.post("/jobs", {**place, "batch_id": "b", "attributes": ["menu"]})
    org.call("POST", "/batches/none/reprocess", json={"failedOnly": True})

    messages = [finding["message"] for finding in verdict(org)["findings"]]
    assert messages == [
        "create_batch was sent once with the unknown field jobs.placeId; did you mean place_id?",
        "create_batch was sent twice with the unknown field batchName; did you mean batch_name?",
        "create_job was sent once with the unknown field batch_id, which belongs elsewhere.",
        "create_job was sent once with the unknown field placeId; did you mean place_id?",
        "reprocess_batch was sent once with the unknown field failedOnly; did you mean failed_only?",
        "create_batch asked once for the unknown attribute webistes; did you mean websites?",
    ]


@pytest.mark.parametrize(
    ("path", "headers", "rules"),
    [
        ("/batches?api_key=k", {}, {"key_in_url"}),
        ("/batches?limit=1&apiKey=k", {}, {"key_in_url"}),
        ("/batches?access_token=k", {}, {"key_in_url"}),
        ("/batches?query=key", {}, set()),
        ("/batches?monkey=1", {}, set()),
        ("/batches", {"X-API-Key": "k"}, {"key_in_unknown_header"}),
        ("/batches", {"Authorization": "Bearer k"}, set()),
        ("/batches", {"Authorization": "Basic azpr"}, set()),
        ("/batches", {"X-Request-Id": "k"}, set()),
    ],
)
def test_a_key_is_where_the_service_reads_it(path: str, headers: dict[str, str], rules: set[str], org: Org) -> None:
    org.call("GET", path, headers=headers)

    assert broken(org).keys() == rules


def test_what_is_asked_to_wait_is_read_in_both_forms(org: Org) -> None:
    for wait in ("60", {"date_in_seconds": 60}):
        fault(org, match={"operation": "list_batches"}, then={"status": 503, "headers": {"Retry-After": wait}}, times=1)
        org.call("GET", "/batches")
        org.call("GET", "/batches")

        assert broken(org).keys() == {"ignored_retry_after"}
        org.control("DELETE", "/journal")


@pytest.mark.parametrize("wait", ["0", "soon", "", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_what_asks_for_no_wait_is_none(wait: str, org: Org) -> None:
    fault(org, match={"operation": "list_batches"}, then={"status": 429, "headers": {"Retry-After": wait}}, times=1)
    org.call("GET", "/batches")
    org.call("GET", "/batches")

    assert broken(org) == {}


def test_a_refusal_that_settings_may_have_altered_is_asked_again(org: Org) -> None:
    body = {"place_id": "a", "inputs": LONDON, "attributes": ["new"]}
    org.set(strict_attributes=True)
    for _ in range(2):
        assert org.call("POST", "/jobs", json=body).status_code == 400
        org.set(strict_attributes=True)
    assert "repeated_refusal" not in broken(org)

    org.advance(60)
    for _ in range(2):
        assert org.call("GET", "/batches/none").status_code == 404
        org.advance(60)
    assert "repeated_refusal" in broken(org)


def test_exports_are_told_apart_by_their_batches(org: Org) -> None:
    org.set(export_inline_rows=0)
    for batch_id in "bcd":
        org.create("a", batch_id=batch_id, attributes=["menu"] if batch_id == "b" else ["names", batch_id])
    org.settle()
    for batch_ids in (["b", "c"], ["c", "d"]):
        assert org.call("POST", "/exports", json={"batch_ids": batch_ids}).status_code == 202
    assert "export_repeated" not in broken(org)

    assert org.call("POST", "/exports", json={"batch_ids": ["c", "b"]}).status_code == 202
    assert broken(org)["export_repeated"] == [4, 6]


def test_a_head_reads_nothing(org: Org) -> None:
    finished(org, "mock-fail-1")
    for _ in range(2):
        org.call("HEAD", "/jobs?batchId=b")

    assert "pages_repeated" not in broken(org)


def test_a_verdict_is_of_one_world(org: Org) -> None:
    other = org.other()
    org.create("a")
    other.create("a")

    assert broken(org) == broken(other) == {}


def test_many_requests_are_judged_too(org: Org) -> None:
    for _ in range(600):
        org.get("/attributes")

    assert (verdict(org)["verdict"], verdict(org)["judged"]) == ("good", 600)


# What is remembered


@of_one_emulator
def test_a_verdict_is_remembered_until_the_case_changes(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[int] = []

    def counted(seen: Sequence[Seen], standards: Standards, dropped: int) -> Verdict:
        judged.append(len(seen))
        return judge(seen, standards, dropped)

    monkeypatch.setattr(conduct, "judge", counted)
    org.create("a", batch_id="b")
    verdicts = [org.control("GET", "/conduct").json()["judged"] for _ in range(2)]
    org.call("GET", "/batches/none")
    verdicts += [org.control("GET", "/conduct").json()["judged"] for _ in range(2)]
    org.set(conduct_poll_seconds=7)
    verdicts.append(org.control("GET", "/conduct").json()["judged"])
    org.control("DELETE", "/journal")
    verdicts.append(org.control("GET", "/conduct").json()["judged"])
    assert (verdicts, judged) == ([1, 1, 2, 2, 2, 0], [1, 2, 2, 0])


def test_an_opinion_that_took_long_to_form_lasts_and_says_how_many_requests_came_since(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: Any = org.http.app
    org.create("a", batch_id="b")
    world = app.engine.worlds.peek(org.slug)
    seconds = iter([0.0, 3.0, 10.0, 62.0, 62.0, 62.0])
    monkeypatch.setattr(conduct, "monotonic_seconds", lambda: next(seconds))
    opinions = [conduct.recent_opinion(app.engine, world)]
    org.call("GET", "/batches/none")
    opinions += [conduct.recent_opinion(app.engine, world) for _ in range(2)]
    assert [(opinion.verdict.judged, opinion.since) for opinion in opinions] == [(1, 0), (1, 1), (2, 0)]
