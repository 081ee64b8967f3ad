"""A client in Java needs no package: the JDK's own HttpClient offers HTTP/2 with every request, and is served."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from reprompt_mock import RepromptMock

CLIENT = Path(__file__).with_name("Client.java")


@pytest.mark.skipif(shutil.which("javac") is None, reason="the machine has no JDK, which runs this client")
@pytest.mark.reprompt_mock(poll_advance=2)
def test_a_client_in_java_drives_batches_small_and_large(reprompt_mock_env: RepromptMock) -> None:
    done = subprocess.run(
        ["java", "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8", CLIENT],
        env={**os.environ},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "reprocessed 1",
        "small completed",
        "places mock-flaky-1 mock-ok-1 café ☕",
        "name Renamed",
        "large 4000",
        "failure_rate 1.0",
        "first failed",
        "its results 1",
        "second still runs",
    ]
    upgraded = [entry for entry in reprompt_mock_env.journal.find() if entry["headers"].get("upgrade") == "h2c"]
    reprompt_mock_env.assert_good_conduct()
    assert upgraded, "the client no longer offers an upgrade: this tries nothing then"
