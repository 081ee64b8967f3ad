"""What the pages beside the README link to and name is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "fixtures").rglob("*.md")])
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """Give the anchors that a page's headings have."""
    headings = re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def is_there(target: str, page: Path) -> bool:
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return file.exists() and (not anchor or anchor in anchors_of(file))


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", without_code(page)) if "://" not in target]

    assert [target for target in targets if not is_there(target, page)] == []


def test_links_to_nowhere_are_noticed() -> None:
    page = ROOT / "SECURITY.md"

    assert is_there("#scope", page)
    assert is_there("docs/fidelity/contract.md#d4-one-job-per-place-in-a-batch", page)
    assert not is_there("#nowhere", page)
    assert not is_there("docs/nowhere.md", page)
    assert not is_there("docs/fidelity/contract.md#nowhere", page)


def test_the_way_to_contribute_is_told_on_a_page() -> None:
    assert 60 <= len(CONTRIBUTING.splitlines()) <= 100


def test_the_files_and_targets_that_contributors_are_sent_to_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    files = re.findall(r"`((?:reprompt_mock|tests|enrichment|api|docs)/[\w./]*|[\w.]+\.py)`", CONTRIBUTING)
    targets = re.findall(r"`make ([\w-]+)", CONTRIBUTING)

    assert len(files) > 10
    for file in files:
        assert (ROOT / file).exists() or (ROOT / "reprompt_mock" / file).exists(), file
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_source_distribution_has_every_document_of_the_root() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]

    assert {file.name for file in ROOT.glob("*.md")} - set(included) == set()
    assert [name for name in included if not (ROOT / name).exists()] == []
