"""Facts: what the journal tells of what was asked and told, without the bodies."""

from __future__ import annotations

import itertools
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.api import facts
from reprompt_mock.attributes import CORE
from reprompt_mock.engine.identifiers import fingerprint_of
from reprompt_mock.handle.types import Facts
from tests.conftest import LONDON, Org

DIGITS = 12


def told(org: Org) -> dict[str, Any]:
    """Give the facts of the latest request."""
    return dict(org.control("GET", "/journal?limit=1").json()["requests"][0]["facts"])


def without_digests(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in {"body", "places", "attributes"}}


# What each operation tells


def test_a_create_tells_its_batch_what_it_made_and_what_of(org: Org) -> None:
    org.create("a", "b", "c", "d", batch_id="nightly")

    found = told(org)

    assert without_digests(found) == {
        "batch_id": "nightly",
        "status": "pending",
        "counts": {"pending": 4},
        "created": 4,
        "place_ids": ["a", "b", "c"],
        "version": 1,
    }
    for name in ("body", "places", "attributes"):
        assert len(found[name]) == DIGITS
        assert int(found[name], 16) >= 0


def test_an_append_tells_the_whole_batch_and_what_came(org: Org) -> None:
    org.create("a", "b", batch_id="b")
    org.settle()
    org.create("b", "c", batch_id="b")

    assert without_digests(told(org)) == {
        "batch_id": "b",
        "status": "in_progress",
        "counts": {"pending": 2, "completed": 1},
        "created": 2,
        "place_ids": ["b", "c"],
        "version": 3,
    }


def test_a_poll_tells_status_and_counts(org: Org) -> None:
    org.create("a", "mock-fail-b", batch_id="b")
    org.settle()
    for query in ("", "?enrichments=websites"):
        org.call("GET", f"/batches/b{query}")

        assert without_digests(told(org)) == {
            "batch_id": "b",
            "status": "completed",
            "counts": {"completed": 1, "failed": 1},
            "version": 2,
        }


def test_pages_tell_what_was_asked_and_what_they_have(org: Org) -> None:
    org.create(*"abcd", "mock-stuck-e", batch_id="b")
    org.create("f", batch_id="c")
    org.settle()
    asked_and_told = {
        "/jobs?batchId=b&limit=2&offset=3": {
            "batch_id": "b", "limit": 2, "offset": 3, "total": 5, "size": 2,
            "by_status": {"completed": 1, "in_progress": 1}, "unfinished": 1,
        },
        "/jobs": {
            "limit": 10_000, "offset": 0, "total": 6, "size": 6, "by_status": {"completed": 5, "in_progress": 1}
        },
        "/jobs?offset=9": {"limit": 10_000, "offset": 9, "total": 6, "size": 0, "by_status": {}},
        "/jobs?groupBy=day": {
            "limit": 10_000, "offset": 0, "total": 1, "size": 1, "by_status": {"in_progress": 1}, "filtered": True,
        },
        "/batches": {
            "limit": 10, "offset": 0, "total": 2, "size": 2, "by_status": {"completed": 1, "in_progress": 1}
        },
        "/batches?limit=1": {"limit": 1, "offset": 0, "total": 2, "size": 1, "by_status": {"completed": 1}},
    }  # fmt: skip
    for path, expected in asked_and_told.items():
        org.call("GET", path)

        assert told(org) == {**expected, "version": 3}, path


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/attributes", None, {}),
        ("GET", "/jobs/a", None, {"place_id": "a", "status": "completed"}),
        ("DELETE", "/jobs/a", None, {"place_id": "a", "deleted": 1}),
        ("PUT", "/batches/b", {"batch_name": "new"}, {"batch_id": "b"}),
        ("DELETE", "/batches/b", None, {"batch_id": "b"}),
        (
            "POST", "/batches/refresh", {"batch_ids": ["b", "none"], "refresh": True},
            {"updated": 1, "missing": 1, "refresh": True},
        ),
        (
            "POST", "/batches/b/reprocess", {"failed_only": False, "refresh": True},
            {"batch_id": "b", "scope": "ALL", "refresh": True, "reprocessed": 2, "completed": 1},
        ),
        (
            "POST", "/jobs/reprocess", {"place_ids": ["a", "none"], "attributes": ["websites"]},
            {"refresh": False, "reprocessed": 1, "missing": 1, "place_ids": ["a"]},
        ),
        (
            "POST", "/jobs", {"place_id": "x", "inputs": LONDON},
            {"place_id": "x", "status": "pending", "created": 1},
        ),
        (
            "POST", "/enrich", {"place_id": "x", "inputs": LONDON},
            {"place_id": "x", "status": "completed", "created": 1},
        ),
    ],
)  # fmt: skip
def test_every_other_operation_tells_what_it_did(
    method: str, path: str, body: Any, expected: dict[str, Any], org: Org
) -> None:
    org.create("a", "mock-fail-b", batch_id="b")
    org.settle()
    response = org.call(method, path, json=body)
    assert response.status_code == 200, response.text

    found = told(org)

    assert found.pop("version") >= 2
    assert without_digests(found) == expected
    assert ("body" in found) is (body is not None)
    assert found.keys() <= Facts.__annotations__.keys()


def test_a_refusal_tells_what_was_asked(org: Org) -> None:
    org.create("a", batch_id="b")
    org.call("GET", "/batches/none?x=1")
    assert told(org) == {"batch_id": "none", "unknown_parameters": ["x"], "version": 1}

    org.call("POST", "/batches", content=b"{")
    found = told(org)
    assert found == {**facts.of_body(fingerprint_of(b"{")), "version": 1}

    org.http.get(f"/v1/{org.slug}/place_enrichment/attributes")
    assert told(org) == {}


# Digests


