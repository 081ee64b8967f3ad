"""Test suites that run at the same time share one emulator: every test has an organization of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from reprompt_mock import RepromptMock
from tests.nursery import OPTIONS

SUITE = """
import httpx2
import pytest

PLACE = {"name": "A store", "latitude": 48.85, "longitude": 2.29}

@pytest.mark.parametrize("count", range(1, 9))
def test_that_is_alone_in_the_emulator(reprompt_mock, count):
    url = f"{reprompt_mock.base_url}/{reprompt_mock.org_slug}/place_enrichment"
    jobs = [{"place_id": f"store-{number}", "inputs": PLACE} for number in range(count)]
    body = {"batch_id": "the-same-id-everywhere", "batch_name": "B", "attribute_set": "core", "jobs": jobs}
    httpx2.post(f"{url}/batches", json=body, headers={"apiKey": "any"}).raise_for_status()
    reprompt_mock.clock.settle()
    reprompt_mock.assert_batch("the-same-id-everywhere", completed=count)
    assert len(reprompt_mock.journal.find(operation="create_batch")) == 1
"""


def test_two_suites_run_at_once_on_one_emulator(tmp_path: Path) -> None:
    suite = tmp_path / "test_suite.py"
    suite.write_text(SUITE)
    with RepromptMock() as shared:
        command = [sys.executable, "-m", "pytest", *OPTIONS, "-q", "--reprompt-mock-url", shared.url]
        suites = [
            subprocess.Popen(
                [*command, str(suite)], cwd=tmp_path, env={**os.environ, "NO_PROXY": "*"}, stdout=subprocess.PIPE
            )
            for _ in range(2)
        ]
        printed = [process.communicate(timeout=120)[0].decode() for process in suites]

    assert [process.returncode for process in suites] == [0, 0], "\n".join(printed)
    assert all("8 passed" in text for text in printed)
