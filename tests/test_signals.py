"""Signals: whoever knows a number gets what came later, each kind of change once, or learns that it may be lost."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.engine import signals as module
from reprompt_mock.engine.events import Change, Events, Kind
from reprompt_mock.engine.signals import Signal, Signals
from reprompt_mock.event_loop import Bell, new_loop
from tests.processes import PATIENCE_SECONDS

CHANGES = st.builds(
    Change, st.sampled_from(["a", "b"]), st.sampled_from([Kind.batch, Kind.clock]), st.sampled_from([None, "x", "y"])
)


def recorded(*changes: Change) -> tuple[Signals, Events]:
    """Give signals that have recorded some changes."""
    events = Events()
    signals = Signals(events)
    signals.now()
    events.publish(list(changes))
    return signals, events


@given(before=st.lists(CHANGES), after=st.lists(CHANGES), org_slug=st.sampled_from([None, "a", "b", "c"]))
def test_since_gives_the_latest_of_each_kind_and_its_subject_where_it_is_a_single_one(
    before: list[Change], after: list[Change], org_slug: str | None
) -> None:
    signals, events = recorded()
    for change in before:
        events.publish([change])
    number = signals.now()
    for change in after:
        events.publish([change])

    expected = []
    for key in {(change.org_slug, change.kind) for change in after if org_slug in (None, change.org_slug)}:
        of_key = [(number + at, one.subject) for at, one in enumerate(after, 1) if (one.org_slug, one.kind) == key]
        subjects = {subject for _, subject in of_key}
        expected.append(Signal(of_key[-1][0], *key, of_key[-1][1] if len(subjects) == 1 else None))
    assert signals.since(number, org_slug) == (sorted(expected), len(before) + len(after))


def test_nothing_is_recorded_before_anybody_looks() -> None:
    events = Events()
    signals = Signals(events)
    events.publish([Change("a", Kind.batch)])
    assert [events.are_heard, signals.now(), events.are_heard] == [False, 0, True]


def test_an_id_leads_back_to_its_number() -> None:
    signals, _ = recorded(Change("a", Kind.batch), Change("a", Kind.clock))
    assert [signals.number_of(signals.id_of(number)) for number in (0, 1, 2)] == [0, 1, 2]


@pytest.mark.parametrize("make", [
    lambda signals: signals.id_of(3),
    lambda signals: signals.id_of(-1),
    lambda signals: signals.id_of(10**30),
    lambda signals: "1",
    lambda signals: "",
    lambda signals: signals.id_of(1) + "²",
    lambda signals: Signals(Events()).id_of(0),
])  # fmt: skip
def test_an_id_of_another_run_or_none_is_one_after_which_something_may_be_lost(make: Any) -> None:
    signals, _ = recorded(Change("a", Kind.batch), Change("a", Kind.clock))
    assert signals.number_of(make(signals)) is None


def test_what_was_dropped_is_reported_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_KEPT", 2)
    signals, _ = recorded(*(Change(slug, Kind.batch) for slug in "abc"))
    known = [signals.number_of(signals.id_of(number)) for number in range(4)]
    assert known == [None, 1, 2, 3]
    assert [signal.org_slug for signal in signals.since(1)[0]] == ["b", "c"]


def test_recording_ends_once_enough_came_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_UNHEARD", 2)
    signals, events = recorded()
    with signals.heard(lambda: None):
        for _ in range(10):
            events.publish([Change("a", Kind.batch)])
        last = signals.id_of(signals.now())
    events.publish([Change("a", Kind.batch)])
    events.publish([Change("a", Kind.clock)])
    heard = [events.are_heard]
    events.publish([Change("a", Kind.clock)])
    heard.append(events.are_heard)

    assert signals.since(signals.now())[0] == []
    assert [*heard, events.are_heard] == [True, False, True]
    assert signals.number_of(last) is None, "what came meanwhile is lost"


def test_those_are_rung_for_whom_something_came_and_all_when_it_is_closed() -> None:
    signals, events = recorded()
    rung: list[str] = []
    with signals.heard(lambda: rung.append("all")), signals.heard(lambda: rung.append("a"), "a"):
        events.publish([Change("a", Kind.batch), Change("b", Kind.batch)])
        assert rung == ["a", "all", "all"]
        signals.close()
        assert sorted(rung[3:]) == ["a", "all"]
        assert signals.are_closed
    events.publish([Change("a", Kind.batch)])
    assert len(rung) == 5


def test_a_change_like_the_latest_is_numbered_anew_only_once_that_was_read_and_everybody_is_rung_for_each() -> None:
    signals, events = recorded()
    rung: list[None] = []
    with signals.heard(lambda: rung.append(None), "a"):
        for _ in range(3):
            events.publish([Change("a", Kind.request)])
        events.publish([Change("a", Kind.batch, "x")])
        events.publish([Change("a", Kind.batch, "y")])
        assert signals.since(0, "a") == (
            [Signal(1, "a", Kind.request, None), Signal(3, "a", Kind.batch, None)],
            3,
        )
        events.publish([Change("a", Kind.request)])
        assert signals.since(3, "a") == ([Signal(4, "a", Kind.request, None)], 4)
    assert len(rung) == 6


# The bell


def test_a_bell_is_heard_from_any_thread_and_rings_that_nobody_awaits_are_kept() -> None:
    async def listen() -> list[bool]:
        bell = Bell()
        bell.ring()
        bell.ring()
        heard = [await bell.heard()]
        heard.append(await bell.heard(0))
        threading.Thread(target=bell.ring).start()
        heard.append(await bell.heard(PATIENCE_SECONDS))
        return heard

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(listen()) == [True, False, True]


def test_a_bell_of_a_loop_that_is_gone_is_rung_in_vain() -> None:
    async def make() -> Bell:
        return Bell()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        bell = runner.run(make())
    bell.ring()
