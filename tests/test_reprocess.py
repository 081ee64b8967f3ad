"""Which jobs a reprocess picks, and with which attributes (contract G1 to G4)."""

from __future__ import annotations

import pytest

from reprompt_mock.attributes import CORE
from reprompt_mock.reprocess import attributes_for, scope_of


@pytest.mark.parametrize(
    ("failed_only", "incomplete_only", "word", "statuses"),
    [
        (None, False, "FAILED", {"failed"}),
        (True, False, "FAILED", {"failed"}),
        (None, True, "INCOMPLETE", {"pending", "queued", "in_progress"}),
        (False, True, "INCOMPLETE", {"pending", "queued", "in_progress"}),
        (True, True, "FAILED AND INCOMPLETE", {"pending", "queued", "in_progress", "failed"}),
        (False, False, "ALL", {"pending", "queued", "in_progress", "completed", "failed"}),
    ],
)
def test_the_scope_of_a_reprocess(
    failed_only: bool | None, incomplete_only: bool, word: str, statuses: set[str]
) -> None:
    """contract G2: every combination; None stands for a failed_only that was not sent."""
    scope = scope_of(failed_only, incomplete_only)
    assert scope.word == word
    assert {status.name for status in scope.statuses} == statuses
    assert len(scope.statuses) == len(statuses)


@pytest.mark.parametrize(
    ("requested", "previous", "use_previous", "chosen"),
    [
        ((), (), False, CORE),
        ((), ("menu",), False, CORE),
        (("websites",), (), False, ("websites",)),
        (("websites",), ("menu",), False, ("websites",)),
        (("websites",), ("menu",), True, ("menu",)),
        (("websites",), (), True, ("websites",)),
        ((), ("menu", "names"), True, ("menu", "names")),
        ((), (), True, CORE),
    ],
)
def test_the_attributes_of_a_reprocess(
    requested: tuple[str, ...], previous: tuple[str, ...], use_previous: bool, chosen: tuple[str, ...]
) -> None:
    """contract G3: the job's own last ones where wanted, the request's as the fallback, else core."""
    assert attributes_for(requested, previous, use_previous=use_previous) == chosen
