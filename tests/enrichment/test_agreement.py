"""One result agrees with itself, whatever ran when and whatever rules fixed."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.attributes import ABSENT, CATALOGUE, CORE
from reprompt_mock.enrichment.agreement import Shown, agree
from reprompt_mock.enrichment.facts import countries
from reprompt_mock.enrichment.finders.hours import SHARE_CLOSED
from reprompt_mock.enrichment.kinds import kinds
from reprompt_mock.enrichment.results import build
from reprompt_mock.enrichment.template import InForce, References, ResultTemplate, template_of
from reprompt_mock.history import AttributeStatus, Entry
from reprompt_mock.lifecycle import JobStatus
from reprompt_mock.shares import Shares
from tests.enrichment.finding import Job, subject_of
from tests.trust.scale import SOAK

PLACES = 20_000 if SOAK else 10_000
PROFILE = ("instagram_username", "instagram", "facebook_page_id", "instagram_profile")
OF_PRESENCE = [
    key for one in CATALOGUE.values() if one.of_presence and one.name != "closed_permanently" for key in one.outputs
]


def template(
    entries: dict[str, Entry],
    pins: dict[str, Any],
    shares: Shares = Shares(0.05),  # noqa: B008 - it does not change
) -> ResultTemplate:
    """Prepare completed results."""
    references = References(lambda seed: InForce(seed, shares), lambda _: pins)
    return template_of(JobStatus.completed, tuple(entries), entries, entries, seed=1, references=references)


def result(number: int, entries: dict[str, Entry], inputs: dict[str, Any], pins: dict[str, Any]) -> dict[str, Any]:
    """Build one completed result."""
    return build(Job(f"place-{number}", json.dumps(inputs).encode(), 1, None, 1), template(entries, pins))


def check(outputs: dict[str, Any], scores: dict[str, str], fixed: set[str]) -> None:
    """Check that a result agrees with itself, apart from what rules fixed."""
    status = outputs.get("open_closed_status")
    if status == "Closed":
        assert "opening_hours" in fixed or outputs.get("opening_hours") is None
        assert "date_closed" in fixed or outputs["date_closed"] is not None
    elif status is not None:
        assert "date_closed" in fixed or outputs["date_closed"] is None
    if status == "No Internet Presence":
        assert [key for key in OF_PRESENCE if outputs.get(key) is not None and key not in fixed] == []
        assert outputs.get("digital_footprint") in {"NONE", None}
        assert scores["open_closed_status"] == "NONE"
    if outputs.get("opening_hours") is None and "is_open_24h" in outputs:
        assert outputs["is_open_24h"] is False
        assert outputs["opening_hours_grouped_by_hours"] is None
    if outputs.get("instagram") is not None and not fixed & set(PROFILE):
        assert outputs.get("instagram_username") in {None, outputs["instagram"]}
        profile = outputs.get("instagram_profile")
        assert profile is None or profile["username"] == outputs["instagram"]
    within = outputs.get("located_within")
    if outputs.get("location_type") == "shopping_center" and "located_within" in outputs:
        assert within is not None
        assert within["type"] == "shopping_center"
    if within is not None and within["type"] == "shopping_center" and outputs.get("location_type") is not None:
        assert outputs["location_type"] == outputs["location_category"] == "shopping_center"
    if outputs.get("multilingual_names"):
        assert set(outputs["multilingual_names"].values()) == {outputs["name"]}


def test_results_of_all_countries_and_kinds_agree_with_themselves() -> None:
    codes, named, names = [*countries(), None], list(kinds()), list(CATALOGUE)
    for number in range(PLACES):
        code, kind = codes[number % len(codes)], named[number % len(named)]
        inputs = {"name": "東京駅" if number % 5 == 0 else "Harbour House", "country_code": code, "category": kind}
        generation = number // 7 % 4
        # Every other place has attributes of several generations, as after refreshes.
        apart = number % 2
        entries = {
            name: Entry(AttributeStatus.RUN, 1, (generation + position) % 4 if apart else generation)
            for position, name in enumerate(names)
        }
        shown = result(number, entries, inputs, {})
        check(shown["outputs"], shown["confidence_scores"], set())


@given(
    st.integers(0, 10_000),
    st.dictionaries(
        st.sampled_from(list(CATALOGUE)), st.tuples(st.integers(1, 3), st.integers(0, 5)), min_size=1, max_size=12
    ),
    st.sampled_from([None, "Open", "Closed", "Temporarily Closed", "No Internet Presence"]),
    st.booleans(),
)
def test_any_attributes_of_any_submissions_agree(
    number: int, ran: dict[str, tuple[int, int]], status: str | None, website: bool
) -> None:
    outputs: dict[str, Any] = {"open_closed_status": status} if status else {}
    if website:
        outputs["website"] = "https://fixed.example/"
    entries = {
        name: Entry(AttributeStatus.RUN, submission, generation, 1 if outputs else None)
        for name, (submission, generation) in ran.items()
    }
    shown = result(number, entries, {"name": "Shop", "country_code": "FR"}, {"outputs": outputs})
    check(shown["outputs"], shown["confidence_scores"], set(outputs))
    for key, value in outputs.items():
        assert shown["outputs"].get(key, value) == value


ONE_RUN = dict.fromkeys(CORE, Entry(AttributeStatus.RUN, 1, 0))


@pytest.mark.parametrize(
    ("entries", "pins", "expected"),
    [
        ({}, {}, False),
        (ONE_RUN, {}, False),
        ({"websites": ONE_RUN["websites"]}, {}, False),
        ({**ONE_RUN, "websites": Entry(AttributeStatus.RUN, 1, 1)}, {}, True),
        ({**ONE_RUN, "websites": Entry(AttributeStatus.RUN, 2, 0)}, {}, True),
        (dict.fromkeys((*CORE, "menu"), ONE_RUN["names"]), {}, True),
        (dict.fromkeys(CORE, Entry(AttributeStatus.RUN, 1, 0, 1)), {"outputs": {"website": None}}, True),
        (dict.fromkeys(CORE, Entry(AttributeStatus.RUN, 1, 0, 1)), {"found": False}, False),
        (dict.fromkeys(CORE, Entry(AttributeStatus.RUN, 1, 0, 1)), {"found": True}, False),
    ],
)
def test_only_what_runs_apart_or_beyond_the_core_may_disagree(
    entries: dict[str, Entry], pins: dict[str, Any], expected: bool
) -> None:
    assert template(entries, pins).may_disagree is expected


def test_a_status_that_is_lost_without_the_website_may_disagree_with_it() -> None:
    assert template(ONE_RUN, {}, Shares(0.1, (("closed_permanently", 0.6),))).may_disagree
    assert template(ONE_RUN, {}, Shares(0.1, (("websites", 0.95),))).may_disagree


@pytest.mark.parametrize(
    "rates",
    [
        {},
        {"websites": 1.0},
        {"websites": 0.95, "names": 0.1},
        {"closed_permanently": 0.3},
        {"closed_permanently": 0.0},
        {"closed_permanently": 1.0, "websites": 0.0},
    ],
    ids=str,
)
def test_what_one_run_finds_of_the_core_agrees_as_it_is_built(rates: dict[str, float]) -> None:
    codes, named = [*countries(), None], list(kinds())
    statuses = set()
    for number in range(PLACES // 4):
        inputs = {"name": "Hill House", "country_code": codes[number % len(codes)], "category": named[number % 50]}
        entries = dict.fromkeys(CORE, Entry(AttributeStatus.RUN, 1, number // 7 % 4))
        job = Job(f"place-{number}", json.dumps(inputs).encode(), 1, None, 1)
        shown = build(job, template(entries, {}, Shares(0.1, tuple(rates.items()))))
        statuses.add(shown["outputs"]["open_closed_status"])
        check(shown["outputs"], shown["confidence_scores"], set())
        parts = [shown["outputs"], shown["reasoning"], shown["confidence_scores"]]
        before = deepcopy(parts)
        agree(subject_of(f"place-{number}", inputs, seed=1), Shown(*parts))
        assert parts == before
    found = {"Open", "Closed", "Temporarily Closed"} if rates.get("closed_permanently") != 0 else set()
    assert statuses == found | ({ABSENT} if rates.get("closed_permanently") != 1 else set())


def test_hours_are_possible_for_what_has_not_closed() -> None:
    assert CATALOGUE["openingHours"].possible == 1 - SHARE_CLOSED


def test_a_place_in_new_york_has_a_number_and_a_postcode_of_new_york() -> None:
    """The address of the manual's example."""
    inputs = {"name": "New York Public Library", "full_address": "476 5th Ave, New York, NY 10018"}
    entries = dict.fromkeys(("phoneNumbers", "address"), Entry(AttributeStatus.RUN, 1, 0, 1))
    shown = result(0, entries, inputs, {"found": True})
    assert shown["job_metadata"]["country_code"] == "US"
    assert shown["outputs"]["phone"].startswith(("+1212555", "+1646555"))
    assert shown["outputs"]["address"]["postalCode"] == "10018"


@pytest.mark.parametrize("profile", ["@a", 7, ["a"], {"handle": "b"}])
def test_a_profile_that_a_rule_fixed_may_be_anything(profile: Any) -> None:
    outputs = {"instagram": "a", "instagram_username": "b", "instagram_profile": profile}
    agree(subject_of("p", {"name": "Shop"}), Shown(outputs, {}, {}, {"instagram_profile"}))

    assert outputs == {"instagram": "a", "instagram_username": "a", "instagram_profile": profile}
