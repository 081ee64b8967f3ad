"""Faults: the index finds the fault that trying each of them, the newest first, finds."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from reprompt_mock.faults import Effect, FaultIndex, RequestMatch
from reprompt_mock.scenario import Scenario
from reprompt_mock.specs import FaultMatchSpec, FaultSpec, FaultThen
from tests.test_globs import GLOBS, STRINGS

METHODS = ["GET", "POST", "get"]
OPERATIONS = ["get_batch", "enrich"]
MATCHES = st.builds(
    RequestMatch,
    method=st.none() | st.sampled_from([*METHODS, "Post"]),
    path=st.none() | GLOBS,
    operation=st.none() | st.sampled_from(OPERATIONS),
)
Request = tuple[str, str, str | None]
REQUESTS = st.tuples(st.sampled_from(METHODS), STRINGS, st.none() | st.sampled_from(OPERATIONS))


def _newest(matches: list[RequestMatch], request: Request) -> int | None:
    return max((position for position, match in enumerate(matches) if match.fits(*request)), default=None)


@given(st.lists(MATCHES, max_size=8), st.lists(REQUESTS, max_size=4))
def test_an_index_finds_the_newest_fault_that_trying_each_finds(
    matches: list[RequestMatch], requests: list[Request]
) -> None:
    index = FaultIndex(matches)
    assert [index.newest(*request) for request in requests] == [_newest(matches, request) for request in requests]


def test_each_condition_alone_and_together_is_found_and_the_newest_wins() -> None:
    conditions = product([None, "get"], [None, "/x/*"], [None, "get_batch"])
    matches = [RequestMatch(*some) for some in conditions]
    index = FaultIndex(matches)
    assert index.newest("GET", "/x/1", "get_batch") == 7
    assert index.newest("GET", "/x/1", None) == 6
    assert index.newest("GET", "/y/1", "get_batch") == 5
    assert index.newest("POST", "/x/1", "get_batch") == 3
    assert index.newest("POST", "/y/1", None) == 0
    assert FaultIndex(matches[1:]).newest("POST", "/y/1", None) is None
    assert FaultIndex([]).newest("GET", "/x/1", "get_batch") is None


def _fault(path: str) -> FaultSpec:
    return FaultSpec(match=FaultMatchSpec(path=path), then=FaultThen(status=503))


def test_a_scenario_finds_faults_that_were_added_and_none_that_were_deleted() -> None:
    request = ("GET", "/x", None)
    assert not Scenario().has_fault_for(*request)
    one = Scenario().with_faults([_fault("/x*")])
    assert one.has_fault_for(*request)
    two = one.with_faults([_fault("/?")])
    after, fault = two.meet(0, *request, digest="")
    assert fault is not None
    assert (fault.id, fault.then) == ("fault-2", Effect(status=503))
    assert [named.fault.seen for named in after.faults] == [0, 1]
    assert [named.fault.seen for named in after.without_fault("fault-2").meet(0, *request, digest="")[0].faults] == [1]
    assert not after.without_fault(None).has_fault_for(*request)
