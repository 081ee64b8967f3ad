"""Evidence: what is kept for the verdict, within which bounds, and what is lost first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reprompt_mock.conduct.seen import MOST_BYTES
from reprompt_mock.evidence import MOST_EXCHANGES, MOST_TOGETHER, Archive, Evidence
from tests.conduct.exchanges import create, did
from tests.conduct.test_judge import compact
from tests.conftest import Org

PER_EXCHANGE = 300


class Over:
    """A request that is over."""

    def __init__(self, number: int) -> None:
        self.number = number

    def evidence(self) -> bytes:
        return compact(did("list_batches", self.number))


def keep(evidence: Evidence, *numbers: int) -> None:
    for number in numbers:
        evidence.keep(Over(number))


def kept(*numbers: int) -> list[bytes]:
    return [Over(number).evidence() for number in numbers]


def test_the_latest_are_kept_and_what_was_lost_is_counted() -> None:
    evidence = Archive().open(3)
    keep(evidence, 1, 2)
    assert (evidence.exchanges(), evidence.dropped) == (kept(1, 2), 0)

    keep(evidence, 3, 4, 5)
    assert (evidence.exchanges(), evidence.dropped) == (kept(3, 4, 5), 2)

    evidence.clear()
    assert (evidence.exchanges(), evidence.dropped) == ([], 0)


def test_it_is_bounded_without_being_asked_for() -> None:
    evidence = Archive().open(10)
    keep(evidence, *range(1000))

    assert evidence.dropped > 900


def test_worlds_share_a_room_and_the_oldest_of_any_make_room() -> None:
    archive = Archive(PER_EXCHANGE * 100)
    early, late = archive.open(), archive.open()
    keep(early, *range(64))
    early.exchanges()
    keep(late, *range(1000, 1000 + 64 * 4))

    assert early.exchanges() == []
    assert early.dropped == 64
    assert 0 < sum(len(one) + PER_EXCHANGE - MOST_BYTES for one in late.exchanges()) <= PER_EXCHANGE * 100
    assert len(late.exchanges()) + late.dropped == 64 * 4
    assert late.exchanges() == kept(*range(1000, 1000 + 64 * 4))[-len(late.exchanges()) :]


def test_what_is_forgotten_gives_its_room_back() -> None:
    archive = Archive(PER_EXCHANGE * 100)
    for _ in range(20):
        evidence = archive.open()
        keep(evidence, *range(64))
        assert (len(evidence.exchanges()), evidence.dropped) == (64, 0)
        evidence.clear()


MEASURED = """
import sys
from reprompt_mock.conduct.seen import packed
from reprompt_mock.evidence import Archive

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

class Over:
    def evidence(self):
        return packed((1, "create_batch", 10**16, 10**16, 10**6, 200, 7, "01234567", 10**5, 2**52, None, 9,
            "a" * 19, "b" * 100, (50000, 50000, 50000), None, (50000, "0" * 12, "1" * 12, None, 0), None, None))

evidence = Archive().open()
size = len(Over().evidence())
before = used()
for _ in range(50_000):
    evidence.keep(Over())
print(size, (used() - before) / 50_000)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the machine does not tell how much memory is used")
def test_an_exchange_takes_no_more_than_300_bytes() -> None:
    printed = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, timeout=60, check=True)
    size, measured = map(float, printed.stdout.split())

    assert size > 200
    assert measured <= PER_EXCHANGE
    assert MOST_EXCHANGES * PER_EXCHANGE <= MOST_TOGETHER


# In a world


def verdict(org: Org) -> tuple[str, int, int]:
    found = org.control("GET", "/conduct").json()
    return found["verdict"], found["judged"], found["dropped"]


def test_where_facts_were_lost_the_verdict_is_inconclusive_until_the_journal_is_cleared(
    org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reprompt_mock.evidence.MOST_EXCHANGES", 2)
    org.get("/attributes")
    org.get("/batches")
    assert verdict(org) == ("good", 2, 0)

    org.get("/batches")
    assert verdict(org) == ("inconclusive", 2, 1)

    org.control("DELETE", "/journal")
    assert verdict(org) == ("good", 0, 0)
    org.get("/batches")
    assert verdict(org) == ("good", 1, 0)


def test_the_journals_size_bounds_its_entries_alone(org: Org) -> None:
    for _ in range(1100):
        org.get("/attributes")

    assert org.control("GET", "/journal").json()["dropped"] == 100
    assert verdict(org) == ("good", 1100, 0)


def test_a_forgotten_world_begins_anew(org: Org) -> None:
    org.get("/attributes")
    org.control("DELETE")

    assert verdict(org) == ("good", 0, 0)


def test_evidence_of_a_create_is_as_small(org: Org) -> None:
    assert len(compact(create(subject="x" * 48))) < PER_EXCHANGE
