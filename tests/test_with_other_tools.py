"""The page about other tools names each that `make test-tools` tries."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/guides/with-other-tools.md").read_text(encoding="utf-8")
TRIED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"][
    "tools"
]
CLIENTS = {"httpx", "requests"}


def numbers(version: str) -> list[int]:
    return list(map(int, version.split(".")))


@pytest.mark.parametrize("requirement", TRIED)
def test_each_tool_that_is_tried_has_a_line_with_the_version(requirement: str) -> None:
    name, oldest = re.split(r"(?:\[\w+\])?>=", requirement)
    if name in CLIENTS:  # they are what some of the tools mock
        return
    row = re.search(rf"^\| [^|]*\b{name.replace('-', '[-_]')}\b[^|]*\| ([^|]+) \|", PAGE, re.MULTILINE)

    assert row, f"docs/guides/with-other-tools.md has no line for {name}"
    assert any(numbers(version) >= numbers(oldest) for version in row[1].split(", "))