def test_equal_places_have_equal_digests_whatever_their_batch(org: Org) -> None:
    found = []
    for batch_id, place_id, attributes in [
        ("b", "a", None),
        ("c", "a", None),
        ("c", "x", None),
        ("c", "a", ["websites"]),
    ]:
        org.create(place_id, batch_id=batch_id, attributes=attributes)
        found.append(told(org))
    first, again, other_place, other_attributes = found

    assert (first["places"], first["attributes"]) == (again["places"], again["attributes"])
    assert first["body"] != again["body"]
    assert first["places"] != other_place["places"]
    assert first["attributes"] == other_place["attributes"] != other_attributes["attributes"]
    assert first["places"] == other_attributes["places"]


def test_a_set_and_its_attributes_written_out_have_equal_digests(org: Org) -> None:
    org.create("a")
    one = told(org)
    org.create("a", attributes=list(CORE))

    assert one["attributes"] == told(org)["attributes"]


def test_attributes_of_each_place_of_its_own_have_digests_too(org: Org) -> None:
    def create(*attributes: list[str]) -> Any:
        jobs = [{"place_id": f"{at}", "inputs": LONDON, "attributes": one} for at, one in enumerate(attributes)]
        org.post("/batches", {"batch_name": "B", "jobs": jobs})
        return told(org)["attributes"]

    made = [create(["websites"], ["phone"]), create(["phone"], ["websites"]), create(["websites"], ["websites"])]
    assert len(set(made)) == 3
    assert create(["websites"], ["phone"]) == made[0]


def test_what_is_read_in_a_thread_is_told_alike(org: Org) -> None:
    ids = [f"place-{number}" for number in range(1000)]
    org.create(*ids, batch_id="b")
    first = told(org)
    org.create(*ids, batch_id="b")

    assert first == {**told(org), "version": 1}
    assert first["counts"] == {"pending": 1000}
    assert first["created"] == 1000


# The version


def test_the_version_rises_with_every_change_and_with_nothing_else(org: Org) -> None:
    versions = []
    for change in (
        lambda: org.create("a", batch_id="b"),
        lambda: org.batch("b"),
        lambda: org.get("/jobs"),
        org.settle,
        lambda: org.set(failure_rate=0.5),
        lambda: org.control("POST", "/rules", {"then": {"outcome": "failed"}}),
        lambda: org.call("DELETE", "/batches/none"),
        lambda: org.call("DELETE", "/batches/b"),
    ):
        change()
        org.get("/attributes")
        versions.append(told(org)["version"])

    rises = [later > earlier for earlier, later in itertools.pairwise(versions)]
    assert rises == [False, False, True, True, True, False, True]


# Unknown names, and how long facts may be


def test_unknown_names_are_told(org: Org) -> None:
    org.create("a", attributes=["websites", "wifi_password", "phone_colour"])
    assert told(org)["unknown_attributes"] == ["wifi_password", "phone_colour"]

    org.call("GET", "/batches?page=2&limit=3&apikey=s3cret")
    found = told(org)
    assert found["unknown_parameters"] == ["page", "apikey"]
    assert "s3cret" not in str(found)


def test_the_first_unknown_parameters_are_told_in_the_order_in_which_they_came(org: Org) -> None:
    names = [f"{letter}-{number}" for number, letter in enumerate("zyxwvutsrq")]

    org.call("GET", "/batches", params=dict.fromkeys(names, "1"))

    assert told(org)["unknown_parameters"] == names[:5]


AWKWARD = ["x" * 255, "😀" * 200, '"' * 100, "\\" * 90, "\x01" * 80, "é" * 48, 'a"b', "\x7f" * 49, "日本" * 40]


@pytest.mark.parametrize("name", AWKWARD, ids=lambda name: repr(name[0]))
def test_facts_are_small_whatever_the_names(name: str, org: Org) -> None:
    attributes = [f"{number}{name}" for number in range(9)]
    query = {f"{number}{name}": "1" for number in range(9)}
    jobs = [{"place_id": f"{number}{name}"[:255], "inputs": LONDON} for number in range(9)]
    body = {"batch_id": name[:255], "batch_name": "B", "jobs": jobs, "attributes": attributes}
    created = org.call("POST", "/batches", json=body, params=query)
    made = told(org)
    org.call("GET", "/jobs", params={**query, "batchId": name})
    paged = told(org)

    assert created.status_code == 200, created.text
    assert made["batch_id"] == paged["batch_id"]
    assert made["created"] == 9
    for found in (made, paged):
        assert len(orjson.dumps(found)) <= facts.MOST_BYTES
        assert {"batch_id", "version"} <= found.keys()
    assert len(paged["unknown_parameters"]) in range(1, 6)


def test_a_batch_beyond_all_measure_keeps_its_facts_small() -> None:
    counts = dict.fromkeys(("pending", "queued", "in_progress", "completed", "failed"), 10**12)
    found = facts.bounded({"batch_id": "x" * 48, "counts": counts, "place_ids": ["a"], "rest": "x" * 150})

    assert found == {"batch_id": "x" * 48, "rest": "x" * 150}


@given(st.text())
def test_a_name_is_short_and_itself_where_it_can_be(name: str) -> None:
    written = len(orjson.dumps(name)) - 2
    short = facts.named(name)

    assert len(orjson.dumps(short)) - 2 <= 48
    assert (short == name) is (written <= 48)


@given(st.text(min_size=40), st.text(min_size=40))
def test_long_names_stay_apart(one: str, other: str) -> None:
    assert (facts.named(one) == facts.named(other)) is (one == other)


def test_what_is_no_text_at_all_has_a_name_too() -> None:
    assert facts.named("a\ud800") == "a?"
    assert len(facts.named("\ud800" * 60)) < 48
