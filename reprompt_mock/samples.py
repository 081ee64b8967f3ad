"""The real places, example requests and rule sets that come with the project."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).parent


def folder() -> Path:
    """Return the folder of fixtures: inside an installed package, next to the package in a clone.

    Raises:
        FileNotFoundError: neither folder exists.
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / "fixtures" / "places" / "places.json").is_file():
            return parent / "fixtures"
    raise FileNotFoundError("The fixtures are missing: install the wheel, or run from a complete clone.")


def places() -> list[dict[str, Any]]:
    """Read the real places, each as a job of a batch: place id and inputs."""
    jobs: list[dict[str, Any]] = _read(folder() / "places" / "places.json")
    return jobs


def request(name: str) -> dict[str, Any]:
    """Read the body of an example request by name, such as `reprocess_default`."""
    body: dict[str, Any] = _read(folder() / "requests" / f"{name}.json")
    return body


def rules(name: str) -> list[dict[str, Any]]:
    """Read a ready-made rule set by name, such as `slow_tail`."""
    text = (folder() / "rules" / f"{name}.toml").read_text(encoding="utf-8")
    rule_set: list[dict[str, Any]] = tomllib.loads(text)["rules"]
    return rule_set


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
