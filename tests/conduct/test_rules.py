"""The rules, one by one: what breaks each, what just does not, and where it does not apply."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from reprompt_mock.conduct.rules import NAMES, RULES, Rule
from reprompt_mock.conduct.seen import (
    ARRIVED,
    CARRIED_OUT,
    FIRST,
    GONE,
    IDEMPOTENT,
    IDLE,
    KEY_IN_HEADER,
    KEY_IN_URL,
    NAMELESS,
    OWN,
    PAUSED,
    REPLACED,
    STEPPED,
    Seen,
    Work,
)
from tests.conduct.exchanges import (
    WELL,
    create,
    did,
    export,
    finish,
    judged,
    lost,
    page,
    poll,
    refused,
    reprocess,
    told_to_wait,
)

OTHER_CLIENT: dict[str, Any] = {"client": "d"}
LOST_AFTER: dict[str, Any] = {"status": None, "marks": CARRIED_OUT | OWN}
DONE = [create(), finish(10), page(at=11)]


def elsewhere(first: int, *exchanges: Seen) -> list[Seen]:
    """Requests of a client that keeps a connection of its own, before, in between and after."""
    return [replace(seen, connection=first) for seen in exchanges]


BREAKS: dict[str, dict[str, list[Seen]]] = {
    "created_twice": {
        "another batch": [create(), create(1, batch="c")],
        "settings changed in between": [create(), create(1, batch="c", interventions=2)],
        "the first answer was lost": [create(**LOST_AFTER), create(1, batch="c", connection=2)],
        "the client had left": [create(status=None, marks=CARRIED_OUT | GONE | OWN), create(1, batch="c")],
        "a new connection each": [create(connection=1), create(1, batch="c", connection=2)],
        "thrice is one finding": [create(), create(1, batch="c"), create(2, batch="d")],
    },
    "ignored_retry_after": {
        "at once": [told_to_wait(), poll(0.1, 0, 0, 1)],
        "just too early": [told_to_wait(wait=10), poll(9.4, 0, 0, 1)],
        "another batch": [told_to_wait(), poll(0.5, 0, 0, 1, request=9, subject="c")],
        "in real time, though the world ran": [told_to_wait(), poll(100, 0, 0, 1, real=0.5)],
        "again and again is one finding": [told_to_wait(n / 10) for n in range(5)],
    },
    "repeated_refusal": {str(status): [refused(0, status), refused(1, status)] for status in (401, 403, 404, 413, 422)}
    | {
        "400 of a create": [refused(0, 400, "create_batch"), refused(1, 400, "create_batch")],
        "404 though something was read": [refused(), did("list_batches", 1, request=9), refused(2)],
        "409 of an export": [refused(0, 409, "create_export"), refused(99, 409, "create_export")],
    },
    "pages_missed": {
        "the first of three": [create(), finish(10), page(0, 1, 3, at=11)],
        "a hole": [create(), finish(10), page(0, 1, 3, at=11), page(2, 1, 3, at=12)],
        "the last was lost": [create(), finish(10), page(0, 2, 3, at=11), page(2, 1, 3, at=12, status=None, marks=OWN)],
        "another batch was read": [
            create(),
            finish(10),
            page(0, 1, 3, at=11),
            page(1, 2, 3, at=12, subject="c"),
            page(0, 1, 3, at=12, subject="c"),
        ],
    },
    "failures_ignored": {
        "not read": [create(), poll(10, 2, 1)],
        "all failed": [create(), poll(10, 0, 3)],
        "reprocessed once, failed again": [create(), poll(10, 2, 1), reprocess(11), poll(20, 2, 1)],
    },
    "too_many_places": {
        "one more": [create(status=400, marks=ARRIVED | OWN, work=Work(50_001, other=50_000))],
    },
    "key_in_url": {"once": [did("list_batches", marks=WELL | KEY_IN_URL)]},
    "key_in_unknown_header": {"refused": [did("list_batches", status=401, marks=ARRIVED | OWN | KEY_IN_HEADER)]},
    "gave_up": {
        "others for long": [create(), poll(1, 0, 0, 3), did("get_attributes", 16.1)],
        "the last poll was lost": [
            create(),
            poll(1, 0, 0, 3),
            lost(6, "get_batch", subject="b"),
            did("list_batches", 30),
        ],
    },
    "polled_too_fast": {
        "just too fast": [poll(0, 0, 0, 3), poll(4.4, 0, 0, 3)],
        "at once": [poll(0, 0, 0, 3), finish(0.1)],
        "after a lost poll and its repeat": [
            poll(0, 0, 0, 3),
            lost(5, "get_batch", request=2),
            poll(6, 0, 0, 3),
            poll(7, 0, 0, 3),
        ],
    },
    "polled_after_finish": {
        "once more": [finish(), finish(10)],
        "at once": [finish(), finish(0.1)],
        "thrice is one finding": [finish(), finish(10), finish(20), finish(30)],
    },
    "read_unfinished": {
        "never polled": [create(), page(at=1, unfinished=3), finish(10), page(at=11)],
        "seen unfinished": [create(), poll(1, 0, 0, 3), page(at=2, unfinished=3), finish(10), page(at=11)],
        "finished by luck": [create(), page(at=5)],
        "after a restart": [*DONE, reprocess(12), page(at=13, unfinished=1)],
    },
    "pages_repeated": {
        "the same": [*DONE, page(at=12)],
        "overlapping": [create(), finish(10), page(0, 2, 3, at=11), page(1, 2, 3, at=12)],
    },
    "reprocessed_all": {
        "as created": [*DONE, reprocess(12, scope="ALL", completed=2)],
        "as before": [*DONE, reprocess(12, scope="ALL", completed=2, attributes="")],
    },
    "retried_at_once": {
        "after lost answers": [lost(), lost(0.05), did("list_batches", 0.1)],
        "after errors": [
            did("list_batches", status=500, marks=ARRIVED),
            did("list_batches", 0.1, status=502, marks=ARRIVED),
            did("list_batches", 0.2),
        ],
    },
    "unknown_field": {"one": [create(unknown_fields=["batchName"])]},
    "unknown_attribute": {"one": [create(unknown_attributes=["webistes"])]},
    "export_repeated": {
        "without a key": [export(), export(1)],
        "the first answer was lost": [export(**LOST_AFTER), export(1)],
        "a key that comes late": [export(marks=WELL | IDEMPOTENT), export(1)],
    },
    "results_unread": {"polled to the end": [create(), finish(10)]},
    "no_user_agent": {"once": [did("list_batches", marks=WELL | NAMELESS, agent="")]},
    "new_connections": {
        "each": [did("list_batches", n, connection=n, request=n, marks=WELL | FIRST) for n in range(10)]
    },
}

KEEPS: dict[str, dict[str, list[Seen]]] = {
    "created_twice": {
        "the same batch": [create(), create(1)],
        "a lost answer and the same batch": [create(**LOST_AFTER), create(1)],
        "never carried out": [create(status=None, marks=OWN), create(1, batch="c")],
        "other places": [create(), create(1, batch="c", places="q")],
        "other attributes": [create(), create(1, batch="c", attributes="other")],
        "no places": [create(jobs=0), create(1, batch="c", jobs=0)],
        "nothing started": [create(scope=IDLE), create(1, batch="c", scope=IDLE)],
        "the first was deleted": [create(), did("delete_batch", 1, subject="b"), create(2, batch="c")],
        "a snapshot was put in between": [create(interventions=3), create(1, batch="c", interventions=REPLACED + 3)],
        "another key": [create(), create(1, batch="c", **OTHER_CLIENT)],
        "two at once": elsewhere(1, create())
        + elsewhere(2, create(1, batch="c"))
        + elsewhere(1, did(None, 2, request=7)),
    },
    "ignored_retry_after": {
        "waited": [told_to_wait(), poll(1, 0, 0, 1)],
        "just long enough": [told_to_wait(wait=10), poll(9.51, 0, 0, 1)],
        "no wait": [told_to_wait(wait=0), poll(0.001, 0, 0, 1)],
        "another operation": [told_to_wait(), did("list_batches", 0.1, request=5)],
        "another key": [told_to_wait(), poll(0.1, 0, 0, 1, **OTHER_CLIENT)],
        "another thread's request": [
            did(None, request=8, connection=2),
            told_to_wait(),
            poll(0.1, 0, 0, 1, connection=2, request=9, subject="c"),
            did(None, 1, request=7),
        ],
        "not received": [told_to_wait(status=None, marks=GONE), poll(0.1, 0, 0, 1)],
    },
    "repeated_refusal": {
        "once": [refused()],
        "changed": [refused(request=1), refused(1, request=2)],
        "another key": [refused(0, 401), refused(1, 401, **OTHER_CLIENT)],
        "created in between": [refused(), create(1), refused(2)],
        "settings changed in between": [refused(0, 422), refused(1, 422, interventions=1)],
        "time passed, and jobs may have failed": [
            refused(0, 400, "reprocess_batch"),
            refused(5, 400, "reprocess_batch"),
        ],
        "an export that was not ready": [refused(0, 409, "download_export"), refused(5, 409, "download_export")],
        "408 and 429 may be repeated": [refused(0, 408), refused(9, 408), refused(19, 429), refused(29)],
        "two clients": elsewhere(1, refused()) + elsewhere(2, refused(1)) + elsewhere(1, did(None, 2, request=7)),
    },
    "pages_missed": {
        "all in one": DONE,
        "all in three": [create(), finish(10), *(page(n, 1, 3, at=11 + n) for n in range(3))],
        "and an empty one": [*DONE, page(3, 0, 3, at=12)],
        "read by two": [create(), finish(10), page(0, 2, 3, at=11), page(2, 1, 3, at=11, connection=2, client="d")],
        "none": [create(), finish(10)],
        "an unfinished batch": [create(), page(0, 1, 3, at=1, unfinished=3)],
        "the rest one by one": [create(), finish(10), page(0, 2, 3, at=11), did("get_job", 12, subject="x")],
        "an export has them all": [create(), finish(10), page(0, 2, 3, at=11), export(12, scope=None)],
        "filtered by day": [create(), finish(10), page(at=11, page=None)],
        "more was added after all was read": [*DONE, create(12), poll(13, 3, 0, 3)],
        "results lag behind": [create(), finish(10), page(at=11, counts=(0, 0, 3))],
    },
    "failures_ignored": {
        "read": [create(), poll(10, 2, 1), page(at=11)],
        "reprocessed": [create(), poll(10, 2, 1), reprocess(11)],
        "the reprocess was lost": [create(), poll(10, 2, 1), lost(11, "reprocess_batch", subject="b")],
        "read one by one": [create(), poll(10, 2, 1), did("get_job", 11, subject="x")],
        "all of the organization's were read": [create(), poll(10, 2, 1), page(at=11, subject=None)],
        "exported": [create(), poll(10, 2, 1), export(11)],
        "none failed": [create(), finish(10)],
        "not seen finished": [create(), poll(10, 1, 1, 1)],
        "the last poll was lost": [create(), lost(10, "get_batch", subject="b")],
    },
    "too_many_places": {
        "just as many": [create(jobs=50_000)],
        "refused for something else": [create(status=400, marks=ARRIVED | OWN, work=Work())],
    },
    "key_in_url": {"none": [did("list_batches")]},
    "key_in_unknown_header": {"none": [did("list_batches")]},
    "gave_up": {
        "just within": [create(), poll(1, 0, 0, 3), did("get_attributes", 16)],
        "simply ended": [create(), poll(1, 0, 0, 3)],
        "polled on": [create(), poll(1, 0, 0, 3), did("get_attributes", 30), finish(31), page(at=32)],
        "read all the same": [create(), poll(1, 0, 0, 3), page(at=30), did("get_attributes", 60)],
        "deleted": [create(), poll(1, 0, 0, 3), did("delete_batch", 2, subject="b"), did("get_attributes", 60)],
        "never polled": [create(), did("get_attributes", 60)],
        "another client goes on": [create(), poll(1, 0, 0, 3), did("get_attributes", 60, **OTHER_CLIENT)],
        "the list shows it finished": [create(), poll(1, 0, 0, 3), did("list_batches", 60, counts=(1, 0, 0))],
        "somebody deleted it": [create(), poll(1, 0, 0, 3), refused(5, subject="b"), did("get_attributes", 60)],
    },
    "polled_too_fast": {
        "just slow enough": [poll(0, 0, 0, 3), poll(4.5, 0, 0, 3)],
        "slow in real time": [poll(0, 0, 0, 3), poll(0.1, 0, 0, 3, real=5)],
        "slow in the world's time": [poll(0, 0, 0, 3), poll(5, 0, 0, 3, real=0.1)],
        "a paused clock": [poll(0, 0, 0, 3, marks=WELL | PAUSED), poll(0.1, 0, 0, 3, marks=WELL | PAUSED)],
        "polls move the clock": [poll(0, 0, 0, 3, marks=WELL | STEPPED), poll(0.1, 0, 0, 3)],
        "a lost poll is repeated": [
            poll(0, 0, 0, 3),
            lost(5, "get_batch", request=2),
            poll(5.2, 0, 0, 3),
            poll(10, 0, 0, 3),
        ],
        "restarted in between": [poll(0, 0, 0, 3), reprocess(1), poll(1.1, 0, 0, 3)],
        "two clients with connections of their own": [
            *elsewhere(1, poll(0, 0, 0, 3)),
            *elsewhere(2, poll(2, 0, 0, 3)),
            *elsewhere(1, poll(5, 0, 0, 3)),
            *elsewhere(2, poll(7, 0, 0, 3)),
        ],
        "two keys": [poll(0, 0, 0, 3), poll(1, 0, 0, 3, **OTHER_CLIENT)],
        "another question": [poll(0, 0, 0, 3), poll(0.1, 0, 0, 3, request=77)],
    },
    "polled_after_finish": {
        "once": [poll(0, 0, 0, 3), finish(5)],
        "reprocessed in between": [finish(), reprocess(1), poll(2, 2, 0, 1), finish(7)],
        "places reprocessed in between": [finish(), did("reprocess_jobs", 1, request=8), finish(2)],
        "appended in between": [finish(), create(1), finish(2)],
        "its answer was lost": [lost(0, "get_batch", request=2, subject="b"), finish(1)],
        "a test changed the world": [finish(), finish(1, interventions=1)],
        "two clients": elsewhere(1, finish()) + elsewhere(2, finish(1)) + elsewhere(1, did(None, 2, request=7)),
        "another question": [finish(), finish(1, request=77)],
    },
    "read_unfinished": {
        "seen finished": DONE,
        "another client saw it": [create(), finish(10, client="d"), page(at=11)],
        "created finished": [create(counts=(3, 0, 0)), page(at=1)],
        "a list showed that": [create(), did("list_batches", 5, counts=(1, 0, 0)), page(at=6)],
        "a test moved the clock": [create(marks=WELL | PAUSED), page(at=6, marks=WELL | PAUSED)],
        "all of the organization's": [create(), page(at=1, subject=None, unfinished=3)],
    },
    "pages_repeated": {
        "one after the other": [create(), finish(10), page(0, 2, 3, at=11), page(2, 1, 3, at=12)],
        "restarted in between": [*DONE, reprocess(12), finish(20), page(at=21)],
        "a lost page": [create(), finish(10), page(at=11, status=None, marks=OWN | CARRIED_OUT), page(at=12)],
        "results lagged behind": [create(), finish(10), page(at=11, counts=(2, 0, 1)), page(at=12)],
        "an unfinished batch": [create(), page(at=1, unfinished=3), page(at=2, unfinished=1)],
        "two clients": [create(), finish(10), page(at=11), page(at=12, **OTHER_CLIENT)],
    },
    "reprocessed_all": {
        "failed ones only": [*DONE, reprocess(12)],
        "none had completed": [*DONE, reprocess(12, scope="ALL")],
        "other attributes": [*DONE, reprocess(12, scope="ALL", completed=2, attributes="other")],
        "refused": [*DONE, reprocess(12, scope="ALL", completed=2, status=400, marks=ARRIVED | OWN)],
        "not known what was asked before": [reprocess(12, scope="ALL", completed=2)],
    },
    "retried_at_once": {
        "once": [lost(), did("list_batches", 0.05)],
        "once, later once more": [lost(), did("list_batches", 0.05), lost(5), did("list_batches", 5.05)],
        "with a pause": [lost(), lost(0.11), lost(0.22), did("list_batches", 0.33)],
        "as it was told": [told_to_wait(wait=0), told_to_wait(0.01, wait=0), poll(0.02, 0, 0, 1)],
        "after a time-out of its own": [lost(marks=GONE), lost(0.01, marks=GONE), did("list_batches", 0.02)],
        "other requests": [lost(), lost(0.01, request=5), did("list_batches", 0.02, request=6)],
    },
    "unknown_field": {"none": [create(unknown_fields=[])]},
    "unknown_attribute": {"none": [create(unknown_attributes=[])]},
    "export_repeated": {
        "with a key": [export(marks=WELL | IDEMPOTENT), export(1, marks=WELL | IDEMPOTENT)],
        "in the answer": [export(scope=None), export(1, scope=None)],
        "never made": [export(status=None, marks=OWN), export(1)],
        "the first has failed": [export(), did("get_export", 1, subject="e0", counts=(0, 0, 0)), export(2)],
        "data changed": [export(), create(1), export(2)],
    },
    "results_unread": {"read": DONE, "none completed": [create(), poll(10, 0, 3), reprocess(11)]},
    "no_user_agent": {"named": [did("list_batches")]},
    "new_connections": {
        "few": [did("list_batches", n, connection=n, request=n, marks=WELL | FIRST) for n in range(9)],
        "one kept": [
            did("list_batches", n, connection=max(n, 1), request=n, marks=WELL | (FIRST if n else 0)) for n in range(10)
        ],
    },
}


def cases(table: dict[str, dict[str, list[Seen]]]) -> list[object]:
    return [
        pytest.param(rule, one, id=f"{rule}-{name}") for rule, named in table.items() for name, one in named.items()
    ]


def test_every_rule_has_cases_of_both_kinds() -> None:
    assert tuple(BREAKS) == tuple(KEEPS)
    assert set(BREAKS) == set(NAMES)


@pytest.mark.parametrize(("rule", "exchanges"), cases(BREAKS))
def test_a_breach_is_found_once_and_no_other_error(rule: str, exchanges: list[Seen]) -> None:
    found = judged(exchanges).findings

    assert [finding.rule for finding in found].count(rule) == 1
    assert {finding.rule for finding in found if finding.severity == "error"} <= {rule}
    (finding,) = (finding for finding in found if finding.rule == rule)
    assert finding.requests
    assert set(finding.requests) <= set(range(1, len(exchanges) + 1))
    assert finding.message.endswith((".", "?"))


def test_polls_after_a_finish_come_with_the_finish_that_they_follow() -> None:
    """One before a restart is not among them."""
    restarted = [finish(), reprocess(1), finish(7), finish(17), reprocess(18), finish(25), finish(35)]

    (finding,) = [one for one in judged(restarted).findings if one.rule == "polled_after_finish"]

    assert list(finding.requests) == [3, 4, 6, 7]
    assert "polled twice more" in finding.message


@pytest.mark.parametrize(("rule", "exchanges"), cases(KEEPS))
def test_what_just_keeps_a_rule_is_not_accused(rule: str, exchanges: list[Seen]) -> None:
    assert rule not in {finding.rule for finding in judged(exchanges).findings}


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_says_what_breaks_it_what_to_do_and_where_it_is_written(rule: Rule) -> None:
    assert rule.when.endswith(".")
    assert "\n" not in rule.when
    assert rule.advice.endswith(".")
    assert rule.source
