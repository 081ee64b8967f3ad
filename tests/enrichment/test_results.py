from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from reprompt_mock.attributes import CATALOGUE, CORE
from reprompt_mock.enrichment.results import Job, build
from reprompt_mock.enrichment.template import InForce, References, template_of
from reprompt_mock.history import AttributeStatus, Entry, History
from reprompt_mock.lifecycle import JobStatus

PARTS = ("outputs", "reasoning", "confidence_scores")
SETTINGS = {1: InForce(7, 0.3), 2: InForce(8, 0.0), 3: InForce(7, 1.0)}
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
    for number in range(5):
        together = result(ran(*CATALOGUE, generation=generation), number)
        alone = [result(ran(name, generation=generation), number) for name in CATALOGUE]
        for part in PARTS:
            assert {key: value for one in alone for key, value in one[part].items()} == together[part]


def test_each_attribute_keeps_what_its_own_submission_and_generation_found() -> None:
    early, late = ran(*CORE, submission=1), ran("menu", "site_quality", submission=2, generation=3)
    both, first, second = result({**early, **late}), result(early), result(late)
    for part in PARTS:
        assert both[part] == {**first[part], **second[part]}


@pytest.mark.parametrize("attributes", [CORE, tuple(CATALOGUE)])
def test_as_many_attributes_find_nothing_as_the_rate_says(attributes: tuple[str, ...]) -> None:
    """Contract F5: `names` always finds."""
    places = 600
    scores = Counter(
        key
        for number in range(places)
        for key, score in result(ran(*attributes), number)["confidence_scores"].items()
        if score == "NONE"
    )
    keys = [key for name in attributes for key in CATALOGUE[name].confidence]
    assert scores["name"] == 0
    for key in keys:
        assert key == "name" or scores[key] / places == pytest.approx(SETTINGS[1].not_found_rate, abs=0.08)


def test_a_rate_of_one_leaves_only_the_names() -> None:
    """Contract F5."""
    found = result(ran(*CORE, submission=3))
    assert found["outputs"]["name"] == "Ristorante Da Nino"
    assert found["outputs"]["address"] is found["outputs"]["website"] is None
    assert found["reasoning"]["website"].startswith("The sources that were searched")


def test_rules_pin_whether_something_is_found_and_single_values() -> None:
    everything, nothing = result(ran(*CORE, submission=3, pins=1)), result(ran(*CORE, pins=2))
    assert everything["outputs"] == result(ran(*CORE, submission=2, pins=1) | ran(*CORE, pins=1))["outputs"]
    assert {json.dumps(value) for value in nothing["outputs"].values()} == {"null", "{}"}
    assert set(nothing["confidence_scores"].values()) == {"NONE"}
    pinned = result(ran("names", "address", pins=3))
    assert pinned["outputs"]["name"] == "Pinned"
    assert "website" not in pinned["outputs"]
    assert pinned["confidence_scores"] == {"name": "LOW", "address": "NONE"}


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
