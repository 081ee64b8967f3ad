from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from reprompt_mock import samples

LONGEST_SECONDS = 20


def test_the_demo_drives_real_places_through_the_five_endpoints(tmp_path: Path) -> None:
    # Without a terminal, away from the clone, whatever the environment says.
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "REPROMPT_MOCK_PORT": "1", "HTTP_PROXY": "http://[::]:1"}
    started = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-m", "reprompt_mock", "demo"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert time.monotonic() - started < LONGEST_SECONDS
    for call in (
        "POST /batches",
        "GET /batches/{batch_id}",
        "GET /jobs",
        "POST /batches/{batch_id}/reprocess",
        "GET /batches",
    ):
        assert f"\n{call}  " in done.stdout
    assert f"{len(samples.places())} real places" in done.stdout
    assert f"{len(samples.places())}/{len(samples.places())} finished" in done.stdout
    assert samples.places()[0]["inputs"]["name"] in done.stdout
    assert "Started reprocessing" in done.stdout
    assert " places were reprocessed" in done.stdout


def test_the_samples_are_found_in_a_clone() -> None:
    assert samples.folder() == Path(__file__).parents[1] / "fixtures"
    assert len(samples.places()) == 320
    assert samples.request("reprocess_default") == {}
