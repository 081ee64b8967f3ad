"""The judge: what findings add up to, in which order they come, what becomes of lost facts, and how long it takes."""

from __future__ import annotations

import random
from dataclasses import FrozenInstanceError

import orjson
import pytest
from msgspec.structs import astuple, replace

from reprompt_mock.conduct.habits import AGENT_LENGTH, habit_of
from reprompt_mock.conduct.history import Standards
from reprompt_mock.conduct.judge import judge
from reprompt_mock.conduct.seen import MOST_BYTES, Page, Seen, Work, packed, unpacked
from reprompt_mock.conduct.verdict import Severity
from tests.conduct.exchanges import broken, create, did, finish, judged, page, poll, refused

GOOD = [create(), finish(10), page(at=11)]
QUESTIONABLE = [*GOOD, finish(12)]
BAD = [*QUESTIONABLE, create(13, batch="c")]


def test_no_request_at_all_is_good() -> None:
    found = judged([])

    assert (found.verdict, found.findings, found.judged, found.dropped) == ("good", [], 0, 0)


@pytest.mark.parametrize(
    ("exchanges", "verdict"),
    [(GOOD, "good"), ([create(), finish(10)], "good"), (QUESTIONABLE, "questionable"), (BAD, "bad")],
)
def test_errors_are_bad_warnings_questionable_and_notes_good(exchanges: list[Seen], verdict: str) -> None:
    assert judged(exchanges).verdict == verdict
    assert judged(exchanges).judged == len(exchanges)


@pytest.mark.parametrize("exchanges", [[], GOOD, QUESTIONABLE, BAD])
def test_where_facts_were_lost_nothing_is_concluded(exchanges: list[Seen]) -> None:
    found = judged(exchanges, dropped=1)

    assert (found.verdict, found.dropped) == ("inconclusive", 1)
    assert found.findings == judged(exchanges).findings


def test_findings_come_in_one_order_whatever_order_exchanges_ended_in() -> None:
    story = [replace(seen, sequence=number) for number, seen in enumerate([*BAD, refused(14), refused(15)], 1)]
    first = judge(story, Standards())
    severities = [finding.severity for finding in first.findings]
    assert severities == sorted(severities, key=list(Severity).index)
    assert len(severities) >= 3
    for seed in range(20):
        shuffled = random.Random(seed).sample(story, len(story))
        assert judge(shuffled, Standards()) == first


def test_a_verdict_is_a_value_and_json() -> None:
    found = judged(BAD)

    with pytest.raises(FrozenInstanceError):
        found.judged = 0  # type: ignore[misc]
    assert orjson.loads(orjson.dumps(found.as_dict())) == found.as_dict()


def test_a_finding_names_few_of_many_requests() -> None:
    (finding,) = judged([finish(number) for number in range(200)]).findings[:1]

    assert finding.requests == list(range(1, 51))
    assert "199 times" in finding.message


def test_a_worlds_interval_is_its_own() -> None:
    polls = [poll(0, 0, 0, 3), poll(1, 0, 0, 3)]

    assert broken(polls) == ["polled_too_fast"]
    assert broken(polls, poll_seconds=1) == []


# What libraries do by themselves


@pytest.mark.parametrize(
    ("agent", "habit"),
    [
        ("curl/7.88.1", "reused connection"),
        ("Wget/1.21.3", "--tries=1"),
        ("Java/17.0.9", "retryPost"),
        ("okhttp/3.13.1", "OkHttp"),
        ("Apache-HttpClient/5.2.1 (Java/17.0.9)", "disableAutomaticRetries"),
        ("python-httpx/0.28.1", ""),
        ("Java-http-client/17.0.9", ""),
        ("Apache-HttpClient/4.5.14 (Java/17.0.9)", ""),
        ("", ""),
    ],
)
def test_advice_names_what_a_library_repeats_by_itself(agent: str, habit: str) -> None:
    known = agent[:AGENT_LENGTH]
    creates = [create(agent=known), create(1, batch="c", agent=known)]
    (finding,) = (one for one in judged(creates).findings if one.rule == "created_twice")

    assert habit in finding.advice
    assert bool(habit) == bool(habit_of(known))


# The compact form


def compact(seen: Seen) -> bytes:
    """The compact form, which is made of plain tuples."""
    return packed([astuple(field) if isinstance(field, Page | Work) else field for field in astuple(seen)])


def test_the_compact_form_is_read_as_it_was_written() -> None:
    for seen in [*BAD, refused(), did(None), create(unknown_fields=["a"], unknown_attributes=["b"])]:
        assert unpacked([compact(seen)])[0] == seen


def test_the_compact_form_is_short_whatever_there_is_to_tell() -> None:
    most = Seen(
        10**7, "reprocess_batch", 2**56, 2**56, 10**9, 503, 2**11 - 1, "0123abcd", 10**6, 2**52, 2**56, 10**4,
        "x" * AGENT_LENGTH, "b" * 48, (50_000, 50_000, 50_000), Page(2**31, 50_000, 10**6, 10**6),
        Work(50_000, "0" * 12, "1" * 12, "INCOMPLETE", 50_000), ["f" * 48] * 5, ["a" * 48] * 5,
    )  # fmt: skip
    written = compact(most)

    assert len(written) <= MOST_BYTES
    assert unpacked([written])[0].sequence == most.sequence


def test_of_many_unknown_names_some_stay() -> None:
    seen = create(unknown_fields=["f" * 48] * 5)

    assert unpacked([compact(seen)])[0].unknown_fields
    assert unpacked([compact(create(unknown_attributes=["f" * 48] * 5))])[0].unknown_attributes
    assert unpacked([compact(seen)])[0].work == seen.work
