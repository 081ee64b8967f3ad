"""The container's files: what can be said of them without an engine; `make image-check` builds and runs the image."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from reprompt_mock.cli import _parser
from reprompt_mock.server import ServerThread
from reprompt_mock.settings import PREFIX, Settings, load

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
START = ROOT / "docs" / "start"
FILES = ("Dockerfile", ".dockerignore", "compose.yaml", "tools/image_check.sh")
PORT = Settings.model_fields["port"].default


class Instruction(NamedTuple):
    name: str
    value: str


def _stages() -> list[list[Instruction]]:
    """Read the Dockerfile; the first list is what stands before all stages."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    stages: list[list[Instruction]] = [[]]
    for line in filter(None, re.sub(r"\\\n\s*", "", text).splitlines()):
        instruction = Instruction(*line.split(maxsplit=1))
        if instruction.name == "FROM":
            stages.append([])
        stages[-1].append(instruction)
    return stages


GLOBAL, BUILD, FINAL = _stages()


def only(stage: list[Instruction], name: str) -> str:
    (value,) = (instruction.value for instruction in stage if instruction.name == name)
    return value


def environment() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", only(FINAL, "ENV")))


# Dockerfile


def test_both_stages_are_python_slim_unless_the_builder_says_otherwise() -> None:
    (_, image), *_ = (instruction.value.split("=") for instruction in GLOBAL)

    assert re.fullmatch(r"python:3\.\d+-slim", image)
    assert [only(BUILD, "FROM"), only(FINAL, "FROM")] == ["${BASE} AS build", "${BASE}"]
    assert f"Programming Language :: Python :: {image[7:].removesuffix('-slim')}" in PROJECT["project"]["classifiers"]


def test_the_entrypoint_is_the_command_in_exec_form_so_that_it_gets_sigterm() -> None:
    entrypoint, command = json.loads(only(FINAL, "ENTRYPOINT")), json.loads(only(FINAL, "CMD"))

    assert entrypoint[0] in PROJECT["project"]["scripts"]
    assert _parser().parse_args([*entrypoint[1:], *command]).command == "serve"


def test_health_is_asked_by_the_command_in_exec_form() -> None:
    options, _, command = only(FINAL, "HEALTHCHECK").partition(" CMD ")

    assert json.loads(command) == [*json.loads(only(FINAL, "ENTRYPOINT")), "health"]
    assert {"--interval=2s", "--timeout=3s"} <= set(options.split())


def test_it_listens_where_it_says() -> None:
    settings = load({}, environ={name: value for name, value in environment().items() if name.startswith(PREFIX)})

    assert only(FINAL, "EXPOSE") == str(settings.port)
    assert settings.host == "0.0.0.0"


def test_it_runs_as_a_number_that_is_not_root_and_anyone_may_write_its_only_volume() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", only(FINAL, "USER"))
    assert only(FINAL, "VOLUME") == only(FINAL, "WORKDIR") == "/data"
    assert only(FINAL, "RUN") == "mkdir --mode=1777 /data"


def test_ephemeral_data_are_kept_in_its_volume() -> None:
    """Elsewhere a folder of that name is the machine's own, so that the image alone says it."""
    assert environment()["TMPDIR"] == only(FINAL, "VOLUME")


def test_the_final_stage_takes_what_was_installed_and_nothing_else() -> None:
    assert only(FINAL, "COPY") == "--from=build /opt/reprompt-mock /opt/reprompt-mock"
    assert environment()["PATH"] == "/opt/reprompt-mock/bin:$PATH"


def test_all_that_its_commands_import_is_compiled_beforehand() -> None:
    """It cannot be compiled when they run: the root may be read-only."""
    (code,) = re.findall(r"bin/python -I -c '([^']+)'", "\n".join(step.value for step in BUILD))
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    package = ROOT / "reprompt_mock"
    modules = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in package.rglob("*.py")
    }
    # What only tests and type checkers import, or needs packages that the image lacks, beside demo, drift and verdicts,
    # which are compiled in memory when they run.
    unused = (
        "__main__",
        "child",
        "demo",
        "drift",
        "engine.deciding",
        "handle.process",
        "handle.types",
        "plugin",
        "pytest_plugin",
        "samples",
        "verdicts",
    )
    missing = {module.removeprefix("reprompt_mock.") for module in modules - set(ran.stdout.split())}
    assert {module for module in missing if not module.startswith(unused)} == set()


