"""Contract F5: how often each attribute finds something, and what a place has of which nothing is found."""

from __future__ import annotations

from typing import Any

import pytest

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.enrichment.reasons import about
from tests.conftest import Org

PLACES = 4000
ABSENT = "No Internet Presence"
RUNS = {
    "open_closed_status": 0.90,
    "opening_hours": 0.90,
    "categories": 0.97,
    "name": 0.95,
    "address": 0.79,
    "website": 0.675,
    "phone": 0.58,
}
"""The shares of all places for which the vendor's runs found a value, by its key."""


def _enriched(org: Org, count: int = PLACES, attributes: list[str] | None = None, prefix: str = "store-") -> list[Any]:
    batch = org.create(*(f"{prefix}{number}" for number in range(count)), attributes=attributes)
    org.settle()
    return list(org.results(batch["id"]).values())


def _share(results: list[Any], key: str) -> float:
    return sum(result["outputs"][key] not in (None, ABSENT) for result in results) / len(results)


def test_places_find_as_often_as_in_the_runs(org: Org) -> None:
    """contract F5: shares of all places, within 3 points."""
    results = _enriched(org)
    for key, share in RUNS.items():
        assert _share(results, key) == pytest.approx(share, abs=0.03), key
    assert {result["outputs"]["is_open_24h"] for result in results} == {True, False}


def test_nothing_found_is_no_internet_presence_with_confidence_none_and_nothing_else_is(org: Org) -> None:
    """contract F5: `closed_permanently` that ran always has a status, and only this one goes with NONE."""
    for result in _enriched(org, 600, ["closed_permanently"]):
        status, score = result["outputs"]["open_closed_status"], result["confidence_scores"]["open_closed_status"]
        assert status in {"Open", "Closed", "Temporarily Closed", ABSENT}
        assert (status == ABSENT) is (score == "NONE")


def test_an_absent_place_has_no_website_profile_or_review_even_where_its_status_was_not_asked(org: Org) -> None:
    """contract F5: absence is drawn first, whether asked or not; an absent place may have a phone."""
    asked = ["closed_permanently", "websites", "socialHandles", "user_reviews", "phoneNumbers"]
    together = {one["place_id"]: one["outputs"] for one in _enriched(org, 600, asked)}
    alone = {one["place_id"]: one["outputs"] for one in _enriched(org, 600, ["websites", "user_reviews"])}
    absent = [place_id for place_id, outputs in together.items() if outputs["open_closed_status"] == ABSENT]
    assert len(absent) > 30
    for place_id in absent:
        for key in ("website", "instagram", "facebook", "review_count"):
            assert together[place_id][key] is None
        assert alone[place_id]["website"] is alone[place_id]["review_count"] is None
    assert any(together[place_id]["phone"] for place_id in absent)


def test_where_no_hours_are_found_a_place_is_not_open_around_the_clock(org: Org) -> None:
    """contract F5: `is_open_24h` is false there, never null."""
    results = _enriched(org, 400, ["openingHours"])
    without = [result for result in results if result["outputs"]["opening_hours"] is None]
    assert without
    for result in without:
        assert result["outputs"]["is_open_24h"] is False
        assert result["confidence_scores"]["opening_hours"] == "NONE"


def test_every_null_output_has_confidence_none_and_a_reason(org: Org) -> None:
    """contract F5: a null phone, menu, price tier, chain or `located_within` carries no confidence."""
    seen = set()
    for result in _enriched(org, 300, list(CATALOGUE)):
        for key, score in result["confidence_scores"].items():
            if result["outputs"][about(key)] is None:
                assert score == "NONE", key
                assert result["reasoning"].get(key, result["place_id"]), key
                seen.add(key)
    assert {"phone", "menu", "price_tier", "chain", "located_within", "website", "address"} <= seen


