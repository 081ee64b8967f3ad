"""Check that what is committed can be released, and say what to do next. It publishes nothing."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from reprompt_mock.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]


class NotReady(Exception):
    """The project is not ready for a release; the message says why."""


def released(changelog: str) -> tuple[str, str]:
    """Return the version and the date of the newest release in a changelog.

    Raises:
        NotReady: there is none, or it has no date.
    """
    found = re.search(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", changelog, re.MULTILINE)
    if found is None:
        raise NotReady("CHANGELOG.md has no heading such as `## 1.2.3 - 2026-01-31`")
    return found[1], found[2]


def unreleased(changelog: str) -> list[str]:
    """Return the entries of a changelog that are not released yet."""
    section = re.search(r"^## Unreleased$(.*?)(?=^## )", changelog, re.MULTILINE | re.DOTALL)
    return re.findall(r"^- .+", section[1], re.MULTILINE) if section else []


def check_changelog(changelog: str, version: str) -> None:
    """Make sure that the newest release is the package's version, and that nothing was added since.

    Raises:
        NotReady: it is not.
    """
    newest, _ = released(changelog)
    if newest != version:
        raise NotReady(f"the package is {version}, and the newest heading of CHANGELOG.md {newest}")
    if entries := unreleased(changelog):
        raise NotReady(f"CHANGELOG.md has entries under Unreleased: {entries[0]}")


def check_tree(status: str) -> None:
    """Make sure that everything is committed; `status` is what `git status --porcelain` says.

    Raises:
        NotReady: something is not.
    """
    if status.strip():
        raise NotReady(f"not everything is committed:\n{status.rstrip()}")


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a command and return what it prints.

    Raises:
        NotReady: it fails.
    """
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReady(f"`{' '.join(map(str, command))}` failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def build(folder: Path) -> list[Path]:
    """Build the source distribution, and the wheel from it."""
    run(sys.executable, "-m", "hatchling", "build", "-d", folder)
    return sorted(folder.glob("reprompt_mock-*"))


def try_wheel(wheel: Path, folder: Path) -> None:
    """Install a wheel in a separate environment, and serve from it.

    Raises:
        NotReady: it cannot be installed, is of another version, or does not serve.
    """
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--constraint", ROOT / "constraints.txt", wheel)
    said = run(python, "-m", "reprompt_mock", "--version", cwd=folder)
    if __version__ not in said:
        raise NotReady(f"the wheel says {said.strip()!r}, not {__version__}")
    serves = "from reprompt_mock import RepromptMock\nwith RepromptMock() as mock: print(mock.counts())"
    run(python, "-I", "-c", serves, cwd=folder)


def steps(folder: Path) -> Iterator[str]:
    """Check one thing after another; yield each one that holds."""
    check_tree(run("git", "status", "--porcelain"))
    yield "everything is committed"
    check_changelog((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), __version__)
    yield f"the changelog ends with {__version__}"
    packages = build(folder / "dist")
    yield f"built {' and '.join(package.name for package in packages)}"
    try_wheel(next(package for package in packages if package.suffix == ".whl"), folder / "venv")
    yield "the wheel installs, and serves"
    run(sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal")
    yield "all tests pass"


def main() -> int:
    """Check everything; return 1 if something does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            for step in steps(Path(folder)):
                print(f"✓ {step}", flush=True)
        except NotReady as error:
            print(f"✗ {error}", file=sys.stderr)
            return 1
    print(
        f"Next: git tag v{__version__}, push the tag, and upload the two packages; docs/project/releasing.md says how."
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
