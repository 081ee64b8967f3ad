"""How errors of a schema are described: within bounds, and always as JSON."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from reprompt_mock.http.problems import described


def wrong(value: Any, *loc: str | int) -> dict[str, Any]:
    """Make an error as pydantic reports it."""
    return {"loc": loc or ("body",), "msg": "is wrong", "type": "wrong", "input": value}


def test_a_few_errors_are_given_whole() -> None:
    assert orjson.loads(orjson.dumps(described([wrong(1, "body", 0, "name")]))) == [
        {"loc": ["body", 0, "name"], "msg": "is wrong", "type": "wrong", "input": 1}
    ]


@pytest.mark.parametrize(
    ("count", "entries", "more"), [(20, 20, None), (21, 21, "1 more error"), (30, 21, "10 more errors")]
)
def test_twenty_are_given_and_then_how_many_more(count: int, entries: int, more: str | None) -> None:
    """contract B2: up to 20 entries."""
    found = described([wrong(None)] * count)

    assert len(found) == entries
    assert (found[-1]["msg"] if more else None) == more


def test_all_entries_together_stay_within_16_kb() -> None:
    """contract B2: 16 kB in all."""
    assert len(orjson.dumps(described([wrong("x" * 5000)] * 20))) <= 16 * 1024


@pytest.mark.parametrize("value", ["x" * 5000, "é\n" * 5000, ["y"] * 5000, "\ud800", {1, 2}])
def test_an_input_is_echoed_shortened_or_left_out(value: Any) -> None:
    (entry,) = described([wrong(value)])

    assert len(orjson.dumps(entry["input"])) <= 1024
