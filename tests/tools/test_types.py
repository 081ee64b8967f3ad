"""What a stranger mistypes, mypy and pyright refuse in the stranger's own project; what is right, they let pass."""

from __future__ import annotations

import re
import sys
from textwrap import dedent

import pytest

from tests.tools.project import Project

WRONG = "  # wrong"
USE = dedent(
    """
    from datetime import datetime

    from reprompt_mock import RepromptMock

    with RepromptMock(clock="paused", failure_rate=0.2, seed=7, api_keys={"k": "*"}) as mock:
        mock.rules.add(match={"place_id": "store_*"}, then={"outcome": "failed", "error": "gone"}, times=1)
        mock.faults.add(match={"operation": "get_batch"}, then={"status": 503}, when="after", skip=1)
        mock.settings.update(failure_rate=0.5, workers=3)
        mock.assert_batch("b", completed=1, failed=1)
        mock.assert_called("create_batch", times=1, status=200)
        mock.restore(mock.snapshot())
        other = mock.org("other-org")
        now: datetime = other.clock.advance(30)
        unfinished: int = mock.clock.settle("b").unfinished
        for entry in mock.journal.find(operation="create_batch", limit=1):
            method: str = entry["method"]
            status: int | None = entry["status"]

    RepromptMock(failure_rat=1)  # wrong
    RepromptMock(seed="seven")  # wrong
    RepromptMock(clock="stopped")  # wrong
    RepromptMock(server="proces")  # wrong
    mock.faults.add(then={"status": 503}, when="befor")  # wrong
    mock.faults.add(then={"abort": "rest"})  # wrong
    mock.faults.add(then={"delay": 3})  # wrong
    mock.faults.add(match={"operatoin": "get_batch"}, then={"status": 503})  # wrong
    mock.rules.add(then={"outcome": "complete"})  # wrong
    mock.rules.add(then={"outcom": "failed"})  # wrong
    mock.rules.add(match={"placeId": "a"}, then={"outcome": "failed"})  # wrong
    mock.settings.update(failure_rat=1)  # wrong
    mock.settings.update(failure_rate="half")  # wrong
    mock.assert_batch("b", complete=3)  # wrong
    print(mock.journal.find()[0]["methd"])  # wrong
    print(mock.clock.advance(30).hours)  # wrong
    """
).lstrip()


def lines_of(output: str, pattern: str) -> set[int]:
    return {int(line) for line in re.findall(pattern, output, re.MULTILINE)}


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_each_mistyped_line_of_a_strangers_file_is_refused_and_no_other(project: Project, checker: str) -> None:
    project.write("pyproject.toml", '[tool.mypy]\nstrict = true\n[tool.pyright]\ntypeCheckingMode = "strict"\n')
    project.write("use.py", USE)
    wrong = {number for number, line in enumerate(USE.splitlines(), 1) if line.endswith(WRONG)}
    commands = {
        "mypy": ([sys.executable, "-m", "mypy", "--no-incremental", "use.py"], r"^use\.py:(\d+): error"),
        "pyright": (
            [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "use.py"],
            r"use\.py:(\d+):\d+ - error",
        ),
    }
    words, pattern = commands[checker]

    code, output = project.command(*words)

    assert code == 1, output
    assert lines_of(output, pattern) == wrong, output
