"""A batch's status and metadata as functions of its jobs' counts (contract E2, E3)."""

from __future__ import annotations

from itertools import product

import pytest

from reprompt_mock.batch_status import Counts, metadata_of, status_of, success_rate
from reprompt_mock.lifecycle import JobStatus


@pytest.mark.parametrize(
    ("counts", "threshold", "status"),
    [
        (Counts(), 0.5, "completed"),
        (Counts(), 0.0, "completed"),
        (Counts(pending=3), 0.5, "pending"),
        (Counts(queued=3), 0.5, "queued"),
        (Counts(pending=2, queued=1), 0.5, "queued"),
        (Counts(in_progress=1), 0.5, "in_progress"),
        (Counts(pending=1, in_progress=1), 0.5, "in_progress"),
        (Counts(queued=1, in_progress=1), 0.5, "in_progress"),
        (Counts(pending=1, completed=1), 0.5, "in_progress"),
        (Counts(queued=1, completed=1), 0.5, "in_progress"),
        (Counts(pending=1, failed=9), 0.5, "in_progress"),
        (Counts(queued=1, failed=9), 0.5, "in_progress"),
        (Counts(completed=4), 0.5, "completed"),
        (Counts(completed=4), 0.0, "completed"),
        (Counts(failed=4), 0.5, "failed"),
        (Counts(failed=4), 1.0, "completed"),
        (Counts(completed=2, failed=2), 0.5, "completed"),
        (Counts(completed=2, failed=3), 0.5, "failed"),
        (Counts(completed=99, failed=1), 0.0, "failed"),
        (Counts(completed=9, failed=1), 0.1, "completed"),
        (Counts(completed=7, failed=3), 0.3, "completed"),
        (Counts(completed=2, failed=1), 1 / 3, "completed"),
    ],
)
def test_the_status_of_a_batch(counts: Counts, threshold: float, status: str) -> None:
    """contract E3: status is a function of the counts; failed where the failed share exceeds the threshold."""
    assert status_of(counts, threshold) is JobStatus[status]


def _in_words(counts: Counts, threshold: float) -> str:
    statuses = [name for name, count in counts.as_dict().items() for _ in range(count)]
    if not statuses:
        return "completed"
    if set(statuses) == {"pending"}:
        return "pending"
    if "queued" in statuses and set(statuses) <= {"pending", "queued"}:
        return "queued"
    if set(statuses) <= {"completed", "failed"}:
        return "failed" if statuses.count("failed") / len(statuses) > threshold else "completed"
    return "in_progress"


@pytest.mark.parametrize("threshold", [0.0, 0.25, 0.5, 1.0])
def test_every_small_batch_has_the_status_that_the_words_say(threshold: float) -> None:
    """contract E3: the whole sentence, by counting the jobs one by one."""
    for numbers in product(range(3), repeat=5):
        counts = Counts(*numbers)
        assert status_of(counts, threshold).name == _in_words(counts, threshold), counts


@pytest.mark.parametrize(
    ("counts", "rate"),
    [
        (Counts(), None),
        (Counts(pending=1, queued=1, in_progress=1), None),
        (Counts(pending=5, completed=1), 1.0),
        (Counts(pending=5, failed=1), 0.0),
        (Counts(completed=3, failed=1), 0.75),
    ],
)
def test_the_success_rate_is_completed_over_finished(counts: Counts, rate: float | None) -> None:
    """contract E2: completed ÷ finished, null while none is finished."""
    assert success_rate(counts) == rate
    assert metadata_of(counts)["success_rate"] == rate


def test_metadata_has_four_keys_and_all_five_counts() -> None:
    """contract E2: total_jobs, completed_jobs, status_counts, success_rate."""
    assert metadata_of(Counts(1, 2, 3, 4, 5)) == {
        "total_jobs": 15,
        "completed_jobs": 4,
        "status_counts": {"pending": 1, "queued": 2, "in_progress": 3, "completed": 4, "failed": 5},
        "success_rate": 4 / 9,
    }


def test_counts_add_up() -> None:
    assert (Counts(1, 2, 3, 4, 5).finished, Counts(1, 2, 3, 4, 5).unfinished) == (9, 6)
