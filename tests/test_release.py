"""The lock file, and what is checked before a release."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from reprompt_mock.version import __version__
from tools.cover import arguments
from tools.release import NotReady, check_changelog, check_tree, released, unreleased

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PINS = dict(line.split("==") for line in LOCK.splitlines() if not line.startswith("#"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WANTED = [Requirement(text) for text in (*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"])]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.name)
def test_every_dependency_is_locked_to_a_version_that_fits(wanted: Requirement) -> None:
    if wanted.marker is not None and not wanted.marker.evaluate():
        pytest.skip(f"it is not for this system: {wanted.marker}")
    version = {canonicalize_name(name): version for name, version in PINS.items()}[canonicalize_name(wanted.name)]

    assert wanted.specifier.contains(version, prereleases=True)


def test_the_lock_holds_names_and_versions_alone() -> None:
    assert all(re.fullmatch(r"[a-z0-9.-]+==[A-Za-z0-9.!+]+", line) for line in LOCK.splitlines()[1:])
    assert list(PINS) == sorted(PINS)


def test_the_changelog_ends_with_a_version_that_the_package_has_or_had() -> None:
    version, date = released(CHANGELOG)

    assert Version(version) <= Version(__version__)
    assert date > "2026"


HEADINGS = "# Changelog\n\n## Unreleased\n{}\n## 1.2.3 - 2026-01-31\n\n- Old.\n"


def test_a_changelog_that_ends_with_the_packages_version_is_ready() -> None:
    check_changelog(HEADINGS.format(""), "1.2.3")
    assert released(HEADINGS.format("")) == ("1.2.3", "2026-01-31")


@pytest.mark.parametrize(
    ("changelog", "version", "reason"),
    [
        (HEADINGS.format(""), "1.2.4", "the package is 1.2.4"),
        (HEADINGS.format("\n### Added\n\n- New.\n"), "1.2.3", "under Unreleased: - New."),
        ("# Changelog\n\n## Unreleased\n", "1.2.3", "no heading"),
        ("## 1.2.3\n", "1.2.3", "no heading"),
    ],
)
def test_a_changelog_that_is_not_ready_says_why(changelog: str, version: str, reason: str) -> None:
    with pytest.raises(NotReady, match=re.escape(reason)):
        check_changelog(changelog, version)


def test_entries_that_belong_to_no_release_are_found() -> None:
    assert unreleased(HEADINGS.format("\n- One.\n- Two.\n")) == ["- One.", "- Two."]
    assert unreleased(HEADINGS.format("")) == []


def test_a_tree_with_changes_is_not_released() -> None:
    check_tree("\n")
    with pytest.raises(NotReady, match="README"):
        check_tree(" M README.md\n")


@pytest.mark.parametrize(
    ("version", "is_cheap"), [((3, 11), False), ((3, 13), False), ((3, 14), True), ((3, 15), True)]
)
def test_branches_are_measured_where_that_is_cheap(version: tuple[int, int], *, is_cheap: bool) -> None:
    assert bool(arguments(version, always=False)) is is_cheap
    assert arguments(version, always=True) == ["--cov", "--cov-report=term"]
