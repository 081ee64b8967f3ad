"""Sessions of pytest in a project of their own (a plugin of the tests that need some)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from select import select
from typing import Any

import pytest

from tests.nursery import OPTIONS
from tests.processes import PATIENCE_SECONDS, environment

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]


class Nursery:
    """A process that begets sessions one after the other."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"],
            cwd=Path(__file__).parents[1],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._answer() == b"ready\n", self._process.communicate(timeout=PATIENCE_SECONDS)[1].decode()

    def run(self, order: dict[str, Any]) -> int:
        """Run a session; gives its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._answer())

    def _answer(self) -> bytes:
        assert self._process.stdout is not None
        ready, _, _ = select([self._process.stdout], [], [], 4 * PATIENCE_SECONDS)
        if not ready:
            self.close()
        return self._process.stdout.readline()

    def close(self) -> None:
        """End it and whatever it begot."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate(timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """The one process from which the sessions of this worker are forked."""
    begun = Nursery()
    yield begun
    begun.close()


@pytest.fixture
def session(nursery: Nursery, pytester: pytest.Pytester) -> Run:
    """Run a session in the folder of `pytester`, as its `runpytest_subprocess` does, at a tenth of the time.

    The frameworks are loaded already: `afresh` is for tests of what is loaded when.
    """

    def run_session(*arguments: str) -> pytest.RunResult:
        outputs = [pytester.path / "stdout", pytester.path / "stderr"]
        began = time.monotonic()
        code = nursery.run(
            {
                "folder": str(pytester.path),
                "environment": {**os.environ, "HOME": str(pytester.path)},
                "arguments": [*OPTIONS, f"--basetemp={pytester.path}/basetemp", *arguments],
                "outputs": [str(output) for output in outputs],
            }
        )
        written = [output.read_text(encoding="utf-8") for output in outputs]
        sys.stdout.write("\n".join(written))
        out, errors = (text.splitlines() for text in written)
        return pytest.RunResult(code, out, errors, time.monotonic() - began)

    return run_session


@pytest.fixture
def afresh(pytester: pytest.Pytester) -> Run:
    """Run a session that loads everything itself."""
    return lambda *arguments: pytester.runpytest_subprocess(*OPTIONS, *arguments)
