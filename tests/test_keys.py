"""Keys of rows: numbers of a world with the world in front."""

from __future__ import annotations

from typing import Any

from reprompt_mock.keys import Keys, alike, local, span
from tests.conftest import Org


def test_a_world_numbers_its_rows_and_its_jobs_from_one() -> None:
    keys = Keys(7)
    assert [local(keys.row()), local(keys.row())] == [1, 2]
    assert [local(keys.jobs(50)), local(keys.jobs(1))] == [1, 51]


def test_keys_of_two_worlds_differ() -> None:
    one, other = Keys(1), Keys(2)
    assert not {one.row() for _ in range(9)} & {other.row() for _ in range(9)}


def test_numbers_go_on_from_where_they_were() -> None:
    keys = Keys(7)
    last = keys.row()
    assert Keys(7, keys.next_row, keys.next_job).row() == last + 1


def test_all_keys_of_a_world_are_in_its_span_and_no_others() -> None:
    first, last = span(7)
    assert first < Keys(7).row() < last < Keys(8).row()
    assert span(8)[0] == last + 1
    assert Keys(7, next_job=2**32 - 1).jobs(1) == last


def test_a_key_leads_to_others_of_its_world() -> None:
    keys = Keys(2**31 - 1)
    one, other = keys.row(), keys.row()
    assert alike(one, local(other)) == other
    assert other < 2**63


def history(org: Org) -> dict[str, Any]:
    """Let a world have rows of every kind; give its snapshot."""
    org.control("PATCH", "/clock", {"now": "2030-01-01T00:00:00Z"})
    org.set(export_inline_rows=0)
    org.control("POST", "/rules", {"then": {"outputs": {"website": "https://example.com"}}, "times": 1})
    org.create("a", "b", batch_id="first")
    org.settle()
    org.post("/batches/first/reprocess", {"failed_only": False, "refresh": True})
    org.create("c", batch_id="second")
    org.call("POST", "/exports", json={"batch_ids": ["first", "second"]})
    org.settle()
    org.call("DELETE", "/batches/second")
    snapshot: dict[str, Any] = org.control("GET", "/snapshot").json()
    return snapshot


def test_the_same_history_leaves_the_same_snapshot_whatever_other_worlds_there_are(org: Org) -> None:
    """A snapshot holds numbers of its world alone, so it is the same on every emulator."""
    org.create("x", "y")
    first, second = history(org.other()), history(org.other())
    assert first["data"]["job"]
    assert first["data"]["artifact"]
    assert first == second
