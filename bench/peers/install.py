"""Installs the peers' packages below one folder, where they stay, or says what is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_PATIENCE_SECONDS = 600
_READY = ".ready"


@dataclass(frozen=True)
class Tool:
    """A program that must be on the path, of this version or a later one."""

    program: str
    least: int
    flag: str
    hint: str


NODE = Tool("node", 20, "--version", "apt-get install nodejs npm, or a later one from its makers")
NPM = Tool("npm", 9, "--version", "apt-get install npm")
JAVA = Tool("java", 11, "-version", "apt-get install default-jre-headless")


@dataclass(frozen=True)
class Package:
    """A package with its version, from the registry of `manager`: `npm` or `pip`."""

    manager: str
    spec: str
    needs: tuple[Tool, ...]

    @property
    def version(self) -> str:
        """The version."""
        return re.split("[@=]", self.spec)[-1]

    @property
    def folder(self) -> str:
        """The name of the folder in which it is installed; another version has another."""
        return re.sub(r"[^\w.]+", "-", self.spec).strip("-")


class Missing(Exception):
    """A package cannot run here: the message says what is missing and how to get it."""


def install(package: Package, below: Path) -> Path:
    """Install a package unless it is there; return its folder.

    Raises:
        Missing: a program is missing, or the package cannot be installed.
    """
    for tool in package.needs:
        check(tool)
    folder = below / package.folder
    if not (folder / _READY).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(f"installing {package.spec} into {folder}", file=sys.stderr, flush=True)
        for command in _commands(package, folder):
            _run(command, package)
        (folder / _READY).touch()
    return folder


def check(tool: Tool) -> None:
    """Check that a program is there.

    Raises:
        Missing: it is not, or too old.
    """
    found = shutil.which(tool.program)
    if found is None:
        raise Missing(f"{tool.program} {tool.least} or later is missing: {tool.hint}")
    ran = subprocess.run([found, tool.flag], check=False, capture_output=True, text=True)
    number = re.search(r"\d+", ran.stdout + ran.stderr)
    if number is None or int(number[0]) < tool.least:
        there = number[0] if number else "broken"
        raise Missing(f"{tool.program} is {there}, {tool.least} or later is needed: {tool.hint}")


def _commands(package: Package, folder: Path) -> list[list[str]]:
    if package.manager == "npm":
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error", "--fetch-retries", "1"]
        return [["npm", "install", "--prefix", str(folder), *quiet, package.spec]]
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [[sys.executable, "-m", "venv", str(folder)], [*pip, "--retries", "1", package.spec]]


def _run(command: Sequence[str], package: Package) -> None:
    try:
        ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_PATIENCE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{package.spec} could not be installed: {error}") from error
    if ran.returncode:
        last = (ran.stderr.strip() or "no reason given").splitlines()[-1]
        raise Missing(f"{package.spec} could not be installed, which needs the registry of {package.manager}: {last}")
