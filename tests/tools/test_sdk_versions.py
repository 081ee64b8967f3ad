"""The vendor's earlier clients: the suite of its newest one, and what the one that only reads can do (contract J)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from reprompt_mock import RepromptMock
from tests.tools.stranger import create

ROOT = Path(__file__).parents[2]
SUITE = "tests/contract/test_j_sdk.py"
NEW = {
    "0.0.12.0": (
        "test_a_create_may_take_half_a_minute_and_a_second_per_thousand_jobs",
        "test_places_without_coordinates_without_country_and_with_address_parts_are_accepted",
    ),
    "0.0.11.0": (
        "test_a_single_batch_is_created_asynchronously",
        "test_after_an_asynchronous_create_the_client_cannot_be_closed_at_once",
        "test_creates_that_the_client_itself_cuts_off_leave_only_whole_batches",
        "test_duplicates_are_refused_by_the_client_or_kept_once",
        "test_results_parse_with_their_inputs_told_apart_by_input_type",
    ),
}
"""What a client does only since a version: its time limits, which columns it accepts, and asynchronous creates."""
READ_ONLY = "0.0.9.0"
READING = """
import sys
from reprompt import RepromptClient

with RepromptClient(api_key=sys.argv[2], org_slug=sys.argv[3], base_url=sys.argv[1]) as client:
    (entry,) = client.batches.list_batches(query="b")
    batch = client.batches.get_batch(entry.id)
    assert batch["id"] == "b", batch
    jobs = list(client.jobs.get_jobs_by_batch_id("b", page_size=2))
    assert [job.place_id for job in jobs] == ["mock-ok-1", "mock-fail-1", "mock-ok-2"], jobs
    assert [str(getattr(job.status, "value", job.status)) for job in jobs] == ["completed", "failed", "completed"], jobs
    assert jobs[0].outputs["website"].startswith("https://"), jobs[0]
    assert client.jobs.get_job("mock-ok-2").place_id == "mock-ok-2"
    assert [one["id"] for one in client.batches.get_batches()["batches"]] == ["b"]
"""


def install(version: str, folder: Path) -> dict[str, str]:
    """Install a version of the client beside the one of the tests; gives the environment that finds it first."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", str(folder), f"reprompt=={version}"], check=True)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def later_than(version: str) -> Iterable[str]:
    """Give the tests of what the client does only since a later version."""
    numbers = [int(number) for number in version.split(".")]
    for since, tests in NEW.items():
        if [int(number) for number in since.split(".")] > numbers:
            yield from tests


@pytest.mark.parametrize("version", ["0.0.11.0", "0.0.10.0"])
def test_the_suite_of_the_newest_client_passes_with_earlier_ones(version: str, tmp_path: Path) -> None:
    """Contract J."""
    environment = install(version, tmp_path)
    left_out = " and ".join(f"not {name}" for name in later_than(version))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", SUITE, "-k", left_out]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_client_that_only_reads_reads(tmp_path: Path) -> None:
    """Contract J."""
    with RepromptMock(clock="paused") as mock:
        create(mock, "mock-ok-1", "mock-fail-1", "mock-ok-2")
        mock.clock.settle()
        command = [sys.executable, "-c", READING, mock.base_url, mock.api_key, mock.org_slug]
        environment = install(READ_ONLY, tmp_path)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