def test_its_labels_say_what_the_project_says_of_itself() -> None:
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', only(FINAL, "LABEL")))

    assert labels == {
        "title": PROJECT["project"]["name"],
        "description": PROJECT["project"]["description"],
        "licenses": PROJECT["project"]["license"],
    }


@pytest.mark.parametrize("name", FILES)
def test_no_file_has_a_secret_or_the_address_of_a_registry(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")

    assert not re.search(r"(?i)\b\w*(password|passwd|secret|token|credential)s?\b\s*[=:]", text)
    assert not re.search(r"(?i)index-url|(?<!\w)[\w-]+\.(io|org|com|dev)/", text)
    assert not [url for url in re.findall(r"https?://([\w.-]+)", text) if url not in {"127.0.0.1", "reprompt-mock"}]


# What the build sees


def ignored(path: str) -> bool:
    """Tell whether the build leaves a file out: the last pattern that fits it or one of its folders decides."""
    parents = [path, *(str(parent) for parent in Path(path).parents if parent.name)]
    verdict = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!")
        forms = {pattern, pattern.removeprefix("**/")}
        if pattern and not line.startswith("#") and any(fnmatch(name, form) for name in parents for form in forms):
            verdict = not line.startswith("!")
    return verdict


def needed() -> Iterator[str]:
    yield from ("pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"])
    for entry in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]:
        place = ROOT / entry
        files = [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]
        yield from (file.relative_to(ROOT).as_posix() for file in files if "__pycache__" not in file.parts)


def test_the_build_sees_every_file_of_the_wheel() -> None:
    files = list(needed())

    assert "reprompt_mock/cli.py" in files
    assert not [file for file in files if ignored(file)]


@pytest.mark.parametrize(
    "path",
    [".git/config", ".venv/bin/python", ".env", "emulator.toml", "world.db", "build/lib/x.py", "tests/conftest.py"],
)
def test_the_build_sees_nothing_else(path: str) -> None:
    assert ignored(path)


def test_the_build_sees_no_bytecode() -> None:
    assert ignored("reprompt_mock/engine/__pycache__/core.cpython-313.pyc")


