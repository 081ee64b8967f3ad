"""What a job remembers over its attempts, and what of it clients see (contract F4, G7, G8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.attributes import CATALOGUE
from reprompt_mock.draws import digest
from reprompt_mock.history import Attempt, AttributeStatus, Entry, after, runs_anew, shown, struck
from reprompt_mock.lifecycle import JobStatus

RUN, ERROR, NOT_RUN, UNMET = (
    AttributeStatus.RUN,
    AttributeStatus.ERROR,
    AttributeStatus.NOT_RUN,
    AttributeStatus.RUN_CONDITION_FAILED,
)
W = "websites"
FIRST, SECOND = 1, 2


@pytest.mark.parametrize(
    ("refresh", "unmet", "errors", "pinned", "entry"),
    [
        (False, (), (), {}, Entry(RUN, FIRST)),
        (True, (), (), {}, Entry(RUN, FIRST)),
        (False, (W,), (), {}, Entry(UNMET, FIRST)),
        (False, (), (W,), {}, Entry(ERROR, FIRST)),
        (False, (W,), (W,), {}, Entry(UNMET, FIRST)),
        (False, (), (), {W: ERROR}, Entry(ERROR, FIRST)),
        (False, (), (W,), {W: RUN}, Entry(RUN, FIRST)),
        (False, (W,), (), {W: RUN}, Entry(UNMET, FIRST)),
        (False, (W,), (), {W: ERROR}, Entry(ERROR, FIRST)),
        (False, (), (), {W: NOT_RUN}, Entry(NOT_RUN, FIRST)),
        (False, ("names",), ("names",), {"names": ERROR}, Entry(RUN, FIRST)),
    ],
)
def test_a_first_attempt_gives_an_attribute_its_status(
    refresh: bool,
    unmet: Collection[str],
    errors: Collection[str],
    pinned: Mapping[str, AttributeStatus],
    entry: Entry,
) -> None:
    """contract F4: RUN, ERROR, or RUN_CONDITION_FAILED where an input is lacking; rules decide, but never conjure."""
    attempt = Attempt(FIRST, refresh, unmet=unmet, errors=errors, drifted=(W,), pinned=pinned)
    assert after({}, [W], attempt) == {W: entry}


@pytest.mark.parametrize(
    ("prior", "refresh", "drifted", "pinned", "entry"),
    [
        # Cached: what ran keeps its entry, whatever would have been drawn.
        (Entry(RUN, FIRST, 3), False, (), {}, Entry(RUN, FIRST, 3)),
        (Entry(RUN, FIRST, 3), False, (W,), {}, Entry(RUN, FIRST, 3)),
        (Entry(RUN, FIRST, 3), False, (), {W: RUN}, Entry(RUN, FIRST, 3)),
        # A rule that wants another status is not cached away.
        (Entry(RUN, FIRST, 3), False, (), {W: ERROR}, Entry(ERROR, SECOND, 3)),
        # A refresh runs it anew; the value moves on only where it drifts.
        (Entry(RUN, FIRST, 3), True, (), {}, Entry(RUN, SECOND, 3)),
        (Entry(RUN, FIRST, 3), True, (W,), {}, Entry(RUN, SECOND, 4)),
        # What did not run is run by every attempt.
        (Entry(ERROR, FIRST, 3), False, (), {}, Entry(RUN, SECOND, 3)),
        (Entry(UNMET, FIRST), False, (), {}, Entry(RUN, SECOND)),
        (Entry(NOT_RUN, FIRST), False, (), {}, Entry(RUN, SECOND)),
        (Entry(NOT_RUN, FIRST), True, (W,), {}, Entry(RUN, SECOND)),
    ],
)
def test_a_later_attempt_reuses_what_ran_unless_it_refreshes(
    prior: Entry, refresh: bool, drifted: Collection[str], pinned: Mapping[str, AttributeStatus], entry: Entry
) -> None:
    """contract G7, G8."""
    attempt = Attempt(SECOND, refresh, drifted=drifted, pinned=pinned)
    assert after({W: prior}, [W], attempt) == {W: entry}


def test_a_cached_attribute_does_not_err_by_chance() -> None:
    """contract G7: an attribute that already ran keeps its value."""
    ran = {W: Entry(RUN, FIRST)}
    assert after(ran, [W], Attempt(SECOND, refresh=False, errors=(W,))) == ran


def test_what_is_not_asked_for_stays_as_it_was() -> None:
    """contract G8: a job remembers, per attribute, its last run."""
    before = {"names": Entry(ERROR, FIRST), W: Entry(RUN, FIRST)}
    attempt = Attempt(SECOND, refresh=True, drifted=("names", W, "menu"))
    assert after(before, ["menu"], attempt) == {**before, "menu": Entry(RUN, SECOND)}


@pytest.mark.parametrize("status", [None, *AttributeStatus])
def test_an_unknown_attribute_never_runs(status: AttributeStatus | None) -> None:
    """contract D7: NOT_RUN whatever the outcome, also where a rule wants another status."""
    pinned = {"wi_fi": status} if status else {}
    planned = after({}, ["wi_fi"], Attempt(FIRST, refresh=False, errors=("wi_fi",), pinned=pinned))
    assert planned == {"wi_fi": Entry(NOT_RUN, FIRST)}
    for job in JobStatus:
        assert shown(job, ["wi_fi"], planned if job is JobStatus.completed else {}, planned) == {"wi_fi": NOT_RUN}


@pytest.mark.parametrize(
    ("before", "planned", "asked", "moves"),
    [
        ({}, {W: Entry(RUN, FIRST)}, [W], True),
        ({}, {W: Entry(ERROR, FIRST)}, [W], True),
        ({}, {W: Entry(UNMET, FIRST)}, [W], False),
        ({}, {"wi_fi": Entry(NOT_RUN, FIRST)}, ["wi_fi"], False),
        ({W: Entry(RUN, FIRST)}, {W: Entry(RUN, FIRST)}, [W], False),
        ({W: Entry(RUN, FIRST)}, {W: Entry(RUN, SECOND)}, [W], True),
        ({W: Entry(ERROR, FIRST)}, {W: Entry(RUN, SECOND)}, [W], True),
        ({W: Entry(RUN, FIRST)}, {W: Entry(RUN, FIRST), "menu": Entry(RUN, SECOND)}, [W, "menu"], True),
    ],
)
def test_last_enriched_moves_where_something_really_ran(
    before: Mapping[str, Entry], planned: Mapping[str, Entry], asked: list[str], moves: bool
) -> None:
    """contract G7: if nothing new had to run, last_enriched keeps its time."""
    assert runs_anew(before, planned, asked) is moves


RAN = {"websites": Entry(RUN, FIRST), "names": Entry(ERROR, FIRST), "menu": Entry(RUN, FIRST)}
CACHED = {**RAN, "names": Entry(RUN, SECOND), "address": Entry(RUN, SECOND)}
REFRESHED = {**CACHED, "websites": Entry(RUN, SECOND)}
ASKED = ["websites", "names", "address", "wi_fi"]


@pytest.mark.parametrize("status", [JobStatus.pending, JobStatus.queued, JobStatus.in_progress])
@pytest.mark.parametrize(("planned", "websites"), [(CACHED, RUN), (REFRESHED, NOT_RUN)])
def test_an_open_attempt_shows_what_it_will_run_as_not_run(
    status: JobStatus, planned: Mapping[str, Entry], websites: AttributeStatus
) -> None:
    """contract G8: what is cached keeps RUN, what runs anew shows NOT_RUN, the rest stays as it was."""
    assert shown(status, ASKED, RAN, planned) == {
        "websites": websites,
        "names": NOT_RUN,
        "menu": RUN,
        "address": NOT_RUN,
        "wi_fi": NOT_RUN,
    }


def test_a_failed_attempt_turns_all_that_it_asked_for_to_error() -> None:
    """contract G8: the asked attributes only, the cached ones included."""
    assert shown(JobStatus.failed, ["websites", "address", "wi_fi"], RAN, CACHED) == {
        "websites": ERROR,
        "names": ERROR,
        "menu": RUN,
        "address": ERROR,
        "wi_fi": NOT_RUN,
    }


def test_a_completed_attempt_shows_its_history() -> None:
    """contract G8: every attribute that ever ran, and those asked for now."""
    assert shown(JobStatus.completed, ASKED, CACHED, CACHED) == {
        "websites": RUN,
        "names": RUN,
        "menu": RUN,
        "address": RUN,
    }


@pytest.mark.parametrize("status", JobStatus)
def test_what_was_asked_for_once_and_never_ran_is_not_shown_later(status: JobStatus) -> None:
    """contract G8: every attribute that ever ran, and those asked for now."""
    ran = {"websites": Entry(RUN, FIRST), "wi_fi": Entry(NOT_RUN, FIRST), "signage": Entry(UNMET, FIRST)}
    assert set(shown(status, ["websites"], ran, ran)) == {"websites", "signage"}


def test_before_the_first_attempt_ends_nothing_has_run() -> None:
    """contract F4: NOT_RUN before the job finished; an upload that nobody started has no plan."""
    assert shown(JobStatus.pending, ["websites", "menu"], {}, {}) == {"websites": NOT_RUN, "menu": NOT_RUN}
    assert shown(JobStatus.pending, [], {}, {}) == {}


names = st.lists(st.sampled_from(["websites", "names", "menu", "wi_fi"]), unique=True)
entries = st.builds(Entry, st.sampled_from([RUN, ERROR, UNMET]), st.just(FIRST), st.integers(0, 2))
histories = st.dictionaries(st.sampled_from(["websites", "names", "menu"]), entries)
attempts = st.builds(
    Attempt, st.just(SECOND), st.booleans(), names, names, names, st.dictionaries(names.map("".join), st.just(RUN))
)


@given(histories, names, attempts)
def test_every_asked_attribute_has_a_status_in_every_state(
    ran: dict[str, Entry], asked: list[str], attempt: Attempt
) -> None:
    """contract F4: an entry for every attribute asked for, and for all that ever ran."""
    planned = after(ran, asked, attempt)
    assert list(planned)[: len(ran)] == list(ran)
    for status in JobStatus:
        history = planned if status is JobStatus.completed else ran
        assert set(shown(status, asked, history, planned)) == set(ran) | set(asked)


@given(histories, names)
def test_asking_again_after_an_attempt_without_errors_runs_nothing(ran: dict[str, Entry], asked: list[str]) -> None:
    """contract G7: a second reprocess with refresh false finds everything cached."""
    once = after(ran, asked, Attempt(SECOND, refresh=False))
    twice = after(once, asked, Attempt(SECOND + 1, refresh=False))
    assert not runs_anew(once, twice, asked)


def one_struck(place_id: str, attempt: int, asked: tuple[str, ...], *, rate: float) -> frozenset[str]:
    (hit,) = struck(0, [place_id], [attempt], what="error", asked=[asked], rate=rate)
    return hit


@pytest.mark.parametrize(("rate", "hit"), [(0.0, set()), (1.0, {"websites", "names"})])
def test_a_rate_of_zero_strikes_none_and_one_strikes_all(rate: float, hit: set[str]) -> None:
    assert one_struck("store-1", 1, ("websites", "names"), rate=rate) == hit


def test_attributes_are_struck_one_by_one_per_place_and_attempt() -> None:
    asked = ("websites", "names", "menu", "address")
    hits = {
        (place, attempt): one_struck(f"store-{place}", attempt, asked, rate=0.3)
        for place in range(500)
        for attempt in (1, 2)
    }
    share = sum(map(len, hits.values())) / (len(hits) * len(asked))
    assert share == pytest.approx(0.3, abs=0.03)
    assert len(set(hits.values())) > 8
    assert any(hits[place, 1] != hits[place, 2] for place in range(500))
    assert one_struck("store-1", 1, asked[::-1], rate=0.3) == hits[1, 1]


@pytest.mark.parametrize("rate", [0.01, 0.3, 0.9])
def test_many_jobs_are_struck_as_each_of_them_alone(rate: float) -> None:
    lists = [("websites", "names"), ("unknown",), (), tuple(CATALOGUE), tuple(CATALOGUE)[::-1]]
    asked = [lists[number % len(lists)] for number in range(200)]
    place_ids, attempts = [f"ä-{number}" for number in range(200)], [1 + number % 3 for number in range(200)]

    hits = struck(7, place_ids, attempts, what="drift", asked=asked, rate=rate)

    assert hits == [drawn(7, *job, rate=rate) for job in zip(place_ids, attempts, asked, strict=True)]
    assert any(hits)


def drawn(seed: int, place_id: str, attempt: int, asked: tuple[str, ...], *, rate: float) -> frozenset[str]:
    """Draw the attributes one after another: each has 32 bits of a digest, by its position in the catalogue."""
    positions = {name: list(CATALOGUE).index(name) if name in CATALOGUE else 0 for name in asked}
    digests = {name: digest(seed, place_id, attempt, "drift", at // 16) for name, at in positions.items()}
    words = {name: digests[name][at % 16 * 4 :][:4] for name, at in positions.items()}
    return frozenset(name for name, word in words.items() if int.from_bytes(word, "little") < int(rate * 2**32))
