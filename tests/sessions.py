"""Programs, and sessions of pytest, in processes that start in no time (a plugin of the tests)."""

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

import pytest

from tests.nursery import OPTIONS
from tests.processes import PATIENCE_SECONDS, environment

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]
SESSION = "import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"


class Nursery:
    """A process that begets others, one at a time."""

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

    def run(self, program: str, *arguments: str, folder: Path, **variables: str) -> tuple[int, str, str]:
        """Run a program, which is Python; gives its exit code and what it wrote.

        Args:
            program: its source; pytest and the emulator are loaded already.
            arguments: its arguments.
            folder: the one that it works in.
            variables: its environment.
        """
        outputs = [folder / "stdout", folder / "stderr"]
        order = {
            "program": program,
            "arguments": arguments,
            "folder": str(folder),
            "environment": variables,
            "outputs": [str(output) for output in outputs],
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        code = int(self._answer())
        written, errors = (output.read_text(encoding="utf-8") for output in outputs)
        for output in outputs:
            output.unlink()
        return code, written, errors

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
    """The one process from which those of this worker are forked."""
    begun = Nursery()
    yield begun
    begun.close()


@pytest.fixture
def session(nursery: Nursery, pytester: pytest.Pytester) -> Run:
    """Run a session in the folder of `pytester`, as its `runpytest_subprocess` does, at a tenth of the time.

    The frameworks are loaded already: `afresh` is for tests of what is loaded when.
    """

    def run_session(*arguments: str) -> pytest.RunResult:
        own = (*OPTIONS, f"--basetemp={pytester.path}/basetemp")
        environ = {**os.environ, "HOME": str(pytester.path)}
        began = time.monotonic()
        code, written, errors = nursery.run(SESSION, *own, *arguments, folder=pytester.path, **environ)
        sys.stdout.write(written + errors)
        return pytest.RunResult(code, written.splitlines(), errors.splitlines(), time.monotonic() - began)

    return run_session


@pytest.fixture
def afresh(pytester: pytest.Pytester) -> Run:
    """Run a session that loads everything itself."""
    return lambda *arguments: pytester.runpytest_subprocess(*OPTIONS, *arguments)
