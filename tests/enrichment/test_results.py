from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from reprompt_mock.attributes import CATALOGUE, CORE
from reprompt_mock.enrichment.reasons import about, may_be_absent
from reprompt_mock.enrichment.results import build
from reprompt_mock.enrichment.search import search_for
from reprompt_mock.enrichment.template import InForce, References, template_of
from reprompt_mock.history import AttributeStatus, Entry, History
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.shares import Shares
from tests.enrichment.finding import Job

AGREED = {
    "instagram_username",
    "instagram_profile",
    "location_type",
    "location_category",
    "shopping_center_condition",
    "shopping_center_condition_score",
    "opening_hours",
    "opening_hours_grouped_by_hours",
    "is_open_24h",
    "digital_footprint",
}
PARTS = ("outputs", "reasoning", "confidence_scores")
ALL = tuple((name, 1.0) for name in CATALOGUE)
NONE = tuple((name, 0.0) for name in CATALOGUE)
SETTINGS = {1: InForce(7, Shares(0.3)), 2: InForce(8, Shares(0.0, ALL)), 3: InForce(7, Shares(1.0, NONE))}
PINS: dict[int, dict[str, Any]] = {
    1: {"found": True},
    2: {"found": False},
    3: {"found": False, "outputs": {"name": "Pinned", "website": "x"}, "confidence_scores": {"name": "LOW"}},
}


def result(history: History, number: int = 0, *, status: JobStatus = JobStatus.completed) -> dict[str, Any]:
    place = {
        "name": "Ristorante Da Nino",
        "full_address": "Via Roma 5, 00184 Roma",
        "latitude": 41.9,
        "longitude": 12.5,
        "country_code": "IT",
    }
    references = References(SETTINGS.__getitem__, PINS.__getitem__)
    template = template_of(status, tuple(history), history, history, seed=7, references=references)
    return build(Job(f"place-{number}", json.dumps(place).encode(), 1, None, 1_700_000_000_000_000), template)


def ran(*attributes: str, submission: int = 1, generation: int = 0, pins: int | None = None) -> dict[str, Entry]:
    return dict.fromkeys(attributes, Entry(AttributeStatus.RUN, submission, generation, pins))


@pytest.mark.parametrize("generation", [0, 5])
def test_what_is_found_does_not_depend_on_what_else_is_searched(generation: int) -> None:
    """But for what is made to agree."""
    for number in range(5):
        together = result(ran(*CATALOGUE, generation=generation), number)
        alone = [result(ran(name, generation=generation), number) for name in CATALOGUE]
        for part in PARTS:
            apart = {key: value for one in alone for key, value in one[part].items()}
            assert apart.keys() == together[part].keys()
            for key in apart.keys() - AGREED:
                assert apart[key] == together[part][key], key


def test_each_attribute_keeps_what_its_own_submission_and_generation_found() -> None:
    early, late = ran(*CORE, submission=1), ran("menu", "site_quality", submission=2, generation=3)
    both, first, second = result({**early, **late}), result(early), result(late)
    for part in PARTS:
        assert both[part] == {**first[part], **second[part]}


@pytest.mark.parametrize("attributes", [CORE, tuple(CATALOGUE)])
def test_as_many_attributes_find_nothing_as_the_shares_say(attributes: tuple[str, ...]) -> None:
    """Contract F5."""
    places = 600
    scores = Counter(
        key
        for number in range(places)
        for key, score in result(ran(*attributes), number)["confidence_scores"].items()
        if score == "NONE"
    )
    for name in attributes:
        share = 1.0 if CATALOGUE[name].is_conditional else SETTINGS[1].shares.of(name)
        for key in CATALOGUE[name].confidence:
            if not may_be_absent(key):  # the place may have none
                assert scores[key] / places == pytest.approx(1 - share, abs=0.06), key


def test_rates_of_zero_leave_nothing() -> None:
    """Contract F5."""
    found = result(ran(*CORE, submission=3))
    assert found["outputs"] == search_for(*CORE).outputs
    assert found["outputs"]["open_closed_status"] == "No Internet Presence"
    assert set(found["confidence_scores"].values()) == {"NONE"}
    assert found["reasoning"]["website"].startswith("The sources that were searched")


