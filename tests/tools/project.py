"""A stranger's project: a folder with tests, which run in a process of their own that must end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from xml.etree import ElementTree

import pytest

SESSION_SECONDS = 60.0
"""Many times what a session takes; one that hangs costs so much."""
_NOT_OURS = re.compile(r"REPROMPT_.*|PYTEST_.*|.*_PROXY|PYTHON(?!PATH|HOME).*|COV.*", re.IGNORECASE)
STRICT = '[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n'
LAX = "[tool.pytest.ini_options]\n"


@dataclass(frozen=True)
class Session:
    """A pytest session that ended: its exit code, what it printed, and its JUnit file by test."""

    code: int
    output: str
    cases: Mapping[str, ElementTree.Element]

    @property
    def outcomes(self) -> dict[str, str]:
        """Each test with how it ended: passed, failure, error or skipped."""
        kinds = ("error", "failure", "skipped")
        return {
            name: next((kind for kind in kinds if case.find(kind) is not None), "passed")
            for name, case in self.cases.items()
        }

    def report(self, name: str) -> str:
        """All that the JUnit file says of a test."""
        case = self.cases[name]
        return "\n".join([*case.itertext(), *(value for part in case.iter() for value in part.attrib.values())])

    def assert_passed(self, *, tests: int) -> None:
        """Assert that so many tests ran and all passed, without anything to tell."""
        __tracebackhide__ = True
        assert list(self.outcomes.values()) == ["passed"] * tests, f"{self.outcomes}\n{self.output}"
        assert self.code == 0, self.output

    def assert_failed(self, *names: str) -> None:
        """Assert that these tests failed and no others."""
        __tracebackhide__ = True
        assert {name for name, outcome in self.outcomes.items() if outcome != "passed"} == set(names), self.output
        assert self.code == 1, self.output


class Project:
    """A folder with a `pyproject.toml`, a `stranger.py` to import from, and what is written into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("pyproject.toml", STRICT)
        shutil.copy(Path(__file__).with_name("stranger.py"), folder)

    def write(self, name: str, *parts: str) -> None:
        """Write a file, of parts that may be indented."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(map(dedent, parts)), encoding="utf-8")

    def run(  # each keyword is one way in which sessions differ
        self,
        *options: str,
        plugins: Iterable[str] = (),
        python: Iterable[str] = (),
        environ: Mapping[str, str] | None = None,
        descriptors: int | None = None,
        within: str = ".",
    ) -> Session:
        """Run the project's tests with our plugin and the named ones alone; fails where the session does not end."""
        report = self.folder / "report.xml"
        report.unlink(missing_ok=True)
        wanted = [part for plugin in ("reprompt_mock", *plugins) for part in ("-p", plugin)]
        pytest_ = [sys.executable, *python, "-m", "pytest", "-p", "no:cacheprovider", *wanted, "-rA"]
        limited = () if descriptors is None else ("sh", "-c", f'ulimit -n {descriptors} && exec "$@"', "sh")
        code, output = self.command(
            *limited, *pytest_, f"--junitxml={report}", *options, environ=environ, within=within
        )
        cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
        return Session(code, output, {case.get("name", ""): case for case in cases})

    def command(
        self,
        *words: str,
        environ: Mapping[str, str] | None = None,
        descriptors: int | None = None,
        within: str = ".",
    ) -> tuple[int, str]:
        """Run a command in the folder; gives its exit code and what it printed, fails where it does not end."""
        ours = {name: value for name, value in os.environ.items() if not _NOT_OURS.fullmatch(name)}
        process = subprocess.Popen(
            words,
            cwd=self.folder / within,
            env={**ours, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "NO_COLOR": "1", **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=SESSION_SECONDS)
        except subprocess.TimeoutExpired:
            pytest.fail(f"it did not end within {SESSION_SECONDS:g} seconds:\n{_killed(process)}", pytrace=False)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, output


def _killed(process: subprocess.Popen[str]) -> str:
    """End a process and all of its group; gives what it printed, and where its threads stood."""
    os.killpg(process.pid, signal.SIGABRT)  # pytest's faulthandler writes down where each thread is
    try:
        return process.communicate(timeout=5)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0]