def test_coordinates_run_for_a_share_of_the_places_and_then_find_always(org: Org) -> None:
    """contract F5: RUN_CONDITION_FAILED by draw for 0.41 of the places, in every attempt alike, and for no mock-ok-."""
    results = _enriched(org, 2000, ["coordinates"])
    failed = set()
    for result in results:
        status = result["job_metadata"]["attribute_status"]["coordinates"]
        assert status in {"RUN", "RUN_CONDITION_FAILED"}
        assert (status == "RUN") is (result["outputs"].get("coordinates") is not None)
        if status != "RUN":
            failed.add(result["place_id"])
    assert len(failed) / 2000 == pytest.approx(0.41, abs=0.03)
    batch = org.get("/batches")["batches"][0]["id"]
    org.post(f"/batches/{batch}/reprocess", {"failed_only": False, "refresh": True, "attributes": ["coordinates"]})
    org.settle()
    again = {
        place_id
        for place_id, one in org.results(batch).items()
        if one["job_metadata"]["attribute_status"]["coordinates"] != "RUN"
    }
    assert again == failed
    for prefix in ("mock-ok-", "mock-empty-"):
        for result in _enriched(org, 30, ["coordinates"], prefix):
            assert result["job_metadata"]["attribute_status"]["coordinates"] == "RUN"


def test_found_rates_override_the_runs_and_the_not_found_rate(org: Org) -> None:
    """contract F5: `found_rates` overrides any default, `not_found_rate` decides for the rest."""
    rates = {"websites": 0.3, "names": 0, "categories": 1, "menu": 1, "coordinates": 1, "openingHours": 0.2}
    org.set(not_found_rate=1, found_rates=rates)
    asked = ["websites", "names", "categories", "coordinates", "openingHours", "user_reviews", "naics", "phoneNumbers"]
    results = _enriched(org, 1000, asked)
    shares = {"website": 0.3, "name": 0, "categories": 1, "opening_hours": 0.2, "review_count": 0, "naics_code": 0}
    for key, share in {**shares, "phone": 0.58}.items():
        assert _share(results, key) == pytest.approx(share, abs=0.05 if 0 < share < 1 else 0), key
    assert all(result["outputs"]["coordinates"] for result in results)


def test_the_not_found_rate_is_met(org: Org) -> None:
    """contract F5: the others find with 1 - `not_found_rate`."""
    for rate in (0, 0.1, 0.5):
        org.set(not_found_rate=rate)
        results = _enriched(org, 400, ["naics", "merchant"])
        assert _share(results, "naics_code") == pytest.approx(1 - rate, abs=0.08 if rate else 0)


def test_an_unknown_attribute_in_found_rates_is_an_error_that_names_the_nearest(org: Org) -> None:
    """interface.md: `found_rates`."""
    refused = org.control("PATCH", "/settings", {"found_rates": {"website": 1}})
    assert refused.status_code == 422
    assert "websites" in refused.text
    assert org.control("PATCH", "/settings", {"found_rates": {"websites": 1.5}}).status_code == 422


def test_test_place_ids_find_all_nothing_or_are_closed(org: Org) -> None:
    """contract F5: mock-ok- finds what there is, mock-empty- nothing, mock-closed- is Closed with a confidence."""
    org.set(not_found_rate=1, found_rates=dict.fromkeys(CATALOGUE, 0))
    for result in _enriched(org, 40, prefix="mock-ok-"):
        has_closed = result["outputs"]["open_closed_status"] == "Closed"
        nothing = {key for key, score in result["confidence_scores"].items() if score == "NONE"}
        assert nothing == ({"opening_hours"} if has_closed else set())
    for result in _enriched(org, 40, prefix="mock-empty-"):
        assert set(result["confidence_scores"].values()) == {"NONE"}
    for rates in ({}, dict.fromkeys(CATALOGUE, 0)):
        org.set(found_rates=rates)
        for result in _enriched(org, 40, prefix="mock-closed-"):
            assert result["outputs"]["open_closed_status"] == "Closed"
            assert result["confidence_scores"]["open_closed_status"] != "NONE"


def test_fixed_outputs_win_over_absence(org: Org) -> None:
    """contract F5: pinned outputs win over all."""
    then = {"outputs": {"website": "https://fixed.example/"}}
    org.control("POST", "/rules", {"match": {"place_id": "store-*"}, "then": then})
    org.set(found_rates={"closed_permanently": 0, "websites": 0})
    for result in _enriched(org, 40):
        assert result["outputs"]["open_closed_status"] == ABSENT
        assert result["outputs"]["website"] == "https://fixed.example/"
        assert result["confidence_scores"]["website"] != "NONE"
