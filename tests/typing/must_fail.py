"""What users mistype: each line that is marked `wrong` is an error to a type checker, and no other is.

It is never run, and checked as a stranger's file: outside of this project, against the installed package.
"""

import reprompt_mock
from reprompt_mock import RepromptMock, RepromptMockFactory

reprompt_mock.RepromptMoc  # wrong
RepromptMock(failure_rat=1)  # wrong
RepromptMock(failure_rate="1")  # wrong
RepromptMock(clock="stopped")  # wrong
RepromptMock(server="proces")  # wrong
RepromptMock(api_keys=["k"])  # wrong
RepromptMock(rules=[{"then": {"outcom": "failed"}}])  # wrong
RepromptMock(rules=[{"match": {}}])  # wrong
RepromptMock("acme")  # wrong
RepromptMock.connect(8780)  # wrong
RepromptMock.connect("localhost:8780", org="acme")  # wrong


def test_of_the_handle(mock: RepromptMock) -> None:
    mock.clok.settle()  # wrong
    mock.clock.advance("30")  # wrong
    mock.clock.set("2026-01-31")  # wrong
    mock.clock.settle("b").unfinishd  # wrong
    mock.base_url = "http://localhost"  # wrong
    mock.settings.update(failure_rat=1)  # wrong
    mock.settings.update(workers="3")  # wrong
    mock.settings.update(clock="runing")  # wrong
    mock.settings.update(port=8780)  # wrong
    mock.rules.add(match={"place": "a"}, then={"outcome": "failed"})  # wrong
    mock.rules.add(then={"outcome": "fail"})  # wrong
    mock.rules.add(then={"hold": "completed"})  # wrong
    mock.rules.add(then={"attributes": {"websites": "FAILED"}})  # wrong
    mock.rules.add(then={"confidence_scores": {"phone": "HIHG"}})  # wrong
    mock.rules.add(match={"attempt": "1"}, then={"seconds": 1})  # wrong
    mock.rules.add()  # wrong
    mock.rules.add_all([{"then": {"outcome": "failed"}, "time": 1}])  # wrong
    mock.faults.add(then={"status": 503}, when="befor")  # wrong
    mock.faults.add(then={"status": 503}, per="arival")  # wrong
    mock.faults.add(then={"status": "503"})  # wrong
    mock.faults.add(then={"abort": "rest"})  # wrong
    mock.faults.add(then={"abort": "truncate", "as": "chunks"})  # wrong
    mock.faults.add(then={"stale_after": 1})  # wrong
    mock.faults.add(then={"headers": {"Retry-After": 3}})  # wrong
    mock.faults.add(then={"headers": {"Retry-After": {"date_in": 3}}})  # wrong
    mock.faults.add(match={"operation": "get_bach"}, then={"status": 503})  # wrong
    mock.faults.add(match={"operatoin": "get_batch"}, then={"status": 503})  # wrong
    mock.faults.add(match={"method": "get"}, then={"status": 503})  # wrong
    mock.journal.find(operation="get_bach")  # wrong
    mock.journal.find(state=200)  # wrong
    mock.journal.find()[0]["operatoin"]  # wrong
    mock.journal.find()[0]["status"] + 1  # wrong
    mock.journal.find()[0]["facts"]["batchId"]  # wrong
    mock.journal.find()[0]["answer_headers"]["retry-after"] + 1  # wrong
    mock.journal.find()[0]["connection"] + 1  # wrong
    mock.assert_batch("b", complete=3)  # wrong
    mock.assert_batch("b", completed="3")  # wrong
    mock.assert_called("get_bach")  # wrong
    mock.assert_called("get_batch", time=1)  # wrong
    mock.release(place="a")  # wrong


def test_of_the_factory(factory: RepromptMockFactory) -> None:
    factory(failure_rat=1)  # wrong
    factory(port=8780)  # wrong
    factory(rules=[{"than": {}}])  # wrong
    factory().assert_setled()  # wrong


def test_of_all_that_is_right(mock: RepromptMock, factory: RepromptMockFactory) -> None:
    RepromptMock(server="process", failure_rate=0.1, rules=[{"match": {"attempt": 1}, "then": {"outcome": "failed"}}])
    RepromptMock(db="mock.db", api_keys={"k": "*"}, org_slug="acme", api_key="k", clock="paused", seed=7)
    RepromptMock.connect("localhost:8780", org_slug="acme", api_key="k", control_token=None).fresh()
    factory(failure_rate=1, rules=[{"then": {"hold": "queued"}, "times": 3}]).assert_settled()
    mock.settings.update(failure_rate=1, clock="running")
    mock.rules.add(match={"place_id": "a*"}, then={"outputs": {"website": None}, "attributes": {"websites": "ERROR"}})
    mock.faults.add(match={"operation": "get_batch"}, then={"abort": "truncate", "as": "gzip"}, per="request")
    mock.faults.add(then={"status": 503, "headers": {"Retry-After": {"date_in_seconds": 3}, "X": "y"}}, when="after")
    mock.faults.add(then={"stale_after_seconds": 1.5}, skip=1, times=2, probability=0.5)
    names = [entry["path"] for entry in mock.assert_called("create_batch", times=1, status=200)]
    mock.assert_batch(names[0], pending=0, queued=0, in_progress=0, completed=1, failed=0)
    with mock as same:
        same.org("other").clock.settle("b").unfinished.bit_count()
