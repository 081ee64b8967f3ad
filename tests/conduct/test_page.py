"""What docs/guides/judging-a-client.md shows works: in a shell, in pytest, with Node, Java and Go, as an action."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reprompt_mock import RepromptMock
from reprompt_mock.cli import _parser
from tests.sessions import Run
from tests.test_conduct_handle import create

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guides" / "judging-a-client.md").read_text(encoding="utf-8")
ADDRESS = "http://localhost:8780"


def snippet(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def own() -> Iterator[RepromptMock]:
    with RepromptMock(clock="paused", org_slug="my-test") as mock:
        yield mock


@pytest.fixture
def mock(own: RepromptMock) -> Iterator[RepromptMock]:
    yield own
    own.reset()


def run(command: list[str], mock: RepromptMock, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command where the emulator's commands are found and its world is named."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"REPROMPT_ORG_SLUG": mock.org_slug, "REPROMPT_MOCK_URL": mock.url, "PATH": path, "NO_PROXY": "*"}
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, timeout=120, check=False
    )


def misbehave(mock: RepromptMock) -> None:
    create(mock)
    create(mock)


def test_the_shell_gets_a_verdict(mock: RepromptMock) -> None:
    if not shutil.which("curl"):
        pytest.skip("the machine has no curl")
    text = snippet("sh").replace(ADDRESS, mock.url).replace("curl ", "curl -sS --noproxy '*' -w '\\n' ")

    done = run(["sh", "-euc", text], mock, ROOT)

    assert done.returncode == 0, done.stderr
    printed = [json.loads(line) for line in done.stdout.splitlines() if line]
    assert printed[-1]["verdict"] == "bad"
    assert mock.conduct()["judged"] == 0


def test_a_test_can_be_excepted(pytester: pytest.Pytester, session: Run) -> None:
    pytester.makepyfile(snippet("python"))

    session("--reprompt-mock-conduct=fail").assert_outcomes(passed=1)


@pytest.mark.skipif(shutil.which("node") is None, reason="the machine has no node")
def test_a_suite_in_javascript_ends_with_it(mock: RepromptMock, tmp_path: Path) -> None:
    suite = tmp_path / "suite.test.mjs"
    suite.write_text(
        snippet("js").replace(ADDRESS, mock.url) + 'import test from "node:test";\ntest("nothing", () => {});\n'
    )
    assert run(["node", "--test", str(suite)], mock, tmp_path).returncode == 0

    misbehave(mock)
    done = run(["node", "--test", str(suite)], mock, tmp_path)
    assert done.returncode != 0
    assert "created_twice" in done.stdout


@pytest.mark.skipif(shutil.which("javac") is None, reason="the machine has no JDK")
def test_a_suite_in_java_ends_with_it(mock: RepromptMock, tmp_path: Path) -> None:
    method = snippet("java").replace("@AfterAll\n", "").replace(ADDRESS, mock.url)
    imports = "import java.net.URI;\nimport java.net.http.*;\nimport java.net.http.HttpResponse.BodyHandlers;\n"
    program = (
        f"{imports}class Suite {{\n{method}\npublic static void main(String[] a) throws Exception {{ conduct(); }}\n}}"
    )
    (tmp_path / "Suite.java").write_text(program)
    done = run(["java", "Suite.java"], mock, tmp_path)
    assert done.returncode == 0, done.stderr

    misbehave(mock)
    done = run(["java", "Suite.java"], mock, tmp_path)
    assert done.returncode != 0
    assert "created_twice" in done.stderr


@pytest.mark.skipif(shutil.which("go") is None, reason="the machine has no Go")
def test_a_suite_in_go_ends_with_it(mock: RepromptMock, tmp_path: Path) -> None:
    head = 'package suite\n\nimport (\n\t"os"\n\t"os/exec"\n\t"testing"\n)\n\nfunc TestNothing(t *testing.T) {}\n\n'
    (tmp_path / "suite_test.go").write_text(head + snippet("go"))
    (tmp_path / "go.mod").write_text("module suite\n\ngo 1.19\n")
    done = run(["go", "test", "-count=1", "./..."], mock, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr

    misbehave(mock)
    done = run(["go", "test", "-count=1", "./..."], mock, tmp_path)
    assert done.returncode != 0
    assert "created_twice" in done.stdout


def test_the_action_runs_the_command() -> None:
    action = yaml.safe_load(snippet("yaml"))
    (step,) = action["runs"]["steps"]
    words = shlex.split(re.sub(r"\$\{\{ inputs\.(\w+) \}\}", r"\1", step["run"]))

    assert action["runs"]["using"] == "composite"
    assert set(action["inputs"]) == set(re.findall(r"inputs\.(\w+)", step["run"]))
    assert words[:4] == ["docker", "exec", "service", "reprompt-mock"]
    parsed = _parser().parse_args(words[4:])
    assert (parsed.org, parsed.format) == ("org", "github")