# Compose

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_compose_builds_the_image_and_publishes_it_to_this_machine_alone() -> None:
    emulator = COMPOSE["reprompt-mock"]

    assert emulator["build"] == "."
    assert emulator["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert load({}, environ=emulator["environment"]).speed == 10
    assert emulator["read_only"] is True


def test_the_client_waits_until_the_emulator_is_healthy() -> None:
    assert COMPOSE["client"]["image"] == COMPOSE["reprompt-mock"]["image"]
    assert COMPOSE["client"]["depends_on"] == {"reprompt-mock": {"condition": "service_healthy"}}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ServerThread(load({"port": 0}, environ={}))
    server.start()
    yield server.url
    server.stop()


def run(*command: str | Path, folder: Path, **variables: str) -> str:
    """Run a Python program; gives what it printed."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "NO_PROXY": "*", "no_proxy": "*", **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_client_gets_a_result(url: str, tmp_path: Path) -> None:
    client = COMPOSE["client"]
    assert client["entrypoint"] == ["python", "-c"]
    assert client["environment"]["REPROMPT_BASE_URL"] == f"http://reprompt-mock:{PORT}/v1"

    printed = run("-c", *client["command"], folder=tmp_path, REPROMPT_BASE_URL=f"{url}/v1")

    assert "website" in json.loads(printed)


# The check of the image

TOOLS = {
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "pgrep": "procps",
    "nsenter": "util-linux",
    "unshare": "util-linux",
}
"""What the check needs beside Debian's base, each with the package that has it."""


def stub(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def image_check(folder: Path, *missing: str, system: str = "debian", user: int = 0) -> tuple[str, list[str]]:
    """Run the check where there is nothing but stubs; gives what it said and what it asked apt-get for."""
    asked = folder / "asked"
    stub(folder, "id", f"echo {user}")
    stub(folder, "apt-get", f'echo "$*" >>{asked}; [ "$1" = update ]')
    (folder / "dirname").symlink_to(shutil.which("dirname") or "")
    (folder / "os-release").write_text(f"ID={system}\n")
    for name in TOOLS.keys() - set(missing):
        stub(folder, name, "exit 1")
    done = subprocess.run(
        [shutil.which("bash") or "bash", ROOT / "tools" / "image_check.sh"],
        env={"PATH": str(folder), "OS_RELEASE": str(folder / "os-release")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.removeprefix("image-check: skipped: ").strip(), (
        asked.read_text().splitlines() if asked.exists() else []
    )


@pytest.mark.parametrize("tool", TOOLS)
def test_the_check_asks_for_each_tool_by_itself(tmp_path: Path, tool: str) -> None:
    said, asked = image_check(tmp_path, tool)

    assert said == f"apt-get cannot install {TOOLS[tool]}"
    assert [line.split()[0] for line in asked] == ["update", "install"]
    assert asked[1].split()[-1] == TOOLS[tool]
    assert {*asked[1].split()} & {*TOOLS.values()} == {TOOLS[tool]}


def test_the_check_asks_for_all_that_is_missing_at_once(tmp_path: Path) -> None:
    said, _ = image_check(tmp_path, "buildah", "debootstrap")

    assert said == "apt-get cannot install buildah debootstrap"


def test_the_check_asks_for_nothing_where_all_is_there(tmp_path: Path) -> None:
    assert image_check(tmp_path) == ("this machine grants no namespaces", [])


def test_the_check_is_skipped_where_it_cannot_be_made(tmp_path: Path) -> None:
    for number, (system, user, says) in enumerate((("fedora", 0, "this is fedora"), ("debian", 1000, "it needs root"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        said, asked = image_check(folder, system=system, user=user)
        assert says in said
        assert asked == []


def test_continuous_integration_makes_the_check() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in lines if line.endswith("make image-check")]


# The pages

ENGINE = """
class DockerContainer:
    def __init__(self, image):
        assert image == "reprompt-mock"
    def with_exposed_ports(self, port):
        assert port == 8780
        return self
    def with_env(self, key, value):
        return self
    def waiting_for(self, strategy):
        return self
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
    def get_container_host_ip(self):
        return "127.0.0.1"
    def get_exposed_port(self, port):
        return PORT
class HttpWaitStrategy:
    def __init__(self, port, path):
        assert (port, path) == (8780, "/_mock/health")
"""
USE = """
def test_it(emulator):
    assert emulator.org("testcontainers").counts()["pending"] == 0
"""


def snippets(page: str, language: str) -> list[Any]:
    text = (START / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_testcontainers_snippet_is_a_fixture_that_reaches_the_emulator(url: str, tmp_path: Path) -> None:
    (snippet,) = (text for text in snippets("docker.md", "python") if "testcontainers" in text)
    core = tmp_path / "testcontainers" / "core"
    core.mkdir(parents=True)
    for name in ("container", "wait_strategies"):
        (core / f"{name}.py").write_text(ENGINE.replace("PORT", url.rpartition(":")[2]))
    (tmp_path / "conftest.py").write_text(snippet)
    (tmp_path / "test_use.py").write_text(USE)

    run("-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path, folder=tmp_path, PYTHONPATH=str(tmp_path))


def test_the_workflow_runs_the_image_as_a_service_where_its_tests_look_for_it() -> None:
    (workflow,) = (yaml.safe_load(text) for text in snippets("ci.md", "yaml") if "runs-on" in text)
    job = workflow["jobs"]["test"]
    service = job["services"]["reprompt-mock"]

    assert service["ports"] == [f"{PORT}:{PORT}"]
    assert load({}, environ=service["env"]).clock == "running"
    assert job["env"] == {"REPROMPT_MOCK_URL": f"http://localhost:{PORT}"}
