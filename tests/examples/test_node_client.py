"""A client in another language needs no more than an address, an organization and a key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from reprompt_mock import RepromptMock

CLIENT = Path(__file__).with_name("client.mjs")


@pytest.mark.skipif(shutil.which("node") is None, reason="the machine has no node, which runs this client")
@pytest.mark.reprompt_mock(poll_advance=2)
def test_a_client_in_javascript_drives_a_batch_to_its_end(reprompt_mock_env: RepromptMock) -> None:
    reprompt_mock_env.faults.add(
        match={"operation": "get_batch"}, then={"status": 503, "headers": {"Retry-After": "0"}}, times=2
    )

    done = subprocess.run(["node", CLIENT], env={**os.environ}, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "failed": ["mock-flaky-1"],
        "job_count": 1,
        "status": "completed",
        "places": [["mock-flaky-1", "completed"], ["mock-ok-1", "completed"], ["café ☕", "completed"]],
    }
    reprompt_mock_env.assert_called("get_batch", times=2, status=503)
    reprompt_mock_env.assert_good_conduct()