@pytest.mark.parametrize("attributes", [CORE, tuple(CATALOGUE)])
def test_what_is_null_has_no_confidence_and_a_reason_that_says_so(attributes: tuple[str, ...]) -> None:
    """Contract F5: every null output of an attribute that ran has confidence `NONE`, and nothing else has."""
    seen = Counter[bool]()
    for number in range(300):
        found = result(ran(*attributes), number)
        for key, score in found["confidence_scores"].items():
            is_nothing = found["outputs"][about(key)] in (None, "No Internet Presence")
            assert (score == "NONE") is is_nothing, (key, score)
            seen[is_nothing] += 1
        for key, reason in found["reasoning"].items():
            assert "None" not in reason, (key, reason)
    assert len(seen) == 2


def test_an_absent_place_has_no_website_profile_or_review() -> None:
    """Contract F5: it may have a phone."""
    absent = [
        found["outputs"]
        for number in range(300)
        if (found := result(ran(*CATALOGUE, submission=1), number))["outputs"]["open_closed_status"]
        == "No Internet Presence"
    ]
    assert len(absent) > 15
    for outputs in absent:
        for name, known in CATALOGUE.items():
            if known.of_presence and name != "closed_permanently":
                assert {outputs[key] for key in known.outputs} == {None}, name
        assert outputs["digital_footprint"] in {"NONE", None}
    assert any(outputs["phone"] for outputs in absent)


def test_rules_pin_whether_something_is_found_and_single_values() -> None:
    everything, nothing = result(ran(*CORE, submission=3, pins=1)), result(ran(*CORE, pins=2))
    assert everything["outputs"] == result(ran(*CORE, submission=2, pins=1) | ran(*CORE, pins=1))["outputs"]
    assert "NONE" not in everything["confidence_scores"].values()
    assert nothing["outputs"] == search_for(*CORE).outputs
    assert set(nothing["confidence_scores"].values()) == {"NONE"}
    pinned = result(ran("names", "address", pins=3))
    assert pinned["outputs"]["name"] == "Pinned"
    assert "website" not in pinned["outputs"]
    assert pinned["confidence_scores"] == {"name": "LOW", "address": "NONE"}


@pytest.mark.parametrize("submission", [1, 2, 3])
@pytest.mark.parametrize("found", [None, True, False])
def test_a_value_that_a_rule_fixed_is_found(submission: int, found: bool | None) -> None:
    """Contract F5: outputs that a rule fixes win over everything, with a confidence; null has none."""
    PINS[9] = {"outputs": {"open_closed_status": "Closed", "phone": None}}
    if found is not None:
        PINS[9]["found"] = found
    for number in range(40):
        shown = result(ran(*CORE, submission=submission, pins=9), number)
        assert shown["outputs"]["open_closed_status"] == "Closed"
        assert shown["confidence_scores"]["open_closed_status"] != "NONE"
        assert shown["outputs"]["phone"] is None
        assert shown["confidence_scores"]["phone"] == "NONE"
        assert "say nothing" in shown["reasoning"]["phone"]


def test_a_place_that_a_rule_made_absent_has_no_website() -> None:
    """Contract F5."""
    PINS[10] = {"outputs": {"open_closed_status": "No Internet Presence"}}
    for number in range(20):
        shown = result(ran(*CORE, submission=2, pins=10), number)
        assert shown["outputs"]["website"] is None
        assert shown["confidence_scores"]["open_closed_status"] == "NONE"
        assert shown["outputs"]["name"]


def test_reasons_are_given_only_once_a_job_is_completed() -> None:
    """Contract F5."""
    failed = result(ran(*CORE), status=JobStatus.failed)
    assert failed["reasoning"] == {}
    assert failed["outputs"] == result(ran(*CORE))["outputs"]
    assert set(failed["job_metadata"]["attribute_status"].values()) == {"ERROR"}
    assert failed["job_metadata"]["enrichment_metadata"].keys() == set(CORE)


def test_building_twice_gives_equal_results_that_share_no_outer_dict() -> None:
    one, other = result(ran(*CATALOGUE)), result(ran(*CATALOGUE))
    assert one == other
    for part in PARTS:
        assert one[part] is not other[part]
