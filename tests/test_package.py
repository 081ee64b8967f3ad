"""What a built wheel contains, and that it works where only the wheel is."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from reprompt_mock import __version__

ROOT = Path(__file__).parents[1]
MOST_BYTES_OF_THE_DASHBOARD = 80_000
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
USE = """
import reprompt_mock
from reprompt_mock import samples
from reprompt_mock.enrichment import facts
assert samples.folder().parent.samefile(reprompt_mock.__path__[0])
print(len(samples.places()), samples.request("create_batch")["batch_name"], len(facts.data("kinds")) > 0)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, folder], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = folder.glob("*.whl")
    return zipfile.ZipFile(file)


@pytest.fixture(scope="module")
def names(wheel: zipfile.ZipFile) -> set[str]:
    return set(wheel.namelist())


def in_clone(folder: str, pattern: str) -> set[str]:
    return {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / folder).glob(pattern)
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_the_wheel_has_the_whole_package_with_its_types_and_data(names: set[str]) -> None:
    package = in_clone("reprompt_mock", "**/*")

    assert package <= names
    assert {"reprompt_mock/py.typed", "reprompt_mock/enrichment/data/countries.json"} <= package


def test_the_dashboard_is_small(wheel: zipfile.ZipFile) -> None:
    files = [file for file in wheel.infolist() if file.filename.startswith("reprompt_mock/dashboard/")]

    assert {PurePosixPath(file.filename).suffix for file in files} == {".py", ".html", ".js", ".css", ".svg"}
    assert sum(file.compress_size for file in files) <= MOST_BYTES_OF_THE_DASHBOARD


def test_the_wheel_has_the_places_and_requests_and_the_notice_that_goes_with_them(names: set[str]) -> None:
    data = in_clone("fixtures/requests", "*.json") | in_clone("fixtures/rules", "*.toml")
    fixtures = {"fixtures/README.md", "fixtures/places/places.json", *data}

    assert {f"reprompt_mock/{name}" for name in fixtures} <= names


def test_the_wheel_has_nothing_else(names: set[str]) -> None:
    tops = {PurePosixPath(name).parts[0] for name in names}

    assert tops == {"reprompt_mock", f"reprompt_mock-{__version__}.dist-info"}
    assert not [name for name in names if PurePosixPath(name).parts[1] == "tests" or "__pycache__" in name]
    assert not [name for name in names if PurePosixPath(name).name.startswith(("test_", "conftest"))]


def test_the_wheel_has_the_command_and_the_plugin(wheel: zipfile.ZipFile) -> None:
    entry_points = configparser.ConfigParser()
    entry_points.read_string(wheel.read(f"reprompt_mock-{__version__}.dist-info/entry_points.txt").decode())

    assert dict(entry_points["console_scripts"]) == {"reprompt-mock": "reprompt_mock.cli:main"}
    assert dict(entry_points["pytest11"]) == {"reprompt_mock": "reprompt_mock.pytest_plugin"}


def test_the_wheel_works_without_the_clone(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")

    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout == "320 Q1 Store Locations True\n", done.stderr
